"""Data quality: what the schema forbids, and too few rows."""

from gatehouse.knobs import Count, knobs


@knobs
class Knobs:
    """Fewer rows than `minimum_rows` are no basis for training."""

    minimum_rows: Count = 1000
