"""Who is timed: a bundle, and the runtime that serves it."""

import secrets
import sys
from dataclasses import dataclass

from gatehouse import images
from gatehouse.bundle import Bundle
from gatehouse.release import Release
from gatehouse.stages.meter import Meter

CANDIDATE, CHAMPION = "candidate", "champion"
MODULE = "gatehouse.serving.measure"


@dataclass(frozen=True)
class Contestant:
    """A model to be timed. With an `image` it runs there, else here; `inside` says that the image holds the bundle."""

    who: str
    bundle: Bundle
    image: str | None = None
    inside: bool = True


def opponent(release: Release, bundle: Bundle, image: str | None) -> Contestant:
    """Return the champion as it is to be timed beside a candidate that runs in `image`, or here without one.

    It runs in its own image when both have one, with the libraries that serve it; else by the candidate's runtime.
    """
    if image and "@sha256:" in release.location:
        return Contestant(CHAMPION, bundle, release.location)
    return Contestant(CHAMPION, bundle, image, inside=False)


def start(contestant: Contestant) -> Meter:
    """Start the process that serves a model to be timed. Raises TargetError when it cannot be started."""
    digest = ("--digest", contestant.bundle.digest)
    if contestant.image is None:
        here = [sys.executable, "-P", "-m", MODULE, "--bundle", str(contestant.bundle.path), *digest]
        return Meter(contestant.who, here)
    container = f"gatehouse-timed-{secrets.token_hex(6)}"
    folder = None if contestant.inside else contestant.bundle.path
    bundle = ["--bundle", images.FOLDER] if folder else []
    command = images.talking(contestant.image, ["python", "-m", MODULE, *bundle, *digest], container, folder)
    return Meter(contestant.who, command, lambda: images.remove(container))
