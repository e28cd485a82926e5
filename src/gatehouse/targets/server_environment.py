"""What every server is told of the settings, wherever it runs."""

from gatehouse.config import Config

LIMITS = ("maximum_rows", "inline_rows", "maximum_in_flight", "maximum_lag_ms", "time_limit_seconds", "cache_rows")


def of(config: Config) -> dict[str, str]:
    """Return the limits as a server reads them, what share it logs, and how many answers it remembers.

    It remembers them whatever its own rollout's strategy is: the next one's may be a shadow.
    """
    limits = {f"GATEHOUSE_{name.upper()}": str(getattr(config.serving, name)) for name in LIMITS}
    kept = str(config.shadow.kept)
    return {**limits, "GATEHOUSE_LOG_SHARE": str(config.log.share), "GATEHOUSE_RECALLED_ANSWERS": kept}
