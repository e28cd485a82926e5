"""A namespace of a real cluster with deploy/kubernetes in it, and what a person may do there."""

import copy
import json
import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from targets import contract, tiny_image
from targets.contract import Place

from gatehouse import images, shell
from gatehouse.config import Config
from gatehouse.release import Release
from gatehouse.targets import waiting
from gatehouse.targets.kubernetes import KubernetesTarget

BASE = Path(__file__).parents[2] / "deploy" / "kubernetes"
STAGING = BASE.with_name("kubernetes-staging")
ROLE, PREFIX = "gatehouse-rollout", "gatehouse-test-"
FAULTS = {
    "good": "",
    "better": "",
    "failing": "ERROR_SHARE=0.4",
    "slow": "DELAY=0.6",
    "dead": "DIE=1",
    "crashing": "CRASH_AFTER=5",
}


class Namespace(Place):
    """The base in a namespace of its own; rolled out to with no more rights than its role gives."""

    crashing: Release

    def __init__(self, folder: Path, repository: str) -> None:
        self.folder = folder
        self.repository = repository
        self.name = f"{PREFIX}{secrets.token_hex(4)}"
        self.admin = os.environ["GATEHOUSE_TEST_KUBECONFIG"]
        for minor, (name, fault) in enumerate(FAULTS.items()):
            setattr(self, name, release(repository, f"1.{minor}.0", fault))
        self.clear_gateway()
        self.apply()
        self.url = self.gateway()
        self.kubeconfig = self.log_in()
        self.config = self.settings()

    def kubectl(self, *arguments: str, stdin: str = "") -> str:
        """Run kubectl as an administrator, in this namespace."""
        command = ["kubectl", "--kubeconfig", self.admin, "--namespace", self.name, *arguments]
        return shell.run(command, stdin=stdin, timeout=180)

    def apply(self) -> str:
        """Apply the base as an overlay with another namespace does."""
        overlay = {"namespace": self.name, "resources": [os.path.relpath(BASE, self.folder.resolve())]}
        (self.folder / "kustomization.yaml").write_text(yaml.safe_dump(overlay))
        return self.kubectl("apply", "-k", str(self.folder))

    def clear_gateway(self) -> None:
        """Remove what a run that was killed has left: its route would get this one's requests."""
        for found in json.loads(self.kubectl("get", "httproutes", "--all-namespaces", "-o", "json"))["items"]:
            owner = found["metadata"]["namespace"]
            if not found["spec"].get("hostnames"):
                assert owner.startswith(PREFIX), f"a route in namespace {owner} takes all requests of the test cluster"
                self.kubectl("delete", "namespace", owner)

    def gateway(self) -> str:
        """Return where users reach the gateway: the base's role may not ask for it."""
        gateway = json.loads(self.kubectl("get", "gateway", "gateway", "--namespace", "traefik", "-o", "json"))
        return f"http://{gateway['status']['addresses'][0]['value']}:{gateway['spec']['listeners'][0]['port']}"

    def inside(self) -> str:
        """Return where the gateway is reached from here and from pods alike."""
        service = json.loads(self.kubectl("get", "service", "traefik", "--namespace", "traefik", "-o", "json"))
        return f"http://{service['spec']['clusterIP']}:{service['spec']['ports'][0]['port']}"

    @contextmanager
    def staging(self) -> Iterator[str]:
        """Make staging beside production as deploy/kubernetes-staging does, and give where it is reached."""
        overlay = yaml.safe_load((STAGING / "kustomization.yaml").read_text())
        resources = [os.path.relpath(BASE, (self.folder / "staging").resolve())]
        text = yaml.safe_dump({**overlay, "resources": resources}, width=1000)
        for theirs, ours in (("gatehouse-staging", f"{self.name}-staging"), ("staging.example.org", "localhost")):
            text = text.replace(theirs, ours)
        text = text.replace("namespace: gatehouse}", f"namespace: {self.name}}}")
        (self.folder / "staging").mkdir()
        (self.folder / "staging" / "kustomization.yaml").write_text(text)
        self.kubectl("apply", "--namespace", f"{self.name}-staging", "-k", str(self.folder / "staging"))
        try:
            yield f"http://localhost:{self.url.rpartition(':')[2]}"
        finally:
            self.kubectl("delete", "namespace", f"{self.name}-staging", "--wait=false")

    def log_in(self) -> Path:
        """Return a kubeconfig that has the rollout's rights and no others."""
        known = yaml.safe_load(self.kubectl("config", "view", "--raw", "--minify", "-o", "yaml"))
        token = self.kubectl("create", "token", "gatehouse-rollout", "--duration", "2h").strip()
        known["users"] = [{"name": "rollout", "user": {"token": token}}]
        known["contexts"][0]["context"]["user"] = "rollout"
        path = self.folder / "rollout.kubeconfig"
        path.write_text(yaml.safe_dump(known))
        return path

    def settings(self) -> Config:
        """Return settings for this namespace, as many servers as the base's HPA wants at least, and quick steps."""
        sections = {
            "kubernetes": {"namespace": self.name, "replicas": 2, "url": self.url},
            "steps": {"steps": [25, 100], "bake_seconds": 1.0, "step_budget_seconds": 90.0},
            "canary": {"minimum_requests": 15, "minimum_latency_requests": 15},
            "comparison": {"harmless_rate": 0.3, "same_late": 10.0},
        }
        return contract.settings(str(self.folder / "state"), sections, poll_seconds=0.3)

    def attach(self, config: Config | None = None) -> KubernetesTarget:
        """Return a target that logs in as the rollout does."""
        before = os.environ.get("KUBECONFIG")
        os.environ["KUBECONFIG"] = str(self.kubeconfig)
        try:
            return KubernetesTarget(config or self.settings())
        finally:
            os.environ.pop("KUBECONFIG")
            if before is not None:
                os.environ["KUBECONFIG"] = before

    def ready(self, slot: str) -> int:
        """Return how many servers of a slot are ready."""
        path = "jsonpath={.status.readyReplicas}"
        return int(self.kubectl("get", "deployment", f"gatehouse-{slot}", "-o", path) or 0)

    @contextmanager
    def without(self, resource: str, verb: str) -> Iterator[None]:
        """Take one verb from the rollout's role for a while."""
        role = json.loads(self.kubectl("get", "role", ROLE, "-o", "json"))
        less = copy.deepcopy(role)
        for rule in less["rules"]:
            if resource in rule["resources"]:
                rule["resources"] = [each for each in rule["resources"] if each != resource]
                verbs = [each for each in rule["verbs"] if each != verb]
                less["rules"].append({**rule, "resources": [resource], "verbs": verbs})
                break
        self.grant([rule for rule in less["rules"] if rule["resources"] and rule["verbs"]])
        try:
            waiting.until(lambda: not self.may(resource, verb), 30, f"The role still has {verb} {resource}")
            yield
        finally:
            self.grant(role["rules"])
            waiting.until(lambda: self.may(resource, verb), 30, f"The role does not have {verb} {resource} again")

    def grant(self, rules: list[dict[str, Any]]) -> None:
        """Give the rollout's role other rules."""
        self.kubectl("patch", "role", ROLE, "--type", "merge", "--patch", json.dumps({"rules": rules}))

    def may(self, resource: str, verb: str) -> bool:
        """Tell whether the rollout has a right, on whatever its role names."""
        kind, _, part = resource.partition("/")
        name = {"deployments": "/gatehouse-blue", "httproutes": "/gatehouse", "configmaps": f"/{ROLE}"}.get(kind, "")
        who = f"--as=system:serviceaccount:{self.name}:{ROLE}"
        review = ["auth", "can-i", verb, kind + name, who, *([f"--subresource={part}"] if part else [])]
        command = ["kubectl", "--kubeconfig", self.admin, "--namespace", self.name, *review]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() == "yes"

    def clean(self) -> None:
        """Remove the namespace and all that is in it."""
        self.kubectl("delete", "namespace", self.name, "--wait=false")


def release(repository: str, version: str, fault: str) -> Release:
    """Return a release whose image lies in the tests' registry, by its digest."""
    return Release(version, version * 8, images.push(tiny_image.build(f"{repository}/tiny:{version}", version, fault)))
