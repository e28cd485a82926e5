"""Register a candidate that passed its gate, and whose image passed its tests: it becomes the challenger.

Examples:
  scripts/register.py                        after gate and check_serving
  scripts/register.py --image ghcr.io/you/model/serve@sha256:...
"""

import argparse
from dataclasses import replace
from pathlib import Path

from gatehouse import bundle as bundles
from gatehouse import images
from gatehouse.bundle import Bundle
from gatehouse.config import Config
from gatehouse.errors import EvidenceError
from gatehouse.registry import connect
from gatehouse.release import Release
from gatehouse.stages import evidence, judgement, train
from gatehouse.verdicts import Check, Decision, Subject, Verdict

# What must have been found after the gate, which could know nothing of it: how the model serves, and of an image
# whether it answers as the bundle does.
SERVED = "check_serving"
ASKED = "smoke_test"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what this step takes."""
    parser.add_argument("--bundle", type=Path, default=Path("build/bundle"), help="the candidate (%(default)s)")
    where = "its gate's verdict; those of how it serves lie beside it (%(default)s)"
    parser.add_argument("--verdict", type=Path, default=Path("build/verdicts/gate.json"), help=where)
    parser.add_argument("--image", help="the pushed serve image, by digest (for the image registry)")


def main(config: Config, args: argparse.Namespace) -> Verdict:
    """Register the bundle of the command line."""
    return run(config, bundles.read(args.bundle), args.verdict, args.image)


def run(config: Config, candidate: Bundle, verdict: Path, image: str | None = None) -> Verdict:
    """Make a candidate the challenger, and move the anchor where the gate found that it moves.

    Raises EvidenceError unless its own gate said promote, or a hold is approved, against the champion of today; and
    SERVED the same, in a file beside `verdict`. Of an image ASKED must have said so, too, and both of its very digest.
    """
    about, state = train.subject(candidate), Path(config.store.state)
    needed = Subject(about.commit, about.data_hash, about.bundle)
    judged = evidence.require(verdict, "gate", needed, state)
    served = replace(needed, image_digest=_digest(image)) if image else needed
    for step in (ASKED, SERVED) if image else (SERVED,):
        evidence.require(verdict.with_name(f"{step}.json"), step, served, state)
    registry = connect(config)
    _check_champion(judged, registry.champion())
    release = registry.register(candidate, image)
    if best := judged.details.get("anchor"):
        registry.set_anchor(Release(**best), "No version that served is proven better.")
    why = f"{release.version} ({release.bundle[:12]}) is the challenger in the {config.registry.kind} registry."
    details = {"release": release.to_dict(), "outputs": {"location": release.location}}
    return judgement.make("register", [Check("challenger", Decision.PROMOTE, why)], subject=about, details=details)


def _digest(image: str) -> str:
    """Return the digest of an image. Raises EvidenceError when it is named by a tag."""
    digest = images.digest(image)
    if digest is None:
        raise EvidenceError(f"{image} names no digest, and what lies under a tag may change: use REPOSITORY@DIGEST.")
    return digest


def _check_champion(judged: Verdict, champion: Release | None) -> None:
    """Raise EvidenceError when another version has taken over since the gate compared."""
    opponent = (judged.details.get("champion") or {}).get("bundle")
    serving = champion.bundle if champion else None
    if opponent != serving:
        raise EvidenceError(
            f"The gate compared with {_named(opponent)}, and the champion is now {_named(serving)}: the verdict is "
            "stale. Run gate again."
        )


def _named(bundle: str | None) -> str:
    return f"the bundle {bundle[:12]}" if bundle else "no champion"
