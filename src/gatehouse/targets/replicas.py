"""Several servers of one release in a slot: how they come, change in number and go without a lost request.

Whatever was done before, by a program that was killed or with other settings, `start` ends with what it was told.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Protocol

from gatehouse.canary.counters import Slot
from gatehouse.errors import TargetError
from gatehouse.release import Release
from gatehouse.targets import servers
from gatehouse.targets.servers import Servers


class Crew(Protocol):
    """What a target does with single servers, each known by its name: its slot and a number, such as blue-0."""

    def known(self, slot: Slot) -> Sequence[str]:
        """Return the servers of a slot that were started at any time and not removed."""
        ...

    def serves(self, name: str, release: Release) -> bool:
        """Tell whether a server is ready, and of this release."""
        ...

    def loads(self, name: str, release: Release) -> bool:
        """Tell whether a server of this release lives that was begun so lately that it may still get ready."""
        ...

    def launch(self, name: str, release: Release) -> None:
        """Begin to start a server; none of its name runs."""
        ...

    def url(self, name: str) -> str:
        """Return the address of a server that was launched, as the router reaches it."""
        ...

    def await_ready(self, name: str) -> None:
        """Return when a server is ready, of which the router knows. Raises TargetError when it will not be."""
        ...

    def end(self, names: Iterable[str]) -> None:
        """Let servers finish what they have begun, all at the same time, and remove them."""
        ...

    def described(self) -> Servers:
        """Return the servers of both slots, as the router was told of them last."""
        ...

    def describe(self, servers: Servers) -> None:
        """Tell the router of the servers of both slots."""
        ...

    def await_described(self) -> None:
        """Return when the router goes by what it was told."""
        ...


def start(crew: Crew, slot: Slot, release: Release, count: int) -> None:
    """Return when `count` servers of a release share a slot's requests. Raises TargetError when they will not.

    Those that serve the release already go on, and those that another program has begun to start are waited for. None
    gets a request of a user before it is ready, unless the slot has no other, and those that are too many get none any
    more before they are stopped.
    """
    wanted = servers.names(slot, count)
    known = crew.known(slot)
    good = [name for name in known if crew.serves(name, release)]
    begun = [name for name in known if name in wanted and name not in good and crew.loads(name, release)]
    crew.end(name for name in known if name not in (*good, *begun))
    fresh = [name for name in wanted if name not in good]
    for name in fresh:
        if name not in begun:
            crew.launch(name, release)
    urls = {name: crew.url(name) for name in wanted}
    if fresh:
        serving = {name: crew.url(name) for name in good} or urls
        _tell(crew, slot, serving, {**serving, **urls})
        for name in fresh:
            crew.await_ready(name)
    _tell(crew, slot, urls, urls)
    crew.end(name for name in good if name not in wanted)


def stop(crew: Crew, slot: Slot) -> None:
    """Let a slot finish what it has begun and stop it; nothing happens when it is not running."""
    crew.end(crew.known(slot))
    before = crew.described()
    (first,) = servers.names(slot, 1)
    left = {name: url for name, url in before.of(slot).items() if name == first}
    # Of several, the router would go on asking whether they are ready. One is left, so that whoever is sent here by
    # mistake meets an error that is counted.
    after = before.changed(slot, tuple(left.values()), left)
    if after != before:
        crew.describe(after)
        # One that is gone reads it when it is back.
        with suppress(TargetError):
            crew.await_described()


def _tell(crew: Crew, slot: Slot, sharing: dict[str, str], doors: dict[str, str]) -> None:
    before = crew.described()
    after = before.changed(slot, tuple(sharing.values()), doors)
    if after != before:
        crew.describe(after)
        crew.await_described()
