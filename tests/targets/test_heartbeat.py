import time

import pytest

from gatehouse.errors import SilenceError, TakenError, TargetError
from gatehouse.targets.heartbeat import beating

OFTEN, NEVER = 0.02, 60.0


def test_beats_while_it_lasts():
    """It beats as long as the block runs, whatever became of one beat, and not after it."""
    beats: list[int] = []

    def beat() -> None:
        beats.append(len(beats))
        if len(beats) == 1:
            raise SilenceError("Nobody answers.")

    with beating(beat, OFTEN):
        while len(beats) < 3:
            time.sleep(OFTEN)
    heard = len(beats)
    time.sleep(3 * OFTEN)
    assert len(beats) == heard


def taken() -> None:
    """Find that another program is at it."""
    raise TakenError("Another program is at it.")


def test_taken_work_is_told():
    """Work that was another program's in the meantime ends with that, even where it went well."""
    with pytest.raises(TakenError), beating(taken, OFTEN):
        time.sleep(10 * OFTEN)


def test_failure_may_be_theirs():
    """What fails is asked about once more: it may have failed because another program was at it."""
    with pytest.raises(TakenError), beating(taken, NEVER):
        raise TargetError("It ended.")
    with pytest.raises(TargetError, match="It ended"), beating(lambda: None, NEVER):
        raise TargetError("It ended.")


def test_interruption_is_quick():
    """Ctrl-C waits for no beat, and is not asked about."""
    with pytest.raises(KeyboardInterrupt), beating(taken, NEVER):
        raise KeyboardInterrupt
