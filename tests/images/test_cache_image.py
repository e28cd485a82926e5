import json
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis_server
import tumours
from redis_server import RedisServer

from gatehouse.targets import ports

pytestmark = pytest.mark.docker


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """Return a real Redis beside the container."""
    (tmp_path / "redis").mkdir()
    with redis_server.running(tmp_path / "redis") as started:
        yield started


@pytest.fixture
def cached(
    redis: RedisServer,
    container: str,
    built_of: Callable[..., Iterator[str]],
    serving: Callable[..., None],
    tmp_path: Path,
) -> Iterator[str]:
    """Return the address of a hardened server with that cache, from the image with its requirement."""
    bundle = tumours.write(tmp_path / "bundle", features=tumours.rows())
    port = ports.free()
    # On the machine's own network, where the Redis listens.
    told = {"HOST": "127.0.0.1", "PORT": port, "GATEHOUSE_REDIS_URL": redis.url}
    options = [word for name, value in told.items() for word in ("--env", f"{name}={value}")]
    for image in built_of(bundle, "--build-arg", "CACHE=redis"):
        serving(container, image, "--network", "host", *options)
        yield f"http://127.0.0.1:{port}"


def predict(url: str, **changes: Any) -> dict[str, Any]:
    """Return what one row is answered, with its status."""
    body = json.dumps({**tumours.ROW, **changes}).encode()
    request = urllib.request.Request(f"{url}/predict", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return {"status": answer.status, **json.load(answer)}


def hits(url: str) -> float:
    """Return how many rows came from the cache."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=20) as answer:
        text = answer.read().decode()
    return float(text.split("\ngatehouse_cache_hits_total ")[1].split()[0])


def test_lost_cache_costs_no_request(cached: str, redis: RedisServer, container: str) -> None:
    """The image with the cache asks its Redis; when that is gone each request is answered all the same, by the model.

    The server says it once, stays healthy, and no request is counted as an error.
    """
    first, second = predict(cached), predict(cached)
    assert (first["scores"], hits(cached)) == (second["scores"], 1)
    redis.stop()
    answers = [predict(cached, area=area) for area in (640, 640, *range(700, 720))]
    assert {answer["status"] for answer in answers} == {200}
    assert answers[0]["scores"] == answers[1]["scores"] == first["scores"]
    assert hits(cached) == 1
    logs = subprocess.run(["docker", "logs", container], capture_output=True, text=True, check=True)
    said = logs.stdout + logs.stderr
    assert said.count("The prediction cache does not answer") == 1
    assert "Traceback" not in said
