"""Faults of the evidence: verdicts of something else, changed, broken or missing, and approvals of something else."""

import json
from argparse import Namespace
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from faults.fault import Fault, Judge
from faults.workshop import Workshop, attempt

from gatehouse import files, ledger
from gatehouse.config import Store
from gatehouse.registry import connect
from gatehouse.stages import approve, gate, judgement, register, rollout, train
from gatehouse.verdicts import Check, Decision, Verdict

ERROR = Decision.ERROR
# What a gate says that holds.
HOLD = Check("quality", Decision.HOLD, "Not settled.")


def registered(
    text: Callable[[Workshop], str], prepare: Callable[[Path, Path], Any] = lambda path, state: None
) -> Judge:
    """Return what registers the candidate with this text as its gate's verdict, `prepare`d beside the state."""

    def judge(shop: Workshop) -> Verdict:
        path = served(shop, text(shop))
        prepare(path, Path(shop.crowned.store.state))
        return attempt("register", lambda: register.run(shop.crowned, shop.candidate, path))

    return judge


def served(shop: Workshop, gate: str) -> Path:
    """Write the gate's verdict beside that of a check_serving which let the candidate through, and return its file."""
    path = shop.text(gate, "gate.json")
    good = Check("p95", Decision.PROMOTE, "Fast enough.")
    files.write_text(
        path.with_name("check_serving.json"),
        judgement.make("check_serving", [good], subject=train.subject(shop.candidate)).to_json(),
    )
    return path


def sound(shop: Workshop) -> str:
    """Return the gate's verdict on the candidate."""
    return shop.gated.to_json()


def remade(**values: Any) -> Callable[[Workshop], str]:
    """Return what gives the verdict with other fields, as a step would have written it."""
    return lambda shop: replace(shop.gated, **values).to_json()


def about(**values: Any) -> Callable[[Workshop], str]:
    """Return what gives the verdict of another subject."""
    return lambda shop: replace(shop.gated, subject=replace(shop.gated.subject, **values)).to_json()


def edited(shop: Workshop) -> str:
    """Return a reject in which somebody wrote `promote` at the top."""
    verdict = gate.run(shop.crowned, shop.found, shop.worse, shop.registry)
    return json.dumps({**json.loads(verdict.to_json()), "decision": "promote"})


def swapped(shop: Workshop) -> str:
    """Return the verdict of a gate that judged the champion, as if it were the candidate, against the candidate."""
    store = Store(state=str(shop.state()))
    config = replace(shop.crowned, store=store)
    registry = connect(config)
    registry.promote(registry.register(shop.candidate), "swapped")
    return gate.run(config, shop.found, shop.champion, registry).to_json()


def first(shop: Workshop) -> str:
    """Return the verdict of a gate that saw no champion, where there is one."""
    config = replace(shop.crowned, store=Store(state=str(shop.state())))
    return gate.run(config, shop.found, shop.candidate, connect(config)).to_json()


def approved_other(path: Path, state: Path) -> None:
    """Approve another hold than the one at `path`."""
    document = json.loads(path.read_text())
    other = path.with_name("other.json")
    other.write_text(json.dumps({**document, "made_at": "2020-01-01T00:00:00+00:00"}))
    approve.run(other, "agreed", state)


def with_ledger(line: str) -> Judge:
    """Return what registers an approved hold whose ledger has one more line."""

    def judge(shop: Workshop) -> Verdict:
        config = replace(shop.crowned, store=Store(state=str(shop.state())))
        held = gate.run(config, shop.found, shop.candidate, connect(config))
        path = served(shop, replace(held, checks=(HOLD,)).to_json())
        approve.run(path, "agreed", Path(config.store.state))
        if line:
            with (Path(config.store.state) / ledger.FILE).open("a") as stream:
                stream.write(line)
        return attempt("register", lambda: register.run(config, shop.candidate, path))

    return judge


def approval(decision: Decision, reason: str = "agreed") -> Judge:
    """Return what approves a verdict that says this."""

    def judge(shop: Workshop) -> Verdict:
        path = shop.text(remade(checks=(Check("quality", decision, "As seen."),))(shop), "gate.json")
        return attempt("approve", lambda: approve.run(path, reason, shop.new("state")))

    return judge


def rolled_out(text: Callable[[Workshop], str], challenger: bool = True) -> Judge:
    """Return what rolls the challenger out with this text as its gate's verdict; there is no target to serve on."""

    def judge(shop: Workshop) -> Verdict:
        config = replace(shop.crowned, store=Store(state=str(shop.state())))
        config = replace(config, rollout=replace(config.rollout, target="none"))
        if challenger:
            connect(config).register(shop.candidate)
        args = Namespace(verdict=shop.text(text(shop), "gate.json"), down=False, attach=False, minutes=60.0)
        return attempt("rollout", lambda: rollout.main(config, args))

    return judge


SOUND = registered(sound)
APPROVED = with_ledger("")
APPROVAL = approval(Decision.HOLD)
ROLLED_OUT = rolled_out(sound)


def refusal(name: str, planted: str, says: str, bad: Judge, good: Judge | None = None, step: str = "register") -> Fault:
    """Return a fault of a verdict, which the step that would act on it must not take."""
    return Fault(name, planted, step, step, ERROR, says, bad, good or SOUND)


FAULTS = [
    refusal("no verdict", "the gate's verdict is not there", "There is no verdict of gate",
            registered(sound, lambda path, state: path.unlink())),
    refusal("empty verdict", "a file of no bytes", "This is no verdict", registered(lambda shop: "")),
    refusal("truncated verdict", "a file that ends in the middle", "This is no verdict",
            registered(lambda shop: sound(shop)[:300])),
    refusal("verdict of other software", "JSON that is no verdict", "This is no verdict",
            registered(lambda shop: '{"decision": "promote", "why": "Good."}')),
    refusal("verdict without checks", "a gate that ran no check", "No check was made", registered(remade(checks=()))),
    refusal("verdict of advice", "a gate of which no check counts", "No check was made",
            registered(remade(checks=(replace(HOLD, decision=Decision.PROMOTE, advisory=True),)))),
    refusal("verdict edited by hand", "a reject with 'promote' written at its top", "changed after it was made",
            registered(edited)),
    refusal("verdict of another step", "what train says of the same bundle", "is needed",
            registered(remade(step="train"))),
    refusal("verdict of another bundle", "the verdict of another training", "another's",
            registered(about(bundle="0" * 64))),
    refusal("verdict of other data", "the verdict of the same code on other rows", "another's",
            registered(about(data_hash="0" * 64))),
    refusal("verdict of another commit", "the verdict of an earlier commit", "stale",
            registered(about(commit="0" * 40))),
    refusal("champion and candidate swapped", "a verdict that judged the champion against the candidate", "another's",
            registered(swapped)),
    refusal("champion overlooked", "a verdict by the floor alone, where there is a champion", "the champion is now",
            registered(first)),
    refusal("NaN in the evidence", "a check that saw NaN and let it pass", "not a finite number",
            registered(remade(checks=(Check("quality", Decision.PROMOTE, "Good.", observed=float("nan")),)))),
    refusal("NaN as the limit", "a check whose limit is NaN", "not a finite number",
            registered(remade(checks=(Check("quality", Decision.PROMOTE, "Good.", 0.5, limit=float("nan")),)))),
    refusal("reject", "the verdict of a gate that rejected", "is 'reject'",
            registered(remade(checks=(replace(HOLD, decision=Decision.REJECT),)))),
    refusal("hold that nobody approved", "the verdict of a gate that held", "Approve it",
            registered(remade(checks=(HOLD,))), APPROVED),
    refusal("approval of another verdict", "a person approved another hold of the same bundle", "Approve it",
            registered(remade(checks=(HOLD,)), approved_other), APPROVED),
    refusal("broken ledger", "a line of the ledger that is no JSON", "is not JSON", with_ledger('{"event": "appro'),
            APPROVED),
    refusal("approval of a reject", "a person approves what was rejected", "only 'hold' can be approved",
            approval(Decision.REJECT), APPROVAL, "approve"),
    refusal("approval without reason", "a person approves and does not say why", "needs a reason",
            approval(Decision.HOLD, " "), APPROVAL, "approve"),
    refusal("rollout without challenger", "nothing was registered", "no challenger", rolled_out(sound, False),
            ROLLED_OUT, "rollout"),
    refusal("rollout of another bundle", "the challenger's verdict is another bundle's", "another's",
            rolled_out(about(bundle="0" * 64)), ROLLED_OUT, "rollout"),
    refusal("rollout of a reject", "the challenger's verdict is a reject", "is 'reject'",
            rolled_out(remade(checks=(replace(HOLD, decision=Decision.REJECT),))), ROLLED_OUT, "rollout"),
]  # fmt: skip
