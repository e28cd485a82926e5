"""A tiny real workload for tests of what comes after training: breast tumours, benign or malignant.

From scikit-learn's bundled measurements, with one column of every kind that a contract knows.
"""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from gatehouse import bundle as bundles
from gatehouse.bundle import Bundle, Model
from gatehouse.contract import Column, Contract

NUMBERS = ["mean radius", "mean_texture", "area", "dense"]
CONTRACT = Contract(
    columns=(
        Column("patient", "category", role="id"),
        Column("mean radius", "number", minimum=0, maximum=100),
        Column("mean_texture", "number", minimum=0, maximum_missing=0.5),
        Column("area", "integer", minimum=0, maximum=5000),
        Column("dense", "boolean"),
        Column("size", "category", categories=("small", "medium", "large")),
        Column("ward", "category", maximum_missing=0.5, sensitive=True),
        Column("malignant", "category", role="target"),
    ),
    task="binary",
    positive="yes",
)
# One row, as a client sends it.
ROW: dict[str, Any] = {
    "mean radius": 14.2, "mean_texture": 19.1, "area": 640, "dense": True, "size": "medium", "ward": "007",
}  # fmt: skip


@cache
def rows() -> pd.DataFrame:
    """Return all 569 rows, with the label and with values missing here and there."""
    data = load_breast_cancer(as_frame=True).frame
    radius = data["mean radius"]
    table = pd.DataFrame(
        {
            "patient": [f"p{number:03d}" for number in range(len(data))],
            "mean radius": radius,
            "mean_texture": data["mean texture"].where(data.index % 10 != 3),
            "area": data["mean area"].astype(int),
            "dense": data["mean smoothness"] > 0.1,
            "size": np.select([radius < 12, radius < 16], ["small", "medium"], "large"),
            "ward": pd.Series([f"{number % 7:03d}" for number in range(len(data))]).where(data.index % 10 != 4),
            "malignant": np.where(data["target"] == 0, "yes", "no"),
        }
    )
    return table.copy()


def estimator(labels: np.ndarray | None = None, **settings: Any) -> Any:
    """Return a fitted pipeline, of the true labels if none are given."""
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    words = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    columns = make_column_transformer((numbers, NUMBERS), (words, ["size", "ward"]))
    pipeline = make_pipeline(columns, LogisticRegression(**settings))
    return pipeline.fit(CONTRACT.frame(rows()), CONTRACT.labels(rows()) if labels is None else labels)


def write(
    path: Path,
    fitted: Any = None,
    version: str = "1.2.0",
    contract: Contract = CONTRACT,
    features: pd.DataFrame | None = None,
    fallback: str | None = None,
) -> Bundle:
    """Write a bundle of the model that is given, or of a good one; with the features, it is served by ONNX."""
    model, exported = Model(fitted or estimator(), contract), None
    if features is not None:
        from gatehouse.export import artifact  # skl2onnx takes a second to import

        exported = artifact.make(model, contract.frame(features))
    about = {"version": version, "fallback": {"classes": [] if contract.task == "regression" else ["no", "yes"]}}
    return bundles.write(path, model.estimator, contract, {}, about, "# Tumours\n", exported, fallback)


def opened(version: str = "1.2.0", contract: Contract = CONTRACT, profile: dict[str, Any] | None = None) -> Bundle:
    """Return what a server knows of a bundle, without one."""
    return Bundle(Path(), "b" * 64, {"version": version}, contract, profile or {})
