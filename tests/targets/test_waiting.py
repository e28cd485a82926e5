import pytest

from gatehouse.errors import TargetError
from gatehouse.targets import waiting


def test_met_condition_returns():
    """What holds already is not waited for, even without any time."""
    waiting.until(lambda: True, 0, "It did not happen")


def test_unmet_condition_is_an_error():
    """What does not come true is an error with the time that it was given."""
    with pytest.raises(TargetError, match=r"It did not happen within 0.05 s\."):
        waiting.until(lambda: False, 0.05, "It did not happen")
