"""What came of every mutant, and the table of it."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Fate(StrEnum):
    """How the trial of a mutant ended."""

    KILLED = "killed"
    TIMED_OUT = "timed out"
    SURVIVED = "survived"
    UNTRIED = "untried"


# pytest's: a test failed, or pytest itself did.
KILLED = (1, 3)
# mutmut's, and the signals by which it ends a run that takes fifteen times as long as it should: an endless loop.
TIMED_OUT = (24, -24, 36, 152, 255)


@dataclass(frozen=True)
class Outcome:
    """One mutant: mutmut's name of it, the module that it changes, and how its trial ended."""

    name: str
    module: str
    fate: Fate

    @property
    def noticed(self) -> bool:
        """Tell whether the tests noticed it: a run that does not end is seen, too."""
        return self.fate in (Fate.KILLED, Fate.TIMED_OUT)


def fate(exit_code: int | None) -> Fate:
    """Return what an exit code means; a mutant that no test runs has survived, and so has one that crashed mutmut."""
    if exit_code is None:
        return Fate.UNTRIED
    if exit_code in KILLED:
        return Fate.KILLED
    return Fate.TIMED_OUT if exit_code in TIMED_OUT else Fate.SURVIVED


def read(folder: Path) -> list[Outcome]:
    """Return the outcomes that mutmut has written below `folder`."""
    return [
        Outcome(name, path.relative_to(folder / "src/gatehouse").with_suffix("").with_suffix("").as_posix(), fate(code))
        for path in sorted((folder / "src/gatehouse").rglob("*.meta"))
        for name, code in json.loads(path.read_text())["exit_code_by_key"].items()
    ]


def forget_survivors(folder: Path) -> None:
    """Make mutmut try again what it found alive."""
    for path in folder.rglob("*.meta"):
        document = json.loads(path.read_text())
        codes = document["exit_code_by_key"]
        kept = {name: code if fate(code) != Fate.SURVIVED else None for name, code in codes.items()}
        path.write_text(json.dumps({**document, "exit_code_by_key": kept}, indent=4))


def share(found: Sequence[Outcome]) -> float:
    """Return the share of the tried mutants that were noticed."""
    tried = [outcome for outcome in found if outcome.fate != Fate.UNTRIED]
    return sum(outcome.noticed for outcome in tried) / len(tried) if tried else 0.0


def enough(found: Sequence[Outcome], least: float) -> bool:
    """Tell whether every mutant was tried, and at least the share `least` was noticed."""
    return all(outcome.fate != Fate.UNTRIED for outcome in found) and share(found) >= least


def table(found: Sequence[Outcome], least: float) -> str:
    """Return the table of all modules, and a line that says whether that is enough."""
    columns = ("mutants", *Fate, "noticed")
    lines = [f"{'module':28}" + "".join(f"{name:>11}" for name in columns)]
    for module in [*sorted({outcome.module for outcome in found}), "all"]:
        part = [outcome for outcome in found if module in (outcome.module, "all")]
        count = Counter(outcome.fate for outcome in part)
        cells = [f"{len(part):,}", *(f"{count[fate]:,}" for fate in Fate), f"{share(part):.1%}"]
        lines.append(f"{module:28}" + "".join(f"{cell:>11}" for cell in cells))
    verdict = "enough" if enough(found, least) else "too few"
    return "\n".join([*lines, f"{share(found):.1%} of the mutants were noticed, which is {verdict}: {least:.0%} must."])
