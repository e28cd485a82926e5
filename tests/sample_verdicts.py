"""Verdicts of every shape, as the steps make them, for tests of what shows or stores them."""

from typing import Any

from gatehouse.verdicts import Check, Decision, Subject, Verdict

SUBJECT = Subject(
    commit="8f2b7c1d9e0a4455aa" + "+changes",
    data_hash="ab12" * 16,
    bundle="cd34" * 16,
    model_version="1.2.0",
    image_digest="127.0.0.1:5000/serve@sha256:" + "ef56" * 16,
)
NOW = "2026-01-02T03:04:05.678+00:00"
GOOD = Check("f1", Decision.PROMOTE, "Good.")
HOSTILE = "<script>alert(1)</script> | `x` *b* [l](http://evil.example) @someone $y$ \x1b[31m\u202e\nnext"


def verdict(*checks: Check, step: str = "gate", **details: Any) -> Verdict:
    """Return a verdict of these checks."""
    return Verdict(step, checks, SUBJECT, NOW, "gatehouse 0.1.0", details)


def improvement(delta: float = 0.0123, decision: Decision = Decision.PROMOTE) -> Check:
    """Return the quality check of a candidate against its champion."""
    low, high = delta - 0.016, delta + 0.016
    details = {
        "metric": "f1",
        "champion": 0.7312,
        "candidate": 0.7312 + delta,
        "delta": delta,
        "low": low,
        "high": high,
        "limit": -0.02,
        "resolution": 0.0213,
        "higher_is_better": True,
    }
    why = f"f1 improved by {delta:+.4g}."
    return Check("quality", decision, why, delta, -0.02, (low, high), 12_034, details=details)


def first_value(metric: str = "f1") -> Check:
    """Return the quality check of a first model against the floor."""
    loss = metric == "log_loss"
    details = {
        "metric": metric,
        "champion": None,
        "candidate": 0.45 if loss else 0.731,
        "delta": None,
        "low": 0.43 if loss else 0.71,
        "high": 0.47 if loss else 0.752,
        "limit": 0.6,
        "higher_is_better": not loss,
    }
    value = details["candidate"]
    return Check(
        "quality", Decision.PROMOTE, "Proven.", value, 0.6, (details["low"], details["high"]), 500, details=details
    )


def slice_of(level: str, drop: float, decision: Decision = Decision.PROMOTE, n: int = 900) -> Check:
    """Return the check of one slice; one that holds was not judged."""
    details = {"column": "country", "level": level, "measure": "recall", "drop": drop}
    advisory = decision == Decision.HOLD
    return Check(f"slice country={level}", decision, f"Slice {level}.", drop, 0.05, None, n, advisory, details)


def rollout(failing: bool = False) -> Verdict:
    """Return a rollout that went through, or one that was rolled back at 25 %."""
    weights = [5, 10, 25, 0, 0] if failing else [5, 10, 25, 50, 100]
    points = [
        {
            "t": 1_767_323_000.0 + 3 * place,
            "weight": weight,
            "requests": 100 * place,
            "errors": 9 * place if failing else 0,
            "error_rate": None if place == 0 else 0.09 if failing else 0.0,
            "p95_ms": None if place == 0 else 21.5,
            "requests_stable": 1000,
            "errors_stable": 0,
        }
        for place, weight in enumerate(weights)
    ]
    decision = Decision.REJECT if failing else Decision.PROMOTE
    check = Check("errors", decision, "As counted.", 0.09 if failing else 0.0, 0.05, (0.0, 0.2), 400)
    return verdict(check, step="rollout", timeline=points, limits={"error_rate": 0.05, "latency_p95_ms": 200.0})


def drifts(count: int = 3) -> list[dict[str, Any]]:
    """Return the drift of some features, the first of which raised an alarm."""
    return [
        {
            "feature": f"feature_{place}",
            "test": "ks",
            "statistic": 0.1,
            "p": 0.001 if place == 0 else 0.5,
            "q": 0.01 if place == 0 else 0.9,
            "effect": 0.42 if place == 0 else 0.02,
            "floor": 0.1,
            "alarmed": place == 0,
            "missing_reference": 0.01,
            "missing_window": 0.02,
        }
        for place in range(count)
    ]


def drifted() -> Verdict:
    """Return a drift check that found something."""
    check = Check("feature_0", Decision.REJECT, "It moved.", 0.42, 0.1, None, 8_120)
    return verdict(check, step="check_drift", drift=drifts())


def broken() -> Verdict:
    """Return a verdict whose every text came from hostile data."""
    rows = [{"column": HOSTILE, HOSTILE: place, "examples": [HOSTILE, -1.5, None]} for place in range(50)]
    return verdict(Check(HOSTILE, Decision.REJECT, HOSTILE, 412, 0, n=20_000), step=HOSTILE, tables={HOSTILE: rows})


def error() -> Verdict:
    """Return the verdict of a step that could not judge."""
    why = "gatehouse.toml: unknown key 'metrc'.\ngatehouse.toml: another."
    return Verdict("register", (Check("register", Decision.ERROR, why),), Subject(), NOW, "gatehouse 0.1.0")


def every() -> list[Verdict]:
    """Return one verdict of every shape."""
    slices = [slice_of("DE", 0.01), slice_of("FR", 0.14, Decision.REJECT), slice_of("LU", 0.4, Decision.HOLD, 7)]
    return [
        verdict(first_value()),
        verdict(improvement(), *slices),
        verdict(Check("rows", Decision.HOLD, "Too few rows.", 12, 500, n=12), step="check_drift"),
        rollout(),
        rollout(failing=True),
        drifted(),
        broken(),
        error(),
        verdict(),
        verdict(Check("f1", Decision.PROMOTE, "NaN.", float("nan"), 0.1, (0.1, float("inf")), 5)),
    ]
