import pytest

from gatehouse.drift import persistence
from gatehouse.errors import ConfigError


def test_first_alarm_waits() -> None:
    """An alarm without an earlier one is not confirmed."""
    assert persistence.confirmed(["amount"], [], 3, 2) == set()
    assert persistence.confirmed(["amount"], [{"age"}, set()], 3, 2) == set()


def test_second_alarm_confirms() -> None:
    """The same feature in two of the last three windows is confirmed, and only that one."""
    assert persistence.confirmed(["amount", "age"], [{"amount"}, set()], 3, 2) == {"amount"}


def test_old_alarms_expire() -> None:
    """What alarmed three windows ago does not count any more."""
    assert persistence.confirmed(["amount"], [{"amount"}, set(), set()], 3, 2) == set()


def test_calm_window_confirms_nothing() -> None:
    """What is calm now is not confirmed, whatever was before."""
    assert persistence.confirmed([], [{"amount"}, {"amount"}], 3, 2) == set()


def test_single_window_confirms() -> None:
    """With one window of one, each alarm is confirmed at once, and the past is nothing."""
    assert persistence.confirmed(["amount"], [{"age"}], 1, 1) == {"amount"}


def test_past_is_as_long_as_set() -> None:
    """Of two windows the last one counts, and of one none."""
    assert persistence.confirmed(["amount"], [{"amount"}], 2, 2) == {"amount"}
    assert persistence.confirmed(["amount"], [{"amount"}, set()], 2, 2) == set()


def test_impossible_setting_is_refused() -> None:
    """Four of three windows can never be reached."""
    with pytest.raises(ConfigError, match="persistent = 4"):
        persistence.confirmed([], [], 3, 4)
