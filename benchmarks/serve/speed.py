"""The rows of the table about requests: how many, how soon, at what cost, and when there are too many."""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from benchmarks.serve import bench as benches
from benchmarks.serve.bench import CLIENTS, Bench, Line, Round, Run
from benchmarks.serve.contenders import (
    BENTOML,
    FASTAPI,
    MLFLOW,
    MLSERVER,
    ONNX,
    PLAIN,
    READABLE,
    SKLEARN,
    SOCKET,
    AbsentError,
    Contender,
)
from benchmarks.serve.processes import Running
from gatehouse.serving.service import Settings

PEERS = {60: MLFLOW, 40: BENTOML, 35: MLSERVER, 3: READABLE}
Runs: TypeAlias = Sequence[Run]
# Clients: as many as may be under way at once, enough for three times the capacity of MANY rows, and as many as get the
# most answers. And the most rows that are predicted without another thread.
CROWD, SOME, FEW, MANY = Settings.maximum_in_flight, 512, 128, Settings.inline_rows
# Rounds of short runs without overload and with it.
SHORT = 9


def alternated(bench: Bench, *contenders: Contender, **options: Any) -> dict[str, Runs]:
    """Load servers in turn, so that what else goes on at the machine meets all of them. Raises AbsentError."""
    with bench.running(*contenders) as servers:
        rounds = bench.steady(bench.rounds, lambda: [bench.load(server, **options) for server in servers])
    return {contender.name: runs for contender, runs in zip(contenders, zip(*rounds, strict=True), strict=True)}


def requests_text(runs: Runs) -> str:
    """Say how many requests a second were answered, and at what cost."""
    cost = benches.median(runs, "cpu_ms")
    return f"{benches.median(runs, 'good_per_second'):,.0f}/s at {cost:.2f} ms{busy_text(runs)}"


def busy_text(runs: Runs) -> str:
    """Warn when the core was not the server's own."""
    share = benches.median(runs, "core_share")
    return f", busy machine: it had {share:.0%} of its core" if share < benches.OWN_CORE else ""


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
    """Three times as many requests as it can answer are due, from CROWD clients that heed nothing of what it says.

    Who is refused and asks again at once costs a refusal each time: c = g a + (3 c - g) r processors, with capacity
    c = 1 / a, g good answers a second, and the processor time a of an answer and r of a refusal. So 95 % are answered
    where a refusal takes at most 2.4 % of an answer. To read and to write anything takes almost as much as that of the
    answer to MANY rows, whose share is told, with the times, without a goal. It takes ten times that of the answer to
    one row, so there the surplus has to wait: that of CROWD clients does, within the lag, and what else is due waits
    with them, each of which has one connection. Of more clients all is told. SOME are enough for MANY rows; to take
    more connections would count as a part of a refusal.
    """
    many = [{"rows": bench.ours[start : start + MANY]} for start in range(0, len(bench.ours), MANY)]
    with bench.running(ONNX, SOCKET) as (server, bare):
        one, several = flooded(bench, server, CROWD), flooded(bench, server, SOME, many)
        rounds = bench.steady(bench.rounds, lambda: [bench.load(bare, connections=CROWD)])
        least = benches.median([run for (run,) in rounds], "cpu_ms")
        patient = alternated_with(bench, server, lambda _: {"connections": CROWD * 3 // 2, "patient": True})
        deaf = flooded(bench, server, 2 * CROWD)
    more = [
        *overload_lines(patient, f" to {CROWD * 3 // 2:,} clients that wait when told"),
        *overload_lines(deaf, f" to {2 * CROWD:,} clients that do not", prices(deaf, least)),
    ]
    return [
        *overload_lines(one, f" to {CROWD:,} clients"),
        *overload_lines(several, f" of {MANY} rows to {SOME} clients", prices(several, least)),
        *[replace(line, goal="-", met=True, judged=False) for line in more],
    ]


@dataclass(frozen=True)
class Overloaded:
    """Runs under overload, and beside each of them one by CLIENTS, as throughput is measured, and one by FEW."""

    usual: Runs
    most: Runs
    runs: Runs


def alternated_with(
    bench: Bench, server: Running, more: Callable[[float], dict[str, Any]], documents: Sequence[Any] | None = None
) -> Overloaded:
    """Load a server as much as it can answer, and in turn by what `more` says for the most answers a second.

    In short turns, since a machine that is shared keeps its speed for seconds only.
    """
    seconds = bench.seconds * bench.rounds / SHORT

    def measure() -> Round:
        calm = [bench.load(server, documents, seconds=seconds, connections=clients) for clients in (CLIENTS, FEW)]
        options = more(max(run["good_per_second"] for run in calm))
        return *calm, bench.load(server, documents, seconds=seconds, watch="/healthz", **options)

    return Overloaded(*zip(*bench.steady(SHORT, measure), strict=True))


def flooded(bench: Bench, server: Running, connections: int, documents: Sequence[Any] | None = None) -> Overloaded:
    """Load a server as much as it can answer, and three times as much."""

    def flood(capacity: float) -> dict[str, Any]:
        return {"connections": connections, "rate": round(3 * capacity)}

    return alternated_with(bench, server, flood, documents)


def overload_lines(found: Overloaded, how: str, prices: str = "") -> list[Line]:
    """Judge what was answered, refused and seen of /healthz under overload.

    With `prices`, the share of good answers has no goal. That of the most answers never has: a crowd's requests wait
    for so long that the core's caches have forgotten them.
    """
    runs = found.runs
    refused = [run for run in runs if run["statuses"].get("503")]
    seconds = benches.median(runs, "seconds")
    asked = [f"{benches.median(runs, count) / seconds:,.0f} {count}" for count in ("sent", "due") if runs[0][count]]
    text = f"good answers{how}, of those to {CLIENTS}"
    share, spread = shares(found.usual, runs)
    note = f"{benches.median(runs, 'good_per_second'):,.0f}/s of {' and '.join(asked)}; {spread}{busy_text(runs)}"
    most, most_spread = shares(found.most, runs)
    late, health = "  p99 of its refusals", benches.median(runs, "watched_ms", "max")
    return [
        benches.told("overload", text, share, " %", f"{note}; {prices}")
        if prices
        else benches.at_least("overload", text, share, 95, " %", note),
        benches.told("overload", f"  of those to {FEW}, mostly the most", most, " %", most_spread),
        benches.at_most("overload", late, benches.median(refused, "refused_ms", "p99"), 10, " ms")
        if refused
        else benches.told("overload", late, math.nan, " ms", "none was refused"),
        benches.at_most("overload", "  slowest /healthz meanwhile", health, 50, " ms"),
    ]


def shares(calm: Runs, runs: Runs) -> tuple[float, str]:
    """Return the median percentage of the good answers of other runs beside them, and say from where to where."""
    found = [100 * run["good_per_second"] / before["good_per_second"] for before, run in zip(calm, runs, strict=True)]
    return statistics.median(found), f"{min(found):.0f} to {max(found):.0f} %"


def prices(found: Overloaded, least_ms: float) -> str:
    """Say what an answer takes of the processor, what a refusal does, and what nobody can refuse for less than."""
    answer = benches.median(found.usual, "cpu_ms")
    refusal = statistics.median(refusal_ms(run, answer) for run in found.runs)
    times = [f"{1000 * time:,.0f} us" for time in (answer, refusal, least_ms)]
    return "an answer takes {}, a refusal {}, to read and write anything {}".format(*times)


def refusal_ms(run: Mapping[str, Any], answer_ms: float) -> float:
    """Return the processor time of a refusal in a run whose good answers took so long each; NaN without refusals."""
    good, refused = (run["statuses"].get(status, 0) for status in ("200", "503"))
    return (run["cpu_ms"] * sum(run["statuses"].values()) - good * answer_ms) / refused if refused else math.nan
