"""The comments of a settings file: each is found beside or above its key."""

import pytest

from gatehouse.stages import reasons


@pytest.mark.parametrize(
    ("text", "key", "reason"),
    [
        ("[gate]\ndelta = 1 # why", "gate.delta", "why"),
        ("[gate]\n# why\n# and how\ndelta = 1", "gate.delta", "why and how"),
        ("[gate]\n# of something else\n\ndelta = 1", "gate.delta", ""),
        ("[gate]\ndelta = 1", "gate.delta", ""),
        ("gate.delta = 1 # why", "gate.delta", "why"),
        ("[a]\nb = '#1' # why", "a.b", "why"),
        ('[a]\nb = "\\"#1" # why', "a.b", "why"),
        ("[a]\nb = [\n  # the first\n  [1], # one\n  [2],\n] # end", "a.b", "the first one end"),
        ("[a.b]\nc = 1 # why", "a.b.c", "why"),
        ("[[a.b]]\nc = 1 # why", "a.b.c", "why"),
        ("[a]\nb = { c = 1 } # why", "a.b.c", "why"),
        ("[a]\nb = { c = 1, d = 2 } # why", "a.b", "why"),
    ],
)
def test_reason_is_found(text, key, reason):
    """A comment beside the value, or above the key, or inside a list, is the key's."""
    assert reasons.read(text)[key] == reason


def test_no_key_no_reason():
    """A file of comments only has no key."""
    assert reasons.read("# nothing\n\n[gate]\n") == {}
