"""Build the train and serve images of a candidate; with --push, push them by digest.

Examples:
  scripts/build_images.py                       build both, to try them here
  scripts/build_images.py --push --tag 3f2a91c  push what the gate let through
"""

import argparse
from dataclasses import replace
from pathlib import Path

from gatehouse import bundle as bundles
from gatehouse import images
from gatehouse.bundle import Bundle
from gatehouse.config import Config
from gatehouse.errors import ConfigError
from gatehouse.stages import evidence, judgement, train
from gatehouse.verdicts import Check, Decision, Subject, Verdict


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what this step takes."""
    parser.add_argument("--bundle", type=Path, default=Path("build/bundle"), help="the candidate (%(default)s)")
    parser.add_argument("--verdict", type=Path, default=Path("build/verdicts/gate.json"), help="its gate's verdict")
    parser.add_argument("--tag", default="candidate", help="the images' tag (%(default)s)")
    parser.add_argument("--push", action="store_true", help="push both; only what its gate let through is pushed")


def main(config: Config, args: argparse.Namespace) -> Verdict:
    """Build the images of the bundle of the command line."""
    candidate = bundles.read(args.bundle)
    if args.push:
        wanted = Subject(bundle=candidate.digest, data_hash=candidate.manifest["data"]["hash"])
        evidence.require(args.verdict, "gate", wanted, Path(config.store.state))
    return run(config, candidate, args.tag, push=args.push)


def run(config: Config, candidate: Bundle, tag: str, *, push: bool) -> Verdict:
    """Build both images from the current folder, hold them to their size budget, and push them if told to."""
    if push and not config.registry.image:
        raise ConfigError("There is no registry to push to: set [registry] image, or GATEHOUSE_IMAGE.")
    name = config.registry.image.lower() or "gatehouse"
    references = {part: _built(part, f"{name}/{part}:{tag}", candidate) for part in ("serve", "train")}
    budgets = {"serve": config.images.serve_mb, "train": config.images.train_mb}
    checks = [_size(part, references[part], budgets[part]) for part in references]
    about = replace(train.subject(candidate), commit=judgement.commit())
    outputs = dict(references)
    if push and all(check.decision == Decision.PROMOTE for check in checks):
        outputs = {part: images.push(reference) for part, reference in references.items()}
        about = replace(about, image_digest=outputs["serve"].partition("@")[2])
    return judgement.make("build_images", checks, subject=about, details={"outputs": outputs})


def _built(part: str, reference: str, candidate: Bundle) -> str:
    labels = {"VERSION": candidate.version, "REVISION": judgement.commit() or "unknown"}
    if part == "serve":
        labels |= {"BUNDLE": _inside(candidate.path), "BUNDLE_DIGEST": candidate.digest, "RUNTIME": candidate.runtime}
    return images.build(Path(f"Dockerfile.{part}"), reference, labels, Path())


def _inside(bundle: Path) -> str:
    """Return where the bundle lies in the folder that Docker builds from."""
    try:
        return bundle.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError as error:
        raise ConfigError(f"Docker builds from {Path.cwd()}, and {bundle} lies outside: use build/bundle.") from error


def _size(part: str, reference: str, budget: float) -> Check:
    size = images.size_mb(reference)
    decision = Decision.PROMOTE if size <= budget else Decision.REJECT
    why = f"The {part} image has {size:.0f} MB; its budget is {budget:.0f} MB."
    return Check(f"{part} image size", decision, why, observed=size, limit=budget)
