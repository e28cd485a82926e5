"""What a rollout tells the ledger and the registry: each line of its story, and how it ended.

The target keeps the story too, until the next rollout begins. So what was told to a machine that is gone by now, and
could not hand it on, is told again by whoever comes next. What the ledger has is never told twice.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gatehouse import ledger
from gatehouse.canary.state import Phase, State, Transition
from gatehouse.registry import Registry
from gatehouse.release import Release
from gatehouse.stages import champions


def told(state: State, folder: Path) -> State:
    """Write to the ledger what it lacks of the rollout's story, beginning where it was told last."""
    fresh = [one for one in state.history[state.told :] if one.release is not None]
    for one in fresh:
        facts = {"phase": str(one.phase), "weight": one.weight, "evidence": one.evidence}
        _add(folder, "rollout", "release", one, facts)
    return replace(state, told=len(state.history))


def ended(state: State, folder: Path) -> None:
    """Write a rollout that did not succeed to the ledger; the registry writes the others itself."""
    if state.phase in (Phase.ROLLED_BACK, Phase.HELD):
        to = state.stable.release.to_dict() if state.stable else None
        _add(folder, "rollback", "from", state.history[-1], {"to": to, "phase": str(state.phase)})


def promoted(state: State, release: Release, registry: Registry | None) -> None:
    """Make a release the registry's champion, unless it is that already."""
    before = registry.champion() if registry else None
    if registry is not None and (before is None or before.bundle != release.bundle):
        done = "Rolled back" if state.returning else "Rolled out"
        registry.promote(release, f"{done}. {state.history[-1].why}")


def missed(state: State, folder: Path, registry: Registry | None) -> None:
    """Write to the ledger what it lacks of a rollout that is over, and of the champion that came of it."""
    if not state.over or not state.history:
        return
    told(replace(state, told=0), folder)
    ended(state, folder)
    champion, served = registry.champion() if registry else None, champions.served(folder)
    before = served[-1] if served else None
    if champion is None or state.stable is None or champion.bundle != state.stable.release.bundle:
        return
    if before is None or before.bundle != champion.bundle:
        done = "Rolled out" if state.phase == Phase.PROMOTED else "Rolled back"
        moved = {"from": before.to_dict() if before else None, "to": champion.to_dict()}
        ledger.append(folder, "promotion", why=f"{done}. {state.history[-1].why}", **moved)


def _add(folder: Path, event: str, whose: str, one: Transition, facts: Mapping[str, Any]) -> None:
    """Append an entry about a line of the story, unless the ledger has it."""
    if one.release is None:
        return
    at, release = datetime.fromtimestamp(one.at, UTC).isoformat(timespec="milliseconds"), one.release.to_dict()
    known = (entry for entry in ledger.read(folder) if entry["event"] == event)
    if not any(
        (entry.get("at"), entry.get(whose), entry.get("phase")) == (at, release, str(one.phase)) for entry in known
    ):
        ledger.append(folder, event, why=one.why, at=at, **{whose: release}, **facts)
