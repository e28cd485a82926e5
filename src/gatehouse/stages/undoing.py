"""Undoing what was done for the occasion, also where this program is told to end before it gets there."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

# What a system, a workflow or a closed terminal sends; Ctrl-C is an exception already.
TOLD_TO_END = (signal.SIGTERM, signal.SIGHUP)
# What a shell says of a program that a signal ended, above the signal's number.
SIGNALLED = 128


@contextmanager
def undoing(undo: Callable[[], object]) -> Iterator[None]:
    """Run a block and call `undo` at its end, which nothing but Ctrl-C and SIGKILL interrupts.

    A program that is told to end in the block raises SystemExit there. For the main thread, which gets the signals.
    """

    def end(number: int, _: Any) -> NoReturn:
        raise SystemExit(SIGNALLED + number)

    before = {number: signal.signal(number, end) for number in TOLD_TO_END}
    try:
        yield
    finally:
        for number in TOLD_TO_END:
            signal.signal(number, signal.SIG_IGN)
        try:
            undo()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
