"""Loosening: each direction is known, and what nobody can compare is pointed out."""

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.config import Config
from gatehouse.gates import loosening
from gatehouse.knobs import Looser, Positive, knobs
from gatehouse.verdicts import Check, Decision


@knobs
class Guard:
    """A limit inside a table whose keys the user chooses."""

    delta: Annotated[Positive, Looser("higher")] = 0.1
    label: str = ""


@knobs
class Guards:
    """Such tables: of numbers, and of sections."""

    losses: Annotated[Mapping[str, Annotated[float, Looser("higher")]], Looser("fewer")] = field(default_factory=dict)
    guards: Annotated[Mapping[str, Guard], Looser("fewer")] = field(default_factory=dict)
    bins: Annotated[Mapping[str, tuple[float, ...]], Looser("changed")] = field(default_factory=dict)
    ceiling: Annotated[Positive | None, Looser("higher")] = None


@knobs
class Tree:
    """A settings file of one section."""

    gate: Guards = Guards()


def effects(before: Any, after: Any, tree: type = Config, better: bool | None = True) -> dict[str, str]:
    """Return the effect of every change, by its key."""
    return {change.key: change.effect for change in loosening.changes(before, after, tree, better)}


@pytest.mark.parametrize(
    ("section", "key", "old", "new", "effect"),
    [
        ("gate", "delta", 0.02, 0.05, "looser"),
        ("gate", "delta", 0.05, 0.02, "tighter"),
        ("gate", "confidence", 0.95, 0.8, "looser"),
        ("gate", "metric", "f1", "accuracy", "looser"),
        ("gate", "seed", 0, 1, "neutral"),
        ("slices", "columns", ["a", "b"], ["b"], "looser"),
        ("slices", "columns", ["a"], ["b"], "looser"),
        ("slices", "columns", ["a"], ["b", "a"], "tighter"),
        ("slices", "columns", ["a", "b"], ["b", "a"], "neutral"),
        ("drift", "retrain_psi", 0.25, 0, "looser"),
        ("drift", "retrain_psi", 0, 0.25, "tighter"),
        ("drift", "persistent", 2, 3, "looser"),
        ("steps", "steps", [5, 50, 100], [50, 100], "looser"),
        ("canary", "confidence", 0.999, 0.9999, "looser"),
        ("registry", "kind", "mlflow", "image", "looser"),
        ("rollout", "port", 0, 80, "neutral"),
        ("store", "state", "a", "b", "neutral"),
    ],
)
def test_direction_is_known(section, key, old, new, effect):
    """Each kind of setting knows which way is looser."""
    assert effects({section: {key: old}}, {section: {key: new}}) == {f"{section}.{key}": effect}


@pytest.mark.parametrize(("better", "effect"), [(True, "looser"), (False, "tighter"), (None, "looser")])
def test_floor_follows_metric(better, effect):
    """A lower floor asks for less of F1 and for more of a loss; of an unknown metric nobody can tell."""
    assert effects({"gate": {"floor": 0.6}}, {"gate": {"floor": 0.5}}, better=better) == {"gate.floor": effect}


def test_defaults_fill_gaps():
    """A key that is left out has its default, on either side."""
    assert effects({}, {"gate": {"delta": 0.02}}) == {}
    assert effects({"gate": {"delta": 0.01}}, {"gate": {}}) == {"gate.delta": "looser"}


def test_removed_section_is_looser():
    """A section that judges cannot vanish unseen, even where its defaults ask for as much; another may."""
    before = {"parity": {"tolerance": 1e-9}, "store": {"log": ""}}
    assert effects(before, {}) == {"parity": "looser"}


def test_removed_setting_is_looser():
    """What the code no longer reads guards nothing."""
    before = {"gate": {"margin": 3}, "fence": {"height": 2}, "store": {"colour": "red"}}
    assert effects(before, {"gate": {}, "store": {}}) == {
        "gate.margin": "looser",
        "store.colour": "neutral",
        "fence": "looser",
    }


def test_tables_are_compared():
    """In a table of the user's own keys, one key less is looser, one more is tighter, and each value is compared."""
    before = {"gate": {"losses": {"recall": 0.1, "auc": 0.1}, "guards": {"a": {"delta": 0.1}, "b": {}}}}
    after = {"gate": {"losses": {"recall": 0.2, "f1": 0.1}, "guards": {"a": {"label": "x"}}}}
    assert effects(before, after, Tree) == {
        "gate.losses.recall": "looser",
        "gate.losses.auc": "looser",
        "gate.losses.f1": "tighter",
        "gate.guards.a.label": "neutral",
        "gate.guards.b": "looser",
    }


def test_missing_limit_is_loosest():
    """A limit that is not set limits nothing; bins that moved cannot be compared."""
    assert effects({"gate": {"ceiling": 9.0}}, {"gate": {}}, Tree) == {"gate.ceiling": "looser"}
    assert effects({"gate": {}}, {"gate": {"ceiling": 9.0}}, Tree) == {"gate.ceiling": "tighter"}
    assert effects({"gate": {"bins": {"age": [1]}}}, {"gate": {"bins": {"age": [2]}}}, Tree) == {"gate.bins": "looser"}


@pytest.mark.parametrize("old", ["small", [0.02], {"f1": 0.02}, True, None])
def test_other_type_is_pointed_out(old):
    """A value that today's code would not read is never called tighter than a number above it."""
    assert set(effects({"gate": {"delta": old}}, {"gate": {"delta": 2}}).values()) <= {"looser", "tighter"}
    if not isinstance(old, bool | None):
        assert effects({"gate": {"delta": old}}, {"gate": {"delta": 2}}) == {"gate.delta": "looser"}


@given(st.floats(0.001, 1), st.floats(0.001, 1))
def test_one_way_is_looser(one: float, other: float):
    """Of two different values exactly one way is looser; of two equal ones none."""
    ways = [effects({"gate": {"delta": a}}, {"gate": {"delta": b}}) for a, b in ((one, other), (other, one))]
    found = sorted(effect for way in ways for effect in way.values())
    assert found == ([] if one == other else ["looser", "tighter"])


def test_loosened_setting_holds():
    """Each loosened setting is one check that holds: its old and new value, and the reason that stands beside it."""
    found = loosening.changes({"gate": {"delta": 0.02}}, {"gate": {"delta": 0.05}}, Config, True)
    (check,) = loosening.judge(found, {"gate.delta": "rare fraud"}, {})
    assert (check.name, check.decision) == ("loosened [gate] delta", Decision.HOLD)
    assert check.details == {"key": "gate.delta", "old": 0.02, "new": 0.05, "reason": "rare fraud"}
    assert check.why == (
        "[gate] delta goes from 0.02 to 0.05, and higher lets more through. The reason beside it: “rare fraud”."
    )


@pytest.mark.parametrize(
    ("reason", "earlier", "said"),
    [
        ("", "old", "through. No reason is given beside it."),
        ("old", "old", "through. The reason beside it is still that of the old value: “old”."),
        ("new", "old", "through. The reason beside it: “new”."),
    ],
)
def test_reason_is_said(reason, earlier, said):
    """No reason, and one that was written for the old value, are said to be that."""
    found = loosening.changes({"gate": {"delta": 0.02}}, {"gate": {"delta": 0.05}}, Config, True)
    (check,) = loosening.judge(found, {"gate.delta": reason}, {"gate.delta": earlier})
    assert check.why.endswith(said)


@pytest.mark.parametrize(
    ("after", "why"),
    [
        ({}, "No setting changed."),
        ({"gate": {"seed": 3}}, "One setting changed, and nothing more is let through than before."),
        ({"gate": {"seed": 3, "delta": 0.01}}, "2 settings changed, and nothing more is let through than before."),
    ],
)
def test_nothing_loosened_promotes(after, why):
    """Without a loosened setting there is one check, and it promotes."""
    (check,) = loosening.judge(loosening.changes({}, after, Config, True), {}, {})
    assert check == Check("settings", Decision.PROMOTE, why)


@pytest.mark.parametrize(
    ("before", "after", "name", "how"),
    [
        ({"gate": {"losses": {"a": 0.1}}}, {"gate": {}}, "[gate] losses.a", "was 0.1 and is gone"),
        ({"gate": {}}, {"gate": {"losses": {"a": 0.1}}}, "[gate] losses.a", "is new: 0.1"),
        ({"gate": {"ceiling": 9.0}}, {"gate": {}}, "[gate] ceiling", "goes from 9.0 to nothing, which switches it off"),
        ({"gate": {}}, {"gate": {"ceiling": 9.0}}, "[gate] ceiling", "goes from nothing to 9.0"),
        (
            {"gate": {"bins": {"ä": [1]}}},
            {"gate": {"bins": {"ä": [2]}}},
            "[gate] bins",
            'goes from {"ä": [1]} to {"ä": [2]}, and nothing tells whether that asks for as much',
        ),
        (
            {"gate": {}, "fence": {"height": 2}},
            {"gate": {}},
            "[fence]",
            'was {"height": 2} and is no setting any more: what it guarded, it guards no longer',
        ),
        ({"gate": {}}, {}, "[gate]", "is gone from the file, so that its defaults apply"),
    ],
)
def test_change_is_said(before, after, name, how):
    """A change says in a few words, and in the file's own, what became of the setting."""
    (change,) = loosening.changes(before, after, Tree, True)
    assert (change.name, change.how) == (name, how)


def test_lost_names_are_said():
    """Of a list it says which names are gone, and of a section how its name is written."""
    before, after = {"slices": {"columns": ["a", "b", "c"]}}, {"slices": {"columns": ["b"]}}
    (change,) = loosening.changes(before, after, Config, True)
    assert (change.name, change.how) == ("[slices] columns", 'no longer names "a", "c"')
    assert (change.old, change.new) == (["a", "b", "c"], ["b"])


def test_reason_of_the_whole():
    """A part of a table without a comment of its own has the table's."""
    said = {"gate.guards": "both", "gate.guards.auc": "rank"}
    assert loosening.reason_of("gate.guards.recall", said) == "both"
    assert loosening.reason_of("gate.guards.auc", said) == "rank"
    assert loosening.reason_of("slices.drop", said) == ""
