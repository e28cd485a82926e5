"""Faults of what it costs to serve a model: time, memory and size, beside the champion's and above what is allowed.

Both models are processes that say what they are told to have measured: what else this machine does is then no fault.
That real processes show it is tried in tests/stages/test_check_serving.py.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from faults.fault import Fault, Judge
from faults.workshop import Workshop, attempt, settings
from stages import paper_meter

from gatehouse import files
from gatehouse.config import Store
from gatehouse.registry import connect
from gatehouse.stages import approve, check_serving, judgement, register, train
from gatehouse.verdicts import Check, Decision, Verdict

ERROR, HOLD, PROMOTE, REJECT = Decision.ERROR, Decision.HOLD, Decision.PROMOTE, Decision.REJECT
ROW = [10.0 + 0.1 * (place % 7) for place in range(50)]
BATCH = [2 * time for time in ROW]
# One request in ten takes half as long again: the median does not know of it.
TAIL = [time * (1.5 if place % 10 == 0 else 1) for place, time in enumerate(ROW)]
# As on a machine where much else runs; each model meets other moments of it.
RESTLESS, BUSY = (np.random.default_rng(seed).lognormal(2.3, 1.5, 211).tolist() for seed in (0, 1))
UNLOADABLE = "import sys; sys.exit('No module named measure')"
IMAGE, OTHER = (f"ghcr.io/you/model/serve@sha256:{digit * 64}" for digit in "12")


def times(
    factor: float = 1.0, row: Sequence[float] = ROW, batch: Sequence[float] = BATCH, peak_mb: float = 200.0
) -> str:
    """Return the program of a model whose times are so many times as long."""
    return paper_meter.script([factor * time for time in row], [factor * time for time in batch], peak_mb)


def timed(candidate: str = "", champion: str = "", section: str = "memory", **values: float) -> Judge:
    """Return what times the candidate beside the champion; settings of a `section` may say something else."""

    def judge(shop: Workshop) -> Verdict:
        programs = {"candidate": candidate or times(), "champion": champion or times()}
        return attempt("check_serving", lambda: check_serving.run(
            settings(shop.crowned, section, **values), shop.found, shop.candidate, shop.registry,
            start=lambda one: paper_meter.start(one.who, programs[one.who]), say=lambda line: None,
        ))  # fmt: skip

    return judge


def first(factor: float) -> Judge:
    """Return what times a first model, which has no champion beside it."""

    def judge(shop: Workshop) -> Verdict:
        config = replace(shop.config, store=Store(state=str(shop.state())))
        return attempt("check_serving", lambda: check_serving.run(
            config, shop.found, shop.candidate, connect(config),
            start=lambda one: paper_meter.start(one.who, times(factor)), say=lambda line: None,
        ))  # fmt: skip

    return judge


def registered(
    decision: Decision = PROMOTE, image: str | None = IMAGE, without: Sequence[str] = (), *, approved: bool = False
) -> Judge:
    """Return what registers an image, or a bundle alone where `image` is None.

    `decision` is what check_serving said of `image`, and a person `approved` it.
    """

    def judge(shop: Workshop) -> Verdict:
        config = replace(shop.crowned, store=Store(state=str(shop.state())))
        about = replace(train.subject(shop.candidate), image_digest=image.partition("@")[2] if image else None)
        gate = shop.new("gate.json")
        for step, said in {"gate": PROMOTE, "smoke_test": PROMOTE, "check_serving": decision}.items():
            made = judgement.make(step, [Check(step, said, "As seen.")], subject=about, details={"champion": None})
            if step not in without:
                files.write_text(gate.with_name(f"{step}.json"), made.to_json())
        if approved:
            approve.run(gate.with_name("check_serving.json"), "agreed", Path(config.store.state))
        return attempt("register", lambda: register.run(config, shop.candidate, gate, image and IMAGE))

    return judge


SOUND = timed()
FIRST = first(1.0)
REGISTERED = registered()
APPROVED = registered(HOLD, approved=True)


def dearer(name: str, planted: str, check: str, says: str, bad: Judge, good: Judge = SOUND) -> Fault:
    """Return a fault that check_serving must reject."""
    return Fault(name, planted, "check_serving", check, REJECT, says, bad, good)


def untested(name: str, planted: str, says: str, bad: Judge, good: Judge = REGISTERED) -> Fault:
    """Return a fault of what was found of an image, which register must not take."""
    return Fault(name, planted, "register", "register", ERROR, says, bad, good)


FAULTS = [
    dearer("slower by 30 %", "every request takes 30 % longer than the champion's", "median of one row, ratio",
           "1.3 times as long", timed(times(1.3))),
    dearer("slower batches", "batches take 30 % longer, and single rows do not", "median of a batch, ratio",
           "1.3 times as long", timed(times(batch=[1.3 * time for time in BATCH]))),
    dearer("slow tail", "one request in ten takes half as long again", "p95 of one row, ratio",
           "proven to be more than 1.25 times", timed(times(row=TAIL))),
    dearer("over the budget of time", "10 % slower, which takes it from below 100 ms to above", "p95 of one row, ms",
           "above the budget of 100 ms", timed(times(9.9), times(9))),
    dearer("first model over the budget", "a first model that takes 200 ms", "p95 of one row, ms",
           "above the budget of 100 ms", first(20), FIRST),
    dearer("memory doubled", "a process that needs 400 MB where the champion needs 200", "peak memory, ratio",
           "2 times as much", timed(times(peak_mb=400.0))),
    dearer("over the budget of memory", "as much memory as the champion, and both above 2,048 MB", "peak memory, MB",
           "2,048 MB are allowed", timed(times(peak_mb=2100.0), times(peak_mb=2100.0))),
    dearer("bundle too large", "a bundle of which half would be allowed", "bundle size, MB", "are allowed",
           timed(bundle_mb=1e-3)),
    Fault("times that are NaN", "a process that says NaN", "check_serving", "time of one row", ERROR,
          "NaN, infinite or not above 0", timed(times(float("nan"))), SOUND, "median of one row, ratio"),
    Fault("no memory", "a process that had 0 MB", "check_serving", "peak memory, MB", ERROR,
          "Not every process said", timed(times(peak_mb=0.0)), SOUND),
    Fault("candidate that does not load", "a process that ends before it serves", "check_serving", "check_serving",
          ERROR, "The candidate cannot be loaded", timed(UNLOADABLE), SOUND),
    Fault("champion that does not load", "an image from before models were timed", "check_serving", "comparable",
          HOLD, "The champion cannot be loaded", timed(champion=UNLOADABLE), SOUND, "median of one row, ratio"),
    Fault("machine too busy", "as slow as the champion, and both above 100 ms", "check_serving", "p95 of one row, ms",
          HOLD, "too busy or too slow to tell", timed(times(20), times(20)), SOUND),
    Fault("too much noise", "times that differ more than the models", "check_serving", "median of one row, ratio",
          HOLD, "not settled", timed(times(row=RESTLESS), times(row=BUSY), "latency", maximum_rounds=2), SOUND),
    untested("image that nobody timed", "no verdict of check_serving", "no verdict of check_serving",
             registered(without=["check_serving"])),
    untested("image that nobody asked", "no verdict of smoke_test", "no verdict of smoke_test",
             registered(without=["smoke_test"])),
    untested("bundle that nobody timed", "no image, and no verdict of check_serving", "no verdict of check_serving",
             registered(image=None, without=["check_serving"]), registered(image=None)),
    untested("another image was timed", "verdicts about another digest", "another's", registered(image=OTHER)),
    untested("slow image registered", "check_serving rejected it", "is 'reject'", registered(REJECT)),
    untested("noise that nobody approved", "check_serving held it", "Approve it", registered(HOLD), APPROVED),
]  # fmt: skip
