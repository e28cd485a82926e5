"""gatehouse.toml and the environment, made into one frozen tree of settings, once, at the edge."""

import argparse
import difflib
import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from gatehouse import files
from gatehouse import holdout as holdout_rule
from gatehouse.canary import comparison as comparison_rule
from gatehouse.canary import evidence, machine
from gatehouse.canary import lease as lease_rule
from gatehouse.canary import shadow as shadow_rule
from gatehouse.canary import state as states
from gatehouse.canary import strategy as strategies
from gatehouse.drift import knobs as drift_rules
from gatehouse.errors import ConfigError
from gatehouse.gates import data as data_gate
from gatehouse.gates import export as export_gate
from gatehouse.gates import fairness as fairness_gate
from gatehouse.gates import latency as latency_gate
from gatehouse.gates import leakage as leakage_gate
from gatehouse.gates import memory as memory_gate
from gatehouse.gates import parity as parity_gate
from gatehouse.gates import quality, sanity
from gatehouse.gates import slices as slices_gate
from gatehouse.knobs import AtLeastOne, Count, Fraction, Looser, Multiple, NotNegative, Positive, Share, knobs, names

# A place on the axis of time: a date, or a row number where the data has no dates.
Position = int | date
Since = Position | None

# Environment variables that stand above gatehouse.toml, and the key that each one sets.
VARIABLES = {
    "GATEHOUSE_STATE": ("store", "state"),
    "GATEHOUSE_LOG": ("store", "log"),
    "GATEHOUSE_REGISTRY": ("registry", "kind"),
    "MLFLOW_TRACKING_URI": ("registry", "tracking_uri"),
    "GATEHOUSE_IMAGE": ("registry", "image"),
    "GATEHOUSE_TARGET": ("rollout", "target"),
    "GATEHOUSE_ENVIRONMENT": ("rollout", "environment"),
    "GATEHOUSE_GUARDIAN": ("rollout", "guardian"),
}


class PositionError(ConfigError, argparse.ArgumentTypeError):
    """A text is neither a date nor a row number; argparse shows the message as it is."""


@knobs
class Workload:
    """The package that holds the user's schema, data and model, and a folder to find it in if it is not installed."""

    package: str = "workload"
    search_path: str = ""


@knobs
class Window:
    """Rows from `since` (included) to `until` (left out); without them, from the first row and to the last."""

    since: Since = None
    until: Since = None


@knobs
class Train:
    """How a model is trained."""

    seed: int = 0


@knobs
class Store:
    """Where the ledger, the tracking database and the drift windows lie, and where servers log predictions."""

    state: str = ".gatehouse"
    log: str = ""


@knobs
class Registry:
    """Who keeps the versions: MLflow, or the image registry; and the model's name in it.

    Another registry names another champion, or none, and then the floor is all that a candidate must pass.
    """

    kind: Annotated[Literal["mlflow", "image"], Looser("changed")] = "mlflow"
    name: Annotated[str, Looser("changed")] = "model"
    tracking_uri: Annotated[str, Looser("changed")] = ""
    image: Annotated[str, Looser("changed")] = ""


@knobs
class Images:
    """The most that each image may weigh, in megabytes."""

    serve_mb: Annotated[Positive, Looser("higher")] = 700.0
    train_mb: Annotated[Positive, Looser("higher")] = 2500.0


@knobs
class Rollout:
    """Where traffic is moved, the port that users reach (0: any free one), and how long a stopping server may drain.

    The `guardian`, an image with the pipeline or `process` on this machine, watches a canary from the target itself;
    without one, whoever began it stays. A candidate proves itself by each `strategy`. `replicas` are servers a version,
    not on Kubernetes; `keep_versions` may take over again. `sticky` clients keep one. No `environment` meets another.
    """

    target: Annotated[Literal["local", "docker", "kubernetes", "none"], Looser("changed")] = "local"
    environment: Annotated[str, Field(pattern="^[a-z0-9-]{0,20}$"), Looser("changed")] = ""
    guardian: str = ""
    staging: Annotated[Literal["auto", "on", "off"], Looser("changed")] = "auto"
    strategy: Annotated[strategies.Chain, AfterValidator(strategies.chain), Looser("changed")] = strategies.DEFAULT
    sticky: Annotated[bool, Looser("changed")] = False
    port: Annotated[int, Field(ge=0, le=65535)] = 0
    replicas: Count = 1
    poll_seconds: Positive = 1.0
    drain_seconds: NotNegative = 5.0
    start_seconds: Positive = 60.0
    keep_versions: Count = states.KEEP


@knobs
class Kubernetes:
    """The namespace of deploy/kubernetes, the servers that each version starts with, and where its gateway is reached.

    Without an `url` the Gateway's status is read, which takes a right that the rollout's role does not hold. Staging is
    a namespace of its own, named by the environment too, and reached at `staging_url`.
    """

    namespace: str = "gatehouse"
    replicas: Count = 2
    url: str = ""
    staging_url: str = ""


@knobs
class Serving:
    """What runs the model (`auto`: ONNX where its export is faithful), and what its servers take and show.

    `maximum_rows` is the most that one request may hold, and at most `inline_rows` of them are predicted without a
    thread of their own. More than `maximum_in_flight` requests at once are refused, and those that would wait for more
    than `maximum_lag_ms` for their turn or for that thread; what takes longer than the time limit is given up. The
    answers of `cache_rows` are kept. A local server has a `page` to try the model with.
    """

    runtime: Literal["auto", "onnx", "sklearn"] = "auto"
    maximum_rows: Count = 1000
    inline_rows: Annotated[int, Field(ge=0)] = 20
    maximum_in_flight: Count = 2048
    maximum_lag_ms: Positive = 100.0
    time_limit_seconds: Positive = 5.0
    cache_rows: Annotated[int, Field(ge=0)] = 0
    page: bool = True


@knobs
class Log:
    """The share of the predictions that servers log."""

    share: Fraction = 1.0


@knobs
class Retrain:
    """The sliding window's length, in days, or in rows where positions are row numbers."""

    window: Count = 180


@knobs
class Rehearsal:
    """The windows that `make rehearse` plays through: a first model, calm traffic, a moved world."""

    first: Window = Window()
    calm: Window = Window()
    drifted: Window = Window()
    requests_per_second: Positive = 50.0
    bake_seconds: Positive = 2.0
    minimum_requests: Count = 20
    slower: Multiple = 2.0
    harmless_rate: Share = 0.3
    same_late: Positive = 10.0
    bursts: AtLeastOne = 1.0


@knobs
class Config:
    """Every setting, one field a section of gatehouse.toml."""

    workload: Workload = Workload()
    data: Window = Window()
    validate: data_gate.Knobs = data_gate.Knobs()
    holdout: holdout_rule.Knobs = holdout_rule.Knobs()
    train: Train = Train()
    export: export_gate.Knobs = export_gate.Knobs()
    model: sanity.Knobs = sanity.Knobs()
    gate: quality.Knobs = quality.Knobs()
    slices: slices_gate.Knobs = slices_gate.Knobs()
    fairness: fairness_gate.Knobs = fairness_gate.Knobs()
    leakage: leakage_gate.Knobs = leakage_gate.Knobs()
    latency: latency_gate.Knobs = latency_gate.Knobs()
    memory: memory_gate.Knobs = memory_gate.Knobs()
    parity: parity_gate.Knobs = parity_gate.Knobs()
    registry: Registry = Registry()
    images: Images = Images()
    rollout: Rollout = Rollout()
    kubernetes: Kubernetes = Kubernetes()
    steps: machine.Knobs = machine.Knobs()
    canary: evidence.Knobs = evidence.Knobs()
    comparison: comparison_rule.Knobs = comparison_rule.Knobs()
    shadow: shadow_rule.Knobs = shadow_rule.Knobs()
    lease: lease_rule.Knobs = lease_rule.Knobs()
    serving: Serving = Serving()
    log: Log = Log()
    drift: drift_rules.Knobs = drift_rules.Knobs()
    retrain: Retrain = Retrain()
    rehearsal: Rehearsal = Rehearsal()
    store: Store = Store()


def position(text: str) -> Position:
    """Read a place on the axis of time: `2026-07-01` is a day, `1200` a row number. Raises PositionError."""
    try:
        return int(text) if text.isdecimal() else date.fromisoformat(text)
    except ValueError as error:
        raise PositionError(f"'{text}' is neither a date like 2026-07-01 nor a row number like 1200.") from error


def load(path: Path, environ: Mapping[str, str] = os.environ) -> Config:
    """Read the settings from `path` and `environ`.

    Paths in the file are relative to its folder. Raises ConfigError that names the key, and the nearest valid one.
    """
    try:
        text = path.read_text(encoding="utf-8")
        raw = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except FileNotFoundError as error:
        raise ConfigError(f"There is no file {path}: name the settings with --config or GATEHOUSE_CONFIG.") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, json.JSONDecodeError) as error:
        raise ConfigError(f"{path} cannot be read as {path.suffix[1:].upper()}: {error}.") from error
    for variable, (section, key) in VARIABLES.items():
        if environ.get(variable) and isinstance(raw.setdefault(section, {}), dict):
            raw[section][key] = environ[variable]
    return _anchored(parse(raw, str(path)), path.resolve().parent)


def to_json(config: Config) -> str:
    """Return all settings as `load` reads them back, for a program that runs elsewhere."""
    return TypeAdapter(Config).dump_json(config).decode()


def parse(raw: Mapping[str, Any], source: str = "gatehouse.toml") -> Config:
    """Make settings of plain values. Raises ConfigError for each key that is unknown, of a wrong type, or NaN."""
    try:
        # Through JSON, because pydantic's strict mode then takes a list for a tuple and a string for a date.
        return TypeAdapter(Config).validate_json(json.dumps(raw, default=str))
    except ValidationError as error:
        messages = dict.fromkeys(_explain(item) for item in error.errors(include_url=False))
        raise ConfigError("\n".join(f"{source}: {message}" for message in messages)) from error


def _explain(item: Mapping[str, Any]) -> str:
    """Say in one line what is wrong with one key, and which valid key is nearest to an unknown one."""
    path = [str(part) for part in item["loc"] if str(part) not in ("int", "date")]
    if item["type"] not in ("unexpected_keyword_argument", "extra_forbidden"):
        section = f"[{'.'.join(path[:-1])}] " if path[:-1] else ""
        return f"{section}{path[-1]} = {item['input']!r}: {item['msg']}."
    known = _keys(path[:-1])
    near = difflib.get_close_matches(path[-1], known, n=1, cutoff=0.0)
    where = f"section [{'.'.join(path[:-1])}]" if path[:-1] else "the file"
    return f"unknown key '{path[-1]}' in {where}. Did you mean '{near[0]}'? It takes: {', '.join(known)}."


def _keys(path: list[str]) -> list[str]:
    section: Any = Config
    for part in path:
        section = get_type_hints(section)[part]
    return names(section)


def _anchored(config: Config, root: Path) -> Config:
    """Make relative folders start at the settings file, so that a step means the same from wherever it is run."""
    search, store = config.workload.search_path, config.store
    local = store.log and not files.is_url(store.log)
    return replace(
        config,
        workload=replace(config.workload, search_path=str(root / search) if search else ""),
        store=Store(state=str(root / store.state), log=str(root / store.log) if local else store.log),
    )
