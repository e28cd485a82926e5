"""The door to the user's package: what it takes from a schema, and what it says of a package that lacks something."""

from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa
import pytest

from gatehouse import workload
from gatehouse.config import Config
from gatehouse.config import Workload as Settings
from gatehouse.contract import Column, Kind
from gatehouse.errors import DataError, WorkloadError

TARGET = pa.Column(int, metadata={"role": "target", "task": "binary", "positive": 1})
SCHEMA = (
    "import pandera.pandas as pa\n"
    "SCHEMA = pa.DataFrameSchema({'y': pa.Column(int, metadata={'role': 'target', 'task': 'multiclass'})})\n"
)
DATA = "import pandas as pd\ndef load(since, until): return pd.DataFrame({'y': [1, 2]}, index=[7, 7])\n"
MODEL = "def build(): return 'a model'\n"


def package(folder: Path, name: str, **parts: str) -> str:
    """Write a package of that name with the parts that are given, or good ones, and return the folder."""
    (folder / name).mkdir()
    for part, text in {"schema": SCHEMA, "data": DATA, "model": MODEL, **parts}.items():
        if text:
            (folder / name / f"{part}.py").write_text(text)
    return str(folder)


def of(**columns: pa.Column) -> dict[str, Column]:
    """Return the contract's columns for those of a schema."""
    made = workload.contract_of(pa.DataFrameSchema({**columns, "y": TARGET}))
    return {column.name: column for column in made.columns}


def test_package_is_found(tmp_path: Path):
    """A package in a folder of its own is imported by its name, and its rows are numbered from 0."""
    found = workload.find("good_workload", package(tmp_path, "good_workload"))
    assert found.contract.task == "multiclass"
    assert found.build() == "a model"
    assert found.load(None, None).index.tolist() == [0, 1]


def test_settings_name_package():
    """The settings' own package is the example."""
    found = workload.of(Config())
    assert found.contract.named("target") in found.schema.columns


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"schema": ""}, r"no module lacks_0\.schema"),
        ({"schema": "import no_such_library"}, "imports 'no_such_library'"),
        ({"schema": "SCHEMA = 3"}, "must be a pandera DataFrameSchema, not int"),
        ({"data": "LOAD = 1"}, r"lacks_3\.data defines no 'load'"),
        ({"model": ""}, r"no module lacks_4\.model"),
    ],
)
def test_lacking_package_is_named(tmp_path: Path, request: pytest.FixtureRequest, parts: dict[str, str], message: str):
    """A package without one of its parts is refused by that part's name."""
    name = f"lacks_{request.node.callspec.indices['parts']}"
    with pytest.raises(WorkloadError, match=message):
        workload.find(name, package(tmp_path, name, **parts))


def test_absent_package_is_named():
    """A package that is not there is refused by the setting that names it."""
    with pytest.raises(WorkloadError, match=r"\[workload\] package names 'no_such_workload'"):
        workload.of(Config(workload=Settings(package="no_such_workload")))


OWN = "def half(rows, y, predictions): return 0.5\n"


def test_own_metrics_are_optional(tmp_path: Path):
    """A package may bring metrics of its own, with their direction; most bring none."""
    text = f"{OWN}METRICS = {{'half': {{'function': half, 'better': 'lower'}}}}"
    (metric,) = workload.find("brings_one", package(tmp_path, "brings_one", metrics=text)).metrics
    assert (metric.name, metric.higher_is_better) == ("half", False)
    assert workload.find("brings_none", package(tmp_path, "brings_none")).metrics == ()


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ("METRIC = {}", r"own_0\.metrics defines no 'METRICS'"),
        ("METRICS = [half]", "must map names to what they are, not be a list"),
        ("METRICS = {'f1': {'function': half, 'better': 'higher'}}", "names a metric 'f1', which is taken"),
        ("METRICS = {3: {'function': half, 'better': 'higher'}}", "names a metric 3, which is taken or no text"),
        ("METRICS = {'half': half}", r"METRICS\['half'\]: it is a function\. It takes function, better, unit"),
        ("METRICS = {'half': {'function': half, 'better': 'more'}}", "better = 'more'"),
        ("METRICS = {'half': {'function': half}}", r"METRICS\['half'\]: better"),
        ("METRICS = {'half': {'function': half, 'bettr': 'lower'}}", "bettr"),
        ("METRICS = {'half': {'function': 0.5, 'better': 'lower'}}", "function = 0.5"),
        ("import no_such_library", "imports 'no_such_library'"),
    ],
)
def test_broken_metrics_are_told(tmp_path: Path, request: pytest.FixtureRequest, declared: str, message: str):
    """A metric that is not declared as it must be is refused with what it takes."""
    name = f"own_{request.node.callspec.indices['declared']}"
    with pytest.raises(WorkloadError, match=message):
        workload.find(name, package(tmp_path, name, metrics=OWN + declared))


@pytest.mark.parametrize("error", ["OSError('gone')", "RuntimeError('server down')", "ZeroDivisionError()"])
def test_failing_load_is_told(tmp_path: Path, request: pytest.FixtureRequest, error: str):
    """Whatever a user's source of data raises is an error of the data, with its own words."""
    name = f"fails_{request.node.callspec.indices['error']}"
    found = workload.find(name, package(tmp_path, name, data=f"def load(since, until): raise {error}"))
    with pytest.raises(DataError, match=rf"{name}\.data\.load\(1, 2\) failed: {error.split('(')[0]}"):
        found.load(1, 2)


def test_other_than_frame_is_refused(tmp_path: Path):
    """Rows must be a DataFrame."""
    found = workload.find("lists", package(tmp_path, "lists", data="def load(since, until): return [1]"))
    with pytest.raises(WorkloadError, match="must return a DataFrame, not list"):
        found.load(None, None)


@pytest.mark.parametrize(
    ("dtype", "kind"),
    [
        (float, "number"), ("Float64", "number"), (int, "integer"), ("Int64", "integer"), ("uint8", "integer"),
        (bool, "boolean"), ("boolean", "boolean"), (str, "category"), ("category", "category"),
        ("datetime64[us]", "time"), ("datetime64[ns, UTC]", "time"),
    ],
)  # fmt: skip
def test_types_give_kinds(dtype: Any, kind: Kind):
    """Each type of pandas is one of the contract's kinds."""
    assert of(x=pa.Column(dtype))["x"].kind == kind


def test_untyped_column_is_refused():
    """A column without a type cannot be served: nobody knows how to read it."""
    with pytest.raises(WorkloadError, match="gives column 'x' no type"):
        of(x=pa.Column())


def test_checks_give_ranges():
    """Ranges and levels come from the checks, and the parts from the metadata."""
    column = of(
        x=pa.Column(
            float,
            [pa.Check.ge(0), pa.Check.lt(9)],
            nullable=True,
            description="A number",
            metadata={"maximum_missing": 0.2, "sensitive": True, "post_event": True},
        )
    )["x"]
    assert column == Column(
        "x", "number", minimum=0, maximum=9, maximum_missing=0.2, sensitive=True, post_event=True,
        description="A number",
    )  # fmt: skip


def test_levels_become_texts():
    """The levels of a category are texts, as the model sees them."""
    assert of(x=pa.Column(int, pa.Check.isin([1, 2])))["x"].categories == ("1", "2")


@pytest.mark.parametrize(("nullable", "share"), [(True, 1.0), (False, 0.0)])
def test_missing_share_without_metadata(nullable: bool, share: float):
    """A column that may be missing may be missing anywhere, unless its metadata says how often."""
    assert of(x=pa.Column(float, nullable=nullable))["x"].maximum_missing == share


def test_bounds_in_time_stay():
    """A range of dates is the schema's to check; the contract holds numbers only."""
    column = of(x=pa.Column("datetime64[us]", pa.Check.ge(pd.Timestamp("2026-01-01"))))["x"]
    assert (column.kind, column.minimum) == ("time", None)


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        (None, "role='target'; it has 0"),
        ({"role": "target"}, "needs metadata task"),
        ({"role": "target", "task": "ranking"}, "task = 'ranking'"),
        ({"role": "target", "task": "binary"}, "positive"),
        ({"role": "target", "task": "regression", "positive": 1}, "positive"),
        ({"role": "label", "task": "binary", "positive": 1}, "role = 'label'"),
    ],
)
def test_unclear_target_is_refused(metadata: dict[str, Any] | None, message: str):
    """A schema without a clear target and task is refused with what it needs."""
    with pytest.raises(WorkloadError, match=message):
        workload.contract_of(pa.DataFrameSchema({"y": pa.Column(int, metadata=metadata)}))


@pytest.mark.parametrize(
    "metadata", [{"role": "feeture"}, {"maximum_mising": 0.1}, {"maximum_missing": 1.5}, {"sensitive": 1}]
)
def test_misspelt_metadata_is_refused(metadata: dict[str, Any]):
    """A word of the metadata that nothing reads would be a rule that nobody keeps."""
    with pytest.raises(WorkloadError, match="column 'x'"):
        of(x=pa.Column(float, metadata=metadata))
