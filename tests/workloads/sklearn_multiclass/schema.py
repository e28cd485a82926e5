"""Pictures of 1,797 digits in 8 x 8 pixels of 17 shades."""

import pandera.pandas as pa
from sklearn.datasets import load_digits

FEATURES = [str(name) for name in load_digits().feature_names]

SCHEMA = pa.DataFrameSchema(
    {
        "picture": pa.Column(str, unique=True, metadata={"role": "id"}),
        **{name: pa.Column(float, pa.Check.in_range(0, 16)) for name in FEATURES},
        "digit": pa.Column(int, pa.Check.in_range(0, 9), metadata={"role": "target", "task": "multiclass"}),
    },
    strict=True,
)
