"""Start a serve image as production does, and hold its answers over HTTP against its own bundle's.

Examples:
  scripts/smoke_test.py
  scripts/smoke_test.py --image ghcr.io/you/model/serve@sha256:...
"""

import argparse
from dataclasses import replace
from pathlib import Path

from gatehouse import bundle as bundles
from gatehouse import images, workload
from gatehouse.bundle import Bundle
from gatehouse.config import Config
from gatehouse.serving import runtime
from gatehouse.stages import judgement, requesting, train
from gatehouse.stages import rows as rowsets
from gatehouse.verdicts import Verdict
from gatehouse.workload import Workload


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what this step takes."""
    parser.add_argument("--bundle", type=Path, default=Path("build/bundle"), help="what the image holds (%(default)s)")
    parser.add_argument("--image", help="the serve image (default: the one that build_images tagged `candidate`)")
    parser.add_argument("--rows", type=int, default=200, help="held-out rows to ask for (%(default)s)")


def main(config: Config, args: argparse.Namespace) -> Verdict:
    """Test the image of the command line."""
    image = args.image or f"{config.registry.image.lower() or 'gatehouse'}/serve:candidate"
    return run(config, workload.of(config), bundles.read(args.bundle), image, args.rows)


def run(config: Config, found: Workload, expected: Bundle, image: str, count: int) -> Verdict:
    """Ask the image for held-out rows over HTTP. Raises TargetError when it does not get ready or refuses them."""
    rows = rowsets.of_bundle(expected, found, config).holdout.head(count)
    with images.serving(image) as url:
        requesting.wait_until_ready(url, config.rollout.start_seconds)
        checks = requesting.judge(url, expected, rows, runtime.load(expected).predict_table(rows), config.parity)
    about = replace(train.subject(expected), image_digest=images.digest(image))
    return judgement.make("smoke_test", checks, subject=about)
