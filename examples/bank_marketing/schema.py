"""One row a telephone call; columns as the source names them, see README.md for those that are left out."""

import pandera.pandas as pa

JOBS = [
    "admin.", "blue-collar", "entrepreneur", "housemaid", "management", "retired", "self-employed", "services",
    "student", "technician", "unemployed", "unknown",
]  # fmt: skip
EDUCATION = [
    "basic.4y", "basic.6y", "basic.9y", "high.school", "illiterate", "professional.course", "university.degree",
    "unknown",
]  # fmt: skip
ANSWERS = pa.Check.isin(["no", "yes", "unknown"])

SCHEMA = pa.DataFrameSchema(
    {
        "row": pa.Column(int, pa.Check.ge(0), unique=True, metadata={"role": "id"}, description="The call's number"),
        "age": pa.Column(int, pa.Check.in_range(16, 110), description="In years"),
        "job": pa.Column(str, pa.Check.isin(JOBS)),
        "marital": pa.Column(str, pa.Check.isin(["divorced", "married", "single", "unknown"])),
        "education": pa.Column(str, pa.Check.isin(EDUCATION)),
        "default": pa.Column(str, ANSWERS, description="Whether the client is in default"),
        "housing": pa.Column(str, ANSWERS, description="Whether the client has a loan for a house"),
        "loan": pa.Column(str, ANSWERS, description="Whether the client has another loan"),
        "duration": pa.Column(
            int,
            pa.Check.ge(0),
            metadata={"post_event": True},
            description="Seconds of the call, known when the client has answered: no model may see it",
        ),
        "campaign": pa.Column(int, pa.Check.in_range(1, 100), description="Calls to this client in this campaign"),
        "previous": pa.Column(int, pa.Check.in_range(0, 100), description="Calls to this client in earlier ones"),
        "euribor3m": pa.Column(float, pa.Check.in_range(-2, 10), description="Interest rate of the day, in percent"),
        "y": pa.Column(
            int,
            pa.Check.isin([0, 1]),
            metadata={"role": "target", "task": "binary", "positive": 1},
            description="1 when the client took up the offer",
        ),
    },
    strict=True,
)
