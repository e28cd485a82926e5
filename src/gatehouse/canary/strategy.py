"""In which ways a candidate may prove itself, one after another."""

from enum import StrEnum


class Strategy(StrEnum):
    """Canary: a little of the traffic, then more. Blue-green: all of it at once. Shadow: copies of requests only."""

    CANARY = "canary"
    BLUE_GREEN = "blue-green"
    SHADOW = "shadow"


Chain = tuple[Strategy, ...]
DEFAULT: Chain = (Strategy.CANARY,)


def chain(strategies: Chain) -> Chain:
    """Return strategies that can follow each other. Raises ValueError: after all traffic was given, none is left."""
    if not strategies:
        raise ValueError("name a strategy: 'canary', 'blue-green' or 'shadow'")
    first = strategies[:-1]
    if first and (first != (Strategy.SHADOW,) or strategies[-1] == Strategy.SHADOW):
        told = ", ".join(strategies)
        raise ValueError(f"{told}: only a shadow can have another strategy after it, and one strategy that is none")
    return strategies
