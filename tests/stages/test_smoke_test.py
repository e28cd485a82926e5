"""The smoke test: an image must answer over HTTP what its bundle answers, and be gone afterwards."""

import image_registry
import pytest
from registry import versions

from gatehouse import bundle as bundles
from gatehouse import shell
from gatehouse.config import Window
from gatehouse.errors import GatehouseError
from gatehouse.stages import planted, smoke_test, train
from gatehouse.verdicts import Decision

pytestmark = pytest.mark.docker


def running() -> str:
    """Return the containers that this machine knows."""
    return shell.run(["docker", "ps", "--all", "--format", "{{.ID}} {{.Image}}"])


def test_image_answers_as_trained(built):
    """The pushed image answers the held-out rows as the trained model does."""
    verdict = smoke_test.run(built.config, built.found, built.bundle, built.serve, 50)
    assert verdict.decision == Decision.PROMOTE, verdict.why
    assert {check.name for check in verdict.checks} == {"bundle", "parity"}
    assert verdict.subject.image_digest == built.serve.partition("@")[2]
    assert built.serve not in running()


def test_other_model_is_refused(built, tmp_path):
    """An image that serves another bundle than was judged is an error, and its answers differ."""
    train.run(built.config, built.found, Window(), tmp_path / "other", fit=planted.fit_on_shuffled_labels)
    verdict = smoke_test.run(built.config, built.found, bundles.read(tmp_path / "other"), built.serve, 50)
    assert {check.name: check.decision for check in verdict.checks} == {
        "bundle": Decision.ERROR,
        "parity": Decision.REJECT,
    }


def test_dead_image_raises(built, repository, tmp_path):
    """An image that cannot start is an error, and leaves no container."""
    bundle = versions.write(tmp_path / "bundle")
    dead = image_registry.pack(bundle.path, f"{repository}/serve:dead")
    with pytest.raises(GatehouseError):
        smoke_test.run(built.config, built.found, built.bundle, dead, 5)
    assert dead not in running()
