"""Writing nodes into the ONNX that skl2onnx is making."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import TensorProto

from gatehouse.export import trees
from gatehouse.export.trees import Ensemble


class Graph:
    """Writes nodes into the ONNX that is being made; each method returns the name of what its node gives."""

    def __init__(self, scope: Any, container: Any) -> None:
        self.scope, self.container = scope, container

    def node(self, kind: str, inputs: Sequence[str], out: str = "", domain: str = "", version: int | None = None,
             **attributes: Any) -> str:  # fmt: skip
        """Add a node of one output, under a name of its own or the one that is given."""
        out = out or str(self.scope.get_unique_variable_name(kind.lower()))
        name = self.scope.get_unique_operator_name(kind)
        version = self.container.target_opset_any_domain(domain) if version is None else version
        self.container.add_node(
            kind, list(inputs), [out], op_domain=domain, op_version=version, name=name, **attributes
        )
        return out

    def constant(self, values: Any, kind: int = TensorProto.DOUBLE) -> str:
        """Add numbers or texts that are always the same."""
        name = str(self.scope.get_unique_variable_name("constant"))
        flat = np.asarray(values).ravel()
        plain = [str(value).encode() for value in flat] if kind == TensorProto.STRING else flat.tolist()
        self.container.add_initializer(name, kind, list(np.shape(values)), plain)
        return name

    def ensemble(self, rows: str, ensemble: Ensemble, targets: int) -> str:
        """Add trees that are summed up."""
        # skl2onnx knows no newer version of the domain; `conversion` states the true one.
        return self.node(trees.OPERATOR, [rows], domain=trees.DOMAIN, version=1, **ensemble.attributes(targets))

    def answer(self, operator: Any, scores: str) -> None:
        """Give a classifier's probabilities, and the label of the highest."""
        label, probabilities = (output.onnx_name for output in operator.outputs)
        self.node("Identity", [scores], probabilities)
        place = self.node("ArgMax", [scores], axis=1, keepdims=0)
        classes = operator.raw_operator.classes_
        kind = TensorProto.INT64 if classes.dtype.kind in "iub" else TensorProto.STRING
        self.node("Gather", [self.constant(classes, kind), place], label, axis=0)

    def both(self, positive: str) -> str:
        """Give the probabilities of two classes from that of the second."""
        other = self.node("Sub", [self.constant([1.0]), positive])
        return self.node("Concat", [other, positive], axis=1)
