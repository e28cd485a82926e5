import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOADED = """
import json, sys
from gatehouse.serving import measure, score, server, {runtime}_model
print(json.dumps(sorted(sys.modules)))
"""
ABSENT = {
    "onnx": {"pandas", "sklearn", "skops", "scipy", "joblib", "threadpoolctl", "onnx", "skl2onnx"},
    "sklearn": {"onnxruntime", "onnx", "skl2onnx"},
}


def instructions(part: str) -> list[str]:
    """Return the instructions of a Dockerfile, one text each, without comments."""
    text = re.sub(r"^#.*\n", "", (ROOT / f"Dockerfile.{part}").read_text(), flags=re.MULTILINE)
    return [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]


def last_stage(part: str) -> list[str]:
    """Return the instructions of the stage that becomes the image, with those of the stage that it builds on."""
    lines = instructions(part)
    starts = [number for number, line in enumerate(lines) if line.startswith("FROM")]
    own = lines[starts[-1] :]
    base = own[0].split()[1]
    inherited = [number for number in starts if lines[number].endswith(f" AS {base}")]
    return [line for start in inherited for line in lines[start : starts[starts.index(start) + 1]]] + own


@pytest.mark.parametrize("runtime", ["onnx", "sklearn"])
def test_serve_holds_what_it_imports(runtime: str) -> None:
    """The image's modules are those that serving imports, no more and no less, and nothing of training."""
    command = [sys.executable, "-c", LOADED.format(runtime=runtime)]
    done = subprocess.run(command, text=True, capture_output=True, check=True)
    loaded = json.loads(done.stdout)
    packages = {name.partition(".")[0] for name in loaded}
    assert packages.isdisjoint({"pandera", "mlflow", "docker", "workload", "aiohttp", "matplotlib", "yaml"})
    assert packages.isdisjoint(ABSENT[runtime])
    needed = {name.split(".")[1] for name in loaded if name.startswith("gatehouse.")} - {"serving"}
    copied = {
        Path(word).stem
        for line in last_stage("serve")
        if line.startswith("COPY src/")
        for word in line.split()
        if word.startswith("src/gatehouse/")
    }
    assert copied - {"serving", "__init__"} == needed


@pytest.mark.parametrize("part", ["serve", "train"])
def test_images_keep_the_rules(part: str) -> None:
    """A numeric user, a health check, a command as a list, labels last, and a base that can be pinned."""
    lines = last_stage(part)
    assert instructions(part)[0] == "ARG PYTHON_IMAGE=python:3.13-slim-bookworm"
    assert [line for line in lines if line.startswith("USER")] == ["USER 10001:10001"]
    assert any(re.search(r'^HEALTHCHECK .*CMD \["python", "-c", ', line) for line in lines)
    assert all(line.split(maxsplit=1)[1].startswith("[") for line in lines if line.startswith(("CMD", "ENTRYPOINT")))
    assert lines[-1].startswith("LABEL org.opencontainers.image.")


@pytest.mark.parametrize("part", ["serve", "train"])
def test_images_take_locked_wheels(part: str) -> None:
    """Everything that is installed has its hash, is a wheel, and fits together."""
    text = "\n".join(instructions(part))
    assert "--require-hashes --only-binary=:all:" in text
    assert "pip --python /opt/venv/bin/python check" in text


def test_context_is_allow_list() -> None:
    """Nothing reaches an image by accident: everything is shut out, and what is let in is named."""
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert lines[0] == "*"
    assert not any(line in ("!.git", "!.", "!*", "!.env", "!tests") for line in lines)
