"""How columns are prepared: the tables that stand for texts, and gaps that are filled, in double precision."""

from typing import Any

import numpy as np
from onnx import TensorProto
from skl2onnx.common.data_types import DoubleTensorType

from gatehouse.export.graph import Graph
from gatehouse.export.levels import LevelTable
from gatehouse.export.refusal import RefusedError


def convert_table(scope: Any, operator: Any, container: Any) -> None:
    """Add up the table's rows of the given numbers."""
    graph = Graph(scope, container)
    summed(graph, operator.raw_operator, operator.inputs[0].onnx_name, operator.outputs[0].onnx_name)


def summed(graph: Graph, model: LevelTable, rows: str, out: str = "") -> str:
    """Add up a table's rows of the given numbers."""
    places = graph.node("Cast", [rows], to=TensorProto.INT64)
    found = graph.node("Gather", [graph.constant(model.table), places], axis=0)
    return graph.node("ReduceSum", [found, graph.constant([1], TensorProto.INT64)], out, keepdims=0)


def shape_table(operator: Any) -> None:
    """Say what a table gives."""
    operator.outputs[0].type = DoubleTensorType([None, operator.raw_operator.table.shape[1]])


def convert_coding(scope: Any, operator: Any, container: Any) -> None:
    """Code the categories of boosted trees, and put them before the numbers."""
    graph, rows = Graph(scope, container), operator.inputs[0].onnx_name
    coded = []
    for transformer, places in operator.raw_operator.parts:
        taken = graph.node("Gather", [rows, graph.constant(places, TensorProto.INT64)], axis=1)
        if isinstance(transformer, LevelTable):
            taken = summed(graph, transformer, taken)
        elif transformer is not None:
            taken = placed(graph, transformer, taken)
        coded.append(taken)
    graph.node("Concat", coded, operator.outputs[0].onnx_name, axis=1)


def shape_coding(operator: Any) -> None:
    """Say what coding gives: as many columns as it takes."""
    operator.outputs[0].type = DoubleTensorType([None, sum(len(places) for _, places in operator.raw_operator.parts)])


def convert_imputer(scope: Any, operator: Any, container: Any) -> None:
    """Put each column's number where a value is missing; then say where it was, if it is asked to."""
    graph, imputer, rows = Graph(scope, container), operator.raw_operator, operator.inputs[0].onnx_name
    if isinstance(imputer.missing_values, float) and np.isnan(imputer.missing_values):
        absent = graph.node("IsNaN", [rows])
    elif isinstance(imputer.missing_values, (int, float)):
        absent = graph.node("Equal", [rows, graph.constant([float(imputer.missing_values)])])
    else:
        raise RefusedError(f"SimpleImputer takes {imputer.missing_values!r} for a missing value")
    filled = graph.node("Where", [absent, graph.constant(imputer.statistics_[None].astype(float)), rows])
    parts = [graph.node("Gather", [filled, graph.constant(kept(imputer), TensorProto.INT64)], axis=1)]
    if imputer.indicator_ is not None:
        places = graph.constant(imputer.indicator_.features_, TensorProto.INT64)
        parts.append(graph.node("Cast", [graph.node("Gather", [absent, places], axis=1)], to=TensorProto.DOUBLE))
    graph.node("Concat", parts, operator.outputs[0].onnx_name, axis=1)


def shape_imputer(operator: Any) -> None:
    """Say what an imputer gives."""
    imputer = operator.raw_operator
    marks = 0 if imputer.indicator_ is None else len(imputer.indicator_.features_)
    operator.outputs[0].type = DoubleTensorType([None, len(kept(imputer)) + marks])


def kept(imputer: Any) -> np.ndarray:
    """Return the places of the columns that an imputer keeps: it drops one that held nothing in training."""
    statistics = imputer.statistics_.astype(float)
    return np.flatnonzero(~np.isnan(statistics) | imputer.keep_empty_features)


def convert_ordinal(scope: Any, operator: Any, container: Any) -> None:
    """Give each known number of a column its place."""
    graph = Graph(scope, container)
    placed(graph, operator.raw_operator, operator.inputs[0].onnx_name, operator.outputs[0].onnx_name)


def placed(graph: Graph, encoder: Any, rows: str, out: str = "") -> str:
    """Give each number of a column its place among those of training, by looking which one it equals."""
    if encoder.handle_unknown != "use_encoded_value" or encoder._infrequent_enabled:
        raise RefusedError("OrdinalEncoder takes numbers and refuses new ones, or groups the rare ones")
    coded = []
    for place, levels in enumerate(encoder.categories_):
        numbers = levels.astype(float)
        seen = numbers[~np.isnan(numbers)]
        column = graph.node("Gather", [rows, graph.constant([place], TensorProto.INT64)], axis=1)
        hits = graph.node("Cast", [graph.node("Equal", [column, graph.constant(seen[None])])], to=TensorProto.INT64)
        which = graph.node("Cast", [graph.node("ArgMax", [hits], axis=1, keepdims=1)], to=TensorProto.DOUBLE)
        axis = graph.constant([1], TensorProto.INT64)
        known = graph.node("Cast", [graph.node("ReduceMax", [hits, axis], keepdims=1)], to=TensorProto.BOOL)
        code = graph.node("Where", [known, which, graph.constant([float(encoder.unknown_value)])])
        if len(seen) < len(numbers):
            gap = graph.constant([float(encoder.encoded_missing_value)])
            code = graph.node("Where", [graph.node("IsNaN", [column]), gap, code])
        coded.append(code)
    return graph.node("Concat", coded, out, axis=1)


def shape_ordinal(operator: Any) -> None:
    """Say what an encoder gives."""
    operator.outputs[0].type = DoubleTensorType([None, len(operator.raw_operator.categories_)])
