"""The story of a rehearsal: it goes on as long as everything comes as expected."""

import pytest

from gatehouse import verdicts
from gatehouse.errors import DataError
from gatehouse.stages import judgement
from gatehouse.stages.story import Story, SurpriseError
from gatehouse.verdicts import Check, Decision


def ended(decision):
    """Return an action that ends in a decision."""
    return lambda: judgement.make("step", [Check("it", decision, "So it is.")])


def test_expected_goes_on(tmp_path):
    """A verdict that was expected is kept, and written."""
    story = Story(tmp_path)
    path = story.expect(Decision.REJECT, "refuse it", ended(Decision.REJECT))
    assert verdicts.from_json(path.read_text()).decision == Decision.REJECT
    assert story.verdict().decision == Decision.PROMOTE


def test_surprise_ends_it(tmp_path):
    """A verdict that nobody expected ends the story, and stands in it."""
    story = Story(tmp_path)
    with pytest.raises(SurpriseError, match="expected 'promote', got 'reject'"):
        story.expect(Decision.PROMOTE, "let it pass", ended(Decision.REJECT))
    assert story.verdict().decision == Decision.ERROR


def test_error_is_a_verdict(tmp_path):
    """What a step raises is an error, and sometimes that is what is expected."""

    def fail():
        raise DataError("There is no file.")

    story = Story(tmp_path)
    story.expect(Decision.ERROR, "read it", fail)
    assert story.entries[0].why == "There is no file."
