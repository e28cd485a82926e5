"""The target on a Kubernetes cluster: what `kubectl apply -k deploy/kubernetes` made is given releases and weights.

Two Deployments behind two Services that never change, and one HTTPRoute whose weights do. Each pod's proxy counts, so
every gateway will do. The rollout's state is a ConfigMap, guarded by its resourceVersion.
"""

import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from gatehouse import files
from gatehouse.canary.counters import SLOTS, Counters, Slot
from gatehouse.canary.routing import Routing
from gatehouse.canary.shadow import Recalled
from gatehouse.config import Config, to_json
from gatehouse.errors import SilenceError, TargetError
from gatehouse.release import Release
from gatehouse.targets import pods, recalled, route, server_environment, server_metrics, tally, traefik, waiting
from gatehouse.targets.cluster import Cluster, Kind
from gatehouse.targets.gateway import Gateway
from gatehouse.targets.tally import Tally

STATE, COUNTED = "rollout.json", "counted.json"
# How long a gateway may take to do what it is told; some look only every other second.
CHANGE_SECONDS = 30.0
# How long a pod may take to go, above what its own settings give it.
STOP_SECONDS = 90.0


def of(config: Config) -> "KubernetesTarget":
    """Return the target of the settings."""
    return KubernetesTarget(config)


class KubernetesTarget:
    """Two Deployments and the route in front of them. Raises TargetError where no cluster is known."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.cluster = Cluster()
        namespace = "-".join(filter(None, (config.kubernetes.namespace, config.rollout.environment)))
        self.namespace = namespace
        self.core, self.apps = f"/api/v1/namespaces/{namespace}", f"/apis/apps/v1/namespaces/{namespace}"
        self.gateways = "/apis/gateway.networking.k8s.io/v1/namespaces"
        self.route = f"{self.gateways}/{namespace}/httproutes/{route.NAME}"
        self.kept = f"{self.core}/configmaps/{route.NAME}-rollout"
        self.version = ""
        self.tally = Tally()
        url = config.kubernetes.staging_url if config.rollout.environment else config.kubernetes.url
        self._url = url.rstrip("/")

    @property
    def url(self) -> str:
        """The address that users reach: that of the settings, or the gateway's own."""
        if not self._url:
            self._url = self._find_url()
        return self._url

    def start(self, slot: Slot, release: Release) -> None:
        """Start a release in a slot, behind the route."""
        self._ensure_route()
        if self._runs(slot, release):
            return
        change = pods.started(release, self.config.kubernetes.replicas, environment(self.config))
        self._change(self._deployment(slot), change, "strategic")
        self._wait_ready(slot, release)

    def stop(self, slot: Slot) -> None:
        """Take a slot's pods away, each after it has finished what it had begun."""
        self._change(self._deployment(slot), {"spec": {"replicas": 0}})
        failure = f"The pods of '{route.server(slot)}' did not go"
        _wait(lambda: all(pods.over(pod) for pod in self._pods(slot)), STOP_SECONDS, failure)

    def hold(self, release: Release) -> None:
        """Do nothing: whichever node starts a release fetches its image, and the rollout may not ask for that."""

    def weigh(self, routing: Routing) -> None:
        """Share the requests; a slot that is mirrored gets copies of all of them."""
        weights = routing.weights
        mark = f"{'-'.join(f'{slot}-{weights.get(slot, 0)}' for slot in SLOTS)}-{secrets.token_hex(4)}"
        # Forced, because the rules are the rollout's whoever wrote them last.
        wanted = route.description(routing, mark)
        self._change(self.route, wanted, "apply", fieldManager="gatehouse", force="true")
        gateway, failure = Gateway(self.url), f"The gateway at {self.url} did not take the weights {dict(weights)}"
        _wait(lambda: gateway.has(mark), CHANGE_SECONDS, f"{failure}, or cannot be reached there ([kubernetes] url),")

    def routing(self) -> Routing:
        """Return what the route says, which its gateway has accepted."""
        return route.routing(self.cluster.get(self.route))

    def door(self, slot: Slot) -> str:
        """Return the address of a slot apart from its traffic, through the gateway."""
        return self.url + route.probe(slot)

    def answers(self, slot: Slot) -> tuple[Recalled, ...]:
        """Return what each server of a slot remembers; nothing of one that does not say so at once."""
        found = []
        for pod in self._pods(slot):
            with suppress(TargetError):
                path = f"{self._door(pod)}{pods.SERVER_ANSWERS}"
                found.append(recalled.read(self.cluster.text(path, server_metrics.SECONDS)))
        return tuple(found)

    def counters(self) -> dict[Slot, Counters]:
        """Return what the pods of each slot have counted, those that are gone among them."""
        self._know()
        found: dict[Slot, dict[str, Counters]] = {slot: {} for slot in SLOTS}
        for slot in SLOTS:
            here = self._pods(slot)
            if any(not pods.leaving(pod) for pod in here) and not any(pods.ready(pod) for pod in here):
                raise TargetError(f"No server of '{route.server(slot)}' is ready: {self._why(slot)}")
            for pod in here:
                before = self.tally.seen.get(slot, {}).get(pod["metadata"]["uid"])
                counted = self._counted(pod, before) or before
                if counted is not None:
                    found[slot][pod["metadata"]["uid"]] = counted
        self.tally = self.tally.look(found)
        return self.tally.totals()

    def guard(self, image: str) -> None:
        """Have the guardian's Deployment watch with this target's settings, and the address that was found."""
        found = replace(self.config, kubernetes=replace(self.config.kubernetes, url=self.url, staging_url=self.url))
        path = f"{self.apps}/deployments/{route.NAME}-{pods.GUARDIAN}"
        self._change(path, pods.guarding(image, to_json(found)), "strategic")
        failure = (
            f"The guardian, from {image}, did not get ready: kubectl describe deployment gatehouse-guardian says why;"
        )
        _wait(lambda: pods.settled(self.cluster.get(path)), self.config.rollout.start_seconds, failure)

    def load(self) -> str | None:
        """Return the rollout's state."""
        kept = self.cluster.get(self.kept)
        self.version = kept["metadata"]["resourceVersion"]
        data = kept.get("data") or {}
        if COUNTED in data:
            self.tally = tally.from_json(data[COUNTED])
        return data.get(STATE)

    def save(self, state: str) -> None:
        """Keep the rollout's state, and what was counted so far.

        Raises TargetError when another program has saved since this one loaded or saved.
        """
        self._know()
        self._keep({STATE: state, COUNTED: tally.to_json(self.tally)})

    def close(self) -> None:
        """Let go of the cluster; everything goes on serving."""
        self.cluster.close()

    def remove(self) -> None:
        """Stop both slots and forget the state; what `kubectl apply` made is for `kubectl delete` to remove."""
        # The guardian first: it would start them again.
        self._change(f"{self.apps}/deployments/{route.NAME}-{pods.GUARDIAN}", {"spec": {"replicas": 0}})
        self.load()
        for slot in SLOTS:
            self.stop(slot)
        self.tally = Tally()
        self._keep({STATE: None, COUNTED: None})

    def _find_url(self) -> str:
        described = self.cluster.get(self.route)
        parent = described["spec"]["parentRefs"][0]
        namespace = parent.get("namespace", self.namespace)
        try:
            gateway = self.cluster.get(f"{self.gateways}/{namespace}/gateways/{parent['name']}")
        except TargetError as error:
            raise TargetError(f"{error} Set [kubernetes] url to where users reach the gateway.") from error
        return route.address(described, gateway)

    def _ensure_route(self) -> None:
        if not route.marked(self.cluster.get(self.route)):
            self.weigh(Routing({}))

    def _know(self) -> None:
        """Take up the state that this program has not seen yet."""
        if not self.version:
            self.load()

    def _keep(self, data: Mapping[str, str | None]) -> None:
        change = {"metadata": {"resourceVersion": self.version}, "data": dict(data)}

        def kept() -> bool:
            found = self.cluster.get(self.kept)
            # Not so the first time, but after a change whose answer was lost.
            if {name: (found.get("data") or {}).get(name) for name in data} != data:
                found = self.cluster.patch(self.kept, change)
            self.version = found["metadata"]["resourceVersion"]
            return True

        _wait(kept, CHANGE_SECONDS, "The cluster did not keep the rollout's state")

    def _change(self, path: str, change: dict[str, Any], kind: Kind = "merge", **query: str) -> None:
        """Make a change that may be made twice, until the cluster has said that it is made."""
        failure = f"The cluster did not answer to a change of {path}"
        _wait(lambda: bool(self.cluster.patch(path, change, kind, **query)), CHANGE_SECONDS, failure)

    def _deployment(self, slot: Slot) -> str:
        return f"{self.apps}/deployments/{route.server(slot)}"

    def _pods(self, slot: Slot) -> list[dict[str, Any]]:
        return list(self.cluster.get(f"{self.core}/pods", labelSelector=f"{pods.SLOT}={slot}")["items"])

    def _counted(self, pod: Mapping[str, Any], before: Counters | None) -> Counters | None:
        """Return what a pod's proxy has counted; None when it does not run, or is on its way out.

        What its server predicted is as `before` while that does not answer.
        """
        if not pods.counts(pod):
            return None
        door = self._door(pod)
        try:
            counted = traefik.counted(self.cluster.text(f"{door}/metrics"), pods.SERVER)
        except TargetError:
            if pods.leaving(pod):
                return None
            raise
        try:
            predictions = server_metrics.predictions(
                self.cluster.text(f"{door}{pods.SERVER_METRICS}", server_metrics.SECONDS)
            )
        except TargetError:
            return replace(counted, predictions=before.predictions if before else {})
        return replace(counted, predictions=predictions)

    def _door(self, pod: Mapping[str, Any]) -> str:
        """Return where a pod's proxy tells what it counts, and passes on what its server says."""
        return f"{self.core}/pods/{pod['metadata']['name']}:{pods.INTERNAL_PORT}/proxy"

    def _runs(self, slot: Slot, release: Release) -> bool:
        return pods.serves(self.cluster.get(self._deployment(slot)), release) and Gateway(self.url).ready(slot)

    def _wait_ready(self, slot: Slot, release: Release) -> None:
        gateway, name = Gateway(self.url), pods.named(release)

        def ready() -> bool:
            found = self._pods(slot)
            if any(pods.trouble(pod) for pod in found if pods.release_of(pod) == name):
                raise TargetError(f"'{route.server(slot)}' did not get ready: {self._why(slot)}")
            # Until the ones before have ended, the gateway may still send them something.
            left = any(pods.release_of(pod) != name and not pods.over(pod) for pod in found)
            return not left and pods.settled(self.cluster.get(self._deployment(slot))) and gateway.ready(slot)

        try:
            _wait(ready, self.config.rollout.start_seconds, f"'{route.server(slot)}' did not get ready")
        except TargetError as error:
            raise error if "get ready:" in str(error) else TargetError(f"{error} {self._why(slot)}") from error

    def _why(self, slot: Slot) -> str:
        """Return what keeps the newest server of a slot from getting ready, and the end of its output."""
        try:
            found = [pod for pod in self._pods(slot) if not pods.leaving(pod)]
        except TargetError as error:
            return str(error)
        if not found:
            return "there is no pod yet."
        newest = max(found, key=lambda pod: str(pod["metadata"]["creationTimestamp"]))
        pod = next((each for each in found if pods.trouble(each)), newest)
        why = pods.trouble(pod) or pods.waits_for(pod)
        return f"{why}. The end of its output:\n{self._log(pod)}"

    def _log(self, pod: Mapping[str, Any]) -> str:
        path, before = f"{self.core}/pods/{pod['metadata']['name']}/log", str(pods.restarted(pod)).lower()
        try:
            return self.cluster.text(path, container=pods.SERVER, tailLines="12", previous=before).strip()
        except TargetError as error:
            return str(error)


def environment(config: Config) -> dict[str, str]:
    """Return what a server is told of the settings. Keys and passwords are the Secret's; without an address, no log."""
    return server_environment.of(config) | {"GATEHOUSE_LOG": config.store.log if files.is_url(config.store.log) else ""}


def _wait(condition: Callable[[], bool], seconds: float, failure: str) -> None:
    """Wait for a condition; an API server or a gateway that is silent for a while is asked again."""

    def holds() -> bool:
        try:
            return condition()
        except SilenceError:
            return False

    waiting.until(holds, seconds, failure)
