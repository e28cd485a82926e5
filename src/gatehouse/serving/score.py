"""Score raw rows with a bundle, in the environment that this runs in: the gate asks the champion's own image so.

Rows and predictions are CSV, and a number that goes through it comes back as the same number. An empty cell is a
missing value; every other cell of a text column is the text that stands there, as `001` or `NA`. The exit code is 3
when this model cannot answer the rows, because they lack a column or hold something that it cannot read: then the two
models cannot be compared.

Examples:
  python -m gatehouse.serving.score --bundle build/bundle --rows rows.csv --out predictions.csv
  docker run --rm -i IMAGE python -m gatehouse.serving.score --rows - --out - < rows.csv > predictions.csv
"""

import argparse
import csv
import io
import os
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from gatehouse import bundle as bundles
from gatehouse import files
from gatehouse.bundle import Bundle
from gatehouse.contract import Contract
from gatehouse.errors import BundleError, DataError, EvidenceError, GatehouseError, RowsError
from gatehouse.predictions import Predictions
from gatehouse.serving import runtime
from gatehouse.serving.runtime import Model

if TYPE_CHECKING:
    import pandas as pd

NOT_COMPARABLE = 3
PREDICTION, SCORE = "prediction", "score:"
TRUTH = {"True": "1", "False": "0"}
# What holds columns by name: a table of pandas, or plain lists with None where a value is missing.
Columns: TypeAlias = "pd.DataFrame | dict[str, list[Any]]"


def write_rows(path: Path, rows: "pd.DataFrame") -> Path:
    """Write raw rows, with all their columns, as the CSV that this module scores; whole or not at all."""
    return files.write_text(path, rows_text(rows))


def rows_text(rows: "pd.DataFrame") -> str:
    """Return raw rows, with all their columns, as the CSV that this module scores."""
    # Who asks has tables; who answers may have no pandas.
    import pandas as pd

    cells = pd.DataFrame({str(name): _cells(values) for name, values in rows.items()})
    return cells.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_ALL)


def rows_from(text: str, contract: Contract) -> dict[str, list[Any]]:
    """Read rows as the contract says, by column, None where a value is missing.

    Raises DataError when the text is no table, RowsError when a number is none.
    """
    try:
        columns: dict[str, list[Any]] = {
            name: [cell or None for cell in cells] for name, cells in _columns(text).items()
        }
    except ValueError as error:
        raise DataError(f"The rows are no CSV table: {error}.") from error
    for column in contract.features:
        if column.name in columns and column.kind in ("number", "integer", "boolean"):
            columns[column.name] = _numbers(column.name, columns[column.name])
    return columns


def predictions_text(predictions: Predictions) -> str:
    """Return predictions as the CSV that `predictions_from` reads."""
    columns = {PREDICTION: predictions.values.tolist()}
    columns |= {SCORE + label: predictions.score_of(label).tolist() for label in predictions.classes}
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return out.getvalue()


def read_predictions(path: Path) -> Predictions:
    """Read the predictions that this module wrote. Raises EvidenceError when there are none."""
    return predictions_from(files.read_text(path, "file of predictions"))


def predictions_from(text: str) -> Predictions:
    """Read predictions back, bit by bit the same. Raises EvidenceError when the text holds none."""
    try:
        columns = _columns(text)
        values = columns.pop(PREDICTION)
        if not columns:
            return Predictions(np.array(values, dtype=float), np.empty(0))
        scores = np.array([*columns.values()], dtype=float).T
    except (ValueError, KeyError) as error:
        raise EvidenceError(f"These are no predictions: {error!r}. Score the rows again.") from error
    return Predictions(np.array(values, dtype=str), scores, tuple(name.removeprefix(SCORE) for name in columns))


def missing(contract: Contract, columns: "Columns | Collection[str]") -> list[str]:
    """Return the features that are not among the columns."""
    return [column.name for column in contract.features if column.name not in columns]


def run(bundle: Bundle, rows: str, out: str) -> int:
    """Score the CSV at `rows` into `out`, where - means stdin and stdout, and return the exit code."""
    text, model = _read(rows), runtime.load(bundle)
    model.limit_threads()
    try:
        predictions = answers(model, bundle.contract, rows_from(text, bundle.contract))
    except RowsError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return NOT_COMPARABLE
    _write(out, predictions_text(predictions))
    return 0


def answers(model: Model, contract: Contract, rows: Columns) -> Predictions:
    """Return a model's predictions. Raises RowsError, naming the columns, when it cannot answer these rows."""
    if absent := missing(contract, rows):
        raise RowsError(f"The rows lack {', '.join(absent)}, which this model needs.")
    try:
        return model.predict(_records(contract, rows)) if isinstance(rows, dict) else model.predict_table(rows)
    except GatehouseError:
        raise
    except Exception as error:  # whatever a model may raise
        said = f"The model raised {type(error).__name__}: {error}."
        raise RowsError(" ".join([said, *strange_levels(contract, rows)][:2])) from error


def strange_levels(contract: Contract, rows: Columns) -> list[str]:
    """Say of each category which level it holds that the contract does not know."""
    found = []
    for column in contract.features:
        if column.kind != "category" or column.categories is None:
            continue
        cells = rows[column.name]
        given = cells if isinstance(cells, list) else cells.dropna()
        strange = next((str(cell) for cell in given if cell is not None and str(cell) not in column.categories), None)
        if strange is not None:
            found.append(f"Column '{column.name}' holds '{strange}', which it was not made for.")
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Score what the command line names, and return the exit code."""
    args = _parser().parse_args(argv)
    try:
        if not args.bundle:
            raise BundleError("No model bundle was named. Use --bundle or GATEHOUSE_BUNDLE.")
        bundle = bundles.read(Path(args.bundle), os.environ.get("GATEHOUSE_BUNDLE_DIGEST") or None)
        return run(bundle, args.rows, args.out)
    except GatehouseError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m gatehouse.serving.score",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--bundle", default=os.environ.get("GATEHOUSE_BUNDLE"), help="the folder (GATEHOUSE_BUNDLE)")
    parser.add_argument("--rows", required=True, help="CSV of raw rows; - reads them from stdin")
    parser.add_argument("--out", required=True, help="CSV of predictions; - writes them to stdout")
    return parser


def _read(rows: str) -> str:
    # Bytes, because reading as text would turn every \r in a cell into \n.
    try:
        return (sys.stdin.buffer.read() if rows == "-" else Path(rows).read_bytes()).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"The rows at {rows} cannot be read: {error}.") from error


def _write(out: str, text: str) -> None:
    if out == "-":
        sys.stdout.write(text)
        return
    try:
        files.write_text(Path(out), text)
    except OSError as error:
        raise EvidenceError(f"The predictions cannot be written to {out}: {error.strerror}.") from error


def _columns(text: str) -> dict[str, list[str]]:
    """Return the cells of a CSV table by column. Raises ValueError when it is none."""
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    try:
        # Not by lines of text: a cell may hold \r and \n.
        lines = csv.reader(io.StringIO(text, newline=""), strict=True)
        names = next(lines, [])
        # A blank line is one empty cell.
        rows = [line or [""] for line in lines]
        cells = zip(*rows, strict=True) if rows else ((),) * len(names)
        if not names:
            raise ValueError("there is no line")
        return {name: list(column) for name, column in zip(names, cells, strict=True)}
    except csv.Error as error:
        raise ValueError(str(error)) from error


def _records(contract: Contract, columns: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    names = [column.name for column in contract.features]
    cells = zip(*(columns[name] for name in names), strict=True)
    return [dict(zip(names, row, strict=True)) for row in cells]


def _cells(values: "pd.Series") -> "pd.Series":
    """Return a column as texts that read back as the same values, with NaN where one is missing."""
    if values.dtype.kind == "f":
        # A float32 would be written with the digits of a float32, and read back as another float64.
        values = values.astype("float64")
    return values.map(_cell, na_action="ignore").astype(object)


def _cell(value: Any) -> str:
    return repr(float(value)) if isinstance(value, float) else str(value)


def _numbers(name: str, cells: Sequence[str | None]) -> list[float | None]:
    try:
        return [None if cell is None else float(TRUTH.get(cell, cell)) for cell in cells]
    except ValueError as error:
        raise RowsError(f"Column '{name}' holds something that is no number.") from error


if __name__ == "__main__":
    sys.exit(main())
