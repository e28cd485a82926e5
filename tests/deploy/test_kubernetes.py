"""What deploy/kubernetes promises, and what the rollout relies on there."""

import pytest
import yaml
from deploy.rendering import BASE

from deploy import rendering
from gatehouse.canary.counters import SLOTS
from gatehouse.targets import pods, route, traefik


def test_slots_never_change_selectors():
    """Each slot's Deployment, Service, HPA and PDB speak of that slot's pods, and of no other's."""
    found = rendering.objects()
    for slot in SLOTS:
        name, mine = route.server(slot), {pods.SLOT: slot}
        assert found["Deployment", name]["spec"]["selector"] == {"matchLabels": mine}
        assert found["Service", name]["spec"]["selector"] == mine
        assert found["PodDisruptionBudget", name]["spec"]["selector"] == {"matchLabels": mine}
        assert found["HorizontalPodAutoscaler", name]["spec"]["scaleTargetRef"]["name"] == name


def test_rollout_owns_what_is_left_out():
    """Applying the base again changes neither weights, nor replicas, nor state; and the servers stand still."""
    found = rendering.objects()
    assert "rules" not in found["HTTPRoute", route.NAME]["spec"]
    assert "data" not in found["ConfigMap", f"{route.NAME}-rollout"]
    for slot in SLOTS:
        spec = found["Deployment", route.server(slot)]["spec"]
        assert spec["paused"]
        assert "replicas" not in spec


@pytest.mark.parametrize("slot", SLOTS)
def test_pods_are_confined(slot):
    """Each container runs as a numbered user, with nothing to write to, no right to gain and a limit."""
    pod = rendering.objects()["Deployment", route.server(slot)]["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not pod["automountServiceAccountToken"]
    for container in pod["containers"]:
        confined = container["securityContext"]
        assert confined["readOnlyRootFilesystem"]
        assert not confined["allowPrivilegeEscalation"]
        assert confined["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"].keys() == {"requests", "limits"}
        assert {"livenessProbe", "readinessProbe"} <= container.keys()


def test_proxy_counts_as_others_do():
    """The proxy's buckets are the edges that ceilings stand at, and no argument is another than elsewhere."""
    elsewhere = dict(each.partition("=")[::2] for each in traefik.static_arguments("/routes", ":8000", ":8001"))
    mine = dict(each.partition("=")[::2] for each in rendering.containers("blue")["proxy"]["args"])
    assert mine["--metrics.prometheus.buckets"] == elsewhere["--metrics.prometheus.buckets"]
    assert {name: value for name, value in mine.items() if elsewhere.get(name, value) != value} == {}


def test_proxy_gives_up_as_others_do():
    """A silent server, and a connection that idles, are given up after the same time as on the other targets."""
    mine = yaml.safe_load((BASE / "proxy.yml").read_text())["http"]
    elsewhere = traefik.servers({})["http"]["serversTransports"]["slots"]
    assert mine["serversTransports"]["server"] == elsewhere
    assert mine["services"]["server"]["loadBalancer"]["serversTransport"] == "server"
    assert route.OURS in mine["routers"]["probe"]["rule"]


def test_server_outlives_its_proxy():
    """When a pod stops, the proxy goes first, and both have time to finish what they have begun."""
    pod = rendering.objects()["Deployment", "gatehouse-blue"]["spec"]["template"]["spec"]
    sleeps = {each["name"]: each["lifecycle"]["preStop"]["sleep"]["seconds"] for each in pod["containers"]}
    assert sleeps["proxy"] < sleeps["server"]
    assert sleeps["server"] + float(traefik.ANSWER.rstrip("s")) < pod["terminationGracePeriodSeconds"]


def test_ports_agree():
    """The route, the Services, the policy and the counters meet at the doors that the pods have."""
    found = rendering.objects()
    doors = {port["name"]: port["containerPort"] for port in rendering.containers("blue")["proxy"]["ports"]}
    assert doors == {"users": route.PORT, "internal": pods.INTERNAL_PORT}
    assert found["Service", "gatehouse-blue"]["spec"]["ports"][0]["port"] == route.PORT
    allowed = found["NetworkPolicy", "gatehouse"]["spec"]["ingress"][0]["ports"]
    assert {port["port"] for port in allowed} == doors.keys()
