"""The image with the pipeline, built from this repository."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gatehouse import shell

ROOT = Path(__file__).parents[1]


@contextmanager
def built(name: str = "") -> Iterator[str]:
    """Give the image's tag, by default one that no other test uses; the image is removed in the end."""
    tag = name or f"gatehouse-test-{uuid.uuid4().hex[:8]}"
    shell.run(["docker", "build", "--quiet", "--file", "Dockerfile.train", "--tag", tag, "."], cwd=ROOT, timeout=1200)
    try:
        yield tag
    finally:
        shell.run(["docker", "image", "rm", "--force", tag])
