"""The settings of the drift check."""

from gatehouse.knobs import Count, NotNegative, Positive, Share, knobs


@knobs
class Knobs:
    """A feature has drifted when it is significant (`q`) and its effect is larger than its floor."""

    q: Share = 0.05
    numeric_effect: Positive = 0.1
    category_effect: Share = 0.1
    missing_effect: Share = 0.05
    new_levels: Share = 0.005
    psi: Positive = 0.1
    minimum_rows: Count = 500
    maximum_rows: Count = 100_000
    windows: Count = 3
    persistent: Count = 2
    performance_floor: NotNegative = 0.0
    retrain_psi: NotNegative = 0.0
    seed: int = 0
