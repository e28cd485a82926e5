"""What counters prove about a canary, however often they are looked at."""

from gatehouse.knobs import Count, Positive, Share, knobs


@knobs
class Knobs:
    """The ceilings that roll back, and what a step needs before it goes on."""

    error_rate: Share = 0.05
    latency_p95_ms: Positive = 200.0
    confidence: Share = 0.999
    minimum_requests: Count = 200
    minimum_latency_requests: Count = 200
    unanswered_requests: Count = 10
