"""Persistence: one window's alarm may be chance, the same alarm in two of three is not."""

from collections.abc import Collection, Sequence

from gatehouse.errors import ConfigError


def confirmed(alarmed: Collection[str], earlier: Sequence[Collection[str]], windows: int, persistent: int) -> set[str]:
    """Return those alarmed now that were alarmed in at least `persistent` of the last `windows` windows, with this one.

    `earlier` holds what was alarmed in the windows before, the latest last. Raises ConfigError when `persistent` is
    more than `windows`: then nothing could ever be confirmed.
    """
    if persistent > windows:
        raise ConfigError(f"[drift] persistent = {persistent} is more than windows = {windows}: lower it.")
    recent = list(earlier)[-(windows - 1) :] if windows > 1 else []
    return {name for name in alarmed if 1 + sum(name in window for window in recent) >= persistent}
