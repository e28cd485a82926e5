"""Slices: a loss on one group of rows that the average hides."""

from gatehouse.knobs import Count, Share, knobs


@knobs
class Knobs:
    """`columns` are judged level by level: a drop larger than `drop` and significant at `alpha` after Holm rejects."""

    columns: tuple[str, ...] = ()
    drop: Share = 0.05
    alpha: Share = 0.05
    minimum: Count = 30
