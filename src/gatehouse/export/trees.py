"""Trees in ONNX, in double precision from the split to the sum.

The converters of skl2onnx compare and add in single precision, where scikit-learn does so in double: a value that
lies between a split and its rounded copy then takes another branch. ONNX has one operator that stays in doubles,
TreeEnsemble of version 5, and this is how it is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from onnx import numpy_helper

DOMAIN, OPERATOR, VERSION = "ai.onnx.ml", "TreeEnsemble", 5
LESS_OR_EQUAL, MEMBER = 0, 6
# ONNX Runtime asks each set for one member, and categories are numbered from 0.
NOBODY = (-1.0,)
# A set of categories of boosted trees: eight numbers of 32 bits.
BITS = 32


@dataclass
class Ensemble:
    """Trees on their way into one TreeEnsemble node: lists with one entry a split, or one a leaf."""

    roots: list[int] = field(default_factory=list)
    features: list[int] = field(default_factory=list)
    splits: list[float] = field(default_factory=list)
    modes: list[int] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)
    branches: list[list[int]] = field(default_factory=list)
    members: list[float] = field(default_factory=list)
    targets: list[int] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)

    def split(self, feature: int, threshold: float, missing_left: bool, members: Sequence[float] | None = None) -> int:
        """Add a split, which sends left what is at most the threshold or one of the members; return its number."""
        self.features.append(int(feature))
        self.splits.append(0.0 if members is not None else float(threshold))
        self.modes.append(LESS_OR_EQUAL if members is None else MEMBER)
        self.missing.append(int(missing_left))
        self.branches.append([0, 0, 0, 0])
        if members is not None:
            self.members += [*(members or NOBODY), np.nan]
        return len(self.features) - 1

    def leaf(self, target: int, weight: float) -> int:
        """Add a leaf, which adds its weight to a target; return its number."""
        self.targets.append(target)
        self.weights.append(float(weight))
        return len(self.targets) - 1

    def join(self, split: int, side: int, child: int, *, leaf: bool) -> None:
        """Say what follows on a side of a split: 0 is the left one."""
        self.branches[split][2 * side : 2 * side + 2] = [child, int(leaf)]

    def attributes(self, targets: int) -> dict[str, Any]:
        """Return the attributes of the node, which gives so many sums."""
        left, left_leaf, right, right_leaf = (list(part) for part in zip(*self.branches, strict=True))
        found = {
            "n_targets": targets, "aggregate_function": 1, "tree_roots": self.roots,
            "nodes_featureids": self.features, "nodes_missing_value_tracks_true": self.missing,
            "nodes_truenodeids": left, "nodes_trueleafs": left_leaf,
            "nodes_falsenodeids": right, "nodes_falseleafs": right_leaf,
            "nodes_modes": numpy_helper.from_array(np.array(self.modes, dtype=np.uint8)),
            "nodes_splits": doubles(self.splits),
            "leaf_targetids": self.targets, "leaf_weights": doubles(self.weights),
        }  # fmt: skip
        return found | ({"membership_values": doubles(self.members)} if self.members else {})


def doubles(values: Any) -> Any:
    """Return numbers as a tensor of doubles."""
    return numpy_helper.from_array(np.asarray(values, dtype=np.float64))


def add_tree(ensemble: Ensemble, tree: Any, target: int, weights: np.ndarray) -> None:
    """Add one of scikit-learn's plain trees; `weights` holds one number a node, of which those of leaves are taken."""
    ensemble.roots.append(len(ensemble.features))
    gone_left = getattr(tree, "missing_go_to_left", None)
    stack: list[tuple[int, int, int]] = [(0, -1, 0)]
    while stack:
        node, parent, side = stack.pop()
        if tree.children_left[node] == tree.children_right[node]:
            place(ensemble, parent, side, ensemble.leaf(target, weights[node]))
            continue
        missing_left = bool(gone_left[node]) if gone_left is not None else False
        split = ensemble.split(tree.feature[node], tree.threshold[node], missing_left)
        if parent >= 0:
            ensemble.join(parent, side, split, leaf=False)
        stack += [(tree.children_right[node], split, 1), (tree.children_left[node], split, 0)]


def add_boosted(ensemble: Ensemble, predictor: Any, target: int) -> None:
    """Add one of the trees of histogram-based boosting."""
    ensemble.roots.append(len(ensemble.features))
    nodes = predictor.nodes
    stack: list[tuple[int, int, int]] = [(0, -1, 0)]
    while stack:
        number, parent, side = stack.pop()
        node = nodes[number]
        if node["is_leaf"]:
            place(ensemble, parent, side, ensemble.leaf(target, node["value"]))
            continue
        members = levels(predictor.raw_left_cat_bitsets[node["bitset_idx"]]) if node["is_categorical"] else None
        missing_left = bool(node["missing_go_to_left"])
        split = ensemble.split(node["feature_idx"], node["num_threshold"], missing_left, members)
        if parent >= 0:
            ensemble.join(parent, side, split, leaf=False)
        stack += [(int(node["right"]), split, 1), (int(node["left"]), split, 0)]


def place(ensemble: Ensemble, parent: int, side: int, leaf: int) -> None:
    """Put a leaf below its split; a tree that is one leaf gets a split with the same leaf on both sides."""
    if parent >= 0:
        ensemble.join(parent, side, leaf, leaf=True)
        return
    split = ensemble.split(0, 0.0, missing_left=True)
    for both in (0, 1):
        ensemble.join(split, both, leaf, leaf=True)


def levels(bitset: np.ndarray) -> list[float]:
    """Return the categories that a set of bits holds."""
    words = np.asarray(bitset, dtype=np.uint32)
    return [float(bit) for bit in range(len(words) * BITS) if words[bit // BITS] >> np.uint32(bit % BITS) & 1]
