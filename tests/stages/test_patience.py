"""A failed look by itself is borne, and each third one in a row is not."""

import pytest

from gatehouse.errors import SilenceError
from gatehouse.stages.patience import PATIENCE, Patience


def test_each_third_failure_is_raised():
    """Who raised once, and could do nothing about it, raises again."""
    patience = Patience()
    for _ in range(2):
        for _ in range(PATIENCE - 1):
            patience.bear(SilenceError("Nobody answers."))
        with pytest.raises(SilenceError, match="Nobody answers"):
            patience.bear(SilenceError("Nobody answers."))
