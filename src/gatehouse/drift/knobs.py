"""The settings of the drift check."""

from typing import Annotated

from gatehouse.knobs import Count, Looser, NotNegative, Positive, Share, knobs


@knobs
class Knobs:
    """A feature has drifted when it is significant (`q`) and its effect is larger than its floor."""

    q: Annotated[Share, Looser("lower")] = 0.05
    numeric_effect: Annotated[Positive, Looser("higher")] = 0.1
    category_effect: Annotated[Share, Looser("higher")] = 0.1
    missing_effect: Annotated[Share, Looser("higher")] = 0.05
    new_levels: Annotated[Share, Looser("higher")] = 0.005
    psi: Annotated[Positive, Looser("higher")] = 0.1
    minimum_rows: Annotated[Count, Looser("higher")] = 500
    maximum_rows: Annotated[Count, Looser("lower")] = 100_000
    windows: Annotated[Count, Looser("lower")] = 3
    persistent: Annotated[Count, Looser("higher")] = 2
    performance_floor: Annotated[NotNegative, Looser("worse", off=0)] = 0.0
    retrain_psi: Annotated[NotNegative, Looser("higher", off=0)] = 0.0
    seed: int = 0
