"""Saying that a program is alive while it is at something that may take longer than its lease."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gatehouse.errors import GatehouseError, TakenError


@contextmanager
def beating(beat: Callable[[], object], seconds: float) -> Iterator[None]:
    """Call `beat` every so many seconds while the block runs.

    A beat that fails is made up for by the next one. But where it raises TakenError, the work is another program's by
    now, and that is raised at the end of the block; instead of the block's own error too, which then is that one's
    doing.
    """
    ended, taken = threading.Event(), list[TakenError]()

    def once() -> None:
        try:
            beat()
        except TakenError as error:
            taken.append(error)
        except (GatehouseError, OSError):
            pass

    def go_on() -> None:
        while not taken and not ended.wait(seconds):
            once()

    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()
    try:
        try:
            yield
        finally:
            ended.set()
            thread.join()
    except GatehouseError as error:
        once()
        if taken:
            raise taken[0] from error
        raise
    if taken:
        raise taken[0]
