"""Look for leaks: rows that train and judge at once, columns that tell the label, labels that come another way.

Examples:
  scripts/check_leakage.py
  scripts/check_leakage.py --bundle build/bundle
"""

import argparse
import sys
from functools import partial
from pathlib import Path

import pandas as pd

from gatehouse import bundle as bundles
from gatehouse import holdout, workload
from gatehouse.bundle import Bundle, Model
from gatehouse.config import Config
from gatehouse.contract import Contract
from gatehouse.errors import DataError, EvidenceError
from gatehouse.gates import gaps, giveaways, leakage, metrics, overlap, post_event, shuffled, strength, time_order
from gatehouse.gates.metrics import Comparison
from gatehouse.registry import Registry, connect
from gatehouse.stages import judgement, planted, train
from gatehouse.stages import rows as rowsets
from gatehouse.stages.rows import Rows
from gatehouse.verdicts import Check, Decision, Verdict
from gatehouse.workload import Workload


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what this step takes."""
    parser.add_argument("--bundle", type=Path, default=Path("build/bundle"), help="the candidate (%(default)s)")


def main(config: Config, args: argparse.Namespace) -> Verdict:
    """Look for leaks in the bundle of the command line."""
    return run(config, workload.of(config), bundles.read(args.bundle), connect(config))


def run(config: Config, found: Workload, candidate: Bundle, registry: Registry) -> Verdict:
    """Judge a candidate's rows, its columns and its estimator, and whether the champion knows the rows that judge."""
    contract, knobs = found.contract, config.leakage
    rows = rowsets.of_bundle(candidate, found, config)
    told("asking every column what it tells of the label")
    checks = [*column_checks(rows, contract, knobs), post_event.used(candidate.contract, contract)]
    told("comparing the rows that train with the rows that judge")
    checks += overlap.judge(rows.training, rows.holdout, contract, knobs)
    checks += time_order.judge(rows.training, rows.holdout, contract, rows.window.since, rows.window.until, knobs)
    checks += earlier_checks(registry, found, config, rows)
    checks.append(shuffled_check(config, found, rows))
    return judgement.make("check_leakage", checks, subject=train.subject(candidate))


def column_checks(rows: Rows, contract: Contract, knobs: leakage.Knobs) -> list[Check]:
    """Judge what the features and the post-event columns tell. Raises EvidenceError when the labels do not allow it."""
    everything = pd.concat([rows.training, rows.holdout])
    n, drawn = len(everything), leakage.sample(everything, knobs)
    target, opened = strength.target(drawn, contract), leakage.opened(contract, drawn)
    frame, features = opened.frame(drawn), contract.features
    later = [column for column in opened.features if column.name not in {feature.name for feature in features}]
    found, left_out = (giveaways.strongest_first(frame, columns, target) for columns in (features, later))
    return [
        giveaways.judge(found, left_out, target, n, knobs),
        gaps.judge(frame, features, target, n, knobs),
        *post_event.declared(left_out, found[0] if found else None, target, n),
        *([post_event.copies(frame, features, later, n)] if later else []),
    ]


def earlier_checks(registry: Registry, found: Workload, config: Config, rows: Rows) -> list[Check]:
    """Judge whether the champion and the anchor were trained on rows that judge now."""
    n, champion, anchor = len(rows.holdout), registry.champion(), registry.anchor()
    if champion is None:
        return [Check(overlap.name_of("champion"), Decision.PROMOTE, "There is no champion yet.", n=n)]
    checks = [earlier_check(f"champion {champion.version}", registry.fetch(champion), found, config, rows)]
    if anchor and anchor.bundle != champion.bundle:
        checks.append(earlier_check(f"anchor {anchor.version}", registry.fetch(anchor), found, config, rows))
    return checks


def earlier_check(model: str, bundle: Bundle, found: Workload, config: Config, rows: Rows) -> Check:
    """Judge whether one model was trained on rows that judge now; where nobody can tell, hold."""
    told(f"splitting the rows of the {model} as it was trained")
    try:
        trained = rowsets.of_earlier(bundle, found)
    except (EvidenceError, DataError) as error:
        return overlap.unknown(model, str(error).rstrip("."), len(rows.holdout))
    certain = trained.hash == bundle.manifest["data"]["hash"] or same_split(bundle, found.contract, config.holdout)
    return overlap.seen(model, trained.training, rows.holdout, found.contract, certain=certain)


def same_split(champion: Bundle, contract: Contract, knobs: holdout.Knobs) -> bool:
    """Tell whether what is held out today was held out from the champion too, whatever became of its data.

    A row's side depends on its key alone, so the same key and salt, and a share that is no larger, are enough.
    """
    how = champion.manifest["holdout"]
    keys = [c.named("group") or c.named("id") for c in (champion.contract, contract)]
    return keys[0] == keys[1] and how["salt"] == holdout.SALT.decode() and knobs.share <= how["share"]


def shuffled_check(config: Config, found: Workload, rows: Rows) -> Check:
    """Judge models that were trained on shuffled labels: one, and more where that one seems to beat a dummy."""
    tried: list[Comparison] = []
    for number in range(config.leakage.shuffles):
        told(f"training on shuffled labels{f', again ({number + 1})' if number else ''}")
        tried.append(shuffle(found, rows, config.leakage.seed + number))
        if not shuffled.suspicious(tried[0], config.leakage):
            break
    return shuffled.judge(tried, config.leakage)


def shuffle(found: Workload, rows: Rows, seed: int) -> Comparison:
    """Train on labels that were dealt out anew, and compare with a dummy on the true labels of the holdout."""
    contract = found.contract
    fit = partial(planted.fit_on_shuffled_labels, share=1.0, seed=seed)
    answers = Model(train.fitted(found, rows, seed, fit), contract).predict(rows.holdout)
    dummy = shuffled.mean_answer(answers)
    return metrics.compare(shuffled.METRICS[contract.task], found.truth(rows.holdout), dummy, answers)


def told(text: str) -> None:
    """Say what is being done, while it is."""
    sys.stdout.write(f"  {text} ...\n")
    sys.stdout.flush()
