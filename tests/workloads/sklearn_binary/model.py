"""Scaled numbers, and a straight line between the classes."""

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler


def build() -> Pipeline:
    """Return the pipeline, unfitted."""
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
