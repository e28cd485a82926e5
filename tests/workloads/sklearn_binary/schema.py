"""Measurements of 569 breast tumours; their names have spaces, as the source has them."""

import pandera.pandas as pa
from sklearn.datasets import load_breast_cancer

FEATURES = [str(name) for name in load_breast_cancer().feature_names]
TARGET = pa.Column(int, pa.Check.isin([0, 1]), metadata={"role": "target", "task": "binary", "positive": 1})

SCHEMA = pa.DataFrameSchema(
    {
        "row": pa.Column(int, unique=True, metadata={"role": "id"}),
        **{name: pa.Column(float, pa.Check.ge(0)) for name in FEATURES},
        "benign": TARGET,
    },
    strict=True,
)
