"""The file that serves: the ONNX of a pipeline, which also says how a row becomes its matrix."""

import json
from typing import Any

import numpy as np
import pandas as pd
from onnx import helper

from gatehouse.bundle import Model
from gatehouse.contract import Column
from gatehouse.export import conversion
from gatehouse.export.levels import NEW_LEVEL, TEXTS, Vocabulary
from gatehouse.serving.onnx_model import METADATA


def make(model: Model, features: pd.DataFrame) -> bytes:
    """Return the ONNX of a model that was fitted on `features`, a contract's table of at least one row.

    Raises RefusedError, with the reason, when there is none.
    """
    graph, known, used = conversion.convert(model.estimator, model.contract, features)
    columns = [
        text(model, features, column, known, read=column.name in used) if column.kind in TEXTS
        else {"name": column.name, "codes": None, "new": None, "missing": takes(model, features, column, np.nan)}
        for column in model.contract.features
    ]  # fmt: skip
    said = {"columns": columns, "classes": model.predict(features.head(1)).classes}
    helper.set_model_props(graph, {METADATA: json.dumps(said)})
    return bytes(graph.SerializeToString())


def text(model: Model, features: pd.DataFrame, column: Column, known: Vocabulary, *, read: bool) -> dict[str, Any]:
    """Return the number of each level that a column may have, of a new one and of none; None for what is refused."""
    name = column.name
    if not read:
        return {"name": name, "codes": {}, "new": 0, "missing": 0}
    first, levels, trained = known.first(name), known.levels[name], set(features[name].dropna())
    # A level that only the schema lists is as new as any other, unless an encoder was told of it.
    codes = {
        level: first + place
        for place, level in enumerate(levels)
        if level in trained or takes(model, features, column, level)
    }
    new, missing = first + len(levels), first + len(levels) + 1
    return {
        "name": name,
        "codes": codes,
        "new": new if takes(model, features, column, NEW_LEVEL) else None,
        "missing": missing if takes(model, features, column, np.nan) else None,
    }


def takes(model: Model, features: pd.DataFrame, column: Column, value: Any) -> bool:
    """Tell whether a model answers a row with this value in a column."""
    row = features.head(1).astype({column.name: object}).assign(**{column.name: value})
    try:
        return model.predict(row).finite()
    except Exception:  # whatever an estimator raises on what it does not take
        return False
