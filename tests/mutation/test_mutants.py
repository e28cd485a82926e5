"""A mutant is of the words when it changes nothing else."""

import pytest
from mutation import mutants

BEFORE = ["def x_far__mutmut_orig(a):", '    return a > 3, "Too far."']


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('    return a > 3, "too far."', True),
        ('    return a >= 3, "Too far."', False),
        ("    return a > 3, None", False),
        ('    return a > 4, "too far."', False),
    ],
)
def test_words_are_told_apart(line: str, words: bool) -> None:
    """Only a changed text is a change of words; the function's name does not count."""
    assert mutants.only_words(BEFORE, ["def x_far__mutmut_1(a):", line]) == words


def test_change_is_shown() -> None:
    """The diff has the line that differs, before and after."""
    change = mutants.diff(BEFORE, [BEFORE[0], "    return a < 3"])
    assert '-    return a > 3, "Too far."\n+    return a < 3' in change
