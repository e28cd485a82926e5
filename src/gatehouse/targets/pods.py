"""The servers' pods and Deployments, as data: what the cluster is asked for, and what it says of them."""

import json
from collections.abc import Mapping
from typing import Any

from gatehouse.release import Release

SLOT, RELEASE = "gatehouse.slot", "gatehouse.release"
SERVER, INTERNAL_PORT = "server", 8001
GUARDIAN, SETTINGS = "guardian", "gatehouse.settings"
# Where the proxy passes on what its server says of itself: deploy/kubernetes/proxy.yml.
SERVER_METRICS, SERVER_ANSWERS = "/server/metrics", "/server/answers"
# What a container waits for that will not come by itself.
HOPELESS = (
    "CrashLoopBackOff",
    "CreateContainerConfigError",
    "CreateContainerError",
    "ErrImageNeverPull",
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "RunContainerError",
)


def started(release: Release, replicas: int, env: Mapping[str, str]) -> dict[str, Any]:
    """Return the change that makes a Deployment serve a release."""
    told = {"GATEHOUSE_BUNDLE_DIGEST": release.bundle, **env}
    container = {
        "name": SERVER,
        "image": release.location,
        "env": [{"name": name, "value": value} for name, value in told.items()],
    }
    template = {"metadata": {"annotations": {RELEASE: named(release)}}, "spec": {"containers": [container]}}
    return {"spec": {"paused": False, "replicas": replicas, "template": template}}


def guarding(image: str, settings: str) -> dict[str, Any]:
    """Return the change that makes the guardian's Deployment watch by these settings."""
    container = {"name": GUARDIAN, "image": image}
    template = {"metadata": {"annotations": {SETTINGS: settings}}, "spec": {"containers": [container]}}
    return {"spec": {"paused": False, "replicas": 1, "template": template}}


def named(release: Release) -> str:
    """Return a release as its pods name it."""
    return json.dumps(release.to_dict(), sort_keys=True)


def serves(deployment: Mapping[str, Any], release: Release) -> bool:
    """Tell whether a Deployment is set to serve just this release.

    One that stands still, or names another image, was written anew by somebody else.
    """
    spec = deployment["spec"]
    image = next(each["image"] for each in spec["template"]["spec"]["containers"] if each["name"] == SERVER)
    same = release_of(spec["template"]) == named(release) and image == release.location
    return same and not spec.get("paused") and spec.get("replicas", 1) > 0


def settled(deployment: Mapping[str, Any]) -> bool:
    """Tell whether all servers of a Deployment are those that it describes, and ready."""
    status, wanted = deployment.get("status", {}), deployment["spec"].get("replicas", 1)
    if status.get("observedGeneration", 0) < deployment["metadata"]["generation"]:
        return False
    return all(status.get(name, 0) == wanted for name in ("replicas", "updatedReplicas", "readyReplicas"))


def release_of(described: Mapping[str, Any]) -> str:
    """Return the release that a pod, or the template of one, names."""
    return str(described.get("metadata", {}).get("annotations", {}).get(RELEASE, ""))


def ready(pod: Mapping[str, Any]) -> bool:
    """Tell whether a pod gets requests."""
    conditions = pod.get("status", {}).get("conditions", [])
    return not leaving(pod) and any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def leaving(pod: Mapping[str, Any]) -> bool:
    """Tell whether a pod was told to go."""
    return "deletionTimestamp" in pod["metadata"]


def over(pod: Mapping[str, Any]) -> bool:
    """Tell whether a pod has ended; the cluster may take a while longer to forget it."""
    return leaving(pod) and not any("running" in each.get("state", {}) for each in _statuses(pod))


def counts(pod: Mapping[str, Any]) -> bool:
    """Tell whether a pod's proxy runs, so that it can be asked what it has counted."""
    return any(each["name"] != SERVER and "running" in each.get("state", {}) for each in _statuses(pod))


def trouble(pod: Mapping[str, Any]) -> str:
    """Return why a pod will not get ready, or nothing while it still may; one that was told to go has no trouble."""
    if leaving(pod):
        return ""
    for status in _statuses(pod):
        waiting, ended = status["state"].get("waiting", {}), status["state"].get("terminated", {})
        if waiting.get("reason") in HOPELESS:
            return f"{waiting['reason']}: {waiting.get('message', '')}".rstrip(": ")
        if status.get("restartCount") or ended:
            last = ended or status.get("lastState", {}).get("terminated", {})
            return f"its container '{status['name']}' ended with exit code {last.get('exitCode', 'unknown')}"
    return ""


def waits_for(pod: Mapping[str, Any]) -> str:
    """Return what a pod without trouble waits for: a node, which an autoscaler may yet bring, or its server."""
    unplaced = [each for each in pod.get("status", {}).get("conditions", []) if each.get("reason") == "Unschedulable"]
    return f"no node takes it: {unplaced[0]['message']}" if unplaced else "it has not answered /readyz yet"


def restarted(pod: Mapping[str, Any]) -> bool:
    """Tell whether a pod's server runs again after it ended, so that its last words are in the log before."""
    again = [each for each in _statuses(pod) if each["name"] == SERVER and "running" in each["state"]]
    return any(each.get("restartCount") for each in again)


def _statuses(pod: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(pod.get("status", {}).get("containerStatuses", []))
