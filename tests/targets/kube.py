"""A namespace of a real cluster with deploy/kubernetes in it, and what a person may do there."""

import json
import os
import secrets
from pathlib import Path

import yaml
from targets import contract, tiny_image
from targets.contract import Place

from gatehouse import images, shell
from gatehouse.config import Config
from gatehouse.release import Release
from gatehouse.targets.kubernetes import KubernetesTarget

BASE = Path(__file__).parents[2] / "deploy" / "kubernetes"
FAULTS = {"good": "", "better": "", "failing": "ERROR_SHARE=0.4", "slow": "DELAY=0.6", "dead": "DIE=1"}


class Namespace(Place):
    """The base in a namespace of its own; rolled out to with no more rights than its role gives."""

    def __init__(self, folder: Path, repository: str) -> None:
        self.folder = folder
        self.name = f"gatehouse-test-{secrets.token_hex(4)}"
        self.admin = os.environ["GATEHOUSE_TEST_KUBECONFIG"]
        for minor, (name, fault) in enumerate(FAULTS.items()):
            setattr(self, name, release(repository, f"1.{minor}.0", fault))
        self.apply()
        self.url = self.gateway()
        self.kubeconfig = self.log_in()

    def kubectl(self, *arguments: str, stdin: str = "") -> str:
        """Run kubectl as an administrator, in this namespace."""
        command = ["kubectl", "--kubeconfig", self.admin, "--namespace", self.name, *arguments]
        return shell.run(command, stdin=stdin, timeout=180)

    def apply(self) -> str:
        """Apply the base as an overlay with another namespace does."""
        overlay = {"namespace": self.name, "resources": [os.path.relpath(BASE, self.folder.resolve())]}
        (self.folder / "kustomization.yaml").write_text(yaml.safe_dump(overlay))
        return self.kubectl("apply", "-k", str(self.folder))

    def gateway(self) -> str:
        """Return where users reach the gateway: the base's role may not ask for it."""
        gateway = json.loads(self.kubectl("get", "gateway", "gateway", "--namespace", "traefik", "-o", "json"))
        return f"http://{gateway['status']['addresses'][0]['value']}:{gateway['spec']['listeners'][0]['port']}"

    def log_in(self) -> Path:
        """Return a kubeconfig that has the rollout's rights and no others."""
        known = yaml.safe_load(self.kubectl("config", "view", "--raw", "--minify", "-o", "yaml"))
        token = self.kubectl("create", "token", "gatehouse-rollout", "--duration", "2h").strip()
        known["users"] = [{"name": "rollout", "user": {"token": token}}]
        known["contexts"][0]["context"]["user"] = "rollout"
        path = self.folder / "rollout.kubeconfig"
        path.write_text(yaml.safe_dump(known))
        return path

    def settings(self, **rollout: float) -> Config:
        """Return settings for this namespace, with as many servers as the base's HPA wants at least."""
        return contract.settings(
            str(self.folder / "state"),
            {"kubernetes": {"namespace": self.name, "replicas": 2, "url": self.url}},
            **rollout,
        )

    def attach(self) -> KubernetesTarget:
        """Return a target that logs in as the rollout does."""
        before = os.environ.get("KUBECONFIG")
        os.environ["KUBECONFIG"] = str(self.kubeconfig)
        try:
            return KubernetesTarget(self.settings())
        finally:
            os.environ.pop("KUBECONFIG")
            if before is not None:
                os.environ["KUBECONFIG"] = before

    def clean(self) -> None:
        """Remove the namespace and all that is in it."""
        self.kubectl("delete", "namespace", self.name, "--wait=false")


def release(repository: str, version: str, fault: str) -> Release:
    """Return a release whose image lies in the tests' registry, by its digest."""
    return Release(version, version * 8, images.push(tiny_image.build(f"{repository}/tiny:{version}", version, fault)))
