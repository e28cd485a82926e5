from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from targets.test_cluster import kubeconfig
from targets.test_kubernetes import Forgetful

from gatehouse import config as settings
from gatehouse.errors import ConfigError, TargetError
from gatehouse.stages import reach_cluster


@pytest.fixture
def address():
    """Return an API server with one ConfigMap."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Forgetful) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_given_kubeconfig_opens(monkeypatch, tmp_path, address):
    """With what a runner is given alone the cluster answers; nobody else may read it, and again is no harm."""
    text, file = open_text(tmp_path, address), tmp_path / "home" / ".kube" / "config"
    monkeypatch.setenv("KUBECONFIG", str(file))
    for _ in range(2):
        verdict = reach_cluster.run(settings.parse({}), {"GATEHOUSE_KUBECONFIG": text}, file)
    assert "answers, and has" in verdict.why
    assert file.stat().st_mode & 0o777 == 0o600


def open_text(folder, address):
    """Return a kubeconfig that leads to an address."""
    return Path(kubeconfig(folder, address)).read_text()


def test_other_kubeconfig_stays(tmp_path, address):
    """A laptop's own kubeconfig is not replaced."""
    file = tmp_path / "config"
    file.write_text("mine")
    with pytest.raises(ConfigError, match="another kubeconfig at"):
        reach_cluster.run(settings.parse({}), {"GATEHOUSE_KUBECONFIG": open_text(tmp_path, address)}, file)
    assert file.read_text() == "mine"


def test_silent_cluster_is_told(monkeypatch, tmp_path):
    """A cluster that does not answer is an error, before anything is rolled out."""
    monkeypatch.setenv("KUBECONFIG", kubeconfig(tmp_path, "http://127.0.0.1:1"))
    with pytest.raises(TargetError, match="does not answer"):
        reach_cluster.run(settings.parse({}), {}, tmp_path / "none")
