"""Files are written whole or not at all, and what cannot be read is called by its name."""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse import files
from gatehouse.errors import EvidenceError

WRITE_TEXT = """
import sys
from pathlib import Path
from gatehouse import files
while True:
    for letter in "ab":
        files.write_text(Path(sys.argv[1]), letter * 300_000)
        print(flush=True)
"""
NEW_FOLDER = """
import sys
from pathlib import Path
from gatehouse import files
while True:
    with files.new_folder(Path(sys.argv[1])) as folder:
        for number in range(40):
            (folder / str(number)).write_text("x" * 20_000)
    print(flush=True)
"""
FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from gatehouse import files
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
files.append_line(Path(sys.argv[1]), "x" * 20)
"""


def kill_soon(program: str, path: Path, seconds: float) -> None:
    """Run a program that writes for ever, and kill it some time after its first write."""
    with subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(seconds)
        process.kill()


def names(folder: Path) -> list[str]:
    """Return what lies in a folder, hidden files too."""
    return sorted(path.name for path in folder.iterdir())


def test_text_makes_folders(tmp_path: Path) -> None:
    """Writing makes the folders above, and returns the path."""
    path = files.write_text(tmp_path / "a" / "b" / "note.txt", "grüße\n")
    assert path.read_text(encoding="utf-8") == "grüße\n"
    assert names(path.parent) == ["note.txt"]


def test_text_is_readable(tmp_path: Path) -> None:
    """Another user, such as the one in a container, can read what was written."""
    assert files.write_text(tmp_path / "note.txt", "x").stat().st_mode & 0o777 == 0o644


def test_text_replaces(tmp_path: Path) -> None:
    """A second writing takes the place of the first."""
    files.write_text(tmp_path / "note.txt", "a long first text")
    assert files.write_text(tmp_path / "note.txt", "b").read_text() == "b"


def test_failed_write_keeps_old(tmp_path: Path) -> None:
    """Text that cannot be encoded leaves the old file, and no scratch file."""
    files.write_text(tmp_path / "note.txt", "old")
    with pytest.raises(UnicodeEncodeError):
        files.write_text(tmp_path / "note.txt", "\ud800")
    assert (tmp_path / "note.txt").read_text() == "old"
    assert names(tmp_path) == ["note.txt"]


@pytest.mark.parametrize("seconds", [0.0, 0.003, 0.01, 0.02])
def test_killed_write_is_whole(tmp_path: Path, seconds: float) -> None:
    """A writer killed at any moment leaves the old text or the new one."""
    path = tmp_path / "note.txt"
    kill_soon(WRITE_TEXT, path, seconds)
    assert path.read_text() in ("a" * 300_000, "b" * 300_000)


@pytest.mark.parametrize("seconds", [0.0, 0.003, 0.01, 0.02])
def test_killed_folder_is_whole(tmp_path: Path, seconds: float) -> None:
    """A folder whose writer is killed at any moment is whole, or not there."""
    path = tmp_path / "bundle"
    kill_soon(NEW_FOLDER, path, seconds)
    assert not path.exists() or [(path / str(number)).stat().st_size for number in range(40)] == [20_000] * 40


def test_append_adds_lines(tmp_path: Path) -> None:
    """Each line stands on its own, whether or not it came with its end."""
    for line in ("one", "two\n", "drei ü"):
        files.append_line(tmp_path / "log" / "ledger.jsonl", line)
    assert (tmp_path / "log" / "ledger.jsonl").read_text(encoding="utf-8") == "one\ntwo\ndrei ü\n"


def test_appends_do_not_mix(tmp_path: Path) -> None:
    """Lines written by many at once are all there, and whole."""
    path = tmp_path / "ledger.jsonl"
    lines = [str(number) * 500 for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda line: files.append_line(path, line), lines))
    assert sorted(path.read_text().splitlines()) == sorted(lines)


def test_full_disk_is_told(tmp_path: Path) -> None:
    """A line that only half fits is an error, not a silent half."""
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path / "ledger.jsonl")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "only 10 of 21 bytes" in done.stderr


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda item: st.lists(item, max_size=3)))
def test_json_round_trip(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    """What was written is read back."""
    path = tmp_path_factory.getbasetemp() / "value.json"
    assert files.read_json(files.write_json(path, value), "value") == value


def test_json_refuses_nan(tmp_path: Path) -> None:
    """NaN is not written, and nothing is left of the attempt."""
    with pytest.raises(ValueError, match="JSON"):
        files.write_json(tmp_path / "value.json", {"f1": float("nan")})
    assert names(tmp_path) == []


@pytest.mark.parametrize("text", ["", "{", '{"f1": NaN}', "[-Infinity]", "[" * 100_000])
def test_broken_json_is_told(tmp_path: Path, text: str) -> None:
    """What is no JSON, or holds a number that is none, is an error that names the file."""
    (tmp_path / "profile.json").write_text(text)
    with pytest.raises(EvidenceError, match=r"The profile at .*profile\.json is not JSON"):
        files.read_json(tmp_path / "profile.json", "profile")


def test_missing_file_is_told(tmp_path: Path) -> None:
    """A missing file is named, and what to do is said."""
    with pytest.raises(EvidenceError, match=r"There is no verdict at .* Run the step"):
        files.read_text(tmp_path / "gate.json", "verdict")


def test_unreadable_file_is_told(tmp_path: Path) -> None:
    """A folder, and bytes that are no text, cannot be read and are named."""
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path, tmp_path / "bytes"):
        with pytest.raises(EvidenceError, match=r"verdict at .* cannot be read"):
            files.read_text(path, "verdict")


def test_sha256_is_the_standard(tmp_path: Path) -> None:
    """The hash of an empty file is the one that everybody knows."""
    (tmp_path / "empty").touch()
    assert files.sha256(tmp_path / "empty").startswith("e3b0c44298fc1c149afbf4c8996fb924")


def test_folder_appears_whole(tmp_path: Path) -> None:
    """The folder is not there before its block has ended."""
    path = tmp_path / "deep" / "bundle"
    with files.new_folder(path) as folder:
        (folder / "model").write_text("new")
        assert not path.exists()
    assert (path / "model").read_text() == "new"
    assert names(path.parent) == ["bundle"]
    assert path.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_failed_folder_vanishes(tmp_path: Path, error: type[BaseException]) -> None:
    """An error in the block leaves nothing behind."""

    def work() -> None:
        with files.new_folder(tmp_path / "bundle") as folder:
            (folder / "model").write_text("half")
            raise error

    with pytest.raises(error):
        work()
    assert names(tmp_path) == []


def test_failed_folder_keeps_old(tmp_path: Path) -> None:
    """An error while a folder is made anew leaves the old one as it was."""

    def work() -> None:
        with files.new_folder(tmp_path / "bundle") as folder:
            (folder / "model").write_text("half")
            raise KeyError("a column")

    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "model").write_text("old")
    with pytest.raises(KeyError):
        work()
    assert (tmp_path / "bundle" / "model").read_text() == "old"
    assert names(tmp_path) == ["bundle"]


def test_folder_is_replaced(tmp_path: Path) -> None:
    """Nothing of the old folder is left in the new one, nor beside it."""
    for name in ("old", "new"):
        with files.new_folder(tmp_path / "bundle") as folder:
            (folder / name).write_text(json.dumps(name))
    assert names(tmp_path / "bundle") == ["new"]
    assert names(tmp_path) == ["bundle"]


def test_tells_address_from_path(tmp_path: Path) -> None:
    """What fsspec knows by its protocol is an address, and everything else a path."""
    assert files.is_url("s3://bucket/log")
    assert not any(files.is_url(path) for path in ("", "log", "/var/log", "C:/log", tmp_path))
