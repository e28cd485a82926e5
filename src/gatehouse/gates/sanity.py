"""Sanity: a model that loads, answers, is fast enough, and beats a dummy that has seen no feature."""

from gatehouse.knobs import Count, Positive, Share, knobs


@knobs
class Knobs:
    """One row must be answered within `latency_p95_ms`; `repeats` single rows are timed."""

    latency_p95_ms: Positive = 100.0
    repeats: Count = 200
    confidence: Share = 0.95
