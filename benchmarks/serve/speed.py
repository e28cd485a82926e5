"""The rows of the table about requests: how many, how soon, at what cost, and when there are too many."""

import math
import statistics
from collections.abc import Mapping
from typing import Any

from benchmarks.serve import bench as benches
from benchmarks.serve.bench import Bench, Line
from benchmarks.serve.contenders import (
    BENTOML,
    FASTAPI,
    MLFLOW,
    MLSERVER,
    ONNX,
    PLAIN,
    READABLE,
    SKLEARN,
    AbsentError,
    Contender,
)

PEERS = {60: MLFLOW, 40: BENTOML, 35: MLSERVER, 3: READABLE}
Runs = list[dict[str, Any]]
# Clients, more than fit into one turn of the server's event loop, and the rows of a request that is worth refusing.
CROWD, MANY = 512, 20


def alternated(bench: Bench, *contenders: Contender, **options: Any) -> dict[str, Runs]:
    """Load servers in turn, so that what else goes on at the machine meets all of them. Raises AbsentError."""
    found: dict[str, Runs] = {contender.name: [] for contender in contenders}
    with bench.running(*contenders) as servers:
        for _ in range(bench.rounds):
            for server in servers:
                found[server.contender.name].append(bench.load(server, **options))
    return found


def requests_text(runs: Runs) -> str:
    """Say how many requests a second were answered, and warn when the core was not the server's own."""
    share = benches.median(runs, "core_share")
    busy = f", busy machine: it had {share:.0%} of its core" if share < benches.OWN_CORE else ""
    cost = benches.median(runs, "cpu_ms")
    return f"{benches.median(runs, 'good_per_second'):,.0f}/s at {cost:.2f} ms{busy}"


def against(bench: Bench, row: str, ours: Contender, peer: Contender, goal: float) -> Line:
    """Compare the good answers a second of two servers."""
    text = f"requests/s of {ours.name}, times those of {peer.name}"
    try:
        found = alternated(bench, ours, peer)
    except AbsentError as error:
        return benches.missing(row, text, str(error))
    mine, other = found[ours.name], found[peer.name]
    ratio = benches.median(mine, "good_per_second") / benches.median(other, "good_per_second")
    return benches.at_least(row, text, ratio, goal, "x", f"{requests_text(mine)} against {requests_text(other)}")


def throughput(bench: Bench) -> list[Line]:
    """Single rows by 16 clients, against each of the other servers, and against our own by FastAPI's route."""
    return [against(bench, "throughput", ONNX, peer, goal) for goal, peer in PEERS.items()]


def sklearn(bench: Bench) -> list[Line]:
    """Single rows by 16 clients, where scikit-learn itself answers."""
    return [against(bench, "sklearn", SKLEARN, MLFLOW, 30)]


def cpu(bench: Bench) -> list[Line]:
    """Compare the processor time of a request, with that of servers that do nothing."""
    found = alternated(bench, ONNX, PLAIN, FASTAPI)
    cost = {name: benches.median(runs, "cpu_ms") for name, runs in found.items()}
    ratio = cost[ONNX.name] / cost[PLAIN.name]
    note = (
        f"{cost[ONNX.name]:.3f} ms against {cost[PLAIN.name]:.3f}; an empty route of FastAPI {cost[FASTAPI.name]:.3f}"
    )
    return [benches.at_most("cpu", "processor time a request, times an empty handler's", ratio, 2.3, "x", note)]


def latency(bench: Bench) -> list[Line]:
    """How much later than an empty handler's the slowest in a hundred comes, at 1,000 requests a second."""
    found = alternated(bench, ONNX, PLAIN, rate=1000)
    slow = {name: benches.median(runs, "good_ms", "p99") for name, runs in found.items()}
    extra = slow[ONNX.name] - slow[PLAIN.name]
    note = f"{slow[ONNX.name]:.2f} ms against {slow[PLAIN.name]:.2f}"
    return [benches.at_most("latency", "p99 at 1,000 requests/s, above an empty handler's", extra, 1, " ms", note)]


def overload(bench: Bench) -> list[Line]:
    """Three times as many requests as it can answer, whatever it says; and far more clients, that wait as it says.

    A request of one row is answered for little more than refusing it costs; one of many rows is what refusing is for.
    """
    many = [{"rows": bench.ours[start : start + MANY]} for start in range(0, len(bench.ours), MANY)]
    crowd: dict[str, Any] = {"connections": CROWD, "patient": True, "watch": "/healthz"}
    lines: list[Line] = []
    with bench.running(ONNX) as (server,):
        for documents, what in ((None, ""), (many, f" of {MANY} rows")):
            usual = [bench.load(server, documents) for _ in range(bench.rounds)]
            rate = round(3 * benches.median(usual, "good_per_second"))
            runs = [
                bench.load(server, documents, connections=CROWD, rate=rate, watch="/healthz")
                for _ in range(bench.rounds)
            ]
            offered = benches.median(runs, "sent") / benches.median(runs, "seconds")
            lines += overload_lines(usual, runs, f"{what} at {offered:,.0f}/s", sound=offered >= 2.5 / 3 * rate)
        usual = [bench.load(server) for _ in range(bench.rounds)]
        crowded = [bench.load(server, **crowd) for _ in range(bench.rounds)]
    return [*lines, *overload_lines(usual, crowded, f" for {CROWD} clients that wait when told")]


def overload_lines(usual: Runs, runs: Runs, how: str, *, sound: bool = True) -> list[Line]:
    """Judge what was answered, refused and seen of /healthz under overload, beside what is `usual` without it.

    Sent as often as answered is no overload: a load generator that was not up to it, not `sound`, proves nothing.
    """
    good, capacity = benches.median(runs, "good_per_second"), benches.median(usual, "good_per_second")
    refused, health = benches.median(runs, "refused_ms", "p99"), benches.median(runs, "watched_ms", "max")
    answer = benches.median(usual, "cpu_ms")
    refusal = statistics.median(refusal_ms(run, answer) for run in runs)
    note = f"{good:,.0f} of {capacity:,.0f}/s; an answer takes {1000 * answer:,.0f} us, a refusal {1000 * refusal:,.0f}"
    share = 100 * good / capacity if sound else math.nan
    return [
        benches.at_least("overload", f"good answers{how}, of capacity", share, 95, " %", note),
        benches.at_most("overload", "  p99 of its refusals", refused, 10, " ms"),
        benches.at_most("overload", "  slowest /healthz meanwhile", health, 50, " ms"),
    ]


def refusal_ms(run: Mapping[str, Any], answer_ms: float) -> float:
    """Return the processor time of a refusal in a run whose good answers took so long each; NaN without refusals."""
    good, refused = (run["statuses"].get(status, 0) for status in ("200", "503"))
    return (run["cpu_ms"] * sum(run["statuses"].values()) - good * answer_ms) / refused if refused else math.nan
