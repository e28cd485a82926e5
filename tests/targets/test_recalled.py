import pytest

from gatehouse.canary.shadow import Recalled, Told
from gatehouse.errors import TargetError
from gatehouse.targets import recalled


def test_answers_are_read():
    """Classes with their probabilities and numbers are read as the server told them."""
    text = '{"server": "s", "size": 9, "answers": [[1, "a", "no", {"no": 0.9}], [2, "b", 3.5, null]]}'
    assert recalled.read(text) == Recalled("s", 9, (Told(1, "a", "no", {"no": 0.9}), Told(2, "b", 3.5)))


@pytest.mark.parametrize("text", ["", "not found", '{"server": "s"}', '{"server": "s", "size": 1, "answers": [[1]]}'])
def test_other_texts_are_errors(text):
    """What is no memory of a server is not taken for an empty one."""
    with pytest.raises(TargetError, match="The server's answers cannot be read"):
        recalled.read(text)
