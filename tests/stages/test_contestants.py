"""Who is timed by which runtime."""

import sys

import pytest

from gatehouse.release import Release
from gatehouse.stages import contestants
from gatehouse.stages.contestants import Contestant

IMAGE = "registry.example/serve@sha256:" + "a" * 64
CANDIDATE = "registry.example/serve:candidate"


@pytest.fixture
def started(monkeypatch) -> list[list[str]]:
    """Return the command lines of the processes that would have been started."""
    lines: list[list[str]] = []
    monkeypatch.setattr(contestants, "Meter", lambda who, command, remove=None: lines.append([who, *command]))
    return lines


def test_bundle_runs_here(bundle, started):
    """Without an image the bundle is served by this environment, and no other bundle than this one."""
    contestants.start(Contestant("candidate", bundle))
    path, digest = str(bundle.path), bundle.digest
    line = ["candidate", sys.executable, "-P", "-m", "gatehouse.serving.measure", "--bundle", path, "--digest", digest]
    assert started == [line]


def test_image_serves_its_own(bundle, started):
    """In its image the bundle is the image's, and must be the one that is judged."""
    contestants.start(Contestant("candidate", bundle, CANDIDATE))
    ((_, *line),) = started
    assert line[-6:] == [CANDIDATE, "python", "-m", "gatehouse.serving.measure", "--digest", bundle.digest]
    assert "--mount" not in line


def test_folder_is_mounted(bundle, started):
    """A champion that has no image is served by the candidate's, which reads its folder."""
    contestants.start(contestants.opponent(Release("1.0.0", bundle.digest, str(bundle.path)), bundle, CANDIDATE))
    ((_, *line),) = started
    assert f"type=bind,source={bundle.path.resolve()},target=/mounted,readonly" in line
    assert line[-4:] == ["--bundle", "/mounted", "--digest", bundle.digest]
    assert CANDIDATE in line


def test_like_meets_like(bundle):
    """The champion runs in its image when the candidate does in its own, and here when the candidate does."""
    release = Release("1.0.0", bundle.digest, IMAGE)
    assert contestants.opponent(release, bundle, CANDIDATE) == Contestant("champion", bundle, IMAGE)
    assert contestants.opponent(release, bundle, None) == Contestant("champion", bundle, None, inside=False)
