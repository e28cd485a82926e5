import pytest

from gatehouse.release import Release
from gatehouse.targets import pods

RELEASE = Release("1.0.0", "b1", "registry.example/model@sha256:1")


def deployment(replicas=2, paused=False, release=RELEASE, image=RELEASE.location, **status):
    """Return a Deployment as the cluster holds it."""
    template = {
        "metadata": {"annotations": {pods.RELEASE: pods.named(release)}},
        "spec": {"containers": [{"name": "proxy", "image": "p"}, {"name": "server", "image": image}]},
    }
    spec = {"replicas": replicas, "template": template} | ({"paused": True} if paused else {})
    full = {"observedGeneration": 3, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2}
    return {"metadata": {"generation": 3}, "spec": spec, "status": {**full, **status}}


def pod(*statuses, ready="True", leaving=False, **condition):
    """Return a pod as the cluster describes it."""
    conditions = [{"type": "Ready", "status": ready, **condition}]
    gone = {"deletionTimestamp": "2026-01-01T00:00:00Z"} if leaving else {}
    return {
        "metadata": {"name": "p", **gone},
        "status": {"conditions": conditions, "containerStatuses": list(statuses)},
    }


def container(name="server", restarts=0, **state):
    """Return what a pod says of one container."""
    return {"name": name, "restartCount": restarts, "state": state}


def test_change_holds_release():
    """What a Deployment is told is what it is then found to serve."""
    change = pods.started(RELEASE, 3, {"GATEHOUSE_LOG": ""})
    assert change["spec"]["replicas"] == 3
    assert {"name": "GATEHOUSE_BUNDLE_DIGEST", "value": "b1"} in change["spec"]["template"]["spec"]["containers"][0][
        "env"
    ]
    assert pods.serves(change, RELEASE)


@pytest.mark.parametrize(
    "other", [{"paused": True}, {"replicas": 0}, {"image": "none"}, {"release": Release("2.0.0", "b2", "r")}]
)
def test_other_deployment_does_not_serve(other):
    """One that stands still, was stopped, or names something else does not serve the release."""
    assert pods.serves(deployment(), RELEASE)
    assert not pods.serves(deployment(**other), RELEASE)


@pytest.mark.parametrize(
    "behind", [{"observedGeneration": 2}, {"replicas": 3}, {"updatedReplicas": 1}, {"readyReplicas": 1}]
)
def test_unsettled_deployment_is_seen(behind):
    """A Deployment is settled when all of its servers are new and ready, and no other is left."""
    assert pods.settled(deployment())
    assert not pods.settled(deployment(**behind))


def test_ready_pods_get_requests():
    """A pod that was told to go gets no requests, even while it says that it is ready."""
    assert pods.ready(pod())
    assert not pods.ready(pod(ready="False"))
    assert not pods.ready(pod(leaving=True))


def test_ended_pods_are_over():
    """A pod that was told to go is over when none of its containers runs."""
    ended = container(terminated={"exitCode": 0})
    assert pods.over(pod(ended, leaving=True))
    assert not pods.over(pod(container("proxy", running={}), ended, leaving=True))
    assert not pods.over(pod(ended))


def test_proxy_counts_without_server():
    """Counts are read as long as the proxy runs, also when the server is gone."""
    assert pods.counts(pod(container("proxy", running={}), container(waiting={"reason": "CrashLoopBackOff"})))
    assert not pods.counts(pod(container("proxy", waiting={"reason": "ContainerCreating"}), container(running={})))


def test_trouble_is_explained():
    """What will not get better by itself is told; what may is not."""
    pulled = container(waiting={"reason": "ErrImagePull", "message": "no such image"})
    assert pods.trouble(pod(pulled)) == "ErrImagePull: no such image"
    assert "exit code 1" in pods.trouble(pod(container(terminated={"exitCode": 1})))
    assert "exit code unknown" in pods.trouble(pod(container(restarts=1, running={})))
    assert not pods.trouble(pod(container(waiting={"reason": "ContainerCreating"})))
    assert not pods.trouble(pod(container(terminated={"exitCode": 0}), leaving=True))


def test_waiting_is_explained():
    """A pod without a node may still get one, so it is no trouble; when time is up, that is the reason."""
    unplaced = pod(reason="Unschedulable", message="too big")
    assert not pods.trouble(unplaced)
    assert pods.waits_for(unplaced) == "no node takes it: too big"
    assert pods.waits_for(pod(container(running={}))) == "it has not answered /readyz yet"


def test_last_words_are_found():
    """While a server runs again, what it said last is in the log before; while it waits for that, it is not."""
    assert pods.restarted(pod(container(restarts=1, running={})))
    assert not pods.restarted(pod(container(restarts=1, waiting={"reason": "CrashLoopBackOff"})))
    assert not pods.restarted(pod(container("proxy", restarts=1, running={}), container(running={})))
