"""A release: one version of the model, as the registry names it and a target starts it."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Release:
    """A model version, its bundle's hash, and where it lies.

    `location` is the bundle's folder, or the reference of an image that holds it, by digest.
    """

    version: str
    bundle: str
    location: str

    def to_dict(self) -> dict[str, str]:
        """Return the release as JSON-ready values; `Release(**values)` reads it back."""
        return asdict(self)
