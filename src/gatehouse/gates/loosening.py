"""Loosening: which changes of the settings let more through than before."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from pydantic_core import to_jsonable_python

from gatehouse.knobs import Looser
from gatehouse.verdicts import Check, Decision

Effect = Literal["looser", "tighter", "neutral"]
Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """One setting, by its dotted key, that is another than before; `how` says in a few words what became of it."""

    key: str
    old: Any
    new: Any
    effect: Effect
    how: str

    @property
    def name(self) -> str:
        """The key as it is found in the file: its section in brackets, then what follows."""
        section, _, rest = self.key.partition(".")
        return f"[{section}] {rest}".rstrip()


def changes(before: Settings, after: Settings, tree: type, higher_is_better: bool | None) -> list[Change]:
    """Compare two settings files as they were read; `tree` is the class of all settings, whose defaults fill gaps.

    Beside each setting's type stands which direction is looser (`knobs.Looser`). `higher_is_better` belongs to the
    metric that the gate judges by; None when it is not known.
    """
    old, new = to_jsonable_python(before), to_jsonable_python(after)
    return [*_removed(old, new, tree), *_in_section("", tree, old, new, higher_is_better)]


def judge(found: Sequence[Change], reasons: Mapping[str, str], earlier: Mapping[str, str]) -> list[Check]:
    """Return one check that holds for each loosened setting, or one that says that there is none.

    `reasons` maps a setting's key to what stands beside its new value; `earlier` to what stood beside the old one.
    """
    loosened = [change for change in found if change.effect == "looser"]
    if loosened:
        return [_pointed_out(item, reason_of(item.key, reasons), reason_of(item.key, earlier)) for item in loosened]
    counted = f"{len(found)} settings changed" if len(found) > 1 else "One setting changed"
    why = f"{counted}, and nothing more is let through than before." if found else "No setting changed."
    return [Check("settings", Decision.PROMOTE, why)]


def reason_of(key: str, reasons: Mapping[str, str]) -> str:
    """Return the comment of a key, or of what it is a part of; nothing where there is none."""
    while key and key not in reasons:
        key = key.rpartition(".")[0]
    return reasons.get(key, "")


def _pointed_out(change: Change, reason: str, earlier: str) -> Check:
    said = f"The reason beside it: “{reason}”." if reason else "No reason is given beside it."
    if reason and reason == earlier:
        said = f"The reason beside it is still that of the old value: “{reason}”."
    about = {"key": change.key, "old": change.old, "new": change.new, "reason": reason}
    return Check(f"loosened {change.name}", Decision.HOLD, f"{change.name} {change.how}. {said}", details=about)


def _removed(old: Settings, new: Settings, tree: type) -> Iterator[Change]:
    """Find whole sections that judge and are gone: their defaults apply, and no reason stands beside those."""
    for name, hint in get_type_hints(tree, include_extras=True).items():
        if name in old and name not in new and _judges(hint):
            yield Change(name, None, None, "looser", "is gone from the file, so that its defaults apply")


def _judges(hint: Any) -> bool:
    kind, rule = _read(hint)
    parts = get_type_hints(kind, include_extras=True).values() if is_dataclass(kind) else ()
    return rule is not None or any(map(_judges, parts))


def _read(hint: Any) -> tuple[Any, Looser | None]:
    """Return a setting's type and the direction that is declared beside it."""
    if get_origin(hint) is not Annotated:
        return hint, None
    kind, *said = get_args(hint)
    return kind, next((item for item in said if isinstance(item, Looser)), None)


def _in_section(key: str, kind: Any, old: Settings, new: Settings, better: bool | None) -> Iterator[Change]:
    """Compare the keys of one section; what the file does not say has its default."""
    hints = get_type_hints(kind, include_extras=True)
    for field in fields(kind):
        default = _default(field)
        was, now = (_filled(side.get(field.name, default), default, hints[field.name]) for side in (old, new))
        yield from _between(f"{key}{field.name}", hints[field.name], was, now, better)
    for name in sorted(old.keys() - hints.keys()):
        effect: Effect = "looser" if not key or _judges(kind) else "neutral"
        gone = f"was {_written(old[name])} and is no setting any more: what it guarded, it guards no longer"
        yield Change(f"{key}{name}", old[name], None, effect, gone)


def _default(field: Field[Any]) -> Any:
    if field.default_factory is not MISSING:
        return to_jsonable_python(field.default_factory())
    return None if field.default is MISSING else to_jsonable_python(field.default)


def _filled(given: Any, default: Any, hint: Any) -> Any:
    """Fill what a part of a section does not say; in a table whose keys the user chooses nothing is missing."""
    known = is_dataclass(_read(hint)[0]) and isinstance(given, Mapping) and isinstance(default, Mapping)
    return {**default, **given} if known else given


def _between(key: str, hint: Any, old: Any, new: Any, better: bool | None) -> Iterator[Change]:
    kind, rule = _read(hint)
    both = isinstance(old, Mapping) and isinstance(new, Mapping)
    if both and is_dataclass(kind):
        yield from _in_section(f"{key}.", kind, old, new, better)
    elif both and rule is not None and rule.when == "fewer":
        yield from _among(key, get_args(kind)[-1], old, new, better)
    elif old != new:
        yield _changed(key, rule, old, new, better)


def _among(key: str, hint: Any, old: Settings, new: Settings, better: bool | None) -> Iterator[Change]:
    """Compare tables whose keys the user chooses: one key less is looser, one more is tighter."""
    for name in dict.fromkeys([*old, *new]):
        if name not in new:
            yield Change(f"{key}.{name}", old[name], None, "looser", f"was {_written(old[name])} and is gone")
        elif name not in old:
            yield Change(f"{key}.{name}", None, new[name], "tighter", f"is new: {_written(new[name])}")
        else:
            yield from _between(f"{key}.{name}", hint, old[name], new[name], better)


def _changed(key: str, rule: Looser | None, old: Any, new: Any, better: bool | None) -> Change:
    goes = f"goes from {_written(old)} to {_written(new)}"
    if rule is None:
        return Change(key, old, new, "neutral", goes)
    when = {True: "lower", False: "higher", None: "changed"}[better] if rule.when == "worse" else rule.when
    if when == "fewer" and isinstance(old, list) and isinstance(new, list):
        return _listed(key, old, new, goes)
    if when in ("higher", "lower") and all(value is None or _is_number(value) for value in (old, new)):
        was, now = (_laxity(value, when == "higher", rule.off) for value in (old, new))
        if now == float("inf") > was:
            return Change(key, old, new, "looser", f"{goes}, which switches it off")
        more = f"{goes}, and {when} lets more through"
        return Change(key, old, new, "looser", more) if now > was else Change(key, old, new, "tighter", goes)
    return Change(key, old, new, "looser", f"{goes}, and nothing tells whether that asks for as much")


def _listed(key: str, old: list[Any], new: list[Any], goes: str) -> Change:
    lost = [item for item in old if item not in new]
    if lost:
        return Change(key, old, new, "looser", f"no longer names {', '.join(map(_written, lost))}")
    return Change(key, old, new, "tighter" if len(new) > len(old) else "neutral", goes)


def _laxity(value: float | None, higher: bool, off: float | None) -> float:
    """Return a number that is larger where more is let through; a limit that is not set, or off, lets all through."""
    if value is None or value == off:
        return float("inf")
    return value if higher else -value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float))


def _written(value: Any) -> str:
    """Write a value as it stands in the file."""
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False)
