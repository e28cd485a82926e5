import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import image_contents
import pytest
from image_contents import ROOT, Contents, Entry

from gatehouse import shell
from gatehouse.bundle import Bundle

BASE = "python:3.13-slim-bookworm"
SITE = "opt/venv/lib/python3.13/site-packages"
PLAIN = Entry(0o644, 10, is_file=True)
GOOD = {
    f"{SITE}/numpy/core.py": PLAIN,
    f"{SITE}/numpy/__pycache__/core.cpython-313.pyc": PLAIN,
    f"{SITE}/numpy-2.4.6.dist-info/METADATA": PLAIN,
    f"{SITE}/numpy-2.4.6.dist-info/RECORD": Entry(
        0o644, 10, is_file=True, text="numpy/core.py,,\nnumpy-2.4.6.dist-info/METADATA,,\n../../../bin/f2py,,\n"
    ),
    "opt/venv/bin/f2py": Entry(0o755, 10, is_file=True),
    "opt/venv/pyvenv.cfg": PLAIN,
    "app/bundle/model.onnx": PLAIN,
    "app/gatehouse/errors.py": PLAIN,
}
# What must not get in, and what is said of it.
PLANTED = {
    f"{SITE}/pandas/__init__.py": "belongs to no installed package",
    f"{SITE}/numpy/tests/test_core.py": "is a test",
    f"{SITE}/__pycache__/ghost.cpython-313.pyc": "is compiled from nothing",
    "app/bundle/customers.csv": "is not of the bundle",
    "app/bundle/model.pkl": "is a pickle",
    "app/gatehouse/backdoor.py": "is not of the repository",
    "app/.env": "looks like a secret",
    "root/.netrc": "looks like a secret",
    "root/.cache/pip/http/a": "is of an installer or of a cache",
    "etc/cron.d/job": "lies outside of what is installed",
}


@pytest.mark.parametrize(("path", "why"), PLANTED.items())
def test_planted_file_is_named(path: str, why: str) -> None:
    """A list without surprises is passed; one file more is named with its reason."""
    assert Contents(GOOD).surprises(["NumPy"], ["model.onnx"]) == []
    (said,) = Contents({**GOOD, path: PLAIN}).surprises(["numpy"], ["model.onnx"])
    assert said.startswith(f"/{path} {why}")


def test_planted_package_is_named() -> None:
    """A package that is complete and was not locked is named, whatever it says of its own files."""
    assert Contents(GOOD).surprises(["scipy"], ["model.onnx"]) == ["numpy is installed, and not locked"]


@pytest.mark.parametrize(("mode", "why"), [(0o4755, "gives its owner's rights"), (0o666, "can be written by anybody")])
def test_dangerous_mode_is_named(mode: int, why: str) -> None:
    """A file that is meant to be there must not be dangerous either."""
    (said,) = Contents({**GOOD, "opt/venv/bin/f2py": Entry(mode, 10, is_file=True)}).surprises(
        ["numpy"], ["model.onnx"]
    )
    assert why in said


def test_uncompiled_module_is_named() -> None:
    """A module without its compiled file is one that every start would compile."""
    assert Contents(GOOD).uncompiled() == ["app/gatehouse/errors.py"]


def names(bundle: Bundle) -> list[str]:
    """Return the names of a bundle's files."""
    return [file.name for file in bundle.path.iterdir()]


def requirements(bundle: Bundle) -> list[str]:
    """Return the names of the packages that may be in the image of a bundle."""
    return image_contents.locked(ROOT / f"requirements-serve-{bundle.runtime}.txt")


@pytest.mark.docker
def test_image_holds_what_it_should(image: str, bundle: Bundle) -> None:
    """Every file beyond the base is of a locked package, the server or the bundle; every module is compiled."""
    found = image_contents.of(image, BASE)
    assert found.surprises(requirements(bundle), names(bundle)) == []
    assert found.uncompiled() == []
    assert found.packages <= set(map(image_contents.normal, requirements(bundle)))
    assert len(found.packages) > 10


@contextmanager
def planted(image: str, folder: Path, *lines: str) -> Iterator[str]:
    """Give an image that was built on another one."""
    folder.mkdir(exist_ok=True)
    (folder / "planted").write_text("secret = 1\n")
    (folder / "Dockerfile").write_text("\n".join((f"FROM {image}", "USER root", *lines)))
    name = f"{image}-planted"
    shell.run(["docker", "build", "--tag", name, str(folder)], timeout=600)
    try:
        yield name
    finally:
        shell.run(["docker", "image", "rm", "--force", name], timeout=120)
        shutil.rmtree(folder)


@pytest.mark.docker
def test_planted_files_are_found(image: str, bundle: Bundle, tmp_path: Path) -> None:
    """In a real image a package, a secret and a test that were slipped in are found, and nothing else."""
    site = f"/{SITE}/sneaked"
    lines = (
        f"COPY planted {site}/__init__.py",
        "COPY planted /app/.env",
        "COPY planted /app/gatehouse/tests/test_a.py",
    )
    with planted(image, tmp_path / "context", *lines) as name:
        said = image_contents.of(name, BASE).surprises(requirements(bundle), names(bundle))
    assert [line.split()[0] for line in said] == ["/app/.env", "/app/gatehouse/tests/test_a.py", f"{site}/__init__.py"]


@pytest.mark.docker
def test_needs_no_shell(image: str, container: str, tmp_path: Path, serving: Callable[..., None]) -> None:
    """Without any shell in the image it starts, is healthy and stops."""
    with planted(image, tmp_path / "context", 'RUN ["rm", "/bin/sh", "/bin/bash", "/bin/dash"]', "USER 10001") as name:
        serving(container, name)
        shell.run(["docker", "stop", container], timeout=60)
    code = shell.run(["docker", "inspect", "--format", "{{.State.ExitCode}}", container], timeout=60)
    assert code.strip() == "0"
