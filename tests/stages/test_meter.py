"""A process that is timed: whatever happens to it is said in a sentence, and nothing of it stays."""

import sys
import time
from contextlib import closing

import pytest
from stages import paper_meter

from gatehouse.errors import TargetError
from gatehouse.stages.meter import Meter, UnservedError

READY = 'import sys; print(\'{"bundle": ""}\', flush=True); '


def ended(meter: Meter) -> bool:
    """Tell whether the process is gone."""
    return meter.process.poll() is not None


def test_answers_are_numbers():
    """A process that answers is asked for times and its memory, and ends when it is closed."""
    with closing(paper_meter.start("candidate", paper_meter.script([1.5, 2.5], [9.0], 210.5))) as meter:
        meter.wait_until_loaded(20)
        meter.send("single", ["{}"])
        assert [meter.time("single", 0), meter.time("single", 1), meter.time("batch", 0)] == [1.5, 2.5, 9.0]
        assert meter.peak_mb() == 210.5
    assert meter.process.returncode == 0
    assert not meter.killed


@pytest.mark.parametrize("program", ["sys.exit('sklearn is too old')", "print('sklearn is too old', file=sys.stderr)"])
def test_unloaded_bundle_is_told_apart(program: str):
    """A process that ends before it is ready cannot serve this bundle, and its last words say why."""
    with closing(paper_meter.start("champion", f"import sys; {program}")) as meter:
        with pytest.raises(UnservedError, match=r"(?s)The champion cannot be loaded.*exit code \d.*sklearn is too old"):
            meter.wait_until_loaded(20)
        assert meter.who == "champion"


def test_failed_engine_is_an_error():
    """When `docker run` itself fails, nothing is said of the bundle."""
    failed = pytest.raises(TargetError, match="exit code 125")
    with failed as caught, closing(paper_meter.start("champion", "import sys; sys.exit(125)")) as meter:
        meter.wait_until_loaded(20)
    assert not isinstance(caught.value, UnservedError)


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("sys.exit('out of memory')", r"answered nothing.*exit code 1; its last words were:\sout of memory"),
        ("import os; os.kill(os.getpid(), 9)", "answered nothing.*exit code -9, without a word"),
        ("print('3.1 ms', flush=True); input()", "said '3.1 ms'"),
        ('print(\'{"ms": "fast"}\', flush=True); input()', "said .*fast"),
        ("print('[1]', flush=True); input()", r"said '\[1\]'"),
        ("import time; time.sleep(60)", "did not answer within 0.5 s"),
    ],
    ids=["crash", "signal", "garbage", "no number", "list", "hang"],
)
def test_failing_process_is_an_error(program: str, said: str):
    """A process that crashes, hangs or talks nonsense is an error with its last words, and is gone afterwards."""
    with closing(paper_meter.start("candidate", READY + program)) as meter:
        meter.wait_until_loaded(20)
        meter.seconds = 0.5 if "sleep" in program else 20
        with pytest.raises(UnservedError, match=f"candidate cannot be timed: its process {said}"):
            meter.time("single", 0)
    assert ended(meter)


def test_slow_start_is_an_error():
    """A process that is not ready in time is an error, and is killed at once."""
    begun = time.monotonic()
    late = pytest.raises(UnservedError, match=r"did not answer within 0\.3 s")
    with late, closing(paper_meter.start("champion", "import time; time.sleep(60)")) as meter:
        meter.wait_until_loaded(0.3)
    assert ended(meter)
    assert time.monotonic() - begun < 20


def test_full_pipe_does_not_hang():
    """A process that never reads what it is sent does not keep us waiting."""
    with closing(paper_meter.start("candidate", READY + "import time; time.sleep(60)")) as meter:
        meter.wait_until_loaded(20)
        meter.seconds = 0.5
        with pytest.raises(TargetError, match="did not answer"):
            meter.send("single", ["x" * 1_000_000])
    assert ended(meter)


def test_killed_process_is_removed():
    """What killing a process would leave behind, as a container, is removed; after a good end nothing is to be."""
    removed: list[str] = []
    for name, program in (("good", "input()"), ("bad", "import time; time.sleep(60)")):
        meter = Meter(name, [sys.executable, "-I", "-c", READY + program], lambda name=name: removed.append(name))
        with closing(meter):
            meter.wait_until_loaded(20)
            if name == "bad":
                meter.seconds = 0.2
                with pytest.raises(TargetError):
                    meter.peak_mb()
    assert removed == ["bad"]


def test_missing_program_is_named():
    """A program that is not installed is named."""
    with pytest.raises(TargetError, match="'no-such-program' cannot be started to time the champion"):
        Meter("champion", ["no-such-program"])


def test_interrupt_leaves_no_process():
    """Ctrl-C in the middle ends the process, too."""
    meter = paper_meter.start("candidate", paper_meter.script([1.0], [1.0]))
    meter.wait_until_loaded(20)
    with pytest.raises(KeyboardInterrupt), closing(meter):
        raise KeyboardInterrupt
    assert ended(meter)
