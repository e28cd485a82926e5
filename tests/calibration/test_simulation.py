import numpy as np

from calibration.scenarios import Scenario, Table
from calibration.simulation import simulate


def coin(random: np.random.Generator) -> dict[str, float]:
    """Toss a coin."""
    return {"heads": random.random() < 0.5}


COINS = Table("Coins", "", (Scenario("one", coin, 40), Scenario("two", coin, 25)), ())


def tossed(**arguments: int | None) -> dict[str, int]:
    """Return the heads of each scenario."""
    found = simulate(COINS, **{"seed": 0, "runs": None, "jobs": 1, "progress": lambda *_: None, **arguments})
    return {name: total.share("heads").count for name, total in found.items()}


def test_seed_decides_everything() -> None:
    """The same seed gives the same figures, on one core and on two; another one gives others."""
    assert tossed() == tossed() == tossed(jobs=2)
    assert tossed() != tossed(seed=1)


def test_scenarios_differ() -> None:
    """Each scenario has draws of its own, and as many runs as it asks for."""
    found = simulate(COINS, seed=0, runs=None, jobs=1, progress=lambda *_: None)
    assert {name: total.runs for name, total in found.items()} == {"one": 40, "two": 25}
    once = tossed(runs=40)
    assert once["one"] != once["two"]


def test_progress_is_told() -> None:
    """Whoever waits hears how many runs are done, up to the last one."""
    heard = []
    simulate(COINS, seed=0, runs=None, jobs=1, progress=lambda done, whole: heard.append((done, whole)))
    assert heard[0] == (10, 65)
    assert heard[-1] == (65, 65)
