"""Two programs at one rollout: the one that saves second must not write over what the first has decided."""

from gatehouse.errors import TakenError


def check(kept: str | None, known: str | None) -> None:
    """Raise TakenError when the state that is `kept` is not the one that this program knows."""
    if kept != known:
        raise TakenError(
            "Another program has changed the rollout's state meanwhile. What it says holds: look with "
            "scripts/steer.py status."
        )
