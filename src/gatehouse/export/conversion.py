"""From a fitted pipeline to an ONNX model that takes one matrix of doubles."""

import logging
import warnings
from typing import Any

import onnx
import pandas as pd
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import DoubleTensorType
from skl2onnx.helpers.onnx_helper import select_model_inputs_outputs
from sklearn.base import is_classifier

from gatehouse.contract import Contract
from gatehouse.export import converters, rewriting, trees
from gatehouse.export.levels import Vocabulary
from gatehouse.export.refusal import RefusedError

OPSETS = {"": 20, trees.DOMAIN: 3}
ROWS = "rows"


def convert(estimator: Any, contract: Contract, features: pd.DataFrame) -> tuple[onnx.ModelProto, Vocabulary, set[str]]:
    """Return the ONNX of an estimator that was fitted on `features`, the levels of texts, and which texts it reads.

    It takes `rows`, doubles of the shape (n, features), and gives one array: probabilities, shape (n, classes), or
    values, shape (n, 1). Raises RefusedError, with the reason, when there is no such thing.
    """
    numeric, known, used = rewriting.rewritten(estimator, contract, features)
    classes = is_classifier(estimator)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = convert_sklearn(
                numeric,
                initial_types=[(ROWS, DoubleTensorType([None, len(contract.features)]))],
                options={"zipmap": False} if classes else None,
                target_opset=OPSETS,
                custom_conversion_functions=converters.CONVERTERS,
                custom_shape_calculators=converters.SHAPES,
            )
    except RefusedError:
        raise
    except Exception as error:  # skl2onnx raises its own kinds and many others on what it cannot convert
        logging.getLogger(__name__).debug("skl2onnx failed", exc_info=error)
        said = str(error).strip().splitlines()
        raise RefusedError(f"skl2onnx cannot convert it: {type(error).__name__}: {said[0] if said else ''}") from error
    # Labels follow from the probabilities, and a server that computes them twice is slower.
    answers = [model.graph.output[-1].name]
    small = select_model_inputs_outputs(model, outputs=answers)
    _state_version(small)
    _drop_unused(small)
    return small, known, used


def _state_version(model: onnx.ModelProto) -> None:
    """Name the version of the domain that brought the trees in doubles, where there are such."""
    for domain in model.opset_import:
        if domain.domain == trees.DOMAIN and any(node.op_type == trees.OPERATOR for node in model.graph.node):
            domain.version = trees.VERSION


def _drop_unused(model: onnx.ModelProto) -> None:
    """Leave out the numbers that only the labels needed."""
    needed = {name for node in model.graph.node for name in node.input}
    kept = [tensor for tensor in model.graph.initializer if tensor.name in needed]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
