"""A process that speaks like `gatehouse.serving.measure` and times nothing: it says what it is told to say.

Python alone starts in a moment, so that a stage can be tried with it many times.
"""

import sys

from gatehouse.stages.meter import Meter

SCRIPT = """
import itertools, json, sys
times = {"single": itertools.cycle(SINGLE), "batch": itertools.cycle(BATCH)}
say = lambda **answer: print(json.dumps(answer), flush=True)
say(bundle="...")
for line in sys.stdin:
    command, *rest = json.loads(line)
    if command == "time":
        say(ms=next(times[rest[0]]))
    elif command == "memory":
        say(peak_mb=PEAK)
    else:
        say(bodies=len(rest[1]))
"""


def script(single: list[float], batch: list[float], peak_mb: float = 200.0) -> str:
    """Return the program of a process that says these times, in milliseconds, again and again."""
    numbers = {"SINGLE": single, "BATCH": batch, "PEAK": peak_mb}
    text = SCRIPT
    for name, value in numbers.items():
        text = text.replace(name, repr(value).replace("nan", 'float("nan")'))
    return text


def start(who: str, program: str) -> Meter:
    """Start a program."""
    return Meter(who, [sys.executable, "-I", "-S", "-c", program])
