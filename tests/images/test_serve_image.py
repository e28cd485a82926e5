import json
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tumours

from gatehouse import shell
from gatehouse.bundle import Bundle
from gatehouse.serving import prediction_log, requests, runtime, score

pytestmark = pytest.mark.docker
# What the image of a runtime holds nothing of: the other one.
OTHER = {
    "onnx": ("sklearn", "scipy", "skops", "pandas", "joblib", "onnx", "skl2onnx"),
    "sklearn": ("onnxruntime", "onnx", "skl2onnx", "flatbuffers"),
}
HARDENED = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--publish", "127.0.0.1::8080")


def docker(*arguments: str, stdin: str | None = None) -> str:
    """Run the docker program and return what it printed."""
    return shell.run(["docker", *arguments], stdin=stdin, timeout=300).strip()


def start(name: str, *arguments: str) -> str:
    """Start a container with nothing writable but the log, and return its address when it is ready."""
    docker("run", "--detach", "--name", name, *HARDENED, *arguments)
    url = f"http://{docker('port', name, '8080/tcp').splitlines()[0]}"
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=5):
                return url
        except OSError:
            time.sleep(0.1)
    pytest.fail(docker("logs", name))


def predict(url: str, body: Any) -> dict[str, Any]:
    """Ask for predictions."""
    request = urllib.request.Request(f"{url}/predict", json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return dict(json.load(answer))


def test_serves_read_only(image: str, container: str, bundle: Bundle, tmp_path: Path) -> None:
    """Hardened, it gets ready, answers as the bundle does, is healthy, stops with 0, and its log is whole."""
    url = start(container, image)
    rows = tumours.rows().head(50)
    answer = predict(url, {"rows": requests.payload(rows, tumours.CONTRACT)})
    expected = runtime.load(bundle).predict_table(rows)
    assert answer["predictions"] == expected.values.tolist()
    np.testing.assert_allclose([row["yes"] for row in answer["scores"]], expected.score_of("yes"), rtol=0, atol=1e-9)
    check = json.loads(docker("inspect", "--format", "{{json .Config.Healthcheck.Test}}", image))
    docker("exec", container, *check[1:])
    docker("stop", container)
    assert docker("inspect", "--format", "{{.State.ExitCode}}", container) == "0"
    docker("cp", f"{container}:/log", str(tmp_path))
    log = prediction_log.read(tmp_path / "log")
    assert log["id"].tolist() == rows["patient"].tolist()
    assert prediction_log.predictions(log).values.tolist() == answer["predictions"]


def test_serves_as_any_user(image: str, container: str) -> None:
    """A cluster may choose the user: a number that nobody has serves as well, where its log may be written."""
    url = start(container, "--user", "54321:54321", "--tmpfs", "/log", image)
    assert predict(url, tumours.ROW)["model_version"] == "1.2.0"
    assert docker("exec", container, "python", "-c", "import os; print(os.getuid())") == "54321"


def test_scores_rows(image: str, bundle: Bundle) -> None:
    """The gate can ask the image for a champion's predictions, without a network or a writable file."""
    rows = tumours.rows()
    command = ("python", "-m", "gatehouse.serving.score", "--rows", "-", "--out", "-")
    isolated = ("run", "--rm", "--interactive", "--network", "none", "--read-only", image, *command)
    found = score.predictions_from(docker(*isolated, stdin=score.rows_text(rows)))
    expected = runtime.load(bundle).predict_table(rows)
    assert found.values.tolist() == expected.values.tolist()
    np.testing.assert_allclose(found.scores, expected.scores, rtol=0, atol=1e-9)
    with pytest.raises(shell.CommandError, match=f"Exit code {score.NOT_COMPARABLE} "):
        docker(*isolated, stdin=score.rows_text(rows.drop(columns="size")))


def test_refuses_other_bundle(image: str) -> None:
    """An image whose bundle is not the one that was expected does not serve, and says why in one line."""
    with pytest.raises(shell.CommandError, match=r"^Exit code 2 .*\nThe bundle at /app/bundle has the hash") as caught:
        docker("run", "--rm", "--env", f"GATEHOUSE_BUNDLE_DIGEST={'0' * 64}", image)
    assert "Traceback" not in str(caught.value)


def test_holds_nothing_of_training(image: str, bundle: Bundle) -> None:
    """Neither a trainer's library nor an installer nor a compiler nor a test is in it."""
    absent = ["pip", "ensurepip", "setuptools", "mlflow", "pandera", "docker", "matplotlib", "pytest", "workload",
              *OTHER[bundle.runtime], "gatehouse.cli", "gatehouse.stages", "gatehouse.config"]  # fmt: skip
    code = f"import importlib.util as u; print([n for n in {absent!r} if u.find_spec(n)])"
    assert docker("run", "--rm", image, "python", "-c", code) == "[]"
    code = "import shutil; print([n for n in ('pip', 'gcc', 'git', 'curl', 'make') if shutil.which(n)])"
    assert docker("run", "--rm", image, "python", "-c", code) == "[]"
    assert docker("run", "--rm", image, "find", "/opt", "/app", "-name", "tests") == ""


def test_writes_nowhere_but_log(image: str) -> None:
    """Its user may write to the log and to what every image leaves open; read-only, to the log alone."""
    paths = "at for at, *_ in os.walk('/') if not at.startswith(('/proc', '/dev')) and os.access(at, os.W_OK)"
    code = f"import os; print(*[{paths}])"
    found = docker("run", "--rm", image, "python", "-c", code)
    assert set(found.split()) == {"/log", "/tmp", "/var/tmp", "/run/lock"}
    assert docker("run", "--rm", "--read-only", image, "python", "-c", code) == "/log"


def test_says_what_it_is(image: str, bundle: Bundle) -> None:
    """Its labels name the model version and the bundle, by which the registry finds them."""
    labels = json.loads(docker("inspect", "--format", "{{json .Config.Labels}}", image))
    assert labels["gatehouse.bundle"] == bundle.digest
    assert labels["org.opencontainers.image.version"] == bundle.version


def test_weighs_little(image: str, bundle: Bundle) -> None:
    """What serving needs beyond Python fits in 150 MB by ONNX, and in 320 MB by scikit-learn."""
    sizes = [
        int(docker("image", "inspect", "--format", "{{.Size}}", name)) for name in (image, "python:3.13-slim-bookworm")
    ]
    assert sizes[0] - sizes[1] < {"onnx": 150e6, "sklearn": 320e6}[bundle.runtime]


def test_plants_fault(faulty_image: str, container: str) -> None:
    """The image for rehearsals fails a share of the predictions, and is ready all the same."""
    url = start(container, faulty_image)
    statuses = []
    for _ in range(40):
        try:
            predict(url, tumours.ROW)
            statuses.append(200)
        except urllib.error.HTTPError as error:
            statuses.append(error.code)
            error.close()
    assert set(statuses) == {200, 500}
