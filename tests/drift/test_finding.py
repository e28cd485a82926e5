import json

import pytest

from gatehouse.drift import finding
from gatehouse.drift.finding import Finding
from gatehouse.drift.knobs import Knobs

KNOBS = Knobs()


def found(p: float | None = 0.5, effect: float = 0.5, test: str = "ks", **more: object) -> Finding:
    """Return what is found in a column."""
    return Finding("x", "input", test, 1000, p=p, effect=effect, floor=0.1, **more)  # type: ignore[arg-type]


def adjusted(*findings: Finding) -> list[Finding]:
    """Adjust findings together."""
    return finding.adjust(findings, KNOBS)


def test_significant_and_large_alarms() -> None:
    """Both together are an alarm, one alone is none."""
    both, small, chance = adjusted(found(1e-6), found(1e-6, effect=0.05), found(0.5))
    assert (both.alarmed, small.alarmed, chance.alarmed) == (True, False, False)


def test_limits_themselves_alarm() -> None:
    """An effect, an index or a missing share that is just at its floor counts, and so does q at its limit."""
    at = {"p": KNOBS.q, "missing_p": KNOBS.q}
    large, shaped = adjusted(found(effect=0.1, **at), found(effect=0.0, psi_p=KNOBS.q, **at))
    assert (large.drifted, shaped.drifted) == (True, True)
    (gone,) = adjusted(found(missing_window=KNOBS.missing_effect, **at))
    assert gone.missing_alarmed


def test_many_tests_ask_for_more() -> None:
    """A p-value that is an alarm alone is none among thirty columns."""
    assert adjusted(found(0.01))[0].alarmed
    assert not adjusted(found(0.01), *[found(0.5)] * 29)[0].alarmed


def test_index_may_replace_effect() -> None:
    """A number whose form changed without a distance alarms by its index; a category does not."""
    number, category = found(1e-6, 0.01, psi_p=0.001), found(1e-6, 0.01, test="chi2", psi_p=0.001)
    assert [item.alarmed for item in adjusted(number, category)] == [True, False]


def test_missing_spike_is_broken() -> None:
    """A large and significant growth of missing values is broken data."""
    (spike,) = adjusted(found(missing_window=0.15, missing_p=1e-9))
    assert spike.broken == "15.0% missing, 0.0% in the reference"
    assert spike.alarmed


def test_small_spike_is_nothing() -> None:
    """A growth below the floor, or by chance, is none."""
    small, chance = adjusted(found(missing_window=0.03, missing_p=1e-9), found(missing_window=0.06, missing_p=0.3))
    assert not small.alarmed
    assert not chance.alarmed


def test_fewer_missing_is_no_break() -> None:
    """Values that are no longer missing are an alarm, and nothing is broken."""
    (fewer,) = adjusted(found(missing_reference=0.4, missing_window=0.1, missing_p=1e-9))
    assert fewer.alarmed
    assert fewer.broken == ""


def test_all_missing_is_broken() -> None:
    """A column without any value is broken, even where few had one before."""
    (gone,) = adjusted(found(None, test="none", missing_reference=0.97, missing_window=1.0, missing_p=1e-5))
    assert gone.broken.startswith("all missing")


def test_new_level_is_broken() -> None:
    """A level that never was, with a share that is proven to matter, is broken data."""
    proven, rare = adjusted(
        found(new_levels=("ZZ",), new_share=0.02, new_lower=0.014), found(new_levels=("ZZ",), new_lower=0.004)
    )
    assert proven.broken == "new levels ZZ in 2.0% of the rows"
    assert not rare.alarmed
    (many,) = adjusted(found(new_levels=("A", "B", "C", "D"), new_share=0.02, new_lower=0.014))
    assert many.broken == "new levels A, B, C in 2.0% of the rows"


def test_new_levels_at_limit_are_nothing() -> None:
    """A share of new levels that is not above the limit is no alarm, and no row of the table."""
    (item,) = adjusted(found(new_levels=("ZZ",), new_share=0.02, new_lower=KNOBS.new_levels))
    assert item.broken == ""
    assert len(finding.rows(item, KNOBS)) == 1


def test_table_has_row_per_alarm() -> None:
    """A column that lost values and has a new level stands in three rows of the table, all JSON."""
    (item,) = adjusted(
        found(missing_reference=0.1, missing_window=0.3, missing_p=1e-9, new_levels=("ZZ",), new_lower=0.02)
    )
    table = finding.rows(item, KNOBS)
    assert [(row["feature"], row["test"], row["alarmed"]) for row in table] == [
        ("x", "ks", False), ("x", "missing", True), ("x", "new levels", True),
    ]  # fmt: skip
    numbers = [[row[key] for key in ("p", "q", "effect", "floor")] for row in json.loads(json.dumps(table))]
    assert numbers[0] == [0.5, 0.5, 0.5, 0.1]
    assert numbers[1] == [1e-9, 2e-9, pytest.approx(0.2), KNOBS.missing_effect]
    assert numbers[2] == [None, None, 0.02, KNOBS.new_levels]
    assert {len(row) for row in table} == {len(table[0])}
