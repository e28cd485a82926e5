"""The decorator and the number types of settings: what a section of gatehouse.toml may hold."""

import dataclasses
import re
from typing import Annotated, Any, Literal, TypeVar, cast, dataclass_transform

from pydantic import BeforeValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass

T = TypeVar("T")

Share = Annotated[float, Field(gt=0, lt=1)]
Fraction = Annotated[float, Field(gt=0, le=1)]
Percent = Annotated[int, Field(ge=1, le=100)]
Positive = Annotated[float, Field(gt=0)]
Multiple = Annotated[float, Field(gt=1)]
AtLeastOne = Annotated[float, Field(ge=1)]
NotNegative = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(value: Any) -> Any:
    """Return a text like '24h' as seconds, and anything else as it is. Raises ValueError for another text."""
    if not isinstance(value, str):
        return value
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([smhd])", value)
    if found is None:
        raise ValueError("write a number of seconds, or a duration: '90s', '15m', '24h', '7d'")
    return float(found[1]) * UNITS[found[2]]


Duration = Annotated[float, BeforeValidator(seconds), Field(gt=0)]


@dataclasses.dataclass(frozen=True)
class Looser:
    """Stands beside a setting's type and says which change of it lets more through, for `gates.loosening`.

    `higher` and `lower` are for numbers; `worse` is lower where the metric should be high, and higher for a loss;
    `fewer`: something that was named is named no more; `changed`: nobody can tell, so any change counts. `off` is the
    number that switches the setting off.
    """

    when: Literal["higher", "lower", "worse", "fewer", "changed"]
    off: float | None = None


@dataclass_transform(frozen_default=True, kw_only_default=True)
def knobs(cls: type[T]) -> type[T]:
    """Make `cls` a frozen dataclass that refuses unknown keys, wrong types, NaN and infinity."""
    config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    return cast(type[T], dataclass(frozen=True, kw_only=True, config=config)(cls))


def names(cls: type[Any]) -> list[str]:
    """Return the keys that a section takes, in the order in which they are written."""
    return [field.name for field in dataclasses.fields(cls)]
