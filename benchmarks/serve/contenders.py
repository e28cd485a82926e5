"""The servers that are compared: what each one needs, how it is started, what it is sent and where its scores stand."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gatehouse.errors import GatehouseError

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
BUILD = ROOT / "build/bench"
Row = Mapping[str, Any]
# Where the prediction log of a bundle lies: beside it, under its name and this.
LOG = "-log"


class AbsentError(GatehouseError):
    """A server cannot be measured here: it cannot be installed, or it does not start or answer."""


@dataclass(frozen=True)
class Contender:
    """One server.

    In `command` and `environment` stand {bin}, the programs of its own Python environment, {model}, what it serves,
    {port}, and {other} and {third} for ports that it wants beside it.
    """

    name: str
    requirements: str
    command: tuple[str, ...]
    path: str
    ready: str
    body: Callable[[Row], Any]
    scores: Callable[[Any], list[float]]
    environment: Mapping[str, str] = field(default_factory=dict)
    exported: bool = True

    @property
    def folder(self) -> Path:
        """The folder of its Python environment."""
        return BUILD / "environments" / Path(self.requirements).stem.removeprefix("requirements-")

    @property
    def programs(self) -> Path:
        """The folder of its programs."""
        return self.folder / "bin"

    def install(self) -> None:
        """Make its environment, unless it is there already. Raises AbsentError when it cannot be made."""
        file = ROOT / self.requirements
        if not file.is_file():
            raise AbsentError(f"{file} is missing, so {self.name} cannot be installed.")
        stamp = self.folder / ".installed"
        wanted = f"{sys.version} {hashlib.sha256(file.read_bytes()).hexdigest()}"
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
            return
        print(f"Installing {self.requirements} ...", file=sys.stderr)
        shutil.rmtree(self.folder, ignore_errors=True)
        uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
        run([uv or "uv", "venv", "--quiet", "--python", sys.executable, self.folder])
        # Compiled for all of them, as an image would be: else the first start would count what only happens once.
        options = ("--quiet", "--require-hashes", "--compile-bytecode", "--python", self.programs / "python")
        run([uv or "uv", "pip", "install", *options, "-r", file])
        stamp.write_text(wanted, encoding="utf-8")

    def export(self, model: Path, folder: Path) -> Path:
        """Write the pipeline in its own format, and return the folder that it serves. Raises AbsentError."""
        if not self.exported:
            return model.parent
        run([self.programs / "python", HERE / "export.py", self.name, model, folder / self.name])
        return folder / self.name


def run(command: Sequence[object]) -> None:
    """Run a program to its end. Raises AbsentError with the last lines that it printed."""
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    except OSError as error:
        raise AbsentError(f"{command[0]} cannot be run: {error}.") from error
    if done.returncode:
        last = " ".join((done.stderr or done.stdout).split())[-300:]
        raise AbsentError(f"{Path(str(command[0])).name} ended with {done.returncode}: {last}")


def gatehouse(runtime: str, *more: str) -> Contender:
    """Return this repository's server with everything on, from the requirements of its image."""
    return Contender(
        name=f"gatehouse{''.join(more)}-{runtime}",
        requirements=f"requirements-serve-{runtime}.txt",
        command=("{bin}/python", "-m", "gatehouse.serving", "--bundle", "{model}", "--log", f"{{model}}{LOG}",
                 "--port", "{port}", *more),
        path="/predict",
        ready="/readyz",
        body=dict,
        scores=lambda answer: list(answer["scores"][0].values()),
        # As Dockerfile.serve sets them.
        environment={"PYTHONPATH": str(ROOT / "src"), "PYTHONSAFEPATH": "1", "OMP_NUM_THREADS": "1",
                     "OPENBLAS_NUM_THREADS": "1"},
        exported=False,
    )  # fmt: skip


def empty(kind: str) -> Contender:
    """Return a server that does nothing, in the environment of ours."""
    return Contender(
        name=f"empty-{kind}",
        requirements="requirements-serve-onnx.txt",
        command=("{bin}/python", str(HERE / "empty.py"), kind, "{port}"),
        path="/predict",
        ready="/readyz",
        body=dict,
        scores=lambda answer: [],
        exported=False,
    )


def tensors(row: Row) -> dict[str, Any]:
    """Return a row in the Open Inference Protocol, one tensor a column, to be read as a data frame."""
    inputs = [
        {"name": name, "shape": [1, 1], "datatype": "FP64", "data": [value]}
        if not isinstance(value, str)
        else {
            "name": name,
            "shape": [1, 1],
            "datatype": "BYTES",
            "parameters": {"content_type": "str"},
            "data": [value],
        }
        for name, value in row.items()
    ]
    return {"parameters": {"content_type": "pd"}, "inputs": inputs}


ONNX, SKLEARN = gatehouse("onnx"), gatehouse("sklearn")
# By FastAPI's route: the raw one must be worth its lines.
READABLE = gatehouse("onnx", "--plain")
PLAIN, FASTAPI, SOCKET = empty("plain"), empty("fastapi"), empty("socket")

MLFLOW = Contender(
    name="mlflow",
    requirements="benchmarks/requirements-mlflow.txt",
    command=("{bin}/mlflow", "models", "serve", "--env-manager", "local", "-m", "{model}", "--port", "{port}"),
    path="/invocations",
    ready="/ping",
    body=lambda row: {"dataframe_split": {"columns": list(row), "data": [list(row.values())]}},
    scores=lambda answer: list(answer["predictions"][0]),
)

BENTOML = Contender(
    name="bentoml",
    requirements="benchmarks/requirements-bentoml.txt",
    command=("{bin}/bentoml", "serve", "bento:Pipeline", "--working-dir", str(HERE), "--host", "127.0.0.1",
             "--port", "{port}"),
    path="/predict",
    ready="/readyz",
    body=lambda row: {"rows": [dict(row)]},
    scores=lambda answer: list(answer[0]),
    environment={"BENTOML_HOME": "{model}", "BENTOML_DO_NOT_TRACK": "True"},
)  # fmt: skip

MLSERVER = Contender(
    name="mlserver",
    requirements="benchmarks/requirements-mlserver.txt",
    command=("{bin}/mlserver", "start", "{model}"),
    path="/v2/models/pipeline/infer",
    ready="/v2/health/ready",
    body=tensors,
    scores=lambda answer: list(answer["outputs"][0]["data"]),
    environment={
        "MLSERVER_HTTP_PORT": "{port}",
        "MLSERVER_GRPC_PORT": "{other}",
        "MLSERVER_METRICS_PORT": "{third}",
        # No process beside it, which would cost every request a way there and back.
        "MLSERVER_PARALLEL_WORKERS": "0",
    },
)
