"""Faults of the configuration: settings that would disarm a gate, or that name what does not exist."""

from faults.comparison import COMPARED, candidate, compared
from faults.fault import Fault, Judge
from faults.workshop import Workshop, attempt, ruled

from gatehouse import config, workload
from gatehouse.verdicts import Check, Decision, Verdict

ERROR = Decision.ERROR


def loaded(text: str) -> Judge:
    """Return what reads a settings file with this text, and the workload that it names."""

    def judge(shop: Workshop) -> Verdict:
        def read() -> Verdict:
            workload.of(config.load(shop.text(text, "gatehouse.toml"), {}))
            return ruled("settings", Check("settings", Decision.PROMOTE, "Read."))

        return attempt("settings", read)

    return judge


LOADED = loaded("[gate]\nmetric = 'f1'\ndelta = 0.02\n")


def setting(name: str, planted: str, says: str, text: str) -> Fault:
    """Return a fault of the settings file, which no step may start with."""
    return Fault(name, planted, "settings", "settings", ERROR, says, loaded(text), LOADED)


def named(name: str, planted: str, says: str, section: str, **values: object) -> Fault:
    """Return a fault of a setting that fits its type, and nothing else; the gate must refuse it."""
    return Fault(name, planted, "gate", "gate", ERROR, says, compared(candidate, **{section: values}), COMPARED)


FAULTS = [
    setting("unknown key", "a threshold with a letter missing", "Did you mean 'delta'", "[gate]\ndelt = 0.02\n"),
    setting("unknown section", "a section that nobody reads", "Did you mean 'gate'", "[gates]\ndelta = 1.0"),
    setting("threshold as text", "a tolerance in quotes", "delta = '0.02'", "[gate]\ndelta = '0.02'\n"),
    setting("NaN threshold", "a tolerance that is NaN", "delta", "[gate]\ndelta = nan\n"),
    setting("infinite threshold", "a tolerance without end", "delta", "[gate]\ndelta = inf\n"),
    setting("negative threshold", "a tolerance below 0", "greater than 0", "[gate]\ndelta = -0.02\n"),
    setting("confidence of a coin", "bounds that change places", "greater than 0.5", "[gate]\nconfidence = 0.5\n"),
    setting("everything held out", "a holdout of all rows", "less than 1", "[holdout]\nshare = 1.0\n"),
    setting("latency between two buckets", "a ceiling that the router cannot count", "use one of",
            "[canary]\nlatency_p95_ms = 123.0\n"),
    setting("lateness between two buckets", "a floor that the router cannot count", "use one of",
            "[comparison]\nlate_floor_ms = 20.0\n"),
    setting("rollout without steps", "no weight to go through", "steps", "[steps]\nsteps = []\n"),
    setting("no TOML", "a file that ends in the middle", "cannot be read as TOML", "[gate"),
    setting("workload that is not there", "a package of another name", "There is no module",
            "[workload]\npackage = 'nobody'\n"),
    named("unknown metric", "a metric that nobody defined", "is unknown", "gate", metric="f2"),
    named("metric of another task", "a metric of numbers", "does not fit a binary task", "gate", metric="mae"),
    named("slice that is not there", "a column that the data does not have", "has none of that name", "slices",
          columns=("nation",)),
    named("group that is not there", "a column that the data does not have", "[fairness] names the column", "fairness",
          columns=("nation",)),
    named("numbers for groups", "a measurement without bins, of which each value is a group", "give it edges",
          "fairness", columns=("mean area",)),
]  # fmt: skip
