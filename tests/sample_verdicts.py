"""Verdicts of every shape, as the steps make them, for tests of what shows or stores them."""

from dataclasses import replace
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


def compared(
    name: str, metric: str, champion: float, candidate: float, half: float, limit: float, decision: Decision, more: str
) -> Check:
    """Return the check of a metric as the gate makes it: the bounds lie `half` from the difference on either side."""
    delta = candidate - champion
    low, high = delta - half, delta + half
    worse = f"{abs(delta):.4f} {'better' if delta > 0 else 'worse'}"
    why = (
        f"{metric} is {candidate:.4f} for the candidate and {champion:.4f} for the champion: {worse} "
        f"(90 % interval {low:+.4f} to {high:+.4f}) on 8,012 rows, {more}"
    )
    details = {
        "metric": metric, "champion": champion, "candidate": candidate, "delta": delta, "low": low, "high": high,
        "limit": limit, "confidence": 0.95, "resolution": 1.5 * half, "higher_is_better": True,
    }  # fmt: skip
    if decision == Decision.HOLD:
        details["recommended"] = True
    if name == "anchor":
        details["against"] = "anchor 1.3.0"
    return Check(name, decision, why, delta, limit, (low, high), 8012, details=details)


def lost(level: str, champion: float, candidate: float, p: float, decision: Decision, n: int = 900) -> Check:
    """Return the check of one slice with all its numbers."""
    made = slice_of(level, champion - candidate, decision, n)
    why = f"recall went from {champion:.4f} to {candidate:.4f} on {n} rows of country={level}: "
    why += {
        Decision.PROMOTE: f"no drop above 0.05 is proven (p {p:.2g}).",
        Decision.HOLD: f"Not judged: country={level} has 7 positives, and 30 are needed.",
        Decision.REJECT: f"a drop of {champion - candidate:.4f}, above 0.05 and proven (p {p:.2g}).",
    }[decision]
    details = {**made.details, "champion": champion, "candidate": candidate, "p_adjusted": p}
    return Check(made.name, decision, why, made.observed, 0.05, None, n, made.advisory, details)


def slices(worst: Decision = Decision.PROMOTE) -> list[Check]:
    """Return slices of a country, the first of which lost most, after the check that sums them up."""
    value, p = (0.6034, 0.0004) if worst == Decision.REJECT else (0.7289, 0.31)
    lost_most = "1 lost more than 0.05, proven" if worst == Decision.REJECT else "none is proven to lose more than 0.05"
    why = f"2 of 3 slices were judged (1 had fewer than 30 positives), and {lost_most}. The worst is country=FR: "
    why += f"recall went from 0.7421 to {value:.4f}."
    return [
        Check("slices", worst, why, 0.7421 - value, 0.05, n=8012, details={"judged": 2, "not_judged": 1}),
        lost("FR", 0.7421, value, p, worst),
        lost("DE", 0.7412, 0.7502, 1.0, Decision.PROMOTE, 4021),
        lost("LU", 0.7143, 0.2857, 0.25, Decision.HOLD, 61),
    ]


def gates() -> list[Verdict]:
    """Return a gate's four verdicts: good, not settled, a slice that the average hides, and no judgement."""
    proven, open_ = (
        "which proves that it loses no more than 0.02.",
        "which does not settle whether it loses more than 0.02.",
    )
    more = (
        "Of an equal model these rows prove that it loses less than 0.0341. 23,300 rows, if the difference stays what "
        "it is, or 5,800, if there is none, would settle it. Approving it is recommended: what is left open is small."
    )
    good = compared("quality", "f1", 0.7312, 0.7435, 0.0160, -0.02, Decision.PROMOTE, proven)
    guard = compared("guard recall", "recall", 0.7011, 0.7004, 0.0201, -0.05, Decision.PROMOTE, proven)
    anchor = compared("anchor", "f1", 0.7402, 0.7435, 0.0158, -0.03, Decision.PROMOTE, proven)
    held = compared("quality", "f1", 0.7312, 0.7301, 0.0230, -0.02, Decision.HOLD, f"{open_} {more}")
    unsure = compared("anchor", "f1", 0.7402, 0.7301, 0.0230, -0.03, Decision.HOLD, open_)
    other = Check(
        "gate", Decision.ERROR, "The champion answered 8,011 rows, and the holdout has 8,012: score it again."
    )
    return [
        verdict(good, guard, anchor, *slices()),
        verdict(held, guard, unsure, *slices()),
        verdict(good, guard, anchor, *slices(Decision.REJECT)),
        verdict(other),
    ]


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


def gaps() -> list[Check]:
    """Return checks of fairness: a gap that is refused, one within its limit, one reported only, a growth, a remark."""
    grown = {"group_column": "age", "measure": "equalised odds, growth", "old_gap": 0.2, "new_gap": 0.41}
    small = {"group_column": "sex"}
    return [
        gap("age", 0.41, 0.2, Decision.REJECT),
        gap("country", 0.11, 0.2),
        gap("sex", 0.3, None),
        Check("fairness age: equalised odds, growth", Decision.PROMOTE, "As seen.", 0.21, 0.3, details=grown),
        Check("fairness sex: not judged", Decision.HOLD, "Few rows: sex=x (7).", advisory=True, details=small),
    ]


def gap(column: str, size: float, limit: float | None, decision: Decision = Decision.PROMOTE) -> Check:
    """Return the check of one gap."""
    details = {"group_column": column, "measure": "equalised odds", "rate": "recall", "gap": size, "old_gap": 0.2}
    details |= {"low": size / 1.5, "high": size * 1.5, "highest": f"{column}=1", "lowest": f"{column}=2"}
    details["tables"] = {f"Groups by {column}": [{"group": f"{column}=1", "rows": 90, "recall": 0.75}]}
    name, ends = f"fairness {column}: equalised odds", (size / 1.5, size * 1.5)
    return Check(name, decision, "As seen.", size, limit, ends, 900, limit is None, details)


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
            "odds_worse": None if place == 0 else 10.0**place if failing else 0.5,
            "requests_stable": 1000,
            "errors_stable": 0,
        }
        for place, weight in enumerate(weights)
    ]
    decision = Decision.REJECT if failing else Decision.PROMOTE
    check = Check("errors", decision, "As counted.", 0.09 if failing else 0.0, 0.05, (0.0, 0.2), 400)
    limits = {"error_rate": 0.05, "latency_p95_ms": 200.0, "odds_worse": 63.2}
    return verdict(check, step="rollout", timeline=points, limits=limits)


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


def timed(champion: bool = True) -> Verdict:
    """Return what a candidate's serving needs beside the champion's, or, for a first model, alone."""
    levels = [0.01, 0.5, 0.95, 0.99]
    times = {"candidate": [8.0, 10.5, 14.0, 21.0]} | ({"champion": [7.5, 10.0, 13.0, 20.0]} if champion else {})
    rows = [{"kind": kind, "levels": levels, **times} for kind in ("one row", "a batch")]
    budget = Check("p95 of one row, ms", Decision.PROMOTE, "It is fast.", 14.0, 100.0, (13.1, 15.2), 400)
    if not champion:
        return verdict(replace(budget, details={"latency": rows}), step="check_serving")
    checks = [
        Check(f"median of {row['kind']}, ratio", Decision.PROMOTE, "It is as fast.", 1.05, 1.15, (1.01, 1.09), 400,
              details={"latency": [row]})
        for row in rows
    ]  # fmt: skip
    measured = [{"measured": "peak memory, MB", "champion": 258.8, "candidate": 259.1}]
    return verdict(*checks, budget, step="check_serving", tables={"What was measured": measured})


def error() -> Verdict:
    """Return the verdict of a step that could not judge."""
    why = "gatehouse.toml: unknown key 'metrc'.\ngatehouse.toml: another."
    return Verdict("register", (Check("register", Decision.ERROR, why),), Subject(), NOW, "gatehouse 0.1.0")


def every() -> list[Verdict]:
    """Return one verdict of every shape."""
    slices = [slice_of("DE", 0.01), slice_of("FR", 0.14, Decision.REJECT), slice_of("LU", 0.4, Decision.HOLD, 7)]
    return [
        verdict(first_value()),
        verdict(improvement(), *slices, *gaps()),
        verdict(Check("rows", Decision.HOLD, "Too few rows.", 12, 500, n=12), step="check_drift"),
        *gates(),
        rollout(),
        rollout(failing=True),
        drifted(),
        timed(),
        timed(champion=False),
        broken(),
        error(),
        verdict(),
        verdict(Check("f1", Decision.PROMOTE, "NaN.", float("nan"), 0.1, (0.1, float("inf")), 5)),
    ]
