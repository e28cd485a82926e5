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
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from gatehouse import bundle as bundles
from gatehouse import files
from gatehouse.bundle import Bundle, Model
from gatehouse.contract import Contract
from gatehouse.errors import BundleError, DataError, EvidenceError, GatehouseError, RowsError
from gatehouse.predictions import Predictions

NOT_COMPARABLE = 3
PREDICTION, SCORE = "prediction", "score:"
TRUTH = {"True": "1", "False": "0"}


def write_rows(path: Path, rows: pd.DataFrame) -> Path:
    """Write raw rows, with all their columns, as the CSV that this module scores; whole or not at all."""
    return files.write_text(path, rows_text(rows))


def rows_text(rows: pd.DataFrame) -> str:
    """Return raw rows, with all their columns, as the CSV that this module scores."""
    cells = pd.DataFrame({str(name): _cells(values) for name, values in rows.items()})
    return cells.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_ALL)


def rows_from(text: str, contract: Contract) -> pd.DataFrame:
    """Read rows as the contract says. Raises DataError when the text is no table, RowsError when a number is none."""
    try:
        table = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False, na_values=[""], skip_blank_lines=False)
    except ValueError as error:
        raise DataError(f"The rows are no CSV table: {error}.") from error
    for column in contract.features:
        if column.name in table and column.kind in ("number", "integer", "boolean"):
            table[column.name] = _numbers(table[column.name])
    return table


def predictions_text(predictions: Predictions) -> str:
    """Return predictions as the CSV that `predictions_from` reads."""
    columns = {PREDICTION: predictions.values}
    columns |= {SCORE + label: predictions.score_of(label) for label in predictions.classes}
    # A model that gives NaN is judged by the gate, so NaN is written as such and not as a blank.
    return pd.DataFrame(columns).to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_ALL, na_rep="NaN")


def read_predictions(path: Path) -> Predictions:
    """Read the predictions that this module wrote. Raises EvidenceError when there are none."""
    return predictions_from(files.read_text(path, "file of predictions"))


def predictions_from(text: str) -> Predictions:
    """Read predictions back, bit by bit the same. Raises EvidenceError when the text holds none."""
    try:
        table = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False, skip_blank_lines=False)
        values = table.pop(PREDICTION)
        scores = table.map(float).to_numpy(dtype=float)
        if table.columns.empty:
            return Predictions(values.map(float).to_numpy(dtype=float), np.empty(0))
    except (ValueError, KeyError) as error:
        raise EvidenceError(f"These are no predictions: {error!r}. Score the rows again.") from error
    return Predictions(values.to_numpy(dtype=str), scores, tuple(name.removeprefix(SCORE) for name in table.columns))


def missing(contract: Contract, rows: pd.DataFrame) -> list[str]:
    """Return the features that the rows lack."""
    return [column.name for column in contract.features if column.name not in rows.columns]


def run(bundle: Bundle, rows: str, out: str) -> int:
    """Score the CSV at `rows` into `out`, where - means stdin and stdout, and return the exit code."""
    text, model = _read(rows), bundles.load_model(bundle)
    try:
        predictions = answers(model, rows_from(text, bundle.contract))
    except RowsError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return NOT_COMPARABLE
    _write(out, predictions_text(predictions))
    return 0


def answers(model: Model, rows: pd.DataFrame) -> Predictions:
    """Return a model's predictions. Raises RowsError, naming the columns, when it cannot answer these rows."""
    if absent := missing(model.contract, rows):
        raise RowsError(f"The rows lack {', '.join(absent)}, which this model needs.")
    try:
        return model.predict(rows)
    except GatehouseError:
        raise
    except Exception as error:  # whatever a model may raise
        said = f"The model raised {type(error).__name__}: {error}."
        raise RowsError(" ".join([said, *strange_levels(model.contract, rows)][:2])) from error


def strange_levels(contract: Contract, rows: pd.DataFrame) -> list[str]:
    """Say of each category which level it holds that the contract does not know."""
    known = [column for column in contract.features if column.kind == "category" and column.categories is not None]
    found = []
    for column in known:
        levels = rows[column.name].dropna().map(str)
        strange = levels[~levels.isin(column.categories or ())]
        if len(strange):
            found.append(f"Column '{column.name}' holds '{strange.iloc[0]}', which it was not made for.")
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Score what the command line names, and return the exit code."""
    args = _parser().parse_args(argv)
    threadpool_limits(limits=1)
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


def _cells(values: pd.Series) -> pd.Series:
    """Return a column as texts that read back as the same values, with NaN where one is missing."""
    if pd.api.types.is_float_dtype(values):
        # A float32 would be written with the digits of a float32, and read back as another float64.
        values = values.astype("float64")
    return values.map(_cell, na_action="ignore").astype(object)


def _cell(value: Any) -> str:
    return repr(float(value)) if isinstance(value, float) else str(value)


def _numbers(values: pd.Series) -> pd.Series:
    try:
        return pd.Series([float(TRUTH.get(value, value)) for value in values], dtype="float64", index=values.index)
    except ValueError as error:
        raise RowsError(f"Column '{values.name}' holds something that is no number.") from error


if __name__ == "__main__":
    sys.exit(main())
