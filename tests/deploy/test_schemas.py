"""Every object is what its published schema says: Kubernetes' newest, and that of the Gateway API."""

import copy
import json
import shutil

import kubernetes_validate
import pytest

from deploy import rendering
from gatehouse import shell
from gatehouse.canary.routing import Routing
from gatehouse.errors import GatehouseError
from gatehouse.targets import route

# The Gateway API's own types, made into a checker; Python has no package of them.
PACKAGE = "@kubernetes-models/gateway-api@2.0.0"
CHECK = """
import { HTTPRoute } from "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRoute";
new HTTPRoute(JSON.parse(process.argv[2])).validate();
"""


@pytest.fixture(scope="module")
def check_route(tmp_path_factory):
    """Return what raises GatehouseError for a route that is not valid."""
    if not shutil.which("npm"):
        pytest.skip("Node.js is not installed: the route cannot be checked against the Gateway API's schema")
    folder = tmp_path_factory.mktemp("gateway-api")
    shell.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), PACKAGE], timeout=300)
    (folder / "check.mjs").write_text(CHECK)
    return lambda wanted: shell.run(["node", str(folder / "check.mjs"), json.dumps(wanted)])


def test_objects_keep_schemas():
    """Every object of the base is valid, strictly: no field that Kubernetes does not know."""
    newest = kubernetes_validate.latest_version()
    for (kind, _), found in rendering.objects().items():
        if kind != "HTTPRoute":
            assert kubernetes_validate.validate(found, newest, strict=True)


@pytest.mark.parametrize(("field", "value"), [("replica", 2), ("paused", "yes"), ("strategy", {"surge": 1})])
def test_planted_faults_are_found(field, value):
    """A misspelt field, a wrong type and a misplaced field do not pass."""
    broken = copy.deepcopy(rendering.objects()["Deployment", "gatehouse-blue"])
    broken["spec"][field] = value
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, kubernetes_validate.latest_version(), strict=True)


def test_routes_keep_schema(check_route):
    """The route of the base is valid, and so is what the rollout makes of it."""
    check_route(rendering.objects()["HTTPRoute", "gatehouse"])
    check_route(route.description(Routing({"blue": 95, "green": 5}), "m1"))
    check_route(route.description(Routing({"blue": 100}, {"green": 20}, "green"), "m1"))


@pytest.mark.parametrize("fault", [{"weight": -1}, {"weight": 2_000_000}, {"port": 0}, {"name": None}])
def test_broken_route_is_found(check_route, fault):
    """A route with a value out of its bounds, or without a name, does not pass."""
    broken = route.description(Routing({"blue": 95, "green": 5}), "m1")
    broken["spec"]["rules"][-1]["backendRefs"][0].update(fault)
    with pytest.raises(GatehouseError, match="backendRefs"):
        check_route(broken)
