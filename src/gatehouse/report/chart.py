"""A finished plot."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Chart:
    """A plot as an inline SVG, with its title, and in words what it shows, for those who cannot see it."""

    title: str
    description: str
    svg: str
