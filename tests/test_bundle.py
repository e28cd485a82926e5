import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tumours
from sklearn.base import BaseEstimator
from sklearn.linear_model import LinearRegression

from gatehouse import bundle as bundles
from gatehouse import files
from gatehouse.bundle import CARD, MANIFEST, MODEL, PROFILE, SCHEMA, Bundle
from gatehouse.contract import Column, Contract
from gatehouse.errors import BundleError, DataError
from gatehouse.predictions import Predictions


class Homemade(BaseEstimator):
    """An estimator that is not scikit-learn's."""


def restated(bundle: Bundle, **changes: Any) -> None:
    """Write another manifest, with the hashes that the files have now."""
    hashes = {name: files.sha256(bundle.path / name) for name in (MODEL, SCHEMA, PROFILE, CARD)}
    files.write_json(bundle.path / MANIFEST, {"version": "1.2.0", "files": hashes} | changes)


def test_reads_what_was_written(bundle: Bundle) -> None:
    """A bundle comes back with its contract, its version, and the hash of its manifest as its name."""
    again = bundles.read(bundle.path, expected=bundle.digest)
    assert again == bundle
    assert again.contract == tumours.CONTRACT
    assert again.version == "1.2.0"
    assert again.digest == files.sha256(bundle.path / MANIFEST)


def test_predicts_as_before(bundle: Bundle) -> None:
    """The loaded model answers exactly as the one that was trained, with labels as texts."""
    rows = tumours.rows()
    expected = tumours.estimator().predict_proba(tumours.CONTRACT.frame(rows))
    predictions = bundles.load_model(bundle).predict(rows)
    assert np.array_equal(predictions.scores, expected)
    assert predictions.classes == ("no", "yes")
    assert set(predictions.values) == {"no", "yes"}


def test_predicts_numbers(tmp_path: Path) -> None:
    """A regression's predictions are floats, and it has no classes."""
    contract = Contract((Column("x", "number"), Column("y", "number", "target")), "regression")
    rows = pd.DataFrame({"x": [0.0, 1.0], "y": [0.0, 2.0]})
    written = tumours.write(tmp_path / "b", LinearRegression().fit(rows[["x"]], rows["y"]), contract=contract)
    predictions = bundles.load_model(written).predict(rows)
    assert predictions.values == pytest.approx([0, 2])
    assert predictions.classes == ()


def test_predicting_needs_features(bundle: Bundle) -> None:
    """Rows that lack a feature are refused by its name."""
    with pytest.raises(DataError, match="lack the column 'size'"):
        bundles.load_model(bundle).predict(tumours.rows().drop(columns="size"))


@pytest.mark.parametrize("name", [MODEL, SCHEMA, PROFILE, CARD])
def test_refuses_changed_files(own_bundle: Bundle, name: str) -> None:
    """One added byte in any file is noticed, and the file is named."""
    with (own_bundle.path / name).open("ab") as stream:
        stream.write(b"\n")
    with pytest.raises(BundleError, match=f"{name} in the bundle .* was changed"):
        bundles.read(own_bundle.path)


@pytest.mark.parametrize("name", [MODEL, SCHEMA, PROFILE, CARD, MANIFEST])
def test_refuses_missing_files(own_bundle: Bundle, name: str) -> None:
    """A file that is gone is named."""
    (own_bundle.path / name).unlink()
    with pytest.raises(BundleError, match=f"has no {name}"):
        bundles.read(own_bundle.path)


def test_refuses_missing_folder(tmp_path: Path) -> None:
    """Where there is no bundle, the message says how to get one."""
    with pytest.raises(BundleError, match="Run train first"):
        bundles.read(tmp_path / "nowhere")


def test_refuses_other_bundle(bundle: Bundle) -> None:
    """A sound bundle is refused when another was expected, and both are named."""
    with pytest.raises(BundleError, match=f"{bundle.digest[:12]}, and aaaaaaaaaaaa was expected"):
        bundles.read(bundle.path, expected="a" * 64)


@pytest.mark.parametrize("text", ["", "{", "[]", "17", "null", "{}", '{"files": {}}', '{"files": []}', '{"files": 1}'])
def test_refuses_broken_manifest(own_bundle: Bundle, text: str) -> None:
    """A manifest that is no manifest is a BundleError, whatever it is instead."""
    (own_bundle.path / MANIFEST).write_text(text)
    with pytest.raises(BundleError):
        bundles.read(own_bundle.path)


@pytest.mark.parametrize("schema", [[], {}, {"columns": [{}], "task": "binary", "positive": "1"}, {"columns": 1}])
def test_refuses_broken_schema(own_bundle: Bundle, schema: Any) -> None:
    """A schema that is none is a BundleError, though its hash be right."""
    files.write_json(own_bundle.path / SCHEMA, schema)
    restated(own_bundle)
    with pytest.raises(BundleError, match="is broken"):
        bundles.read(own_bundle.path)


def test_refuses_broken_model(own_bundle: Bundle) -> None:
    """A model file that is no archive is a BundleError, though its hash be right."""
    (own_bundle.path / MODEL).write_bytes(b"no archive")
    restated(own_bundle)
    with pytest.raises(BundleError, match="cannot be loaded"):
        bundles.load_model(bundles.read(own_bundle.path))


def test_refuses_foreign_types(tmp_path: Path) -> None:
    """A model with a part that is not scikit-learn's is written, and never loaded: the part is named."""
    written = tumours.write(tmp_path / "b", Homemade())
    with pytest.raises(BundleError, match=r"Homemade, which is not scikit-learn's"):
        bundles.load_model(written)


def test_writes_whole_or_not(tmp_path: Path) -> None:
    """When writing fails, nothing is left; when there was a bundle, it is still there."""
    first = tumours.write(tmp_path / "b")
    with pytest.raises(ValueError, match="not JSON compliant"):
        bundles.write(first.path, tumours.estimator(), tumours.CONTRACT, {"psi": float("nan")}, {"version": "2"}, "")
    assert bundles.read(first.path).digest == first.digest
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_manifest_holds_hashes_only(own_bundle: Bundle) -> None:
    """The manifest states the hash of every other file, so that its own hash names them all."""
    manifest = json.loads((own_bundle.path / MANIFEST).read_text())
    present = {path.name for path in own_bundle.path.iterdir()}
    assert set(manifest["files"]) == present - {MANIFEST}


def test_other_estimator_is_refused(tmp_path: Path) -> None:
    """A regression in the bundle of a classifier is named, not a missing attribute."""
    written = tumours.write(tmp_path / "b", LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0]))
    with pytest.raises(BundleError, match="needs an estimator with predict_proba, and LinearRegression has none"):
        bundles.load_model(written).predict(tumours.rows())


def test_prediction_hash_tells_differences() -> None:
    """Equal predictions have one hash; the last bit of one score makes another."""
    scores = np.array([[0.25, 0.75]])
    one = Predictions(np.array(["b"]), scores, ("a", "b"))
    same = Predictions(np.array(["b"]), scores.astype(">f8"), ("a", "b"))
    other = Predictions(np.array(["b"]), np.nextafter(scores, 1), ("a", "b"))
    assert bundles.prediction_hash(one) == bundles.prediction_hash(same)
    assert bundles.prediction_hash(one) != bundles.prediction_hash(other)


def test_rounded_hash_tells_models_apart() -> None:
    """Sums in another order keep the rounded hash; another model does not, nor does it lose its sign or size."""
    values = np.array([0.0, 1e-9, -1234567.0, 0.123456])
    one, near, other = (Predictions(values * factor, np.empty(0)) for factor in (1, 1 + 1e-14, 1.001))
    assert bundles.prediction_hash(one, rounded=True) == bundles.prediction_hash(near, rounded=True)
    assert bundles.prediction_hash(one, rounded=True) != bundles.prediction_hash(other, rounded=True)
    assert bundles.prediction_hash(one) != bundles.prediction_hash(near)
