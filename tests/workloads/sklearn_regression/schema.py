"""Ten measurements of 442 patients, and how their diabetes went on within a year."""

import pandera.pandas as pa

NUMBERS = ["age", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]

SCHEMA = pa.DataFrameSchema(
    {
        "patient": pa.Column(str, unique=True, metadata={"role": "id", "sensitive": True}),
        **{name: pa.Column(float, pa.Check.ge(0)) for name in NUMBERS},
        "sex": pa.Column(str, pa.Check.isin(["1", "2"])),
        "progression": pa.Column(float, pa.Check.ge(0), metadata={"role": "target", "task": "regression"}),
    },
    strict=True,
)
