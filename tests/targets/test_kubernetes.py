import fcntl
import json
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import image_registry
import pipeline_image
import pytest
import yaml
from stages.test_guard import promoted
from targets.contract import ROWS, Contract, settings
from targets.kube import BASE, Namespace
from targets.test_cluster import kubeconfig

from gatehouse import images
from gatehouse.canary.routing import Routing
from gatehouse.errors import TargetError
from gatehouse.release import Release
from gatehouse.stages import drill, looking, requesting, rollout, staging
from gatehouse.stages.traffic import Traffic
from gatehouse.targets import waiting
from gatehouse.targets.kubernetes import KubernetesTarget
from gatehouse.verdicts import Check, Decision

ROLE = next(each for each in yaml.safe_load_all((BASE / "rollout.yaml").read_text()) if each["kind"] == "Role")
RIGHTS = [(kind, verb) for rule in ROLE["rules"] for kind in rule["resources"] for verb in rule["verbs"]]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Namespace]:
    """Return a namespace to roll out to."""
    repository = image_registry.new_name()
    # A cluster has one gateway, and two runs would get each other's requests: the second one waits.
    with (Path(tempfile.gettempdir()) / "gatehouse-test-cluster").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
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


@pytest.fixture
def serving(place: Namespace, target: KubernetesTarget) -> KubernetesTarget:
    """Return the target when a rollout has given the good release all traffic."""
    found = looking.found(target)
    if found is None or found.stable is None or found.stable.release != place.good:
        # Without traffic, which there is none before a test, only a first version is promoted.
        target.remove()
    assert rollout.run(place.settings(), place.good, target=target, say=quiet).decision == Decision.PROMOTE
    return target


class Forgetful(BaseHTTPRequestHandler):
    """An API server with one ConfigMap, which loses the answer to the first change."""

    kept: ClassVar[dict[str, Any]] = {"metadata": {"resourceVersion": "1"}, "data": {}}
    changes: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        """Return the ConfigMap."""
        body = json.dumps(self.kept).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PATCH(self) -> None:
        """Change it; a second change on top of the same version would be refused."""
        change = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.changes.append(change["metadata"]["resourceVersion"])
        self.kept["data"].update(change["data"])
        self.kept["metadata"]["resourceVersion"] = str(len(self.changes) + 1)
        if len(self.changes) > 1:
            self.do_GET()

    def log_message(self, *args: object) -> None:
        """Print nothing."""


def test_lost_answer_is_survived(monkeypatch, tmp_path):
    """A save whose answer was lost is found to have been made, and is not made twice."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Forgetful) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("KUBECONFIG", kubeconfig(tmp_path, f"http://127.0.0.1:{server.server_port}"))
        target = KubernetesTarget(settings(str(tmp_path)))
        target.save("first")
        target.save("second")
        assert target.load() == "second"
        assert Forgetful.changes == ["1", "2"]
        target.close()
        server.shutdown()
        thread.join()


def quiet(line: str) -> None:
    """Say nothing."""


@pytest.mark.kubernetes
def test_crashing_candidate_is_rolled_back(place, serving):
    """Servers that crash again and again lose the traffic, although a dead one can count nothing."""
    with Traffic(serving.url, ROWS, 60):
        verdict = rollout.run(place.settings(), place.crashing, target=serving, say=quiet)
    assert verdict.decision in (Decision.REJECT, Decision.ERROR)
    assert serving.routing().weights == {"blue": 100, "green": 0}


@pytest.mark.kubernetes
def test_base_is_applied_again(place, serving):
    """Applying the base on top of a rollout costs no request; what was set is as it was, and it still scales."""
    serving.start("green", place.better)
    serving.weigh(Routing({"blue": 70, "green": 30}))
    with Traffic(serving.url, ROWS, 60) as traffic:
        place.apply()
        place.kubectl("scale", "deployment", "gatehouse-green", "--replicas", "3")
        waiting.until(lambda: place.ready("green") == 3, 90, "The third server did not come")
        place.kubectl("scale", "deployment", "gatehouse-green", "--replicas", "2")
        waiting.until(lambda: place.ready("green") == 2, 90, "The third server did not go")
        serving.start("green", place.better)
    assert traffic.failures == []
    assert serving.routing().weights == {"blue": 70, "green": 30}
    assert {answer.version for answer in traffic.answers} == {"1.0.0", "1.1.0"}


@pytest.mark.kubernetes
def test_autoscaler_adds_servers(place, serving):
    """The autoscaler adds a server under traffic, which costs no request; a slot that was stopped it leaves alone."""
    serving.start("green", place.better)
    serving.weigh(Routing({"blue": 70, "green": 30}))
    with Traffic(serving.url, ROWS, 60) as traffic:
        place.kubectl("patch", "hpa", "gatehouse-green", "--patch", json.dumps({"spec": {"minReplicas": 3}}))
        waiting.until(lambda: place.ready("green") == 3, 90, "The autoscaler added no server")
        serving.start("green", place.better)
        assert place.ready("green") == 3
        serving.weigh(Routing({"blue": 100}))
        serving.stop("green")
    assert traffic.failures == []
    # It looks every 15 seconds.
    told = "jsonpath={.status.conditions[?(@.type=='ScalingActive')].reason}"
    waiting.until(
        lambda: place.kubectl("get", "hpa", "gatehouse-green", "-o", told) == "ScalingDisabled",
        60,
        "The autoscaler did not say that it rests",
    )
    assert place.ready("green") == 0
    place.apply()


@pytest.mark.kubernetes
def test_moved_pod_costs_nothing(place, serving):
    """When a pod goes to another node, no request fails, and what it had counted still counts."""
    pod = place.kubectl("get", "pods", "-l", "gatehouse.slot=blue", "-o", "name").split()[0]
    with Traffic(serving.url, ROWS, 60) as traffic:
        waiting.until(lambda: len(traffic.answers) > 60, 30, "No answers came")
        before = serving.counters()["blue"]
        place.kubectl("delete", pod, "--wait=false")
        # As long as it drains, and its successor starts.
        time.sleep(10)
        assert not serving.counters()["blue"].restarted(before)
    assert traffic.failures == []
    assert before.requests > 30


@pytest.mark.kubernetes
def test_rollout_costs_no_request(place, serving):
    """A sound candidate gets all traffic, a slow one is rolled back, and nobody goes without an answer."""
    with Traffic(serving.url, ROWS, 60) as traffic:
        promoted = rollout.run(place.settings(), place.better, target=serving, say=quiet)
        traffic.mark("promoted")
        rejected = rollout.run(place.settings(), place.slow, target=serving, say=quiet)
        traffic.mark("rolled back")
        time.sleep(0.5)
    assert promoted.decision == Decision.PROMOTE, promoted.why
    assert rejected.decision == Decision.REJECT, rejected.why
    assert " ms " in rejected.why
    assert traffic.failures == []
    assert {answer.version for answer in traffic.answers} == {"1.0.0", "1.1.0", "1.3.0"}
    assert {answer.version for answer in traffic.around(traffic.marks[-1][0] + 0.3, 0.2)} == {"1.1.0"}


@pytest.fixture
def staging_target(place: Namespace, tmp_path: Path) -> Iterator[KubernetesTarget]:
    """Return the target of a staging beside production, for whoever may roll out to production."""
    with place.staging() as url:
        config = place.settings()
        config = replace(config, kubernetes=replace(config.kubernetes, staging_url=url))
        target = place.attach(staging.beside(config, str(tmp_path)))
        yield target
        target.remove()
        target.close()


@pytest.mark.kubernetes
def test_drill_beside_production(serving, staging_target, place):
    """A rollback is practised in staging by whoever rolls out, and production's users notice nothing."""

    def ask(url: str, release: Release) -> list[Check]:
        right = requesting.version(url)["bundle"] == release.bundle
        return [Check("version", Decision.PROMOTE if right else Decision.REJECT, "It answers.")]

    production = serving.url
    with Traffic(production, ROWS, 30) as traffic:
        verdict = drill.run(staging_target.config, staging_target, place.better, place.good, ask, [{"amount": 1.0}])
    assert verdict.decision == Decision.PROMOTE, verdict.why
    assert staging_target.namespace == f"{place.name}-staging"
    assert traffic.failures == []
    assert {answer.version for answer in traffic.answers} == {place.good.version}


@pytest.mark.kubernetes
@pytest.mark.slow
def test_guardian_promotes_alone(place, serving):
    """A pod of the cluster brings a canary to its end while nobody else looks, and no request fails."""
    with pipeline_image.built(f"{place.repository}/train:1") as name:
        guardian = images.push(name)
    config = place.settings()
    told = replace(config.rollout, target="kubernetes", guardian=guardian, start_seconds=300.0)
    config = replace(config, rollout=told, kubernetes=replace(config.kubernetes, url=place.inside()))
    target = place.attach(config)
    try:
        rollout.run(config, place.good, target=target, say=quiet)
        with Traffic(serving.url, ROWS, 60) as traffic:
            begun = rollout.run(config, place.better, target=target, say=quiet, minutes=0.0)
            promoted(target, lambda: place.kubectl("logs", "deployment/gatehouse-guardian", "--tail", "20"))
        assert begun.decision == Decision.HOLD, begun.why
        assert traffic.failures == []
        assert target.routing().weights == {"blue": 0, "green": 100}
    finally:
        target.remove()
        target.close()


@pytest.mark.kubernetes
@pytest.mark.parametrize(("resource", "verb"), RIGHTS)
def test_each_right_is_needed(place, target, resource, verb):
    """Without any one right of the role a rollout fails; that they are enough is shown by all tests above."""
    with place.without(resource, verb), pytest.raises(TargetError, match=r"\(403\)"):
        use_every_right(place, target)


def use_every_right(place: Namespace, target: KubernetesTarget) -> None:
    """Do everything that a rollout does, a server that does not start among it."""
    target.load()
    target.save(json.dumps({"new": time.time()}))
    target.start("blue", place.good)
    target.weigh(target.routing())
    target.stop("green")
    target.counters()
    target.start("green", place.dead)
