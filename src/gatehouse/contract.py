"""The data contract: what the user's schema says, as plain values that travel inside a model bundle.

Training derives it from the pandera schema once; serving, drift and the gates read it from there, so that one
description holds everywhere and the serve image needs no pandera.

pandas is imported where a table is made: a server by ONNX makes none, and its image holds no pandas.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from gatehouse.errors import DataError, RowsError

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["number", "integer", "boolean", "category", "time"]
Role = Literal["feature", "target", "id", "group", "time", "label_time"]
Task = Literal["binary", "multiclass", "regression"]
Unseen = Literal["serve", "refuse"]


@dataclass(frozen=True)
class Column:
    """One column: its kind, its part in the work, and the values that it may hold.

    `maximum_missing` is a share of rows. `categories` lists the levels of a category, where the schema does; another
    level is served and counted, or refused, as `unseen` says. `sensitive` columns never reach the prediction log in the
    clear; `post_event` ones are known only after the label.
    """

    name: str
    kind: Kind
    role: Role = "feature"
    minimum: float | None = None
    maximum: float | None = None
    categories: tuple[str, ...] | None = None
    maximum_missing: float = 0.0
    sensitive: bool = False
    post_event: bool = False
    description: str = ""
    unseen: Unseen = "serve"


@dataclass(frozen=True)
class Contract:
    """The columns of a workload and its task. For a binary task `positive` is the label that counts as 1."""

    columns: tuple[Column, ...]
    task: Task
    positive: str | None = None

    @property
    def features(self) -> tuple[Column, ...]:
        """The columns that the model sees: none that is known only after the event that it predicts."""
        return tuple(column for column in self.columns if column.role == "feature" and not column.post_event)

    @property
    def target(self) -> str:
        """The name of the label's column."""
        return self.only("target").name

    def named(self, role: Role) -> str | None:
        """Return the name of the column with this role, or None."""
        return next((column.name for column in self.columns if column.role == role), None)

    def only(self, role: Role) -> Column:
        """Return the one column with this role. Raises DataError when there is none, or more than one."""
        found = [column for column in self.columns if column.role == role]
        if len(found) != 1:
            raise DataError(f"The schema has {len(found)} columns with the role '{role}', and needs exactly one.")
        return found[0]

    def frame(self, rows: "Sequence[dict[str, Any]] | pd.DataFrame") -> "pd.DataFrame":
        """Return the features of `rows` in order, with the dtypes that the model was trained on.

        Raises RowsError naming the column when a feature is missing or its values cannot be read as its kind.
        """
        import pandas as pd

        table = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame.from_records(rows)
        absent = [column.name for column in self.features if column.name not in table.columns]
        if absent:
            raise RowsError(f"The rows lack the column '{absent[0]}'; they have {', '.join(map(str, table.columns))}.")
        return pd.DataFrame({column.name: _coerce(table[column.name], column) for column in self.features})

    def labels(self, rows: "pd.DataFrame") -> np.ndarray:
        """Return the labels: strings for classes, floats for a regression, shape (n,)."""
        values = rows[self.target]
        if self.task == "regression":
            return values.to_numpy(dtype=float)
        return np.array([label_text(value) for value in values], dtype=str)

    def to_dict(self) -> dict[str, Any]:
        """Return the contract as JSON-ready values."""
        return asdict(self)


def from_dict(document: dict[str, Any]) -> Contract:
    """Read a contract back from `Contract.to_dict`."""
    columns = [
        Column(**{**item, "categories": None if item["categories"] is None else tuple(item["categories"])})
        for item in document["columns"]
    ]
    return Contract(columns=tuple(columns), task=document["task"], positive=document["positive"])


def label_text(value: Any) -> str:
    """Return one spelling of a class label: 1, 1.0 and "1" are the same class, whatever a file made of them."""
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _coerce(values: "pd.Series", column: Column) -> "pd.Series":
    import pandas as pd

    try:
        if column.kind in ("number", "integer", "boolean"):
            return pd.to_numeric(values).astype("float64")
        # Python strings, with NaN where a value is missing: what scikit-learn's encoders take.
        return values.map(str, na_action="ignore").astype(object).where(values.notna(), np.nan)
    except (ValueError, TypeError) as error:
        raise RowsError(f"Column '{column.name}' should hold {column.kind} values: {error}.") from error
