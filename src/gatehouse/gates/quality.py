"""Non-inferiority: may the candidate replace the champion, judged on the same rows?"""

from gatehouse.knobs import Count, Positive, Share, knobs


@knobs
class Knobs:
    """`metric` decides; `delta` is the loss that is tolerated; a first model must reach `floor` instead."""

    metric: str = "f1"
    delta: Positive = 0.02
    floor: float = 0.6
    confidence: Share = 0.95
    bootstraps: Count = 1000
    seed: int = 0
    recommend_point: Positive = 0.01
    recommend_lower: Positive = 0.03
