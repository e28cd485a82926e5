from functools import partial

import pytest

from gatehouse.errors import TargetError
from gatehouse.targets import ports
from gatehouse.targets.router import Router
from gatehouse.targets.tally import Tally


def test_gone_router_is_an_error():
    """Counters and weights of a router that does not answer are unknown, and not 0."""
    router = Router(f"http://127.0.0.1:{ports.free()}")
    for ask in (partial(router.counters, Tally()), router.routing, router.generation, router.servers):
        with pytest.raises(TargetError, match="does not answer"):
            ask()


def test_gone_router_is_not_ready():
    """Whoever waits for a router or a server asks without an error."""
    router = Router(f"http://127.0.0.1:{ports.free()}")
    assert (router.alive(), router.ready("blue"), router.answers("blue")) == (False, False, ())


def test_proxies_are_passed_by(monkeypatch):
    """A proxy in the environment does not come between this program and its router."""
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{ports.free()}")
    with pytest.raises(TargetError) as error:
        Router("http://127.0.0.1:1").counters(Tally())
    assert "127.0.0.1:1/metrics" in str(error.value)
