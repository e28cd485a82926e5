"""Versions: each kind of change moves its own number."""

import pytest

from gatehouse import versions
from gatehouse.contract import Column, Contract


@pytest.mark.parametrize(
    ("previous", "breaks", "code_changed", "expected"),
    [
        (None, False, True, "1.0.0"),
        ("1.4.2", True, True, "2.0.0"),
        ("1.4.2", False, True, "1.5.0"),
        ("1.4.2", False, False, "1.4.3"),
    ],
)
def test_version_is_derived(previous, breaks, code_changed, expected):
    """A broken schema is major, changed code minor, newer data patch."""
    assert versions.derive(previous, breaks=breaks, code_changed=code_changed) == expected


def test_new_feature_breaks():
    """A model that wants another feature refuses the requests of yesterday."""
    old = Contract((Column("a", "number"),), "regression")
    new = Contract((Column("a", "number"), Column("b", "number")), "regression")
    assert versions.breaks(old, new)
    assert not versions.breaks(old, old)
