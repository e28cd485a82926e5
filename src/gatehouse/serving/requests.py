"""What a client may send: the contract of the model's bundle, held against the body of a request.

A body is one row, as an object, or `{"rows": [...]}`. What is wrong is answered with its JSON path and what was
expected there, never with the value: an answer, and the log of whoever receives it, must not carry personal data.
"""

import json
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from gatehouse.contract import Column, Contract
from gatehouse.errors import GatehouseError
from gatehouse.serving import values
from gatehouse.serving.request_type import RowType
from gatehouse.serving.values import Problem

if TYPE_CHECKING:
    import pandas as pd

# Enough to mend a client; a body with a thousand wrong rows shall not make an answer of a thousand lines.
MOST_PROBLEMS = 20


class RequestError(GatehouseError):
    """A request that is not answered: the HTTP status, and what is wrong where."""

    def __init__(self, status: int, *problems: Problem) -> None:
        super().__init__("; ".join(f"{problem.path}: expected {problem.expected}" for problem in problems))
        self.status = status
        self.problems = problems[:MOST_PROBLEMS]


@dataclass(frozen=True)
class Batch:
    """Rows that fit the contract: every feature present, None where it is missing.

    `ids` holds what the client sent in the id's column, as text, None where it sent nothing. `unseen` counts, by
    column, the categories that the schema does not list.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    ids: list[str | None] = field(default_factory=list)
    unseen: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Reader:
    """Reads request bodies as one contract says.

    `columns` are the fields that a row may hold, by name: the features, and the id by which a label finds its
    prediction later. `levels` are the categories that the schema lists, and None, by column.
    """

    columns: Mapping[str, Column]
    identity: str | None
    maximum_rows: int
    row_type: RowType
    levels: Mapping[str, Container[str | None]]

    def read(self, body: bytes) -> Batch:
        """Read a request's body.

        Raises RequestError: 400 for what is not JSON, 413 for too many rows, 422 for rows that do not fit the contract.
        """
        return self.at_once(body) or self.closely(body)

    def at_once(self, body: bytes) -> Batch | None:
        """Read a body that is as most are, in a hundredth of the time; None for what needs a closer look."""
        rows = self.row_type.read(body)
        return None if rows is None else self._batch(rows)

    def closely(self, body: bytes) -> Batch:
        """Read any body. Raises RequestError as `read` does."""
        rows: list[dict[str, Any]] = []
        problems: list[Problem] = []
        for path, row in self._rows(_parse(body)):
            problems += self._read_row(rows, path, row)
            if len(problems) >= MOST_PROBLEMS:
                break
        if problems:
            raise RequestError(422, *problems)
        return self._batch(rows)

    def _rows(self, document: Any) -> Iterator[tuple[str, Any]]:
        """Give the rows of a body, each with its JSON path."""
        if not isinstance(document, dict):
            raise RequestError(422, Problem("$", 'an object: one row, or {"rows": [...]}'))
        rows = document.get("rows")
        if "rows" not in document or ("rows" in self.columns and not isinstance(rows, list)):
            yield "$", document
            return
        if not isinstance(rows, list) or not rows:
            raise RequestError(422, Problem("$.rows", "a list of at least one row"))
        if len(document) > 1:
            raise RequestError(422, Problem("$", "no other field beside rows"))
        if len(rows) > self.maximum_rows:
            raise RequestError(413, Problem("$.rows", f"at most {self.maximum_rows} rows"))
        yield from ((f"$.rows[{number}]", row) for number, row in enumerate(rows))

    def _read_row(self, rows: list[dict[str, Any]], path: str, row: Any) -> list[Problem]:
        """Add a row to the others, and return what is wrong with it."""
        if not isinstance(row, dict):
            return [Problem(path, "a row, as an object")]
        unknown = [name for name in row if name not in self.columns][:MOST_PROBLEMS]
        named = ", ".join(self.columns) if unknown else ""
        problems = [Problem(path + values.step(name), f"no such field; a row has {named}") for name in sorted(unknown)]
        clean: dict[str, Any] = {}
        for name, column in self.columns.items():
            try:
                clean[name] = values.read(row.get(name), column)
            except ValueError as error:
                problems.append(Problem(path + values.step(name), str(error)))
        rows.append(clean)
        return problems

    def _batch(self, rows: list[dict[str, Any]]) -> Batch:
        """Take the ids out of the rows, and count the categories that nobody knows."""
        identity = self.identity
        ids = [row.pop(identity) for row in rows] if identity else [None] * len(rows)
        unseen = [name for name, levels in self.levels.items() for row in rows if row[name] not in levels]
        return Batch(rows, ids, Counter(unseen) if unseen else {})


def reader(contract: Contract, maximum_rows: int) -> Reader:
    """Return what reads the requests for a model with this contract."""
    columns = {column.name: column for column in sent(contract)}
    return Reader(columns, contract.named("id"), maximum_rows, RowType(columns, maximum_rows), values.levels(columns))


def sent(contract: Contract) -> list[Column]:
    """Return the columns that a client sends: what the model sees, and the id."""
    return [column for column in contract.columns if column.role == "id" or column in contract.features]


def payload(rows: "pd.DataFrame", contract: Contract) -> list[dict[str, Any]]:
    """Return raw rows as a client sends them: JSON-ready objects with the id and the features, nulls left out."""
    columns = [column for column in sent(contract) if column.name in rows]
    cells = [[values.plain(value, column) for value in rows[column.name]] for column in columns]
    names: Sequence[str] = [column.name for column in columns]
    return [
        {name: cell for name, cell in zip(names, row, strict=True) if cell is not None}
        for row in zip(*cells, strict=True)
    ]


def _parse(body: bytes) -> Any:
    if body.startswith(BOM_UTF8):  # as some editors write it; the place where JSON breaks would show nothing
        raise RequestError(400, Problem("$", "JSON without a byte order mark before it"))
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_unique)
    except UnicodeDecodeError as error:
        raise RequestError(400, Problem("$", f"JSON in UTF-8 (the byte at {error.start} is not)")) from error
    except json.JSONDecodeError as error:
        raise RequestError(
            400, Problem("$", f"JSON (it breaks at line {error.lineno} column {error.colno})")
        ) from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, a list in a list in a list …
        raise RequestError(400, Problem("$", "JSON with numbers and nesting of a usual size")) from error


def _no_constant(name: str) -> NoReturn:
    raise RequestError(400, Problem("$", f"JSON, which has no {name}; a missing value is null"))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise RequestError(400, Problem("$", "objects in which no field stands twice"))
    return document
