"""What the prediction log keeps of each answer: which rows, and what of a column that the schema calls sensitive.

Without a key such a column is left out. With one (GATEHOUSE_LOG_KEY) a keyed hash stands in its place, BLAKE2b over the
column's name and the value: the same person has the same hash in every record, so a label can be joined by whoever has
the key, and nobody without it can look a value up by hashing all that are possible. Who has the key can: keep it where
the log is not.
"""

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from gatehouse.bundle import Bundle
from gatehouse.contract import Contract
from gatehouse.errors import ConfigError
from gatehouse.serving import prediction_log
from gatehouse.serving.answers import Answered
from gatehouse.serving.shipping import Log

SHORTEST_KEY = 16
# Records that are written out before the answer goes: the thread that writes them would take the interpreter from it,
# and more than these few cost. Those of a large request are left to that thread.
AT_ONCE = 100
ENCODE = msgspec.json.Encoder().encode_lines


@dataclass(frozen=True)
class Veil:
    """Keeps the values of `hidden` columns back: they are hashed with the key, or left out where there is none."""

    hidden: frozenset[str]
    key: bytes = b""

    def row(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what may be told of a row."""
        if self.hidden.isdisjoint(row):
            return row
        told = {name: value for name, value in row.items() if name not in self.hidden}
        if self.key:
            told |= {name: self.value(name, row[name]) for name in self.hidden if name in row}
        return told

    def value(self, name: str | None, value: Any) -> Any:
        """Return what may be told of one value: itself, its hash, or None."""
        if name not in self.hidden or value is None:
            return value
        if not self.key:
            return None
        return hashlib.blake2b(f"{name}\0{value}".encode(), key=self.key, digest_size=16).hexdigest()


def veil(contract: Contract, key: str = "") -> Veil:
    """Return what keeps the contract's sensitive columns back. Raises ConfigError for a key that could be guessed."""
    if key and len(key) < SHORTEST_KEY:
        raise ConfigError(
            f"GATEHOUSE_LOG_KEY has {len(key)} characters, and must have {SHORTEST_KEY} or more to be no guess: "
            "python -c 'import secrets; print(secrets.token_hex(32))' makes one."
        )
    hidden = frozenset(column.name for column in contract.columns if column.sensitive)
    return Veil(hidden, hashlib.sha256(key.encode()).digest() if key else b"")


class Recorder:
    """Makes the records of one model's answers, of a `share` of the rows, taken at random."""

    def __init__(self, bundle: Bundle, share: float = 1.0, key: str = "") -> None:
        self._share, self._veil = share, veil(bundle.contract, key)
        self._identity = bundle.contract.named("id")
        self._model = {"model_version": bundle.version, "bundle": bundle.digest}

    def add(self, log: Log, now: datetime, answered: Sequence[Answered]) -> None:
        """Have the answers of some requests logged."""
        chosen = [(one, self.chosen(len(one.values))) for one in answered]
        count = sum(len(rows) for _, rows in chosen)
        if not count:
            return
        lines = partial(self._lines, now, chosen)
        log.add(count, partial(bytes, lines()) if count <= AT_ONCE else lines)

    def chosen(self, rows: int) -> Sequence[int]:
        """Return the numbers of the rows that are logged."""
        if self._share >= 1:
            return range(rows)
        return [row for row in range(rows) if random.random() < self._share]  # noqa: S311 - a sample, no secret

    def records(self, moment: str, answered: Answered, rows: Sequence[int]) -> list[dict[str, Any]]:
        """Return the records of some rows of a request that was answered at a moment, which is `stamp` of it.

        Each names the bundle's hash: two candidates may have had the same version, of which one was rolled back.
        """
        head: dict[str, Any] = {"time": moment, "request_id": answered.request_id, **self._model}
        if answered.fallback:
            head["fallback"] = True
        if answered.tester:
            head["tester"] = True
        return [
            {
                **head,
                "row": row,
                "id": self._veil.value(self._identity, answered.batch.ids[row]),
                "features": self._veil.row(answered.batch.rows[row]),
                "prediction": answered.values[row],
                "scores": answered.scores[row],
            }
            for row in rows
        ]

    def _lines(self, now: datetime, chosen: Sequence[tuple[Answered, Sequence[int]]]) -> bytes:
        moment = prediction_log.stamp(now)
        return ENCODE([record for answered, rows in chosen for record in self.records(moment, answered, rows)])
