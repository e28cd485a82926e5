"""What every server is told of the settings, wherever it runs."""

from gatehouse.canary.strategy import Strategy
from gatehouse.config import Config

LIMITS = ("maximum_rows", "inline_rows", "maximum_in_flight", "maximum_lag_ms", "time_limit_seconds", "cache_rows")


def of(config: Config) -> dict[str, str]:
    """Return the limits as a server reads them. It remembers answers where a shadow's are compared with them."""
    limits = {f"GATEHOUSE_{name.upper()}": str(getattr(config.serving, name)) for name in LIMITS}
    kept = config.shadow.kept if Strategy.SHADOW in config.rollout.strategy else 0
    return {**limits, "GATEHOUSE_LOG_SHARE": str(config.log.share), "GATEHOUSE_RECALLED_ANSWERS": str(kept)}
