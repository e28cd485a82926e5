"""Versions: each kind of change moves its own number."""

from dataclasses import replace

import pytest

from gatehouse import versions
from gatehouse.contract import Column, Contract
from gatehouse.serving import requests
from gatehouse.serving.requests import RequestError

AMOUNT = Column("amount", "number", minimum=0, maximum=10)
COUNTRY = Column("country", "category", categories=("DE", "FR"), maximum_missing=0.5)
OLD = Contract((AMOUNT, COUNTRY, Column("paid", "category", role="target")), "binary", "yes")


def with_columns(*columns: Column) -> Contract:
    """Return the contract with other features."""
    return replace(OLD, columns=(*columns, OLD.columns[-1]))


@pytest.mark.parametrize(
    ("previous", "breaks", "changed", "expected"),
    [
        (None, False, True, "1.0.0"),
        ("1.4.2", True, True, "2.0.0"),
        ("1.4.2", True, False, "2.0.0"),
        ("1.4.2", False, True, "1.5.0"),
        ("1.4.2", False, False, "1.4.3"),
    ],
)
def test_version_is_derived(previous, breaks, changed, expected):
    """A broken schema is major, changed code or features minor, newer data or nothing at all patch."""
    assert versions.derive(previous, breaks=breaks, changed=changed) == expected


@pytest.mark.parametrize(
    ("previous", "taken", "expected"),
    [("1.4.2", {"1.4.3"}, "1.4.4"), ("1.4.2", {"1.4.3", "1.4.4"}, "1.4.5"), (None, {"1.0.0"}, "1.0.1")],
)
def test_taken_version_is_skipped(previous, taken, expected):
    """The number of a version that was rolled back, or is on its way, is not given to another."""
    assert versions.derive(previous, breaks=False, changed=False, taken=taken) == expected


NARROWER = {
    "a feature that is needed": with_columns(AMOUNT, COUNTRY, Column("age", "integer")),
    "a feature dropped": with_columns(AMOUNT),
    "another kind": with_columns(replace(AMOUNT, kind="category", minimum=None, maximum=None), COUNTRY),
    "a higher minimum": with_columns(replace(AMOUNT, minimum=1), COUNTRY),
    "a lower maximum": with_columns(replace(AMOUNT, maximum=9), COUNTRY),
    "never missing": with_columns(AMOUNT, replace(COUNTRY, maximum_missing=0)),
}
WIDER = {
    "the same": OLD,
    "a feature that may be missing": with_columns(AMOUNT, COUNTRY, Column("age", "integer", maximum_missing=0.1)),
    "no maximum": with_columns(replace(AMOUNT, maximum=None), COUNTRY),
    "one more category": with_columns(AMOUNT, replace(COUNTRY, categories=("DE", "FR", "IT"))),
    "one category less": with_columns(AMOUNT, replace(COUNTRY, categories=("DE",))),
    "another order": with_columns(COUNTRY, AMOUNT),
}


@pytest.mark.parametrize("new", NARROWER.values(), ids=NARROWER)
def test_narrower_schema_breaks(new):
    """Whatever refuses a request of yesterday breaks the schema."""
    assert versions.breaks(OLD, new)


@pytest.mark.parametrize("new", WIDER.values(), ids=WIDER)
def test_wider_schema_does_not(new):
    """What takes every request of yesterday does not."""
    assert not versions.breaks(OLD, new)


@pytest.mark.parametrize("contract", [*NARROWER.values(), *WIDER.values()], ids=[*NARROWER, *WIDER])
def test_servers_agree(contract):
    """A schema breaks exactly where the server refuses some request that it took before."""
    bodies = [b'{"amount": 0, "country": null}', b'{"amount": 10, "country": "FR"}']
    reader, refused = requests.reader(contract, 10), 0
    for body in bodies:
        requests.reader(OLD, 10).read(body)
        try:
            reader.read(body)
        except RequestError:
            refused += 1
    assert versions.breaks(OLD, contract) == (refused > 0)


@pytest.mark.parametrize("new", [replace(OLD, positive="no"), replace(OLD, task="multiclass", positive=None)])
def test_other_answers_break(new):
    """Who reads the answers of another task, or of another positive class, reads them wrongly."""
    assert versions.breaks(OLD, new)


def test_changed_features_are_seen():
    """A feature described otherwise is a change, the description of the target is none."""
    assert versions.features_changed(OLD, WIDER["one more category"])
    assert not versions.features_changed(OLD, replace(OLD, columns=(AMOUNT, COUNTRY)))
