from dataclasses import replace

from targets import contract

from gatehouse.targets import server_environment
from gatehouse.targets.docker_servers import environment


def test_environment_tells_log():
    """A container is told limits, share, key and Redis; at an address also where that is, and fsspec's settings."""
    config = contract.settings("state")
    own = {"GATEHOUSE_LOG_KEY": "k" * 16, "GATEHOUSE_REDIS_URL": "redis://cache"}
    environ = {**own, "FSSPEC_S3_KEY": "s3", "HOME": "/root"}
    near = environment(config, environ)
    assert near == {**server_environment.of(config), **own}
    far = environment(replace(config, store=replace(config.store, log="s3://bucket/log")), environ)
    assert far == near | {"GATEHOUSE_LOG": "s3://bucket/log", "FSSPEC_S3_KEY": "s3"}
