"""What was counted in pods, or by servers, that come and go, added up so that nothing is lost with one.

Each counts since it started, and takes its counts with it. So what it said last is kept beside the rollout's state.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import TypeAdapter, ValidationError

from gatehouse.canary.counters import SLOTS, Counters, Slot, fell, total

Seen = Mapping[str, Counters]

# Where a target without a place of its own for it keeps a tally, beside the state.
FILE = "counted.json"


@dataclass(frozen=True)
class Tally:
    """For each slot: what pods counted that are gone (`past`), and what each of those counted that run (`seen`)."""

    past: Mapping[Slot, Counters] = field(default_factory=dict)
    seen: Mapping[Slot, Seen] = field(default_factory=dict)

    def look(self, counted: Mapping[Slot, Seen]) -> "Tally":
        """Return the tally after a look at each slot: at its pods by their uids, or its servers by their URLs."""
        past = {slot: self.past.get(slot, Counters()) for slot in SLOTS}
        for slot in SLOTS:
            for uid, before in self.seen.get(slot, {}).items():
                now = counted.get(slot, {}).get(uid)
                if now is None or now.restarted(before):
                    past[slot] = past[slot].plus(before)
                elif fell(now.since(before).predictions):
                    # A server began to count anew, while the proxy beside it went on.
                    past[slot] = past[slot].plus(Counters(predictions=before.predictions))
        return Tally(past, {slot: dict(counted.get(slot, {})) for slot in SLOTS})

    def totals(self) -> dict[Slot, Counters]:
        """Return all that was counted in each slot."""
        return {slot: total([self.past.get(slot, Counters()), *self.seen.get(slot, {}).values()]) for slot in SLOTS}


def to_json(tally: Tally) -> str:
    """Return a tally as JSON."""
    return TypeAdapter(Tally).dump_json(tally).decode()


def from_json(text: str) -> Tally:
    """Read a tally back; one that cannot be read is an empty one, and evidence is gathered anew."""
    try:
        return TypeAdapter(Tally).validate_json(text)
    except ValidationError:
        return Tally()
