"""Watch a rollout from the target itself, for as long as this program runs, so that a canary is never alone.

It moves traffic, and has neither the registry nor the ledger: `scripts/rollout.py` tells them how it ended. Between
rollouts it remembers how bursty the stable version's traffic is.

Examples:
  scripts/guard.py
  GATEHOUSE_GUARDIAN=ghcr.io/you/model/train@sha256:... scripts/rollout.py    starts it on the target
"""

import argparse
import signal
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from typing import Any

from gatehouse import targets
from gatehouse.canary.state import FINAL
from gatehouse.config import Config
from gatehouse.errors import GatehouseError
from gatehouse.stages import judgement, rollout
from gatehouse.stages.controller import Controller
from gatehouse.targets import Target
from gatehouse.verdicts import Check, Decision, Verdict

# Between two looks while no rollout is under way; whoever begins one watches it meanwhile.
REST_SECONDS = 15.0
AT_ONCE = partial(print, flush=True)


def arguments(_: argparse.ArgumentParser) -> None:
    """Declare what this step takes: nothing of its own."""


def main(config: Config, _: argparse.Namespace) -> Verdict:
    """Watch until this program is told to end."""
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    with closing(targets.connect(config)) as target:
        watch(config, target, ending.wait, ending.is_set)
    return judgement.make("guard", [Check("guard", Decision.PROMOTE, "It was told to end, and another may act.")])


def watch(
    config: Config,
    target: Target,
    sleep: Callable[[float], Any],
    ended: Callable[[], bool],
    say: Callable[[str], Any] = AT_ONCE,
    **options: Any,
) -> None:
    """Look again and again until it `ended`; whatever fails puts the traffic back on the stable version first."""
    controller = Controller(config, None, target, records=False, **options)
    said = ""
    while not ended():
        try:
            controller.tick()
        except (GatehouseError, OSError) as error:
            controller.give_up(str(error))
            with suppress(OSError):
                say(f"{error}")
        resting = controller.state.phase in FINAL
        if resting:
            # Who keeps the records has something to do now, or begins the next rollout.
            controller.release()
        stands = rollout.standing(controller.state)
        if stands != said:
            # What it says may find no room: on a full disk above all it has to go on.
            with suppress(OSError):
                say(stands)
            said = stands
        sleep(REST_SECONDS if resting else config.rollout.poll_seconds)
    controller.release()
