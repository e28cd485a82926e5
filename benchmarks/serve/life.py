"""The rows of the table about a server's life: how soon it is ready, what it takes up, and how it stops."""

import statistics
import time
from datetime import UTC, datetime

from benchmarks.serve import bench as benches
from benchmarks.serve import contenders, processes
from benchmarks.serve.bench import Bench, Line
from benchmarks.serve.contenders import MLFLOW, ONNX, AbsentError, Contender
from gatehouse.serving import prediction_log


def ready_seconds(bench: Bench, contender: Contender, times: int) -> float:
    """Return the median of the seconds from the start of the process until it says that it is ready."""
    found = []
    for _ in range(1 + times):
        with bench.running(contender) as (server,):
            found.append(server.start_seconds)
    # The first one compiles what is not compiled, and reads the files from the disk.
    return statistics.median(found[1:])


def start(bench: Bench) -> list[Line]:
    """How soon it answers."""
    ours = ready_seconds(bench, ONNX, 1 + bench.rounds)
    first = benches.at_most("start", "cold start to ready", ours, 0.6, " s")
    text = "cold start of mlflow, times ours"
    try:
        other = ready_seconds(bench, MLFLOW, 1)
    except AbsentError as error:
        return [first, benches.missing("start", text, str(error))]
    return [first, benches.at_least("start", text, other / ours, 8, "x", f"{other:.1f} s against {ours:.2f}")]


def installed_mb(contender: Contender) -> float:
    """Return what lies in a contender's environment, in MB, without Python itself and without compiled files."""
    contender.install()
    found = [file for file in contender.folder.rglob("*") if file.is_file() and not file.is_symlink()]
    return sum(file.stat().st_size for file in found if file.suffix != ".pyc") / 1e6


def size(bench: Bench) -> list[Line]:
    """Weigh what has to be installed."""
    ours = installed_mb(ONNX)
    first = benches.at_most("size", "installed serving set", ours, 150, " MB")
    text = "installed set of mlflow, times ours"
    try:
        other = installed_mb(MLFLOW)
    except AbsentError as error:
        return [first, benches.missing("size", text, str(error))]
    return [first, benches.at_least("size", text, other / ours, 4, "x", f"{other:,.0f} MB against {ours:,.0f}")]


def memory(bench: Bench) -> list[Line]:
    """Weigh what the processes hold in memory after some load."""
    text = "memory (PSS) of mlflow, times ours"
    if not processes.PROC.is_dir():
        return [benches.missing("memory", text, "PSS is read from /proc, which this system does not have.")]
    try:
        with bench.running(ONNX, MLFLOW) as servers:
            for server in servers:
                bench.load(server)
            ours, other = (server.memory_mb() for server in servers)
    except AbsentError as error:
        return [benches.missing("memory", text, str(error))]
    return [benches.at_least("memory", text, other / ours, 2.5, "x", f"{other:,.0f} MB against {ours:,.0f}")]


def stop(bench: Bench) -> list[Line]:
    """SIGTERM under load, again and again; who sends them stops when /readyz says no, as a router does."""
    lost, sent, codes = 0, 0, set()
    model = bench.model(ONNX)
    log = model.with_name(f"{model.name}{contenders.LOG}")
    # The rows before this one may have left millions of records.
    began = datetime.now(UTC)
    checked = 0
    for _ in range(bench.stops):
        with bench.running(ONNX) as (server,):
            checked += 20
            generator = bench.begun(server, seconds=20, rate=500, watch="/readyz", until_refused=True)
            time.sleep(1.5)
            codes.add(server.terminate())
            found = benches.finished(generator)
        sent += found["sent"]
        lost += found["sent"] - found["statuses"].get("200", 0)
    missing = sent + checked - len(prediction_log.read(log, since=began))
    note = f"{sent:,} requests, {bench.stops} stops, exit codes {sorted(codes)}"
    return [
        benches.at_most("stop", "requests lost by SIGTERM under load", lost, 0, "", note),
        benches.at_most("stop", "records lost from the prediction log", missing, 0, ""),
        benches.at_most("stop", "exit code", max(codes, key=abs), 0, ""),
    ]
