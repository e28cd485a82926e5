"""What a payment looks like: the one description that CI, training, serving and the drift check go by.

Each column says its type, its range and, in `metadata`, its part: `role` (feature unless said otherwise),
`maximum_missing` (the share of rows that may lack it), `sensitive` and `post_event`. docs: README, "Make it yours".
"""

import pandera.pandas as pa

CATEGORIES = ["electronics", "fashion", "fuel", "gaming", "gift_cards", "groceries", "restaurants", "travel"]
COUNTRIES = ["DE", "ES", "FR", "IT", "NL", "PL"]
DEVICES = ["android", "browser", "ios", "terminal"]

SCHEMA = pa.DataFrameSchema(
    {
        "payment_id": pa.Column(str, unique=True, metadata={"role": "id"}, description="The payment's own number"),
        "customer_id": pa.Column(str, metadata={"role": "group", "sensitive": True}, description="Who paid"),
        "paid_at": pa.Column("datetime64[us]", metadata={"role": "time"}, description="When, in local time"),
        "amount": pa.Column(float, pa.Check.in_range(0.5, 20_000), description="In euros"),
        "hour": pa.Column(int, pa.Check.in_range(0, 23), description="Local hour of the day"),
        "merchant_category": pa.Column(str, pa.Check.isin(CATEGORIES), description="What the shop sells"),
        "country": pa.Column(str, pa.Check.isin(COUNTRIES), description="Where the customer lives"),
        "device": pa.Column(str, pa.Check.isin(DEVICES), description="What the customer paid with"),
        "new_merchant": pa.Column(bool, description="The customer's first payment at this shop"),
        "distance_km": pa.Column(
            float,
            pa.Check.in_range(0, 20_100),
            nullable=True,
            metadata={"maximum_missing": 0.2},
            description="From the customer's home to the shop; unknown when the device tells no place",
        ),
        "customer_age": pa.Column(
            float,
            pa.Check.in_range(16, 110),
            nullable=True,
            metadata={"maximum_missing": 0.15},
            description="In years; not every customer told it",
        ),
        "tenure_days": pa.Column(int, pa.Check.in_range(0, 20_000), description="Days since the customer joined"),
        "seconds_since_last": pa.Column(
            float,
            pa.Check.in_range(0, 5_184_000),
            nullable=True,
            metadata={"maximum_missing": 0.3},
            description="Since the customer's last payment; empty when that is over 60 days ago",
        ),
        "payments_24h": pa.Column(int, pa.Check.in_range(0, 1000), description="Payments in the 24 hours before"),
        "suspicious": pa.Column(
            int,
            pa.Check.isin([0, 1]),
            metadata={"role": "target", "task": "binary", "positive": 1},
            description="1 when the review found fraud",
        ),
        "labelled_on": pa.Column(
            "datetime64[us]", metadata={"role": "label_time"}, description="The day on which the label became known"
        ),
    },
    strict=True,
)
