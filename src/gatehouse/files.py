"""Reading and writing files: whole or not at all."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gatehouse.errors import EvidenceError


def write_text(path: Path, text: str) -> Path:
    """Write `text` so that a reader sees the old file or the new one, never a half, even after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def append_line(path: Path, line: str) -> None:
    """Append one line in one write, so that two writers do not mix theirs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(handle, (line.rstrip("\n") + "\n").encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def write_json(path: Path, value: Any) -> Path:
    """Write `value` as JSON, whole or not at all. NaN is refused."""
    return write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_text(path: Path, what: str) -> str:
    """Read a file. Raises EvidenceError, calling the file `what`, when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise EvidenceError(f"There is no {what} at {path}. Run the step that writes it first.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise EvidenceError(f"The {what} at {path} cannot be read: {error}.") from error


def read_json(path: Path, what: str) -> Any:
    """Read JSON. Raises EvidenceError, calling the file `what`, when it is missing or broken."""
    try:
        return json.loads(read_text(path, what))
    except json.JSONDecodeError as error:
        raise EvidenceError(f"The {what} at {path} is not JSON: {error}.") from error


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Give a scratch folder that becomes `path` when the block ends well, and vanishes when it does not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    try:
        yield scratch
        scratch.chmod(0o755)
        if path.exists():
            old = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.old."))
            path.replace(old / "old")
            scratch.replace(path)
            shutil.rmtree(old)
        else:
            scratch.replace(path)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
