"""A regularised line over scaled numbers and the coded sex."""

from sklearn.compose import make_column_transformer
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


def build() -> Pipeline:
    """Return the pipeline, unfitted."""
    coded = (OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["sex"])
    return make_pipeline(make_column_transformer(coded, remainder=StandardScaler()), Ridge())
