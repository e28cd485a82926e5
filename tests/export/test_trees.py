"""Trees: attributes of the node that ONNX defines."""

import numpy as np
from onnx import numpy_helper
from sklearn.tree import DecisionTreeRegressor

from gatehouse.export import trees
from gatehouse.export.trees import Ensemble

X = np.array([[0.0], [1.0], [2.0]])


def test_tree_keeps_its_doubles():
    """Splits and leaves are the tree's own numbers, to the last bit."""
    tree = DecisionTreeRegressor().fit(X, [0.1, 0.1, 0.7]).tree_
    ensemble = Ensemble()
    trees.add_tree(ensemble, tree, 0, tree.value[:, 0, 0])
    found = ensemble.attributes(1)
    assert numpy_helper.to_array(found["nodes_splits"]).tolist() == [1.5]
    assert numpy_helper.to_array(found["leaf_weights"]).tolist() == [0.1, 0.7]
    assert (found["nodes_trueleafs"], found["nodes_falseleafs"]) == ([1], [1])
    assert "membership_values" not in found


def test_lone_leaf_gets_a_split():
    """A tree of one leaf has the same leaf on both sides, since ONNX knows no other root."""
    tree = DecisionTreeRegressor().fit(X, [0.3, 0.3, 0.3]).tree_
    ensemble = Ensemble()
    trees.add_tree(ensemble, tree, 0, tree.value[:, 0, 0])
    assert ensemble.branches == [[0, 1, 0, 1]]


def test_sets_have_a_member():
    """A split by an empty set, which only a gap passes, is written with a member that nobody is."""
    ensemble = Ensemble()
    ensemble.split(0, 0.0, missing_left=True, members=[])
    ensemble.split(0, 0.0, missing_left=False, members=[2.0, 5.0])
    assert ensemble.members[:1] == [-1.0]
    assert ensemble.members[2:4] == [2.0, 5.0]
    assert np.isnan([ensemble.members[1], ensemble.members[4]]).all()


def test_bits_are_categories():
    """A set of bits names its categories across its words."""
    assert trees.levels(np.array([5, 1], dtype=np.uint32)) == [0.0, 2.0, 32.0]
