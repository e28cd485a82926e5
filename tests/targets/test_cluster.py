import json

import pytest

from gatehouse.errors import TargetError
from gatehouse.targets import cluster
from gatehouse.targets.cluster import Cluster


def kubeconfig(folder, address):
    """Write a kubeconfig that leads to an address, and return its path."""
    path = folder / "kubeconfig"
    clusters = [{"name": "c", "cluster": {"server": address}}]
    users = [{"name": "u", "user": {"token": "t"}}]
    contexts = [{"name": "x", "context": {"cluster": "c", "user": "u"}}]
    known = {"clusters": clusters, "users": users, "contexts": contexts, "current-context": "x"}
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "Config", **known}))
    return str(path)


def test_missing_cluster_is_explained(monkeypatch, tmp_path):
    """Without a kubeconfig the error says what else can be done."""
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    with pytest.raises(TargetError, match=r"no cluster to reach: (.|\n)*target = 'local'"):
        Cluster()


def test_silent_cluster_is_an_error(monkeypatch, tmp_path):
    """An API server that does not answer is an error with what was asked."""
    monkeypatch.setenv("KUBECONFIG", kubeconfig(tmp_path, "http://127.0.0.1:1"))
    silent = Cluster()
    with pytest.raises(TargetError, match="does not answer to GET /version"):
        silent.get("/version")
    silent.close()


def test_refusals_give_advice():
    """A refusal says what was asked, what the API server said, and what to do."""
    missing = cluster.refusal(404, "GET", "/x", b'{"message": "deployments \\"x\\" not found"}')
    assert missing.startswith('The cluster refused GET /x (404): deployments "x" not found. Is the base there')
    assert "Another program has written" in cluster.refusal(409, "PATCH", "/x", b'{"message": "conflict"}')
    assert cluster.refusal(502, "GET", "/x", b"") == "The cluster refused GET /x (502): no reason was given."
