"""The door to the user's package: its schema, its data and its model, found by name and checked once."""

import importlib
import importlib.util
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Annotated, Any

import pandas as pd
import pandera.pandas as pa
from pandera import dtypes
from pydantic import Field, ValidationError

from gatehouse.config import Config
from gatehouse.contract import Column, Contract, Kind, Role, Task, Unseen, label_text
from gatehouse.errors import DataError, GatehouseError, WorkloadError
from gatehouse.gates import metrics, own_metric
from gatehouse.gates.truth import Metric, Truth
from gatehouse.knobs import knobs, names

KINDS: tuple[tuple[Callable[[Any], bool], Kind], ...] = (
    (dtypes.is_bool, "boolean"),
    (dtypes.is_int, "integer"),
    (dtypes.is_float, "number"),
    (dtypes.is_datetime, "time"),
)


@knobs
class Metadata:
    """What a column's `metadata` in the schema may say; `task` and `positive` belong to the target."""

    role: Role = "feature"
    maximum_missing: Annotated[float, Field(ge=0, le=1)] | None = None
    sensitive: bool = False
    post_event: bool = False
    unseen: Unseen = "serve"
    task: Task | None = None
    positive: Any = None


@dataclass(frozen=True)
class Workload:
    """What the user's package provides.

    `load(since, until)` returns rows in the order of time; `build()` returns an unfitted scikit-learn estimator.
    `metrics` are the user's own, from the optional module `metrics`; `fallback(row)`, which is optional too, answers
    where the model fails.
    """

    schema: pa.DataFrameSchema
    contract: Contract
    load: Callable[[Any, Any], pd.DataFrame]
    build: Callable[[], Any]
    metrics: tuple[Metric, ...] = ()
    fallback: Callable[[Mapping[str, Any]], Any] | None = None

    def truth(self, rows: pd.DataFrame) -> Truth:
        """Return what models are judged by on labelled rows."""
        contract = self.contract
        return Truth(contract.labels(rows), contract.task, contract.positive, rows, self.metrics)


def of(config: Config) -> Workload:
    """Return the workload that the settings name."""
    return find(config.workload.package, config.workload.search_path)


def find(package: str, search_path: str = "") -> Workload:
    """Import the user's package. Raises WorkloadError naming what it lacks."""
    if search_path and search_path not in sys.path:
        sys.path.insert(0, search_path)
    schema = _part(package, "schema", "SCHEMA")
    if not isinstance(schema, pa.DataFrameSchema):
        raise WorkloadError(f"{package}.schema.SCHEMA must be a pandera DataFrameSchema, not {type(schema).__name__}.")
    load, build = _part(package, "data", "load"), _part(package, "model", "build")
    fallback = getattr(importlib.import_module(f"{package}.model"), "fallback", None)
    return Workload(schema, contract_of(schema), _checked(load, package), build, _metrics(package), fallback)


def contract_of(schema: pa.DataFrameSchema) -> Contract:
    """Derive the contract from a pandera schema: dtypes and checks give kinds and ranges, `metadata` the roles.

    A column's metadata may hold `role`, `maximum_missing`, `sensitive`, `post_event` and `unseen`; the target's also
    `task` and, for a binary task, `positive`. Raises WorkloadError when the target or its task is missing.
    """
    columns = tuple(_column(name, column) for name, column in schema.columns.items())
    targets = [column.name for column in columns if column.role == "target"]
    if len(targets) != 1:
        raise WorkloadError(f"The schema needs one column with metadata role='target'; it has {len(targets)}.")
    said = _metadata(targets[0], schema.columns[targets[0]])
    if said.task is None:
        raise WorkloadError(f"The target '{targets[0]}' needs metadata task='binary', 'multiclass' or 'regression'.")
    if (said.task == "binary") != (said.positive is not None):
        raise WorkloadError(f"The target '{targets[0]}' needs metadata positive=… for a binary task, and only then.")
    return Contract(columns, said.task, None if said.positive is None else label_text(said.positive))


def _part(package: str, module: str, name: str) -> Any:
    try:
        return getattr(importlib.import_module(f"{package}.{module}"), name)
    except ModuleNotFoundError as error:
        if error.name not in (package, f"{package}.{module}"):
            raise WorkloadError(f"{package}.{module} imports '{error.name}', which is not installed.") from error
        raise WorkloadError(f"There is no module {package}.{module}; [workload] package names '{package}'.") from error
    except AttributeError as error:
        raise WorkloadError(f"{package}.{module} defines no '{name}'.") from error


def _metrics(package: str) -> tuple[Metric, ...]:
    """Return the user's own metrics, of which there need be none."""
    if importlib.util.find_spec(f"{package}.metrics") is None:
        return ()
    declared = _part(package, "metrics", "METRICS")
    if not isinstance(declared, Mapping):
        raise WorkloadError(
            f"{package}.metrics.METRICS must map names to what they are, not be a {type(declared).__name__}."
        )
    return tuple(_metric(f"{package}.metrics.METRICS", name, said) for name, said in declared.items())


def _metric(where: str, name: Any, said: Any) -> Metric:
    if not isinstance(name, str) or name in (*metrics.TABLE, *metrics.SAME):
        raise WorkloadError(f"{where} names a metric {name!r}, which is taken or no text. Give it a name of its own.")
    try:
        return own_metric.of(name, own_metric.Declaration(**said))
    except (TypeError, ValidationError) as error:
        takes = ", ".join(names(own_metric.Declaration))
        said_wrong = _first(error) if isinstance(error, ValidationError) else f"it is a {type(said).__name__}"
        raise WorkloadError(f"{where}[{name!r}]: {said_wrong}. It takes {takes}.") from error


def _checked(load: Callable[[Any, Any], pd.DataFrame], package: str) -> Callable[[Any, Any], pd.DataFrame]:
    """Turn what a user's loader raises on unreadable files into one kind of error."""

    def checked(since: Any, until: Any) -> pd.DataFrame:
        try:
            rows = load(since, until)
        except GatehouseError:
            raise
        except Exception as error:  # whatever the user's source of data raises
            raise DataError(f"{package}.data.load({since}, {until}) failed: {type(error).__name__}: {error}") from error
        if not isinstance(rows, pd.DataFrame):
            raise WorkloadError(f"{package}.data.load must return a DataFrame, not {type(rows).__name__}.")
        return rows.reset_index(drop=True)

    return checked


def _column(name: str, column: pa.Column) -> Column:
    said = _metadata(name, column)
    statistics = {key: value for check in column.checks for key, value in (check.statistics or {}).items()}
    levels = statistics.get("allowed_values")
    return Column(
        name=name,
        kind=_kind(name, column),
        role=said.role,
        minimum=_number(statistics.get("min_value")),
        maximum=_number(statistics.get("max_value")),
        categories=None if levels is None else tuple(str(level) for level in levels),
        maximum_missing=float(column.nullable) if said.maximum_missing is None else said.maximum_missing,
        sensitive=said.sensitive,
        post_event=said.post_event,
        unseen=said.unseen,
        description=column.description or "",
    )


def _metadata(name: str, column: pa.Column) -> Metadata:
    try:
        return Metadata(**(column.metadata or {}))
    except ValidationError as error:
        raise WorkloadError(
            f"The metadata of column '{name}' says {_first(error)}. It may say {', '.join(names(Metadata))}."
        ) from error


def _kind(name: str, column: pa.Column) -> Kind:
    if column.dtype is None:
        raise WorkloadError(f"The schema gives column '{name}' no type. Say which: pa.Column(float, ...), for example.")
    return next((kind for belongs, kind in KINDS if belongs(column.dtype)), "category")


def _number(value: Any) -> float | None:
    """Return a bound as a number; the bounds of points in time stay with the schema."""
    return float(value) if isinstance(value, Real) else None


def _first(error: ValidationError) -> str:
    """Say what is wrong with the first key that pydantic refused."""
    first = error.errors(include_url=False)[0]
    return f"{first['loc'][0]} = {first['input']!r}: {first['msg']}"
