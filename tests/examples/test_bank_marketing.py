"""The real workload: calls in the order of their rows, no answer leaks, and its drift is real."""

from dataclasses import replace
from pathlib import Path

import bundled
import pytest

from gatehouse import config, holdout, workload
from gatehouse.bundle import Model
from gatehouse.contract import Contract
from gatehouse.drift import profile, rules
from gatehouse.errors import DataError
from gatehouse.gates import post_event
from gatehouse.stages import check_leakage
from gatehouse.stages import rows as rowsets
from gatehouse.verdicts import Check, Decision

CONFIG = config.load(Path(__file__).parents[2] / "examples/bank_marketing/gatehouse.toml", {})
HEADER = "age;job;marital;education;default;housing;loan;duration;campaign;pdays;previous;euribor3m;y\n"


@pytest.fixture
def found() -> workload.Workload:
    """Return the workload."""
    return workload.of(CONFIG)


def test_unset_variable_is_told(found: workload.Workload, monkeypatch: pytest.MonkeyPatch):
    """Without the variable the error names it, and where to read about the file."""
    monkeypatch.delenv("BANK_MARKETING_CSV", raising=False)
    with pytest.raises(DataError, match=r"BANK_MARKETING_CSV is not set: see README\.md"):
        found.load(None, None)


def test_absent_file_is_told(found: workload.Workload, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A file that is not there is named."""
    monkeypatch.setenv("BANK_MARKETING_CSV", str(tmp_path / "absent.csv"))
    with pytest.raises(DataError, match=r"absent\.csv"):
        found.load(None, None)


@pytest.mark.parametrize("answers", [("0", "1", "0"), ("no", "yes", "no")])
def test_rows_are_positions(
    found: workload.Workload, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answers: tuple[str, ...]
):
    """Rows are numbered in the file's order, and both spellings of the answer are read."""
    row = "56;admin.;married;basic.4y;no;no;no;261;1;999;0;4.857"
    (tmp_path / "calls.csv").write_text(HEADER + "".join(f"{row};{answer}\n" for answer in answers))
    monkeypatch.setenv("BANK_MARKETING_CSV", str(tmp_path / "calls.csv"))
    rows = found.load(1, 3)
    assert rows[["row", "y"]].to_numpy().tolist() == [[1, 1], [2, 0]]
    assert "pdays" not in rows


def test_answer_does_not_leak(found: workload.Workload):
    """What is known only after the call is no feature."""
    assert "duration" in found.schema.columns
    assert "duration" not in {column.name for column in found.contract.features}


def looked_at(found: workload.Workload, contract: Contract) -> dict[str, Check]:
    """Return what the leakage check says of single columns on the real rows, by the checks' names."""
    rows = rowsets.prepare(found, CONFIG, CONFIG.data)
    return {check.name: check for check in check_leakage.column_checks(rows, contract, CONFIG.leakage)}


def undeclared(contract: Contract) -> Contract:
    """Return the contract of a user who has not noticed yet when `duration` is known."""
    return replace(contract, columns=tuple(replace(column, post_event=False) for column in contract.columns))


@bundled.REAL
def test_duration_is_the_strongest_feature(found: workload.Workload):
    """As long as nobody has declared the known leak, it is named as the strongest single feature."""
    strongest = looked_at(found, undeclared(found.contract))["strongest single feature"]
    assert "Strongest single feature: 'duration'" in strongest.why
    assert 0.75 < strongest.observed < CONFIG.leakage.strength


@bundled.REAL
def test_declared_duration_is_leaky(found: workload.Workload):
    """Once it is declared post-event it is called leaky, and a bundle that uses it is refused."""
    declared = looked_at(found, found.contract)["post-event duration"]
    assert "is leaky: it is known only after the event" in declared.why
    assert "It is the strongest single column of all" in declared.why
    refused = post_event.used(undeclared(found.contract), found.contract)
    assert refused.decision == Decision.REJECT
    assert "'duration' (post-event)" in refused.why


@bundled.REAL
def test_first_and_last_quarter_differ(found: workload.Workload):
    """The drift between the first and the last quarter is found; the first quarter by itself has none."""
    contract, quarter = found.contract, 10_297
    training, judging = holdout.split(found.load(None, quarter), contract, CONFIG.holdout)
    model = Model(found.build().fit(contract.frame(training), contract.labels(training)), contract)
    reference = profile.make(contract.frame(judging), contract, model.predict(judging))

    def alarmed(rows: object) -> set[str]:
        frame = contract.frame(rows)
        return set(rules.judge(reference, contract, frame, model.predict(rows), [], CONFIG.drift).alarmed)

    assert alarmed(training.reset_index(drop=True)) == set()
    assert {"euribor3m", "previous", "age"} <= alarmed(found.load(3 * quarter, None))
