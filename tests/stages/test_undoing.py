import signal
import subprocess
import sys

import pytest

from gatehouse.stages.undoing import TOLD_TO_END, undoing

PROGRAM = """
import signal, time
from gatehouse.stages.undoing import undoing

def undo():
    print("undoing", flush=True)
    time.sleep(1)
    print("undone", flush=True)

with undoing(undo):
    print("begun", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_told_to_end_it_undoes(number):
    """A program that is told to end undoes what it did first, and being told again does not keep it from that."""
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        for line in ("begun\n", "undoing\n"):
            assert program.stdout.readline() == line
            program.send_signal(number)
        assert program.stdout.readline() == "undone\n"
        assert program.wait(30) == 128 + number


def test_all_is_as_before():
    """The signals mean in the end what they meant before, however the block and the undoing ended."""
    before = [signal.getsignal(number) for number in TOLD_TO_END]
    undone: list[str] = []
    with undoing(lambda: undone.append("whole")):
        pass
    with pytest.raises(ZeroDivisionError), undoing(lambda: 1 / 0):
        raise KeyError
    assert (undone, [signal.getsignal(number) for number in TOLD_TO_END]) == (["whole"], before)
