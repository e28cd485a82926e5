import pytest

from gatehouse import config, targets
from gatehouse.errors import ConfigError
from gatehouse.targets.local import LocalTarget


def test_settings_name_the_target(tmp_path):
    """The laptop's target is the default, and what it starts goes on after the step."""
    target = targets.connect(config.parse({"store": {"state": str(tmp_path)}}))
    assert isinstance(target, LocalTarget)
    assert target.stays
    target.close()


def test_no_target_is_an_error():
    """Where there is no target, nothing can be rolled out."""
    with pytest.raises(ConfigError, match="Set it to 'local', 'docker' or 'kubernetes'"):
        targets.connect(config.parse({"rollout": {"target": "none"}}))


def test_cluster_keeps_no_clients():
    """Clients that shall stay with their version are refused on a cluster, before it is looked for."""
    with pytest.raises(ConfigError, match=r"\[rollout\] sticky = true: .*Set it to false"):
        targets.connect(config.parse({"rollout": {"target": "kubernetes", "sticky": True}}))
