"""Fairness: gaps between groups that are too large, or larger than the champion's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from gatehouse.errors import ConfigError, EvidenceError
from gatehouse.gates import evidence, group_gaps, group_rates
from gatehouse.gates.group_gaps import Numbers, Pairs
from gatehouse.gates.group_rates import Rate
from gatehouse.gates.levels import Cuts, Levels
from gatehouse.gates.truth import Truth
from gatehouse.knobs import Count, Looser, Share, knobs
from gatehouse.predictions import Predictions
from gatehouse.verdicts import Check, Decision

SECTION = "fairness"
MOST_GROUPS = 30  # every pair is compared
MOST_NAMED = 8
MOST_COLUMNS = 6  # of rates in the table of groups

Limit = Annotated[float, Field(ge=0), Looser("higher", off=0)]


@knobs
class Knobs(Cuts):
    """A gap between groups that is proven to exceed its limit rejects, and so does one that grew by over `growth`.

    The limits belong to the measures of `group_rates`: for classes in shares of the rows, for a regression's
    `mean_error` in standard deviations of the label. A limit of 0 reports the gap and judges nothing. `alpha` is the
    chance of refusing a fair model by any of them; a group with fewer rows than `minimum` is listed as not judged.
    """

    demographic_parity: Limit = 0.0
    equal_opportunity: Limit = 0.0
    equalised_odds: Limit = 0.2
    mean_error: Limit = 0.2
    growth: Limit = 0.05
    alpha: Annotated[Share, Looser("lower")] = 0.05
    minimum: Annotated[Count, Looser("higher")] = 30


@dataclass(frozen=True)
class Measure:
    """One measure in the groups of one column: its rates, and for each the groups that have enough rows, shape (k,)."""

    groups: Levels
    key: str
    limit: float
    rates: Sequence[Rate]
    kept: Sequence[np.ndarray]

    @property
    def title(self) -> str:
        """What it is called."""
        return self.key.replace("_", " ")

    @property
    def name(self) -> str:
        """What a check of it is called."""
        return f"{SECTION} {self.groups.column}: {self.title}"

    @property
    def judged(self) -> bool:
        """Whether any rate has two groups to compare."""
        return any(kept.sum() > 1 for kept in self.kept)

    @property
    def uncompared(self) -> list[str]:
        """The kinds of rates of which none has two groups to compare."""
        enough = {rate.kind for rate, kept in zip(self.rates, self.kept, strict=True) if kept.sum() > 1}
        return [kind for kind in dict.fromkeys(rate.kind for rate in self.rates) if kind not in enough]

    @property
    def places(self) -> list[tuple[str, str]]:
        """The rate and the group of every number that is compared."""
        titles = np.array(self.groups.titles, dtype=object)
        return [(rate.name, title) for rate, kept in zip(self.rates, self.kept, strict=True) for title in titles[kept]]

    def numbers(self, level: float) -> tuple[Numbers, Numbers, np.ndarray, Pairs]:
        """Return both models' numbers, their correlation, and the pairs, whose bounds all hold but with `level`."""
        ordered = group_gaps.pairs([int(kept.sum()) for kept in self.kept])
        found = [rate.of(kept, level / len(ordered)) for rate, kept in zip(self.rates, self.kept, strict=True)]
        old, new, correlation = zip(*found, strict=True)
        return group_gaps.joined(old), group_gaps.joined(new), np.concatenate(correlation), ordered


def judge(
    groups: Mapping[str, Levels],
    truth: Truth,
    champion: Predictions | None,
    candidate: Predictions,
    knobs: Knobs,
) -> list[Check]:
    """Judge the gaps between the groups of every column; without a champion, those of the candidate alone.

    A gap rejects when the lower bound of the largest difference between two groups lies above the limit, and when the
    lower bound of its growth does; all bounds hold together at 1 - `alpha` (Bonferroni). A limit on a kind of rate for
    which no two groups have enough rows holds. Evidence that allows no judgement gives a check that says `error`; too
    many groups raise ConfigError.
    """
    if not groups:
        return []
    models = candidate if champion is None else champion, candidate
    try:
        evidence.require(truth, models[0], "The champion")
        evidence.require(truth, candidate, "The candidate")
        with np.errstate(over="ignore", invalid="ignore"):  # too large to square: the check then says `error`
            columns = [_measures(levels, truth, models, knobs) for levels in groups.values()]
    except EvidenceError as error:
        return [Check(SECTION, Decision.ERROR, str(error))]
    compared = champion is not None
    deciding = sum(measure.judged and measure.limit > 0 for measures in columns for measure in measures)
    level = knobs.alpha / max(1, deciding * (1 + (compared and knobs.growth > 0)))
    return [check for measures in columns for check in _of_column(measures, compared, level, knobs)]


def _measures(levels: Levels, truth: Truth, models: tuple[Predictions, Predictions], knobs: Knobs) -> list[Measure]:
    if len(levels.codes) != len(truth):
        raise EvidenceError(f"'{levels.column}' has {len(levels.codes)} values, and the holdout {len(truth)} rows.")
    if len(levels.names) > MOST_GROUPS:
        raise ConfigError(
            f"[{SECTION}] names '{levels.column}', which has {len(levels.names)} groups, and at most {MOST_GROUPS} can "
            f"be compared. If it holds numbers, give it edges in [{SECTION}] bins; if not, name a coarser column."
        )
    enough = max(knobs.minimum, 2)
    return [
        Measure(levels, key, getattr(knobs, key), rates, [rate.n >= enough for rate in rates])
        for key, rates in group_rates.of(levels, truth, *models).items()
    ]


def _of_column(measures: Sequence[Measure], compared: bool, level: float, knobs: Knobs) -> list[Check]:
    """Judge the measures of one column, list what is too small, and show the groups beside the first check."""
    checks = [check for measure in measures for check in _checks(measure, compared, level, knobs)]
    rates = {rate.name: (rate, kept) for item in measures for rate, kept in zip(item.rates, item.kept, strict=True)}
    checks += _left_out(measures[0].groups, list(rates.values()), knobs)
    table = {f"Groups by {measures[0].groups.column}": _table(measures[0].groups, list(rates.values()))}
    return [replace(checks[0], details={**checks[0].details, "tables": table}), *checks[1:]] if checks else []


def _checks(measure: Measure, compared: bool, level: float, knobs: Knobs) -> list[Check]:
    """Judge one measure: its gap, and, compared with a champion's, the growth of it."""
    checks = [_too_few(measure, knobs)] if measure.limit and measure.uncompared else []
    if not measure.judged:
        return checks
    old, new, correlation, ordered = measure.numbers(level)
    if compared and measure.limit and knobs.growth:
        checks.insert(0, _of_growth(measure, (old, new), correlation, ordered, knobs.growth))
    return [_of_gap(measure, old if compared else None, new, ordered), *checks]


def _of_gap(measure: Measure, old: Numbers | None, new: Numbers, ordered: Pairs) -> Check:
    found, widest = group_gaps.gap(new, ordered), np.argmax(ordered.apart(new.value))
    top, bottom = int(ordered.first[widest]), int(ordered.other[widest])
    (rate, highest), (_, lowest) = measure.places[top], measure.places[bottom]
    seen = f"{rate} is {new.value[top]:.4g} for {highest} and {new.value[bottom]:.4g} for {lowest}"
    decision = Decision.REJECT if measure.limit and found.low > measure.limit else Decision.PROMOTE
    if not measure.limit:
        judged = f"[{SECTION}] {measure.key} sets no limit: this is reported only"
    elif decision == Decision.REJECT:
        judged = f"proven to be at least {found.low:.4g}, above {measure.limit:g}"
    elif found.value > measure.limit:
        judged = f"above {measure.limit:g}, but not proven to be: the lower bound is {found.low:.4g}"
    else:
        judged = f"within {measure.limit:g}"
    details = {"group_column": measure.groups.column, "gap": found.value, "low": found.low, "high": found.high}
    details |= {"measure": measure.title, "rate": rate, "highest": highest, "lowest": lowest}
    details["old_gap"] = None if old is None else float(ordered.apart(old.value).max())
    return Check(
        measure.name,
        decision,
        f"{seen}, a gap of {found.value:.4g}: {judged}.",
        found.value,
        measure.limit or None,
        (found.low, found.high),
        int(sum(rate.n[kept].sum() for rate, kept in zip(measure.rates, measure.kept, strict=True))),
        advisory=not measure.limit,
        details=details,
    )


def _of_growth(
    measure: Measure, both: tuple[Numbers, Numbers], correlation: np.ndarray, ordered: Pairs, limit: float
) -> Check:
    found = group_gaps.growth(*both, correlation, ordered)
    before, after = (float(ordered.apart(numbers.value).max()) for numbers in both)
    decision = Decision.REJECT if found.low > limit else Decision.PROMOTE
    why = f"The gap is {after:.4g}, and {before:.4g} for the champion: it grew by {found.value:+.4g}, "
    proven = f"proven to be at least {found.low:.4g}, above {limit:g}."
    why += proven if decision == Decision.REJECT else f"which is not proven to be above {limit:g}."
    about = {"group_column": measure.groups.column, "measure": f"{measure.title}, growth"}
    details = {**about, "old_gap": before, "new_gap": after}
    return Check(f"{measure.name}, growth", decision, why, found.value, limit, (found.low, found.high), details=details)


def _too_few(measure: Measure, knobs: Knobs) -> Check:
    """Hold where a limit is set and a kind of rate cannot be compared at all: that is no pass."""
    rates = " or ".join(measure.uncompared)
    why = (
        f"Not judged: no two groups of {measure.groups.column} have {knobs.minimum:,} rows each for {rates}. Name "
        f"coarser groups in [{SECTION}], or bring more rows. A person may approve the candidate."
    )
    part = f", {rates}" if measure.judged else ""
    details = {"group_column": measure.groups.column, "measure": f"{measure.title}{part}"}
    return Check(f"{measure.name}{part}", Decision.HOLD, why, limit=measure.limit, details=details)


def _left_out(groups: Levels, rates: Sequence[tuple[Rate, np.ndarray]], knobs: Knobs) -> list[Check]:
    """List the groups that have too few rows for a rate."""
    few = [
        f"{rate.name} in {groups.titles[place]} ({rate.n[place]})"
        for rate, kept in rates
        for place in np.flatnonzero(~kept)
    ]
    if not few:
        return []
    more = f" and {len(few) - MOST_NAMED} more" if len(few) > MOST_NAMED else ""
    why = f"Not judged, for fewer than {knobs.minimum:,} rows: {', '.join(few[:MOST_NAMED])}{more}."
    details = {"group_column": groups.column}
    return [Check(f"{SECTION} {groups.column}: not judged", Decision.HOLD, why, advisory=True, details=details)]


def _table(groups: Levels, rates: Sequence[tuple[Rate, np.ndarray]]) -> list[dict[str, Any]]:
    """Return the candidate's rates, a row a group; what too few rows say is left out."""
    rows = np.bincount(groups.codes, minlength=len(groups.names)).tolist()
    shown = [(rate.name, rate.candidate.tolist(), kept.tolist()) for rate, kept in rates[:MOST_COLUMNS]]
    return [
        {"group": title, "rows": rows[place]}
        | {name: round(values[place], 4) if kept[place] else None for name, values, kept in shown}
        for place, title in enumerate(groups.titles)
    ]
