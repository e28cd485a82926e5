"""Boosted trees over the client and the day; categories are coded inside the pipeline."""

from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder

CATEGORIES = ["job", "marital", "education", "default", "housing", "loan"]


def build() -> Pipeline:
    """Return the pipeline, unfitted. It takes the schema's features and gives probabilities."""
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-1)
    columns = make_column_transformer((encoder, CATEGORIES), remainder="passthrough", verbose_feature_names_out=False)
    trees = HistGradientBoostingClassifier(
        learning_rate=0.05, max_iter=80, max_leaf_nodes=8, min_samples_leaf=40, early_stopping=False, random_state=0
    )
    return make_pipeline(columns, trees)
