"""What a rollout tells the ledger: each line of its story, and how it ended."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from gatehouse import ledger
from gatehouse.canary.state import Phase, State


def told(state: State, folder: Path) -> State:
    """Write what is new in the rollout's story to the ledger; killed before that is kept, it is written twice."""
    if state.canary is None:
        return state
    release = state.canary.release.to_dict()
    for one in state.history[state.told :]:
        at = datetime.fromtimestamp(one.at, UTC).isoformat(timespec="milliseconds")
        facts = {"at": at, "phase": str(one.phase), "weight": one.weight, "evidence": one.evidence}
        ledger.append(folder, "rollout", why=one.why, release=release, **facts)
    return replace(state, told=len(state.history))


def ended(state: State, folder: Path) -> None:
    """Write a rollout that did not succeed to the ledger; the registry writes the others itself."""
    if state.phase not in (Phase.ROLLED_BACK, Phase.HELD) or state.canary is None:
        return
    moved = {"from": state.canary.release.to_dict(), "to": state.stable.release.to_dict() if state.stable else None}
    ledger.append(folder, "rollback", why=state.history[-1].why, phase=str(state.phase), **moved)
