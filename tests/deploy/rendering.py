"""deploy/kubernetes as `kubectl apply -k` reads it."""

import functools
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from gatehouse import shell

BASE = Path(__file__).parents[2] / "deploy" / "kubernetes"


@functools.cache
def objects() -> dict[tuple[str, str], dict[str, Any]]:
    """Return the objects of the base by kind and name; skips where there is no kubectl."""
    if not shutil.which("kubectl"):
        pytest.skip("kubectl is not installed: the manifests cannot be rendered")
    found = yaml.safe_load_all(shell.run(["kubectl", "kustomize", str(BASE)]))
    return {(each["kind"], each["metadata"]["name"]): each for each in found}


def containers(slot: str) -> dict[str, dict[str, Any]]:
    """Return the containers of a slot's pods by their names."""
    template = objects()["Deployment", f"gatehouse-{slot}"]["spec"]["template"]
    return {each["name"]: each for each in template["spec"]["containers"]}
