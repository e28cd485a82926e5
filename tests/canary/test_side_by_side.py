"""A canary beside stable, look by look: what is learned of a window, and what is not."""

from dataclasses import replace

import pytest

from gatehouse.canary import side_by_side
from gatehouse.canary.comparison import Knobs
from gatehouse.canary.counters import CLASS, EDGES_MS, Counters
from gatehouse.canary.side_by_side import Compared
from gatehouse.canary.watch import Watched
from gatehouse.verdicts import Decision

SINGLE = Knobs(bursts=1.0)


def counters(requests, errors=0, yes=0, slow=0, took=30.0):
    """Return a slot's counters: all answers but the slow ones take up to 5 ms, and these as many as they `took`."""
    predicted = {CLASS: {"no": requests - yes, "yes": yes}}
    latency = {edge: requests - (slow if edge < took else 0) for edge in EDGES_MS}
    return Counters(requests, errors, 0, latency, 0, predicted)


def looked(*looks, knobs=SINGLE, seen=None, share=0.5):
    """Return what is known after looks at the counters of canary and stable."""
    seen, before = seen or Compared(counters(0)), counters(0)
    for now, (canary, stable) in enumerate(looks):
        seen, before = side_by_side.looked(seen, before, canary, stable, share, 10.0 * now, knobs), canary
    return seen


def test_edges_judge_no_window_of_their_own():
    """What chose the edges of lateness is not judged by them: late answers are counted from the next look on."""
    first = looked((counters(500), counters(500)))
    assert (first.edges, [*first.evidence]) == ((25.0,), ["errors"])
    second = looked((counters(500), counters(500)), (counters(900, slow=20), counters(900, slow=20)))
    assert [*second.evidence] == ["errors", "answers above 25 ms"]


def test_little_of_stable_freezes_no_edge():
    """Quantiles are not read from a handful of answers, and the check that waits for them says so."""
    seen = looked((counters(199), counters(199)))
    waiting = {check.name: check for check in side_by_side.judged(seen, SINGLE)}["late answers"]
    assert (seen.edges, waiting.decision) == ((), Decision.HOLD)
    assert "from 200 requests; it was sent 199" in waiting.why


def test_late_answers_are_found():
    """A canary ten times as often late as stable goes back, by edges that were frozen before it began."""
    watched = Watched("a", 0.0, counters(3000), (counters(3000, slow=100),))
    begun = side_by_side.begun(watched, counters(3000), {}, SINGLE)
    assert begun.edges == (25.0, 50.0)
    seen = looked((counters(400, slow=150), counters(3400, slow=13)), seen=begun)
    checks = {check.name: check.decision for check in side_by_side.judged(seen, SINGLE)}
    assert checks["answers above 25 ms beside stable"] == Decision.REJECT


@pytest.mark.parametrize(("took", "every", "found"), [(7.0, 1, Decision.PROMOTE), (30.0, 30, Decision.REJECT)])
def test_lateness_that_nobody_notices_is_none(took, every, found):
    """Where stable answers within 5 ms, a candidate of 7 ms goes on; one that stalls every 30th for 30 goes back."""
    watched = Watched("a", 0.0, counters(3000), (counters(3000),))
    begun = side_by_side.begun(watched, counters(3000), {}, SINGLE)
    looks = [(counters(n, slow=n // every, took=took), counters(3000 + n)) for n in range(300, 3300, 300)]
    checks = {check.name: check.decision for check in side_by_side.judged(looked(*looks, seen=begun), SINGLE)}
    assert checks["answers above 25 ms beside stable"] == found


def test_floor_is_set_by_who_needs_more():
    """Whoever's callers do notice 7 ms in place of 5 sets the lowest edge, and such a candidate goes back."""
    strict = Knobs(bursts=1.0, late_floor_ms=5.0)
    watched = Watched("a", 0.0, counters(3000), (counters(3000),))
    begun = side_by_side.begun(watched, counters(3000), {}, strict)
    seen = looked((counters(300, slow=300, took=7.0), counters(3300)), seen=begun, knobs=strict)
    checks = {check.name: check.decision for check in side_by_side.judged(seen, strict)}
    assert checks["answers above 5 ms beside stable"] == Decision.REJECT


def test_earlier_edges_are_kept():
    """A rollout that began by an edge below the floor is judged by what it began with."""
    look = (counters(400, slow=100, took=7.0), counters(400))
    seen = looked(look, seen=Compared(counters(0), edges=(5.0,)))
    assert (seen.edges, [*seen.evidence]) == ((5.0,), ["errors", "answers above 5 ms"])


def test_bursts_are_worth_less():
    """The same errors convince where they come one by one, and not where stable's come ten at a time."""
    look = (counters(2000, errors=40), counters(2000, errors=12))
    windows = tuple(counters(1000, errors=10 * (minute % 2)) for minute in range(60))
    bursty = side_by_side.begun(Watched("a", 0.0, counters(0), windows), counters(0), {}, SINGLE)
    assert bursty.dispersion["errors"] == pytest.approx(10)
    single, many = (side_by_side.judged(looked(look, seen=seen), SINGLE)[0] for seen in (None, bursty))
    assert (single.decision, many.decision) == (Decision.REJECT, Decision.HOLD)
    assert "divided by 10.0, as stable's come in bursts" in many.why


def test_unknown_bursts_are_assumed():
    """With 59 windows nobody knows of bursts: counts are divided all the same, and the reason tells the windows."""
    windows = (counters(1000, errors=5),) * 59
    seen = side_by_side.begun(Watched("a", 0.0, counters(0), windows), counters(0), {}, SINGLE)
    check = side_by_side.judged(looked((counters(300), counters(300)), seen=seen, knobs=Knobs()), Knobs())[0]
    assert "divided by 3, as stable's bursts are not known: 59 windows were seen" in check.why
    assert (seen.dispersion, seen.watched) == ({}, 59)


def test_sticky_clients_are_worth_less():
    """Requests of clients that stay are divided although stable was calm, and stay divided where it was burstier."""
    look, calm = (counters(2000, errors=40), counters(2000, errors=12)), (counters(1000, errors=5),) * 60
    begun = side_by_side.begun(Watched("a", 0.0, counters(0), calm), counters(0), {}, SINGLE)
    lots, clients = (
        side_by_side.judged(looked(look, seen=replace(begun, sticky=sticky), knobs=Knobs()), Knobs())[0]
        for sticky in (False, True)
    )
    assert (lots.decision, clients.decision) == (Decision.REJECT, Decision.HOLD)
    assert "divided by 3, as each client's requests all go to one version" in clients.why
    bursty = replace(begun, sticky=True, dispersion={"errors": 7.0})
    check = side_by_side.judged(looked(look, seen=bursty, knobs=Knobs()), Knobs())[0]
    assert "divided by 7.0, as stable's come in bursts" in check.why


def test_sticky_clients_have_no_share():
    """Where clients stay, the share is told and judges nobody: the same requests by lot are an error of the router."""
    looks = [(counters(100 * n, yes=50 * n), counters(900 * n, yes=450 * n)) for n in range(1, 9)]
    found = [looked(*looks, seen=Compared(counters(0), sticky=sticky)) for sticky in (False, True)]
    lots, clients = ({check.name: check for check in side_by_side.judged(seen, SINGLE)} for seen in found)
    assert lots["traffic split"].decision == Decision.ERROR
    assert (clients["traffic split"].decision, clients["traffic split"].advisory) == (Decision.PROMOTE, True)
    assert "clients stay with their version" in clients["traffic split"].why
    beside = f"{CLASS} beside stable"
    assert "differs at all" in lots[beside].why
    assert "differs at all" not in clients[beside].why


def test_gone_weight_teaches_nothing_of_shares():
    """While the router does not do as it was told, nothing is learned of its split or of predictions."""
    seen = looked((counters(300), counters(300)), (counters(900), counters(600)), share=None)
    assert (seen.split.canary, seen.outputs.canary) == (0, {})
    assert seen.evidence


def test_unread_predictions_are_no_zeros():
    """A look at which a server said nothing of its predictions is passed over, and so is the one after it."""
    silent = replace(counters(600), predictions={})
    seen = looked((counters(300), counters(300)), (silent, counters(600)), (counters(900), counters(900)))
    assert seen.outputs.canary[CLASS]["no"] == 300
    assert looked((silent, silent)).outputs.names == []


def test_silent_servers_hold():
    """Without a single prediction that could be read, no step goes on."""
    silent = replace(counters(600), predictions={})
    check = side_by_side.judged(looked((silent, silent)), SINGLE)[-1]
    assert check.decision == Decision.HOLD
    assert "No prediction of both versions could be read" in check.why
