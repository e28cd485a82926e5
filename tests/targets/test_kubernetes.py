from collections.abc import Iterator

import image_registry
import pytest
from targets.contract import Contract
from targets.kube import Namespace

from gatehouse.errors import TargetError
from gatehouse.targets.kubernetes import KubernetesTarget


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Namespace]:
    """Return a namespace to roll out to."""
    repository = image_registry.new_name()
    namespace = Namespace(tmp_path_factory.mktemp("cluster"), repository)
    yield namespace
    namespace.clean()
    image_registry.forget(repository)


@pytest.fixture(scope="module")
def target(place: Namespace) -> Iterator[KubernetesTarget]:
    """Return a target of the namespace."""
    target = place.attach()
    yield target
    target.close()


@pytest.mark.kubernetes
class TestKubernetes(Contract):
    """The target on a Kubernetes cluster keeps the contract."""


@pytest.mark.kubernetes
def test_second_writer_is_refused(place, target):
    """Of two programs that hold the state, the one that saves second is told so, and nothing is lost."""
    target.save('{"mine": 1}')
    other = place.attach()
    assert other.load() == '{"mine": 1}'
    other.save('{"theirs": 1}')
    with pytest.raises(TargetError, match="Another program has written"):
        target.save('{"mine": 2}')
    assert target.load() == '{"theirs": 1}'
    other.close()
