"""What every registry does, whatever keeps its versions. A test class inherits it and gives the two fixtures.

`registry` is one that holds nothing yet; `publish(bundle)` pushes the image of a bundle where the registry needs one,
and returns its reference, or None.
"""

from pathlib import Path

import pytest
from registry import versions

from gatehouse import ledger
from gatehouse.bundle import Bundle


class Contract:
    """The tests that every registry passes."""

    @pytest.fixture
    def first(self, tmp_path: Path) -> Bundle:
        """Return the bundle of the first version."""
        return versions.write(tmp_path / "first")

    @pytest.fixture
    def second(self, tmp_path: Path) -> Bundle:
        """Return the bundle of another version."""
        return versions.write(tmp_path / "second", "1.1.0", strength=0.1)

    def test_nothing_registered_yet(self, registry):
        """A fresh registry has no champion and no challenger, and that is no error."""
        assert registry.champion() is None
        assert registry.challenger() is None
        assert registry.anchor() is None

    def test_registered_is_challenger(self, registry, publish, first):
        """A registered version is the challenger, and the champion only once it is promoted."""
        release = registry.register(first, publish(first))
        assert (release.version, release.bundle) == ("1.0.0", first.digest)
        assert registry.challenger() == release
        assert registry.champion() is None

    def test_promotion_moves_champion(self, registry, publish, first, second):
        """Each promotion moves the champion, and the ledger says from which to which, and why."""
        old, new = [registry.register(bundle, publish(bundle)) for bundle in (first, second)]
        registry.promote(old, "the first")
        registry.promote(new, "a better one")
        assert registry.champion() == new
        one, two = ledger.read(registry.state)
        assert (one["from"], one["to"]["bundle"], one["why"]) == (None, first.digest, "the first")
        assert (two["from"]["bundle"], two["to"]["bundle"]) == (first.digest, second.digest)

    def test_anchor_stays_behind(self, registry, publish, first, second):
        """The anchor moves only when it is told to, whoever serves; the ledger says so."""
        old, new = [registry.register(bundle, publish(bundle)) for bundle in (first, second)]
        registry.promote(old, "the first")
        registry.set_anchor(old, "nobody was better")
        registry.promote(new, "a newer one")
        assert (registry.anchor(), registry.champion()) == (old, new)
        entry = next(entry for entry in ledger.read(registry.state) if entry["event"] == "anchor")
        assert (entry["from"], entry["to"]["bundle"], entry["why"]) == (None, first.digest, "nobody was better")

    def test_fetched_bundle_is_whole(self, registry, publish, first):
        """What is fetched is the very bundle that was registered."""
        release = registry.register(first, publish(first))
        fetched = registry.fetch(release)
        assert fetched.digest == first.digest
        assert fetched.path != first.path

    def test_registering_twice_is_once(self, registry, publish, first):
        """A bundle that is a version already stays that version."""
        image = publish(first)
        assert registry.register(first, image) == registry.register(first, image)
