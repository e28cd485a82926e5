"""Running scenarios on all cores: the same seed gives the same figures on however many."""

import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass

import numpy as np

from calibration.scenarios import Scenario, Table, Total, Totals

# Runs that are handed out together.
CHUNK = 10

# Called with the runs done and the runs to do.
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Task:
    """Some runs of one scenario, with the seed that is theirs."""

    scenario: Scenario
    runs: int
    seed: tuple[int, ...]


def simulate(table: Table, *, seed: int, runs: int | None, jobs: int, progress: Progress) -> Totals:
    """Run every scenario of a table, or only `runs` runs of each, in `jobs` processes; in this one if it is 1."""
    waiting = list(tasks(table, seed, runs))
    totals: dict[str, Counter[str]] = {scenario.name: Counter() for scenario in table.scenarios}
    made: Counter[str] = Counter()
    for task, amounts in finished(waiting, jobs):
        totals[task.scenario.name].update(amounts)
        made[task.scenario.name] += task.runs
        progress(made.total(), sum(task.runs for task in waiting))
    return {name: Total(made[name], dict(amounts)) for name, amounts in totals.items()}


def tasks(table: Table, seed: int, runs: int | None) -> Iterator[Task]:
    """Cut the runs of every scenario into chunks."""
    for scenario in table.scenarios:
        count = scenario.runs if runs is None else runs
        for start in range(0, count, CHUNK):
            yield Task(scenario, min(CHUNK, count - start), (seed, zlib.crc32(scenario.name.encode()), start))


def work(task: Task) -> Counter[str]:
    """Make the runs of a task and add up what they brought."""
    random = np.random.default_rng(task.seed)
    amounts: Counter[str] = Counter()
    for _ in range(task.runs):
        amounts.update({name: float(amount) for name, amount in task.scenario.once(random).items()})
    return amounts


def finished(waiting: list[Task], jobs: int) -> Iterator[tuple[Task, Counter[str]]]:
    """Work through the tasks, and give each one when it is done."""
    if jobs == 1:
        yield from ((task, work(task)) for task in waiting)
        return
    with ProcessPoolExecutor(jobs) as pool:
        futures = {pool.submit(work, task): task for task in waiting}
        for future in as_completed(futures):
            yield futures[future], future.result()
