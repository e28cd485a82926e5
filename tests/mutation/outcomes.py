"""What came of every mutant, and the table of it."""

import json
import signal
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from mutation.mutants import Mutant


class Fate(StrEnum):
    """How the trial of a mutant ended."""

    KILLED = "killed"
    TIMED_OUT = "timed out"
    SURVIVED = "survived"
    UNTRIED = "untried"


# By these the system ends a process that used up its time, which was set to many times what it should take.
TIMED_OUT = (-signal.SIGXCPU, -signal.SIGKILL)


@dataclass(frozen=True)
class Outcome:
    """One mutant, and how its trial ended."""

    mutant: Mutant
    fate: Fate

    @property
    def noticed(self) -> bool:
        """Tell whether the tests noticed it: a run that does not end is seen, too."""
        return self.fate in (Fate.KILLED, Fate.TIMED_OUT)


def fate(code: int | None) -> Fate:
    """Return what an exit code means; a mutant that no test meets has survived, and so has one that crashed pytest."""
    if code is None:
        return Fate.UNTRIED
    if code == 1:
        return Fate.KILLED
    return Fate.TIMED_OUT if code in TIMED_OUT else Fate.SURVIVED


def share(found: Sequence[Outcome]) -> float:
    """Return the share of the tried mutants that were noticed."""
    tried = [outcome for outcome in found if outcome.fate != Fate.UNTRIED]
    return sum(outcome.noticed for outcome in tried) / len(tried) if tried else 0.0


def enough(found: Sequence[Outcome], least: float) -> bool:
    """Tell whether every mutant was tried, and at least the share `least` was noticed."""
    return all(outcome.fate != Fate.UNTRIED for outcome in found) and share(found) >= least


def table(found: Sequence[Outcome], least: float) -> str:
    """Return the table of all modules, and two lines that say whether that is enough, and what survived."""
    columns = ("mutants", *Fate, "noticed")
    lines = [f"{'module':28}" + "".join(f"{name:>11}" for name in columns)]
    for module, part in by_module(found).items():
        count = Counter(outcome.fate for outcome in part)
        cells = [f"{len(part):,}", *(f"{count[fate]:,}" for fate in Fate), f"{share(part):.1%}"]
        lines.append(f"{module:28}" + "".join(f"{cell:>11}" for cell in cells))
    verdict = "enough" if enough(found, least) else "too few"
    alive = [outcome.mutant for outcome in found if outcome.fate == Fate.SURVIVED]
    words = sum(mutant.words for mutant in alive)
    return "\n".join(
        [
            *lines,
            f"{share(found):.1%} of the mutants were noticed, which is {verdict}: {least:.0%} must.",
            f"Of the {len(alive):,} that survived, {words:,} change nothing but the words of a message.",
        ]
    )


def by_module(found: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    """Return the outcomes of every module, and of all."""
    parts: dict[str, list[Outcome]] = {}
    for outcome in sorted(found, key=lambda outcome: outcome.mutant.module):
        parts.setdefault(outcome.mutant.module, []).append(outcome)
    return {**parts, "all": [outcome for part in parts.values() for outcome in part]}


def report(found: Sequence[Outcome], least: float) -> str:
    """Return all of it as JSON: the goal, the modules, and what survived."""
    modules = {
        module: {
            "mutants": len(part),
            **{fate.value: sum(outcome.fate == fate for outcome in part) for fate in Fate},
            "noticed": round(share(part), 4),
        }
        for module, part in by_module(found).items()
    }
    alive = [asdict(outcome.mutant) for outcome in found if outcome.fate == Fate.SURVIVED]
    return json.dumps(
        {"least": least, "enough": enough(found, least), "modules": modules, "survivors": alive}, indent=1
    )


class Ledger:
    """What was found before, so that a run goes on where the last one stopped.

    A mutant that was noticed stays so until its function changes; one that survived until a test changes, too.
    """

    def __init__(self, path: Path, tests: str) -> None:
        self.path, self.tests = path, tests
        self.known: dict[str, list[str | int]] = json.loads(path.read_text()) if path.is_file() else {}

    def code(self, mutant: Mutant) -> int | None:
        """Return the exit code of the last trial, or nothing when a new one is due."""
        function, tests, code = self.known.get(mutant.name, ("", "", None))
        if function != mutant.function or code is None:
            return None
        return int(code) if fate(int(code)) != Fate.SURVIVED or tests == self.tests else None

    def add(self, mutants: Sequence[Mutant], codes: Mapping[str, int]) -> None:
        """Keep what was found of these mutants, and forget what is no more."""
        news = {
            mutant.name: [mutant.function, self.tests, codes[mutant.name]] for mutant in mutants if mutant.name in codes
        }
        names = {mutant.name for mutant in mutants}
        self.known = {name: entry for name, entry in {**self.known, **news}.items() if name in names}
        self.path.write_text(json.dumps(self.known, indent=0))
