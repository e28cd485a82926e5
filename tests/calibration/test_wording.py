import pytest

from calibration import record, wording
from calibration.scenarios import Goal, Grid, Row, Scenario, Table, Total

ROWS = (
    Row("an equal model is rejected", "equal", "rejected", Goal("≤", 0.01), {"`new ≥ old − .01`": "naive"}),
    Row("an equal model is held", "equal", "held"),
)
TABLE = Table(
    "Model gate", "A world.", (Scenario("equal", lambda _: {}, 1000),), ROWS, lambda _: Grid("Rows", (("a", "b"),))
)
FOUND = record.of(TABLE, {"equal": Total(1000, {"rejected": 1.0, "naive": 230.0, "held": 540.0})}, 61.0)


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "0 %"), (0.0123, "1.23 %"), (0.5, "50.0 %"), (0.987, "98.70 %"), (1.0, "100 %")]
)
def test_percent_has_digits_that_matter(share: float, text: str) -> None:
    """Small and large shares have two digits, those between one."""
    assert wording.percent(share) == text


def test_console_shows_goal_and_interval() -> None:
    """A row shows whether it is met, its goal, its interval, and what the naive rule does."""
    lines = wording.console(FOUND).splitlines()
    assert lines[0] == "Model gate, in 61 s"
    assert lines[2].startswith("✓ an equal model is rejected")
    assert lines[2].endswith("≤ 1 %      0.10 % (0.00–0.56)  n = 1,000")
    assert lines[3].strip() == "new ≥ old − .01 23.0 %"


def test_page_says_how_it_was_made() -> None:
    """The page names the command, the commit and the seed, and holds every row."""
    page = wording.page([wording.markdown(FOUND, "Made by `make calibrate` from commit `abc123`,")])
    assert "\nMade by `make calibrate` from commit `abc123`, in 1 minutes.\n" in page
    assert "| an equal model is rejected | ≤ 1 % | 23.0 % `new ≥ old − .01` | 0.10 % (0.00–0.56) | 1,000 | ✓ |" in page
    assert "| an equal model is held |  |  | 54.0 % (50.9–57.1) | 1,000 |  |" in page


def test_page_keeps_other_sections() -> None:
    """A table that was made again takes the place of its older self, and the others stay as they are."""
    earlier = wording.page(["## Model gate\n\nold", "## Drift\n\nkept"])
    page = wording.page(["## Model gate\n\nnew"], earlier)
    assert page == earlier.replace("old", "new")


def test_unmet_goal_is_told() -> None:
    """One row that misses its goal makes the table miss it."""
    bad = record.of(TABLE, {"equal": Total(1000, {"rejected": 50.0, "naive": 0.0, "held": 0.0})}, 1.0)
    assert (FOUND.met, bad.met) == (True, False)
    assert record.to_dict(bad)["rows"][0]["this rule"]["count"] == 50
