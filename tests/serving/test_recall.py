"""What a server remembers of its answers."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import tumours

from gatehouse.bundle import Bundle
from gatehouse.serving import identity, recall
from gatehouse.serving.answers import Answered
from gatehouse.serving.recall import Recall
from gatehouse.serving.requests import Batch


def answered(values: list[str], name: str = "") -> Answered:
    """Return an answer to a request of some rows, whose id is a made up one unless it is given."""
    batch = Batch([{} for _ in values], [None] * len(values), {})
    return Answered(name or identity.new(), batch, values, [{"no": 0.9, "yes": 0.1}] * len(values))


def told(memory: Recall) -> list[list[object]]:
    """Return what a memory tells."""
    return list(json.loads(memory.text())["answers"])


def test_request_is_known_by_its_body():
    """Made up ids do not count, so that two servers know the same request; a client's own id does."""
    here, there = Recall(10), Recall(10)
    here.add(b"a", answered(["no"]))
    there.add(b"a", answered(["yes"]))
    there.add(b"b", answered(["no"]))
    there.add(b"a", answered(["no"], "mine"))
    (first,) = told(here)
    assert [one[0] for one in told(there)] == [1, 2, 3]
    assert [one[1] == first[1] for one in told(there)] == [True, False, False]
    assert first[2:] == ["no", {"no": 0.9, "yes": 0.1}]


def test_same_request_counts_once():
    """Who asks the same again and again is one request."""
    memory = Recall(10)
    for _ in range(5):
        memory.add(b"a", answered(["no"]))
    assert len(told(memory)) == 1


def test_one_row_of_many_is_kept():
    """Of a large request both servers keep the same row."""
    values = [f"row {number}" for number in range(50)]
    found = []
    for memory in (Recall(10), Recall(10)):
        memory.add(b"many", answered(values))
        found.append(told(memory)[0][2])
    assert found[0] == found[1] in values


def test_crowd_halves_the_hashes():
    """Where answers would not stay for a minute, half of the hashes count no more: two servers keep the same ones."""
    few, many = Recall(40), Recall(40)
    for number in range(100):
        few.add(b"%d" % number, answered(["no"]))
    for number in range(1000):
        many.add(b"%d" % (999 - number), answered(["no"]))
    assert 0 < len(told(few)) <= 40
    both = {one[1] for one in told(few)} & {one[1] for one in told(many)}
    kept = {one[1] for one in told(many) if one[1] in {key for _, key, *_ in told(few)}}
    assert both == kept != set()


def test_old_answers_make_room(monkeypatch):
    """Answers of more than a minute ago go, oldest first, and every request still counts."""
    memory = Recall(3)
    for number in range(5):
        monkeypatch.setattr(recall.time, "monotonic", lambda at=100.0 * number: at)
        memory.add(b"%d" % number, answered([str(number)]))
    assert [(one[0], one[2]) for one in told(memory)] == [(3, "2"), (4, "3"), (5, "4")]


@pytest.mark.parametrize("plain", [(), ("--plain",)])
def test_server_tells_its_answers(start: Callable[..., Any], bundle: Bundle, plain: tuple[str, ...]) -> None:
    """A server that was told to remember tells at /answers what it predicted, and for whom, whatever route it took."""
    server = start(bundle.path, "--recalled-answers", 5, *plain)
    status, answer = server.predict(tumours.ROW)
    found = json.loads(server.ask("/answers")[2])
    assert (status, found["size"], len(found["answers"])) == (200, 5, 1)
    assert found["answers"][0][2:] == [answer["predictions"][0], answer["scores"][0]]


def test_server_keeps_nothing_unasked(server: Any) -> None:
    """A server that nobody told to remember says so."""
    server.predict(tumours.ROW)
    found = json.loads(server.ask("/answers")[2])
    assert (found["size"], found["answers"]) == (0, [])
