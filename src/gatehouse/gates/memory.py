"""Memory: what a process needs that serves the model, and what its bundle weighs, beside the champion's.

No interval is taken: the peaks of fresh processes of one bundle differ by 0.3 %, and no limit is as near as that.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Annotated

from gatehouse.knobs import Looser, Multiple, NotNegative, Positive, knobs
from gatehouse.verdicts import Check, Decision


@knobs
class Knobs:
    """The most that a serving process may have resident at its peak and that a bundle may weigh, in MB.

    The peak may be `growth` times the champion's; a difference of at most `growth_floor_mb` does not matter.
    """

    peak_mb: Annotated[Positive, Looser("higher")] = 2048.0
    growth: Annotated[Multiple, Looser("higher")] = 1.5
    growth_floor_mb: Annotated[NotNegative, Looser("higher")] = 64.0
    bundle_mb: Annotated[Positive, Looser("higher")] = 500.0


@dataclass(frozen=True)
class Footprint:
    """The peaks of some processes that served a bundle, and the bundle's size, in MB (1,000,000 bytes)."""

    peaks_mb: Sequence[float]
    bundle_mb: float


def judge(candidate: Footprint, champion: Footprint | None, knobs: Knobs) -> list[Check]:
    """Judge memory and size against their limits and, beside a champion, how much more memory it takes.

    Sizes that are missing or no positive numbers give a check that says `error`.
    """
    sizes = [*candidate.peaks_mb, candidate.bundle_mb, *(champion.peaks_mb if champion else [])]
    if not candidate.peaks_mb or (champion and not champion.peaks_mb) or not all(map(measured, sizes)):
        why = "Not every process said what memory it had: time the models again."
        return [Check("peak memory, MB", Decision.ERROR, why, n=len(candidate.peaks_mb))]
    checks = [judge_peak(candidate, knobs), judge_bundle(candidate, champion, knobs)]
    return [*checks, judge_growth(candidate, champion, knobs)] if champion else checks


def judge_peak(candidate: Footprint, knobs: Knobs) -> Check:
    """Judge the largest of the peaks."""
    largest = max(candidate.peaks_mb)
    why = f"A process that serves the candidate had {largest:,.0f} MB at its peak; {knobs.peak_mb:,g} MB are allowed."
    decision = decide(largest <= knobs.peak_mb)
    return Check("peak memory, MB", decision, why, largest, knobs.peak_mb, n=len(candidate.peaks_mb))


def judge_growth(candidate: Footprint, champion: Footprint, knobs: Knobs) -> Check:
    """Judge the ratio of the usual peaks, unless they differ by less than what matters."""
    ours, theirs = median(candidate.peaks_mb), median(champion.peaks_mb)
    ratio, more = ours / theirs, ours - theirs
    why = (
        f"A process that serves the candidate has {ours:,.0f} MB at its peak, and the champion's {theirs:,.0f} MB: "
        f"{ratio:.3g} times as much"
    )
    if ratio > knobs.growth and more <= knobs.growth_floor_mb:
        why += f", but only {more:,.0f} MB more, and {knobs.growth_floor_mb:,.0f} MB more do not matter"
    decision = decide(ratio <= knobs.growth or more <= knobs.growth_floor_mb)
    return Check("peak memory, ratio", decision, f"{why}.", ratio, knobs.growth, n=len(candidate.peaks_mb))


def judge_bundle(candidate: Footprint, champion: Footprint | None, knobs: Knobs) -> Check:
    """Judge the size of the bundle; the champion's is shown."""
    beside = f", the champion's {champion.bundle_mb:,.3g} MB" if champion else ""
    why = f"The bundle has {candidate.bundle_mb:,.3g} MB{beside}; {knobs.bundle_mb:,g} MB are allowed."
    decision = decide(candidate.bundle_mb <= knobs.bundle_mb)
    return Check("bundle size, MB", decision, why, candidate.bundle_mb, knobs.bundle_mb)


def measured(size: float) -> bool:
    """Tell whether a size is a positive number."""
    return math.isfinite(size) and size > 0


def decide(good: bool) -> Decision:
    """Return promote or reject."""
    return Decision.PROMOTE if good else Decision.REJECT
