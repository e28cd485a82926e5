"""Settings: the file in the repository is complete and commented, and mistakes are named."""

import argparse
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse import config
from gatehouse.config import Config, Window
from gatehouse.errors import ConfigError
from gatehouse.knobs import Looser

EXAMPLE = Path(__file__).parents[1] / "gatehouse.toml"
KEY = re.compile(r"^(?P<key>\w+) *= *(?P<value>[^#]+?) *(?P<comment># \S.*)?$")

# Sections that judge nothing: what runs, where it runs, and on which rows.
NOT_JUDGING = {"workload", "data", "train", "rollout", "kubernetes", "serving", "log", "retrain", "rehearsal", "store"}
# Settings of the others that no direction makes looser.
NEUTRAL = {
    "gate.seed": "any seed of the bootstrap is as good as another",
    "drift.seed": "any sample of the rows is as good as another",
    "leakage.seed": "any sample of the rows is as good as another",
    "latency.seed": "any sample of the rows, and any seed of the bootstrap, is as good as another",
    "latency.maximum_rounds": "fewer end in a hold, and what more of them settle must still keep its limit",
    "comparison.window_seconds": "long windows and short ones show other bursts, and neither kind is the smaller one",
    "shadow.share": "more copies come sooner, and as many pairs are needed as before",
    "shadow.kept": "more answers are joined sooner, and as many pairs are needed as before",
    "lease.seconds": "a short one lets another program act too soon, and a long one leaves a canary unwatched",
    "steps.step_budget_seconds": "what it ends early is held, and what it lets run on must still prove itself",
}


def write(folder: Path, text: str) -> Path:
    """Return a settings file."""
    path = folder / "gatehouse.toml"
    path.write_text(text)
    return path


def leaves(section: Any, prefix: str = "") -> dict[str, Any]:
    """Return every setting by its dotted name; a window is one setting."""
    found: dict[str, Any] = {}
    for field in fields(section):
        value, name = getattr(section, field.name), f"{prefix}{field.name}"
        nested = is_dataclass(value) and not (isinstance(value, Window) and prefix)
        found |= leaves(value, f"{name}.") if nested else {name: value}
    return found


def commented(path: Path) -> dict[str, str]:
    """Return the comment beside or above every key of a settings file, by the key's dotted name."""
    comments, section, above = {}, "", ""
    for line in path.read_text().splitlines():
        if line.startswith("["):
            section, above = line[1 : line.index("]")], ""
        elif match := KEY.match(line):
            comments[f"{section}.{match['key']}"] = match["comment"] or above
            above = ""
        else:
            above = line if line.startswith("# ") else ""
    return comments


def test_every_setting_is_written():
    """The commented example names each setting that exists, and no other."""
    assert sorted(commented(EXAMPLE)) == sorted(leaves(Config()))


@pytest.mark.parametrize(("name", "comment"), commented(EXAMPLE).items())
def test_every_setting_has_its_reason(name: str, comment: str):
    """Each setting stands beside a sentence that says why."""
    assert len(comment.split()) >= 4, name


def undeclared(hint: Any, name: str) -> list[str]:
    """Return the settings below a type that do not say which direction is looser."""
    said: tuple[Any, ...] = ()
    if get_origin(hint) is Annotated:
        hint, *said = get_args(hint)
    if is_dataclass(hint):
        parts = get_type_hints(hint, include_extras=True).items()
        return [item for key, part in parts for item in undeclared(part, f"{name}.{key}" if name else key)]
    rule = next((item for item in said if isinstance(item, Looser)), None)
    if rule is not None and rule.when == "fewer" and issubclass(get_origin(hint) or hint, Mapping):
        return undeclared(get_args(hint)[1], f"{name}.*")
    return [] if rule is not None or name in NEUTRAL or name.partition(".")[0] in NOT_JUDGING else [name]


def test_every_limit_has_a_direction():
    """Each setting that judges says which change of it is looser, so that a weaker one is pointed out."""
    missing = undeclared(Config, "")
    assert missing == [], f"write Annotated[..., Looser(...)] beside {missing}, or a reason into NEUTRAL"


def test_neutral_settings_exist():
    """No exception stands for a setting or a section that is gone."""
    assert NEUTRAL.keys() <= leaves(Config()).keys()
    assert {field.name for field in fields(Config)} >= NOT_JUDGING


@pytest.mark.parametrize(
    ("text", "key", "near"),
    [
        ("[gate]\ndeltta = 0.1", "deltta", "delta"),
        ("[gates]\ndelta = 0.1", "gates", "gate"),
        ("[rehearsal.first]\nsinze = 1", "sinze", "since"),
        ("gate.metrik = 'f1'", "metrik", "metric"),
    ],
)
def test_unknown_key_names_nearest(tmp_path: Path, text: str, key: str, near: str):
    """A misspelt key is refused with the key that was meant."""
    with pytest.raises(ConfigError, match=f"unknown key '{key}'.*Did you mean '{near}'"):
        config.load(write(tmp_path, text), {})


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[gate]\ndelta = 'small'", "[gate] delta = 'small'"),
        ("[gate]\ndelta = nan", "[gate] delta"),
        ("[gate]\nfloor = inf", "[gate] floor"),
        ("[gate]\nfloor = -inf", "[gate] floor"),
        ("[gate]\nguards = { auc = 0 }", "[gate.guards] auc = 0"),
        ("[gate]\nguards = ['auc']", "[gate] guards"),
        ("[gate]\nseed = 1.5", "[gate] seed = 1.5"),
        ("[holdout]\nshare = 1.0", "[holdout] share = 1.0"),
        ("[validate]\nminimum_rows = true", "[validate] minimum_rows = True"),
        ("[data]\nsince = 1.5", "[data] since = 1.5"),
        ("[data]\nsince = 'soon'", "[data] since = 'soon'"),
        ("[slices]\ncolumns = 'country'", "[slices] columns = 'country'"),
        ("[slices]\nbins = { age = [40, 20] }", "[slices.bins] age = [40, 20]: Value error, bins need one edge"),
        ("[slices]\nbins = { age = [20, nan] }", "[slices.bins.age] 1"),
        ("[slices]\ncombinations = [['a']]", "[slices] combinations = [['a']]: Value error, a combination takes two"),
        ("[registry]\nkind = 'disk'", "[registry] kind = 'disk'"),
        ("[rollout]\nport = 70000", "[rollout] port = 70000"),
        ("gate = 3", "gate = 3"),
        ("store = 3", "store = 3"),
    ],
)
def test_wrong_value_names_key(tmp_path: Path, text: str, named: str):
    """A value of a wrong type, out of its range or not finite is refused by the key's name."""
    with pytest.raises(ConfigError) as caught:
        config.load(write(tmp_path, text), {"GATEHOUSE_STATE": "/state"})
    assert named in str(caught.value)


def test_all_mistakes_at_once(tmp_path: Path):
    """Two mistakes take one run to find, not two."""
    with pytest.raises(ConfigError, match=r"(?s)share.*delta"):
        config.load(write(tmp_path, "[gate]\ndelta = 0\n[holdout]\nshare = 2"), {})


@pytest.mark.parametrize("text", [b"[gate", b"\xff\xfe", b"a = 1\na = 2"])
def test_broken_file_is_an_error(tmp_path: Path, text: bytes):
    """A file that is no TOML is named."""
    path = tmp_path / "gatehouse.toml"
    path.write_bytes(text)
    with pytest.raises(ConfigError, match=str(path)):
        config.load(path, {})


def test_missing_file_is_an_error(tmp_path: Path):
    """A file that is not there is named, with the ways to name another."""
    with pytest.raises(ConfigError, match=r"absent\.toml.*--config"):
        config.load(tmp_path / "absent.toml", {})


def test_environment_stands_above(tmp_path: Path):
    """A variable replaces what the file says; an empty one does not."""
    path = write(tmp_path, "[registry]\nkind = 'mlflow'\n[store]\nlog = '/log'")
    loaded = config.load(path, {"GATEHOUSE_REGISTRY": "image", "GATEHOUSE_STATE": "/state", "GATEHOUSE_LOG": ""})
    assert (loaded.registry.kind, loaded.store.state, loaded.store.log) == ("image", "/state", "/log")


@pytest.mark.parametrize(("section", "key"), config.VARIABLES.values(), ids=config.VARIABLES)
def test_variables_name_settings(section: str, key: str):
    """Each environment variable sets a setting that exists."""
    assert hasattr(getattr(Config(), section), key)


def test_paths_start_at_file(tmp_path: Path):
    """Relative folders mean the same from wherever a step is run; absolute ones stay."""
    path = write(tmp_path, "[workload]\nsearch_path = '..'\n[store]\nstate = '/state'\nlog = 'log'")
    loaded = config.load(path, {})
    assert Path(loaded.workload.search_path).resolve() == tmp_path.parent.resolve()
    assert (loaded.store.state, Path(loaded.store.log)) == ("/state", tmp_path / "log")


def test_address_is_no_path(tmp_path: Path):
    """A prediction log at an address stays there, wherever the settings lie."""
    loaded = config.load(write(tmp_path, "[store]\nlog = 's3://bucket/log'"), {})
    assert loaded.store.log == "s3://bucket/log"


@pytest.mark.parametrize(("text", "value"), [("2026-07-01", date(2026, 7, 1)), ("0", 0), ("1200", 1200)])
def test_position_is_read(text: str, value: config.Position):
    """A date is a day, and a number a row."""
    assert config.position(text) == value


@pytest.mark.parametrize("text", ["", "soon", "-3", "1.5", "2026-13-01", "2026-07-01T10:00"])
def test_other_position_is_refused(text: str):
    """What is neither is refused, and argparse shows why."""
    with pytest.raises(ConfigError, match="neither a date") as caught:
        config.position(text)
    assert isinstance(caught.value, argparse.ArgumentTypeError)


@given(st.dates() | st.integers(min_value=0))
def test_position_round_trips(value: config.Position):
    """Every position is read back from its own text."""
    assert config.position(str(value)) == value


@given(since=st.none() | st.dates() | st.integers(0), delta=st.floats(1e-6, 1), columns=st.lists(st.text()))
def test_settings_round_trip(since: config.Since, delta: float, columns: list[str]):
    """What the settings hold is what was written."""
    raw = {"data": {"since": since}, "gate": {"delta": delta}, "slices": {"columns": columns}}
    parsed = config.parse(raw)
    assert (parsed.data.since, parsed.gate.delta, list(parsed.slices.columns)) == (since, delta, columns)
