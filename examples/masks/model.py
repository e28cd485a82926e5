"""Boosted trees over what is seen of one pixel and of its neighbours."""

from sklearn.ensemble import HistGradientBoostingClassifier


def build() -> HistGradientBoostingClassifier:
    """Return the trees, unfitted."""
    return HistGradientBoostingClassifier(max_iter=40, max_leaf_nodes=15, early_stopping=False, random_state=0)
