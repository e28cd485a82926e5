"""Programs are run to their end, and every way in which they fail is one clear error."""

import sys
import time
from pathlib import Path

import pytest

from gatehouse import shell
from gatehouse.errors import GatehouseError
from gatehouse.shell import CommandError


def test_output_is_returned() -> None:
    """What a program prints to its standard output is returned, and nothing else."""
    program = "import sys; print('hello'); print('noise', file=sys.stderr)"
    assert shell.run([sys.executable, "-c", program]) == "hello\n"


def test_arguments_are_not_a_shell() -> None:
    """Characters that a shell would act upon are passed as they are."""
    program = "import sys; print(sys.argv[1])"
    assert shell.run([sys.executable, "-c", program, "$(id); `id` > x"]) == "$(id); `id` > x\n"


def test_folder_and_environment(tmp_path: Path) -> None:
    """The program runs in the folder and with the environment that were given."""
    program = "import os; print(os.getcwd(), os.environ['PLACE'])"
    printed = shell.run([sys.executable, "-c", program], cwd=tmp_path, env={"PLACE": "here"})
    assert printed == f"{tmp_path.resolve()} here\n"


def test_keyboard_is_closed() -> None:
    """A program that asks a question gets no answer, instead of waiting for ever."""
    assert shell.run([sys.executable, "-c", "import sys; print(repr(sys.stdin.read()))"], timeout=30) == "''\n"


def test_input_is_given() -> None:
    """A program reads what it is given, to its last byte."""
    program = "import sys; sys.stdout.write(sys.stdin.read()[::-1])"
    assert shell.run([sys.executable, "-c", program], stdin="wie è\n", timeout=30) == "\nè eiw"


def test_exit_code_is_told() -> None:
    """A failing program's exit code and the end of its output are in the message."""
    program = "import sys; [print('line', i) for i in range(99)]; print('the cause', file=sys.stderr); sys.exit(3)"
    with pytest.raises(CommandError, match="Exit code 3 from: ") as caught:
        shell.run([sys.executable, "-c", program])
    lines = str(caught.value).splitlines()
    assert lines[-2:] == ["line 98", "the cause"]
    assert "line 80" not in lines


def test_missing_program_is_told() -> None:
    """A program that is not installed is named, with what it was needed for."""
    with pytest.raises(CommandError, match=r"'no-such-program' cannot be run: .* no-such-program --version"):
        shell.run(["no-such-program", "--version"])


def test_not_executable_is_told(tmp_path: Path) -> None:
    """A file that may not be executed is no traceback."""
    (tmp_path / "text").write_text("not a program")
    with pytest.raises(CommandError, match="Permission denied"):
        shell.run([str(tmp_path / "text")])


def test_missing_folder_is_told(tmp_path: Path) -> None:
    """A missing folder is not mistaken for a missing program."""
    with pytest.raises(CommandError, match="There is no folder"):
        shell.run([sys.executable, "-V"], cwd=tmp_path / "nowhere")


def test_slow_program_is_stopped() -> None:
    """A program that takes too long is ended, and the limit is said."""
    started = time.monotonic()
    with pytest.raises(CommandError, match="No answer within 1 s"):
        shell.run([sys.executable, "-c", "import time; time.sleep(60)"], timeout=1)
    assert time.monotonic() - started < 10


def test_bytes_are_no_error() -> None:
    """Output that is no text does not end in a traceback."""
    assert "\ufffd" in shell.run([sys.executable, "-c", "import sys; sys.stdout.buffer.write(b'\\xff')"])


def test_shown_output_passes(capfd: pytest.CaptureFixture[str]) -> None:
    """With `show` the output goes to the terminal while the program works."""
    assert shell.run([sys.executable, "-c", "print('hello')"], show=True) == ""
    assert capfd.readouterr().out == "hello\n"


def test_failure_is_gatehouse_error() -> None:
    """A command's failure is caught where all others are."""
    assert issubclass(CommandError, GatehouseError)
