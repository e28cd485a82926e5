"""Whether the versions that served before could take over again: looked at, and not assumed."""

from gatehouse.canary.state import State
from gatehouse.errors import GatehouseError, TargetError
from gatehouse.release import Release
from gatehouse.stages import requesting
from gatehouse.targets import Target
from gatehouse.verdicts import Check, Decision


def judge(target: Target, state: State) -> list[Check]:
    """Return an advisory check for each version that served before: it runs and answers, or it could be started."""
    return [_judged(target, state, release) for release in state.former]


def _judged(target: Target, state: State, release: Release) -> Check:
    name, waits = f"version {release.version}", state.previous
    try:
        if waits is not None and waits.release == release:
            answers = requesting.version(target.door(waits.slot))["model_version"]
            if answers != release.version:
                raise TargetError(f"Version {answers} answers in its place.")
            return Check(
                name, Decision.PROMOTE, f"It runs in slot {waits.slot}, and takes over at once.", advisory=True
            )
        target.hold(release)
    except GatehouseError as error:
        return Check(name, Decision.HOLD, f"It could not take over as it is. {error}", advisory=True)
    return Check(name, Decision.PROMOTE, "All that it takes to start it is there.", advisory=True)
