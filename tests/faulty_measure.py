"""The process that times a bundle, with a planted fault: every answer takes longer, or more memory is held.

It is run by its path, with the arguments of `python -m gatehouse.serving.measure`, which is not changed.
"""

import argparse
import sys
import time
from typing import Any

import numpy as np

from gatehouse.serving import measure
from gatehouse.serving.service import Service
from gatehouse.stages.contestants import Contestant
from gatehouse.stages.meter import Meter

PREDICT = Service.predict


def start(contestant: Contestant, slower: float = 0.0, ballast_mb: int = 0) -> Meter:
    """Start a contestant that takes `slower` times longer than it would, and holds so much more memory."""
    bundle = contestant.bundle
    ours = ("--slower", slower, "--ballast-mb", ballast_mb, "--bundle", bundle.path, "--digest", bundle.digest)
    return Meter(contestant.who, [sys.executable, "-P", __file__, *map(str, ours)])


def main() -> int:
    """Measure with the fault, and return the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--slower", type=float)
    parser.add_argument("--ballast-mb", type=int)
    args, rest = parser.parse_known_args()

    async def predict(service: Service, body: bytes, request_id: str) -> dict[str, Any]:
        begun = time.perf_counter()
        answer = await PREDICT(service, body, request_id)
        end = begun + (time.perf_counter() - begun) * (1 + args.slower)
        while time.perf_counter() < end:
            pass
        return answer

    Service.predict = predict  # type: ignore[method-assign]
    ballast = np.ones(args.ballast_mb * 125_000)
    code = measure.main(rest)
    assert ballast.size == args.ballast_mb * 125_000
    return code


if __name__ == "__main__":
    sys.exit(main())
