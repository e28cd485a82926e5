import json

from gatehouse.release import Release
from gatehouse.targets import containers
from gatehouse.targets.containers import Names

NAMES = Names("gatehouse")
RELEASE = Release("1.1.0", "b" * 64, "registry.example/serve@sha256:" + "c" * 64)


def test_containers_are_confined():
    """Neither the router nor a server may write to its disk or gain rights, and both come back after a crash."""
    for wanted in (containers.router(NAMES, "traefik", 0), containers.server(NAMES, "blue-0", RELEASE, "", {})):
        assert wanted["read_only"]
        assert wanted["cap_drop"] == ["ALL"]
        assert wanted["security_opt"] == ["no-new-privileges"]
        assert wanted["restart_policy"] == {"Name": "unless-stopped"}
        assert wanted["labels"]["gatehouse.project"] == "gatehouse"


def test_doors_open_on_loopback_only():
    """Both doors of the router are published on 127.0.0.1; the servers are not published at all."""
    ports = containers.router(NAMES, "traefik", 8080)["ports"]
    assert ports == {"8000/tcp": ("127.0.0.1", 8080), "8001/tcp": ("127.0.0.1",)}
    assert "ports" not in containers.server(NAMES, "blue-0", RELEASE, "", {})


def test_server_is_its_release():
    """A slot's container runs the release's image, refuses another bundle, and can be recognised."""
    wanted = containers.server(NAMES, "green-1", RELEASE, "", {"EXTRA": "1"})
    assert (wanted["name"], wanted["image"]) == ("gatehouse-green-1", RELEASE.location)
    assert wanted["environment"]["GATEHOUSE_BUNDLE_DIGEST"] == RELEASE.bundle
    assert wanted["environment"]["EXTRA"] == "1"
    assert (wanted["labels"][containers.SLOT], wanted["labels"][containers.SERVER]) == ("green", "green-1")
    assert json.loads(wanted["labels"][containers.RELEASE]) == RELEASE.to_dict()
    assert NAMES.url("green-1") == "http://gatehouse-green-1:8080"


def test_log_lies_where_told():
    """The prediction log goes to the host's folder, or else to the target's volume."""
    host = containers.server(NAMES, "blue-0", RELEASE, "/var/log/predictions", {})["mounts"][0]
    assert (host["Source"], host["Target"], host["Type"]) == ("/var/log/predictions", "/log", "bind")
    volume = containers.server(NAMES, "blue-0", RELEASE, "", {})["mounts"][0]
    assert (volume["Source"], volume["Type"]) == ("gatehouse-log", "volume")


def test_archive_round_trip():
    """What is packed for the engine is what comes out, and any user may read it."""
    assert containers.unpacked(containers.archive({"a/b.json": '{"ü": 1}'})) == '{"ü": 1}'


def test_half_a_file_is_not_whole():
    """A file that ends too early is known by its JSON."""
    assert containers.is_whole('{"a": 1}')
    assert not containers.is_whole('{"a": ')
    assert not containers.is_whole("")


def test_guardian_is_known_by_what_it_was_told():
    """One with another image, other settings or another key is another one, and the same is the same."""

    def mark(image="train:1", told="{}", key="old"):
        keys = {"GATEHOUSE_LOG_KEY": key}
        return containers.guardian(NAMES, image, "/run/docker.sock", "", told, keys)["labels"][containers.GUARDS]

    assert mark() == mark()
    assert len({mark(), mark(image="train:2"), mark(told='{"a": 1}'), mark(key="new")}) == 4
