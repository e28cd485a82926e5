"""Going back to a version that served before, pure: which one, where it waits, and how it takes over.

It waits as `previous`, without traffic, until it was seen to answer. What it then replaces is rolled back as any canary
is, and forgotten: only a new rollout can bring it back.
"""

from collections.abc import Mapping
from dataclasses import replace

from gatehouse.canary.counters import Slot
from gatehouse.canary.state import ALL, Phase, Placed, State, enter, free, settle
from gatehouse.errors import EvidenceError
from gatehouse.release import Release


def under_way(state: State) -> bool:
    """Tell whether the traffic of a canary is still to be taken away; one that has it all serves."""
    return not state.over and state.phase != Phase.PROMOTED


def choose(state: State, version: str | None = None) -> Release:
    """Return the version that served before, or the one that is named.

    Raises EvidenceError, naming those that there are, when it did not serve here lately or serves already, and where
    none is named although the last rollout was taken back: who asks may not know that, and would go too far.
    """
    state = settled(state)
    if state.stable is None:
        raise EvidenceError("No version serves here, so there is nothing to roll back.")
    serving = state.stable.release.version
    if not state.former:
        raise EvidenceError(f"No version is known that served here before {serving}: there is nothing to roll back to.")
    names = ", ".join(release.version for release in state.former)
    if version is None and state.phase != Phase.PROMOTED:
        raise EvidenceError(
            f"Version {serving} has all traffic since the last rollout ended ({state.phase}): that one is rolled back "
            f"already. To go back further, name the version (--to): {names}."
        )
    if version is None:
        return state.former[0]
    if version == serving:
        raise EvidenceError(f"Version {version} has all traffic already.")
    known = {release.version: release for release in reversed(state.former)}
    if version not in known:
        raise EvidenceError(f"Version {version} did not serve here lately, and cannot take over. These can: {names}.")
    return known[version]


def settled(state: State) -> State:
    """Return the state of a promotion that was decided as one that is over, so that it can be taken back at once."""
    return state if under_way(state) else settle(state)


def waits(state: State, release: Release) -> bool:
    """Tell whether a release stands beside what serves, without traffic."""
    previous = settled(state).previous
    return previous is not None and previous.release == release


def waiting(state: State, release: Release) -> State:
    """Return the state in which a release stands in the free slot, without traffic.

    Raises EvidenceError while a rollout needs that slot.
    """
    ended = settled(state)
    if not ended.over:
        raise EvidenceError(f"A rollout has begun meanwhile and needs the slot (it is {state.phase}). Roll back again.")
    placed = Placed(free(ended.stable), release)
    return state if ended.previous == placed else replace(ended, previous=placed)


def returned(state: State, release: Release, why: str, now: float) -> State:
    """Return the state in which a release that waits has all traffic, and what served until now is rolled back.

    Raises EvidenceError when it does not wait there: another program needed its slot meanwhile.
    """
    state = settled(state)
    if not state.over or state.previous is None or state.previous.release != release:
        raise EvidenceError(f"Another program took the place of version {release.version} meanwhile. Roll back again.")
    bad = state.stable
    former = tuple(each for each in state.former if each != release and not (bad and each == bad.release))
    back = replace(state, stable=state.previous, canary=bad, previous=None, former=former, returning=True)
    return enter(back, Phase.ROLLED_BACK, 0, now, why)


def noticed(state: State, weights: Mapping[Slot, int], now: float) -> State:
    """Return the state after a look at the weights: what took all traffic back, by whatever hand, has been returned to.

    So a rollback that was killed right after it moved the traffic is carried on, and not undone.
    """
    if not state.over or state.previous is None or state.stable is None:
        return state
    if weights.get(state.stable.slot) or weights.get(state.previous.slot) != ALL:
        return state
    why = f"The router sends all traffic to version {state.previous.release.version}: somebody moved it there."
    return returned(state, state.previous.release, why, now)
