"""Every error that Gatehouse raises on purpose: one base class, caught once, in `cli.run`.

An error means that no judgement was possible. A model that is not good enough is a verdict, never an error.
"""


class GatehouseError(Exception):
    """Something kept a step from judging. The message says what happened, the value, and what to do."""


class ConfigError(GatehouseError):
    """gatehouse.toml, an environment variable or an argument is wrong."""


class DataError(GatehouseError):
    """The data is missing, unreadable, or not what the schema says."""


class RowsError(DataError):
    """A model cannot answer rows: they lack a column, or hold something that it cannot read."""


class EvidenceError(GatehouseError):
    """What a judgement needs is missing, stale, NaN, or about something else."""


class NotComparableError(EvidenceError):
    """A released model cannot be compared on today's rows; the message goes on from its name, without a full stop."""


class BundleError(GatehouseError):
    """A model bundle is missing, incomplete, or not the one its hash names."""


class RegistryError(GatehouseError):
    """The model registry did not answer or does not hold what was asked for."""


class TargetError(GatehouseError):
    """A server, the router or the engine below them did not do what it was told."""


class SilenceError(TargetError):
    """Whoever was asked did not answer; asking again may help."""


class TakenError(TargetError):
    """Another program has changed the rollout's state since this one read it; what it says now holds."""


class WorkloadError(GatehouseError):
    """The workload package lacks something that the machinery needs."""
