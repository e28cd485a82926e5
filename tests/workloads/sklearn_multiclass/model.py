"""A forest, which draws its trees by a seed."""

from sklearn.ensemble import RandomForestClassifier


def build() -> RandomForestClassifier:
    """Return the forest, unfitted."""
    return RandomForestClassifier(n_estimators=50, random_state=0)
