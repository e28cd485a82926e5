"""Docker targets that are there for one run only: each has a name of its own, so that several may be there at once.

Each says again and again that it is alive, in its router's volume. What a run has left that was killed is silent, and
the next run removes it.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from gatehouse.errors import TargetError
from gatehouse.targets import containers, heartbeat
from gatehouse.targets.containers import Names
from gatehouse.targets.engine import Engine, obeying

ALIVE = "alive"
# A run that was silent for so long is dead. It speaks so often in that time, for an engine that is slow for a while.
SILENT_SECONDS, BEATS = 30.0, 6


def named(family: str) -> str:
    """Return the project of one run of a family, which no other run has."""
    return f"{family}-{secrets.token_hex(3)}"


@contextmanager
def living(engine: Engine, names: Names) -> Iterator[None]:
    """Say that a run is alive while the block runs; before and after it, what the family's dead runs left is removed.

    What cannot be removed is left to the next run.
    """
    clear(engine, names.family)
    with heartbeat.beating(lambda: speak(engine, names), SILENT_SECONDS / BEATS):
        yield
    # Somebody may have died too late to be known as dead in the beginning.
    clear(engine, names.family)


def clear(engine: Engine, family: str) -> None:
    """Remove what the family's dead runs left."""
    with suppress(TargetError):
        for project, made in parts(engine, family).items():
            if (engine.now() - heard(engine, Names(project), made)).total_seconds() > SILENT_SECONDS:
                engine.remove(Names(project))


def speak(engine: Engine, names: Names) -> None:
    """Say that a run is alive, as soon as it has a router; until then its parts are new."""
    router = engine.find(names.router)
    if router is not None:
        engine.write(router, {ALIVE: engine.now().isoformat()})


def heard(engine: Engine, names: Names, made: datetime) -> datetime:
    """Return when a run was heard of last, at least when its parts were `made`."""
    router = engine.find(names.router)
    said = engine.read(router, ALIVE) if router is not None else None
    try:
        return max(made, datetime.fromisoformat(said)) if said else made
    except ValueError:
        return made


def parts(engine: Engine, family: str) -> dict[str, datetime]:
    """Return the projects of a family, and when each was begun: its network and its volumes come first and go last."""
    mine = {"label": f"{containers.FAMILY}={family}"}
    with obeying(f"list the runs of '{family}'"):
        kept = [*engine.client.networks.list(filters=mine), *engine.client.volumes.list(filters=mine)]
    found: dict[str, datetime] = {}
    for each in kept:
        project = each.attrs["Labels"][containers.PROJECT]
        at = datetime.fromisoformat(each.attrs.get("Created") or each.attrs["CreatedAt"])
        found[project] = max(at, found.get(project, at))
    return found
