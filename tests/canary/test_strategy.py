import pytest

from gatehouse import config
from gatehouse.canary.strategy import Strategy
from gatehouse.errors import ConfigError


@pytest.mark.parametrize(
    "names", [["canary"], ["blue-green"], ["shadow"], ["shadow", "canary"], ["shadow", "blue-green"]]
)
def test_chains_that_can_be(names):
    """Each strategy stands alone, and a shadow before one that serves."""
    assert config.parse({"rollout": {"strategy": names}}).rollout.strategy == tuple(map(Strategy, names))


@pytest.mark.parametrize(
    "names", [["canary", "blue-green"], ["canary", "shadow"], ["shadow", "shadow"], ["shadow", "shadow", "canary"]]
)
def test_chains_that_cannot_be(names):
    """After all traffic was given nothing is left to try, and one shadow is enough."""
    with pytest.raises(ConfigError, match=rf"{', '.join(names)}: only a shadow can have another strategy after it"):
        config.parse({"rollout": {"strategy": names}})


@pytest.mark.parametrize("names", [[], ["green-blue"]])
def test_unknown_strategy_is_named(names):
    """No strategy, and one that there is not, are refused with those that there are."""
    with pytest.raises(ConfigError, match="'canary', 'blue-green' or 'shadow'"):
        config.parse({"rollout": {"strategy": names}})
