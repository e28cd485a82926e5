from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.release import Release
from gatehouse.targets import replicas
from gatehouse.targets.servers import Servers

OLD, NEW = Release("1.0.0", "a", ""), Release("1.1.0", "b", "")


class KilledError(Exception):
    """The program was killed here."""


@dataclass
class Paper:
    """Servers on paper, each with its release, and all that was done to them; it can be killed before any of it."""

    running: dict[str, Release] = field(default_factory=dict)
    servers: Servers = field(default_factory=Servers)
    done: list[str] = field(default_factory=list)
    loading: set[str] = field(default_factory=set)
    left: int = 1000

    def do(self, what: str) -> None:
        """Note what is done, unless the program is dead by now."""
        if self.left == 0:
            raise KilledError
        self.left -= 1
        self.done.append(what)

    def known(self, slot: str) -> list[str]:
        """Return the servers of a slot."""
        return [name for name in self.running if name.startswith(slot)]

    def serves(self, name: str, release: Release) -> bool:
        """Tell whether a server runs that release, and can be asked."""
        return self.running.get(name) == release and name in self.servers.doors and name not in self.loading

    def loads(self, name: str, release: Release) -> bool:
        """Tell whether a server was launched with that release, and nobody has waited for it."""
        return self.running.get(name) == release and name in self.loading

    def launch(self, name: str, release: Release) -> None:
        """Start a server; none of its name runs."""
        assert name not in self.running
        self.do(f"launch {name}")
        self.running[name] = release
        self.loading.add(name)

    def url(self, name: str) -> str:
        """Return where a server is, of one that runs."""
        assert name in self.running
        return f"http://{name}"

    def await_ready(self, name: str) -> None:
        """Ask a server, which the router must know."""
        assert name in self.servers.doors
        self.do(f"ready {name}")
        self.loading.discard(name)

    def end(self, names: Iterable[str]) -> None:
        """Stop servers."""
        for name in list(names):
            self.do(f"end {name}")
            del self.running[name]
            self.loading.discard(name)

    def described(self) -> Servers:
        """Return what the router was told."""
        return self.servers

    def describe(self, servers: Servers) -> None:
        """Tell the router."""
        self.do(f"share {' '.join(servers.sharing['blue'])}".replace("http://", ""))
        self.servers = servers

    def await_described(self) -> None:
        """Ask the router."""


def started(count: int) -> Paper:
    """Return a slot in which so many servers run, and nothing was done yet."""
    crew = Paper()
    replicas.start(crew, "blue", OLD, count)
    return Paper(crew.running, crew.servers)


def test_all_are_ready_in_the_end():
    """All servers are started before any of them is waited for."""
    crew = Paper()
    replicas.start(crew, "blue", OLD, 2)
    assert crew.done == ["launch blue-0", "launch blue-1", "share blue-0 blue-1", "ready blue-0", "ready blue-1"]


def test_start_twice_changes_nothing():
    """What runs already is left alone."""
    crew = started(2)
    replicas.start(crew, "blue", OLD, 2)
    assert crew.done == []


def test_loading_one_is_waited_for():
    """What another program has begun to start is not begun again; of another release it is ended."""
    crew = Paper()
    crew.launch("blue-0", OLD)
    crew.done.clear()
    replicas.start(crew, "blue", OLD, 2)
    assert crew.done == ["launch blue-1", "share blue-0 blue-1", "ready blue-0", "ready blue-1"]
    crew = Paper()
    crew.launch("blue-0", OLD)
    replicas.start(crew, "blue", NEW, 1)
    assert crew.done == ["launch blue-0", "end blue-0", "launch blue-0", "share blue-0", "ready blue-0"]


def test_loading_one_too_many_is_ended():
    """A server that was begun and is not wanted any more is not waited for."""
    crew = Paper()
    crew.launch("blue-1", OLD)
    replicas.start(crew, "blue", OLD, 1)
    assert crew.running == {"blue-0": OLD}


def test_more_join_when_ready():
    """A server that comes to others gets no request before it is ready."""
    crew = started(1)
    replicas.start(crew, "blue", OLD, 2)
    assert crew.done == ["launch blue-1", "share blue-0", "ready blue-1", "share blue-0 blue-1"]


def test_fewer_leave_without_requests():
    """Servers that are too many get no request any more when they are stopped."""
    crew = started(3)
    replicas.start(crew, "blue", OLD, 1)
    assert crew.done == ["share blue-0", "end blue-1", "end blue-2"]


def test_dead_one_comes_back():
    """A server that died is started again, while the other goes on; nobody but that one is ever without."""
    crew = started(2)
    del crew.running["blue-0"]
    replicas.start(crew, "blue", OLD, 2)
    assert crew.done == ["launch blue-0", "share blue-1", "ready blue-0", "share blue-0 blue-1"]


def test_survivor_serves_until_relieved():
    """When the one that shall stay is dead, the other one stops only after it is back."""
    crew = started(2)
    del crew.running["blue-0"]
    replicas.start(crew, "blue", OLD, 1)
    assert crew.done == ["launch blue-0", "share blue-1", "ready blue-0", "share blue-0", "end blue-1"]


def test_other_release_takes_the_slot():
    """All servers of the release before are stopped first, and the other slot is none of it."""
    crew = started(2)
    replicas.start(crew, "green", OLD, 1)
    replicas.start(crew, "blue", NEW, 1)
    assert crew.running == {"green-0": OLD, "blue-0": NEW}
    assert crew.servers == Servers(
        {"blue": ("http://blue-0",), "green": ("http://green-0",)},
        {"green-0": "http://green-0", "blue-0": "http://blue-0"},
    )


@pytest.mark.parametrize(("count", "told"), [(1, []), (3, ["share blue-0"])])
def test_stopped_slot_is_still_counted(count, told):
    """A stopped slot keeps one address, where a request meets an error that is counted; of several that is told."""
    crew = started(count)
    replicas.stop(crew, "blue")
    assert (crew.running, crew.servers.doors) == ({}, {"blue-0": "http://blue-0"})
    assert [each for each in crew.done if not each.startswith("end")] == told


@given(st.integers(0, 3), st.integers(1, 3), st.booleans(), st.integers(0, 12))
def test_killed_start_is_finished(before, count, same, left):
    """Wherever a program is killed, the next one ends with the servers that it was told, and no others."""
    crew = started(before) if before else Paper()
    release, crew.left = OLD if same else NEW, left
    try:
        replicas.start(crew, "blue", release, count)
    except KilledError:
        crew.left = 1000
        replicas.start(crew, "blue", release, count)
    names = [f"blue-{number}" for number in range(count)]
    urls = {name: f"http://{name}" for name in names}
    assert (sorted(crew.running), set(crew.running.values())) == (names, {release})
    assert (crew.servers.sharing["blue"], crew.servers.of("blue")) == (tuple(urls.values()), urls)
