"""Settings against their base: a loosened one holds and is named, a broken base is an error."""

import git_repository
import pytest

from gatehouse import config
from gatehouse.errors import EvidenceError
from gatehouse.stages import check_settings
from gatehouse.verdicts import Decision, Verdict

BEFORE = '[gate]\nmetric = "f1"\ndelta = 0.02 # small\n[slices]\ncolumns = ["country"]\n[canary]\nerror_rate = 0.05\n'


def judged(tmp_path, before: str | bytes, after: str) -> Verdict:
    """Return the verdict about settings that were committed and then changed."""
    path = git_repository.make(tmp_path / "own", "")
    path.write_bytes(before if isinstance(before, bytes) else before.encode())
    git_repository.git(path.parent, "commit", "-q", "-a", "-m", "Settings", "--allow-empty")
    path.write_text(after)
    return check_settings.run(config.load(path, {}), path, "HEAD")


def test_same_settings_promote(tmp_path):
    """Nothing changed, nothing to say."""
    verdict = judged(tmp_path, BEFORE, BEFORE + "\n# a remark\n")
    assert (verdict.decision, verdict.why) == (Decision.PROMOTE, "No setting changed.")


def test_loosened_settings_hold(tmp_path):
    """Each loosened setting is a check that says old, new and why; the tighter one is listed and decides nothing."""
    after = BEFORE.replace("0.02 # small", "0.05 # rare fraud").replace('["country"]', "[]").replace("0.05\n", "0.01\n")
    verdict = judged(tmp_path, BEFORE, after)
    assert verdict.decision == Decision.HOLD
    names = [check.name for check in verdict.checks if not check.advisory]
    assert names == ["loosened [gate] delta", "loosened [slices] columns"]
    assert "from 0.02 to 0.05" in verdict.why
    assert "“rare fraud”" in verdict.why
    rows = verdict.details["tables"]["Every change"]
    assert [row["effect"] for row in rows] == ["looser", "looser", "tighter"]
    assert verdict.details["next"]


def test_tighter_settings_promote(tmp_path):
    """Asking for more needs nobody's consent."""
    assert judged(tmp_path, BEFORE, BEFORE.replace("0.02", "0.01")).decision == Decision.PROMOTE


def test_new_file_holds(tmp_path):
    """Settings in a file that the base does not have may ask for less than others did: a person looks."""
    folder = git_repository.make(tmp_path / "own", BEFORE).parent
    (folder / "other.toml").write_text("[gate]\ndelta = 0.5\n")
    verdict = check_settings.run(config.load(folder / "other.toml", {}), folder / "other.toml", "HEAD")
    assert verdict.decision == Decision.HOLD
    assert "has no other.toml" in verdict.why


@pytest.mark.parametrize("before", ["[gate", b"\xff = 1", "a = 1\na = 2"])
def test_unreadable_base_is_an_error(tmp_path, before):
    """A base that is no TOML leaves everything open."""
    with pytest.raises(EvidenceError, match="cannot be read as TOML"):
        judged(tmp_path, before, BEFORE)


def test_owner_is_asked_for(tmp_path):
    """As long as nobody owns the settings, the report says so and decides nothing by it."""
    verdict = judged(tmp_path, BEFORE, BEFORE)
    assert [check.name for check in verdict.checks if check.advisory] == ["code owner"]


OWN = """
METRICS = {"half": {"function": lambda rows, y, predictions: 0.5, "better": "lower"}}
"""


def test_direction_is_the_metrics_own(tmp_path):
    """A metric of the table has its direction, and one of the user's own is asked for in the workload."""
    assert check_settings.higher_is_better(config.parse({"gate": {"metric": "mae"}})) is False
    (tmp_path / "halved").mkdir()
    for name in ("data", "model", "schema"):
        (tmp_path / f"halved/{name}.py").write_text(f"from workloads.sklearn_binary.{name} import *")
    (tmp_path / "halved/metrics.py").write_text(OWN)
    said = {"workload": {"package": "halved", "search_path": str(tmp_path)}, "gate": {"metric": "half"}}
    assert check_settings.higher_is_better(config.parse(said)) is False
