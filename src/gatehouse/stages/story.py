"""The story of a rehearsal: what was done, what was expected of it, and what came of it."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gatehouse import files
from gatehouse.errors import GatehouseError
from gatehouse.stages import judgement
from gatehouse.verdicts import Check, Decision, Verdict


class SurpriseError(GatehouseError):
    """A verdict is not the one that the rehearsal expects, so what follows would prove nothing."""


@dataclass(frozen=True)
class Entry:
    """One line of the story."""

    what: str
    expected: Decision
    got: Decision
    seconds: float
    why: str
    verdict: Verdict

    @property
    def as_expected(self) -> bool:
        """Tell whether the verdict was the expected one."""
        return self.expected == self.got


@dataclass
class Story:
    """Entries and verdicts in the order in which they came; each verdict is also written to `folder`."""

    folder: Path
    entries: list[Entry] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)

    def say(self, text: str) -> None:
        """Show a line at once."""
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def detail(self, text: str) -> None:
        """Show a line that belongs to what is being done."""
        self.say(f"           {text}")

    def expect(self, expected: Decision, what: str, action: Callable[[], Verdict]) -> Path:
        """Do something, write its verdict and return the file. Raises SurpriseError when it is not the expected one.

        An error that the action raises is a verdict too: `error`, and sometimes that is what is expected.
        """
        begun = time.monotonic()
        try:
            verdict = action()
        except GatehouseError as error:
            verdict = judgement.make("error", [Check(what, Decision.ERROR, str(error))])
        entry = Entry(what, expected, verdict.decision, time.monotonic() - begun, verdict.why, verdict)
        self.entries.append(entry)
        self.verdicts.append(verdict)
        path = self.folder / "verdicts" / f"{len(self.verdicts):02d}-{verdict.step}.json"
        files.write_text(path, verdict.to_json())
        sign = "as expected" if entry.as_expected else f"EXPECTED {expected.upper()}"
        self.say(f"  {verdict.decision.upper():8} {what} ({entry.seconds:.1f} s, {sign})\n           {verdict.why}")
        if not entry.as_expected:
            raise SurpriseError(f"{what}: expected '{expected}', got '{verdict.decision}'. {verdict.why}")
        return path

    def verdict(self, **details: Any) -> Verdict:
        """Return how it went: promote when everything came as expected, else error, with the table of all entries."""
        odd = [entry for entry in self.entries if not entry.as_expected]
        seconds = sum(entry.seconds for entry in self.entries)
        why = f"All {len(self.entries)} steps ended as expected, in {seconds:.0f} seconds."
        if odd:
            why = f"'{odd[0].what}' ended in {odd[0].got}, and {odd[0].expected} was expected: {odd[0].why}"
        decision = Decision.PROMOTE if self.entries and not odd else Decision.ERROR
        happened = [
            {"step": entry.what, "expected": entry.expected, "got": entry.got, "seconds": round(entry.seconds, 1)}
            for entry in self.entries
        ]
        details["tables"] = {"What happened": happened}
        return judgement.make("rehearse", [Check("rehearsal", decision, why, n=len(self.entries))], details=details)
