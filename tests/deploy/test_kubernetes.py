"""What deploy/kubernetes promises, and what the rollout relies on there."""

import pytest
import yaml
from deploy.rendering import BASE

from deploy import rendering
from gatehouse.canary.counters import SLOTS
from gatehouse.targets import pods, recalled, route, servers, testers, traefik
from gatehouse.targets.servers import Servers

SHADOW_PORT = 8002


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
    elsewhere = servers.describe(Servers())["http"]["serversTransports"]["slots"]
    assert mine["serversTransports"]["server"] == elsewhere
    assert mine["services"]["server"]["loadBalancer"]["serversTransport"] == "server"
    assert route.OURS in mine["routers"]["probe"]["rule"]


def test_server_outlives_its_proxy():
    """When a pod stops, the proxy goes first, and both have time to finish what they have begun."""
    pod = rendering.objects()["Deployment", "gatehouse-blue"]["spec"]["template"]["spec"]
    sleeps = {each["name"]: each["lifecycle"]["preStop"]["sleep"]["seconds"] for each in pod["containers"]}
    assert sleeps["proxy"] < sleeps["server"]
    assert sleeps["server"] + float(servers.ANSWER.rstrip("s")) < pod["terminationGracePeriodSeconds"]


def test_ports_agree():
    """The route, the Services, the policy and the counters meet at the doors that the pods have."""
    found = rendering.objects()
    doors = {port["name"]: port["containerPort"] for port in rendering.containers("blue")["proxy"]["ports"]}
    assert doors == {"users": route.PORT, "internal": pods.INTERNAL_PORT, "shadow": SHADOW_PORT}
    for slot in SLOTS:
        ports = found["Service", route.server(slot)]["spec"]["ports"]
        assert {port["name"]: port["port"] for port in ports} == {"users": route.PORT, "shadow": SHADOW_PORT}
    allowed = [port for each in found["NetworkPolicy", "gatehouse"]["spec"]["ingress"] for port in each["ports"]]
    assert {port["port"] for port in allowed} == doors.keys()


def test_testers_are_counted_apart():
    """The proxy knows testers by the header that the route knows them by, before it looks for copies to send."""
    http = yaml.safe_load((BASE / "proxy.yml").read_text())["http"]
    router = http["routers"]["testers"]
    assert router["rule"].startswith(f"Header(`{testers.HEADER}`, `{testers.CANDIDATE}`)")
    assert router["service"] not in (pods.SERVER, "probe")
    assert http["services"][router["service"]] == http["services"][pods.SERVER]
    copies, doors = (http["routers"][name]["priority"] for name in ("copy-to-blue", "probe"))
    assert copies < router["priority"] < doors


@pytest.mark.parametrize("slot", SLOTS)
def test_copies_go_to_the_other_slot(slot):
    """The header that the route sets leads to copies, by the other slot's own door; users reach no answers by any."""
    http = yaml.safe_load((BASE / "proxy.yml").read_text())["http"]
    router, service = http["routers"][f"copy-to-{slot}"], http["services"][f"copy-to-{slot}"]
    assert f"HeaderRegexp(`{route.SHADOW}`, `^{slot}-`)" in router["rule"]
    assert service["mirroring"]["mirrors"] == [{"name": slot, "percent": 100}]
    assert service["mirroring"]["maxBodySize"] == traefik.LARGEST
    url = http["services"][slot]["loadBalancer"]["servers"][0]["url"]
    assert url == f"http://{route.server(slot)}:{SHADOW_PORT}"
    outside = [each for each in http["routers"].values() if each["entryPoints"] != ["internal"]]
    assert all(
        f"!Path(`{recalled.PATH}`)" in each["rule"] or route.OURS in each["rule"].replace("\\", "") for each in outside
    )
