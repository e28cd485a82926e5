"""Reading and writing files: whole or not at all."""

import errno
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
    """Append one line in one write, so that two writers do not mix theirs. Raises OSError when the disk is full."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        content = (line.rstrip("\n") + "\n").encode()
        written = os.write(handle, content)
        os.fsync(handle)
        if written < len(content):
            raise OSError(errno.ENOSPC, f"only {written} of {len(content)} bytes could be written", str(path))
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


def read_lines(path: Path, what: str) -> list[str]:
    """Read a file of lines, as `read_text` does. Only a line feed ends one.

    What else Unicode takes for the end of a line, such as U+2028, JSON may hold as it is.
    """
    text = read_text(path, what)
    return text.removesuffix("\n").split("\n") if text else []


def read_json(path: Path, what: str) -> Any:
    """Read JSON. Raises EvidenceError, calling the file `what`, when it is missing, broken, or holds NaN."""
    try:
        return json.loads(read_text(path, what), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise EvidenceError(f"The {what} at {path} is not JSON: {error}.") from error


def is_url(where: str | Path) -> bool:
    """Tell an address, as fsspec knows them, from a path of this machine."""
    return isinstance(where, str) and "://" in where


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Give a scratch folder that becomes `path` when the block ends well, and vanishes when it does not.

    A process that is killed leaves the old folder, the new one, or for an instant none: never a half.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    try:
        yield scratch
        scratch.chmod(0o755)
        if path.exists():
            _swap(scratch, path)
        else:
            scratch.replace(path)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _refuse(constant: str) -> None:
    """Python reads NaN and Infinity, which are not JSON and are no evidence."""
    raise ValueError(f"it holds {constant}")


def _swap(new: Path, path: Path) -> None:
    """Put a folder in the place of another, which comes back when that fails."""
    parked = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.old.")) / path.name
    path.replace(parked)
    try:
        new.replace(path)
    except BaseException:
        parked.replace(path)
        raise
    finally:
        if path.exists():
            shutil.rmtree(parked.parent)
