"""How trees are converted, one by one or many: each answers what scikit-learn answers, to the last bits of a double."""

from typing import Any

import numpy as np
from onnx import TensorProto
from skl2onnx.common.data_types import DoubleTensorType, Int64TensorType, StringTensorType

from gatehouse.export import trees
from gatehouse.export.graph import Graph
from gatehouse.export.refusal import RefusedError
from gatehouse.export.trees import Ensemble


def convert_boosted(scope: Any, operator: Any, container: Any) -> None:
    """Sum up the trees of histogram-based boosting, and turn the sum into an answer as its loss says."""
    graph, model = Graph(scope, container), operator.raw_operator
    ensemble, targets = Ensemble(), model.n_trees_per_iteration_
    for stage in model._predictors:
        for target, predictor in enumerate(stage):
            trees.add_boosted(ensemble, predictor, target)
    summed = graph.ensemble(operator.inputs[0].onnx_name, ensemble, targets)
    raw = graph.node("Add", [summed, graph.constant(np.reshape(model._baseline_prediction, (1, -1)))])
    link = type(model._loss.link).__name__
    if hasattr(model, "classes_"):
        scores = graph.both(graph.node("Sigmoid", [raw])) if targets == 1 else graph.node("Softmax", [raw], axis=1)
        graph.answer(operator, scores)
    elif link in ("IdentityLink", "LogLink"):
        graph.node("Identity" if link == "IdentityLink" else "Exp", [raw], operator.outputs[0].onnx_name)
    else:
        raise RefusedError(f"{type(model).__name__} has the link {link}, which no converter knows")


def convert_forest(scope: Any, operator: Any, container: Any) -> None:
    """Average over plain trees, or take the one tree there is; each sees its numbers in single precision."""
    graph, model = Graph(scope, container), operator.raw_operator
    grown = [part.tree_ for part in getattr(model, "estimators_", [model])]
    if model.n_outputs_ != 1:
        raise RefusedError(f"{type(model).__name__} has {model.n_outputs_} outputs")
    narrow = graph.node("Cast", [operator.inputs[0].onnx_name], to=TensorProto.FLOAT)
    rows = graph.node("Cast", [narrow], to=TensorProto.DOUBLE)
    ensemble = Ensemble()
    if not hasattr(model, "classes_"):
        for tree in grown:
            trees.add_tree(ensemble, tree, 0, tree.value[:, 0, 0])
        summed = graph.ensemble(rows, ensemble, 1)
        graph.node("Div", [summed, graph.constant([float(len(grown))])], operator.outputs[0].onnx_name)
        return
    # A leaf of ONNX has one number, and a leaf here one a class: the trees answer which leaf, a table what is in it.
    leaves = [0, *np.cumsum([tree.node_count for tree in grown])]
    for place, tree in enumerate(grown):
        trees.add_tree(ensemble, tree, place, leaves[place] + np.arange(tree.node_count))
    shares = np.concatenate([tree.value[:, 0, :] / tree.value[:, 0, :].sum(axis=1, keepdims=True) for tree in grown])
    reached = graph.node("Cast", [graph.ensemble(rows, ensemble, len(grown))], to=TensorProto.INT64)
    votes = graph.node("Gather", [graph.constant(shares), reached], axis=0)
    summed = graph.node("ReduceSum", [votes, graph.constant([1], TensorProto.INT64)], keepdims=0)
    graph.answer(operator, graph.node("Div", [summed, graph.constant([float(len(grown))])]))


def shape_trees(operator: Any) -> None:
    """Say what trees give."""
    model = operator.raw_operator
    if not hasattr(model, "classes_"):
        operator.outputs[0].type = DoubleTensorType([None, 1])
        return
    numbers = model.classes_.dtype.kind in "iub"
    operator.outputs[0].type = (Int64TensorType if numbers else StringTensorType)([None])
    operator.outputs[1].type = DoubleTensorType([None, len(model.classes_)])
