import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tumours
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, make_column_selector, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from gatehouse.bundle import Model
from gatehouse.contract import Contract
from gatehouse.serving import columns, requests
from gatehouse.serving.tables import Rows, Table

WORDS = ["size", "ward"]
FILLED = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
ONE_HOT = OneHotEncoder(handle_unknown="ignore")
CODES = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2)
TREES = HistGradientBoostingClassifier(max_iter=5)
MASK = np.array([True, True, True, True, False, False])

SPLIT = {
    "dense": make_pipeline(make_column_transformer((FILLED, tumours.NUMBERS), (ONE_HOT, WORDS)), LogisticRegression()),
    "sparse": make_pipeline(
        make_column_transformer((FILLED, tumours.NUMBERS), (ONE_HOT, WORDS), sparse_threshold=1), LogisticRegression()
    ),
    "remainder": make_pipeline(make_column_transformer((CODES, WORDS), remainder="passthrough"), TREES),
    "dropped": make_pipeline(make_column_transformer((FILLED, ["area"]), ("drop", WORDS), (CODES, [])), PCA(1), TREES),
    "places": make_pipeline(make_column_transformer((FILLED, [3, 0]), (CODES, slice(4, 6)), (FILLED, MASK)), TREES),
    "chosen": make_pipeline(
        make_column_transformer((FILLED, make_column_selector(dtype_include=float)), (CODES, ["ward"])), TREES
    ),
    "rare": make_pipeline(
        make_column_transformer(
            (OneHotEncoder(min_frequency=0.4, handle_unknown="infrequent_if_exist"), ["size"]),
            (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan), ["area", "dense"]),
        ),
        TREES,
    ),
    "mixed": make_pipeline(make_column_transformer((CODES, ["size", "area"]), (FILLED, ["area"])), TREES),
    "alone": make_pipeline(make_column_transformer((CountVectorizer(), "size"), (FILLED, [1])), LogisticRegression()),
    "weights": make_pipeline(
        ColumnTransformer(
            [("numbers", FILLED, tumours.NUMBERS), ("words", ONE_HOT, WORDS)], transformer_weights={"words": 0.3}
        ),
        StandardScaler(with_mean=False),
        PCA(3),
        LogisticRegression(),
    ),
}
WHOLE = {
    "no columns": HistGradientBoostingClassifier(max_iter=5, categorical_features=[]),
    "named output": make_pipeline(
        make_column_transformer((FILLED, tumours.NUMBERS), verbose_feature_names_out=False), TREES
    ).set_output(transform="pandas"),
    "slice of names": make_pipeline(make_column_transformer((FILLED, slice("mean_texture", "dense"))), TREES),
    "within": make_pipeline(
        FeatureUnion([("one", make_column_transformer((FILLED, tumours.NUMBERS)))]), LogisticRegression()
    ),
}


def fitted(pipeline: Any) -> Model:
    """Return a pipeline that learned from the tumours, or from their numbers alone where it knows no columns."""
    frame = tumours.CONTRACT.frame(tumours.rows())
    contract = tumours.CONTRACT
    if not isinstance(pipeline, Pipeline):
        kept = tuple(column for column in contract.columns if column.name not in WORDS)
        contract = Contract(kept, contract.task, contract.positive)
        frame = contract.frame(tumours.rows())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Model(clone(pipeline).fit(frame, contract.labels(tumours.rows())), contract)


def sent(model: Model) -> Rows:
    """Return rows as clients send them, some with gaps and some with a level that training never saw."""
    table = tumours.rows().head(60).assign(size=lambda rows: rows["size"].where(rows.index % 7 > 0, "huge"))
    reader = requests.reader(model.contract, 1000)
    document = {"rows": requests.payload(table, model.contract)}
    return reader.read(requests.json.dumps(document).encode()).rows


def is_split(model: Model) -> bool:
    """Tell whether a pipeline's columns are transformed apart from the rest of it."""
    return columns.split(model)[1] is not model


@pytest.mark.filterwarnings("ignore:Found unknown categories")
@pytest.mark.parametrize("name", SPLIT)
@pytest.mark.parametrize("count", [1, 16, 60])
def test_columns_give_the_same(name: str, count: int) -> None:
    """Whatever is given which columns, the matrix and the scores are those of the pipeline, to the bit."""
    model = fitted(SPLIT[name])
    rows = sent(model)[:count]
    features, rest = columns.split(model)
    assert rest is not model
    matrix, expected = features(rows), model.estimator[0].transform(Table(model.contract.features).of(rows))
    assert type(matrix) is type(expected)
    assert columns.told(matrix) == columns.told(expected)
    assert rest.predict_features(matrix).same(model.predict_features(Table(model.contract.features).of(rows)))


def test_encoders_are_given_arrays() -> None:
    """An encoder of columns that are all texts, or all numbers, has no table made for it; others have theirs."""
    kinds = {}
    for name in ("dense", "rare", "mixed"):
        model = fitted(SPLIT[name])
        parts = columns.Columns(model.estimator[0], model.contract)._parts
        kinds[name] = [type(part.given(sent(model))) for part in parts]
    table = pd.DataFrame
    assert kinds == {"dense": [table, np.ndarray], "rare": [np.ndarray, np.ndarray], "mixed": [table, table]}


@pytest.mark.parametrize("name", WHOLE)
def test_other_pipelines_are_left_whole(name: str) -> None:
    """What begins otherwise, or hands on a table, is given the table of all columns."""
    model = fitted(WHOLE[name])
    assert not is_split(model)
    features, same = columns.split(model)
    assert same.predict_features(features(sent(model))).same(model.predict_features(features(sent(model))))


def test_unfitted_pipeline_is_left_whole() -> None:
    """A pipeline that learned nothing is nobody's concern before it is asked."""
    assert not is_split(Model(SPLIT["dense"], tumours.CONTRACT))


def weigh(part: columns.Part) -> columns.Part:
    """Return a part that makes twice as much of everything."""
    return columns.Part(part.transformer, part.given, 2.0)


def single(part: columns.Part) -> columns.Part:
    """Return a part whose numbers are of another dtype."""

    class Single:
        def transform(self, table: Any) -> Any:
            found = part.transformer.transform(table)
            return found.astype(np.float32)

    return columns.Part(Single(), part.given, None)


@pytest.mark.filterwarnings("ignore:Found unknown categories")
@pytest.mark.parametrize("fault", [weigh, single])
def test_other_numbers_are_found(fault: Callable[[columns.Part], columns.Part], monkeypatch: Any) -> None:
    """Where the columns gave other numbers than the pipeline does, the pipeline is left whole."""
    model = fitted(SPLIT["remainder"])
    assert is_split(model)

    class Faulty(columns.Columns):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            self._parts = [fault(part) for part in self._parts]

    monkeypatch.setattr(columns, "Columns", Faulty)
    assert not is_split(model)


def complete(*transformers: Any) -> Model:
    """Return a pipeline of transformers that learned from rows without gaps, and refuses these."""
    whole = tumours.rows().dropna()
    pipeline = make_pipeline(make_column_transformer(*transformers), LogisticRegression())
    return Model(pipeline.fit(tumours.CONTRACT.frame(whole), tumours.CONTRACT.labels(whole)), tumours.CONTRACT)


def test_refused_gaps_prove_nothing() -> None:
    """A pipeline that refuses a gap is proven by the row without one, and refuses a gap afterwards as before."""
    model = complete((CountVectorizer(), "ward"), (StandardScaler(), ["area"]))
    assert is_split(model)
    features, _ = columns.split(model)
    with pytest.raises(ValueError, match="nan is an invalid document"):
        features([{**columns.examples(model.contract)[0], "ward": None}])


def test_nothing_proves_nothing() -> None:
    """A pipeline that refuses both examples, for levels that it does not know, is left whole."""
    assert not is_split(complete((OneHotEncoder(), ["ward"]), (StandardScaler(), ["area"])))


def test_sparse_stays_sparse() -> None:
    """Many indicators are not blown up into a table of zeros."""
    model = fitted(SPLIT["sparse"])
    features, _ = columns.split(model)
    assert sparse.issparse(features(sent(model)))
