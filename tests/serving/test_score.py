import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tumours
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from gatehouse.bundle import Bundle, Model
from gatehouse.contract import Column, Contract
from gatehouse.errors import DataError, EvidenceError, RowsError
from gatehouse.predictions import Predictions
from gatehouse.serving import runtime, score
from gatehouse.serving.sklearn_model import SklearnModel

CONTRACT = Contract(
    (
        Column("n", "number"), Column("i", "integer"), Column("b", "boolean"), Column("c", "category"),
        Column("t", "time"), Column("y", "category", "target"),
    ),
    "binary", "1",
)  # fmt: skip
# A cell that holds nothing is a missing value; a text with a null byte is no CSV.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.none() | st.floats(),
            st.integers(-(2**53), 2**53),
            st.booleans(),
            st.none() | TEXT,
            st.none() | st.datetimes(),
        ),
        min_size=1,
    )
)
def test_rows_mean_the_same(cells: list[tuple[object, ...]]) -> None:
    """A model sees the same features in rows that went through the CSV, to the last bit and the last blank."""
    rows = pd.DataFrame(cells, columns=["n", "i", "b", "c", "t"]).astype({"n": "float64"})
    back = score.rows_from(score.rows_text(rows), CONTRACT)
    pd.testing.assert_frame_equal(CONTRACT.frame(pd.DataFrame(back)), CONTRACT.frame(rows), check_exact=True)


@pytest.mark.parametrize("text", ["001", "1.0", "NA", "null", "True", " x ", 'a,"b"\r\nc', "é"])
def test_texts_stay_texts(text: str) -> None:
    """What looks like a number or like nothing to a CSV reader is the text that it was."""
    back = score.rows_from(score.rows_text(pd.DataFrame({"c": [text, None]})), CONTRACT)
    assert back["c"] == [text, None]


def test_narrow_floats_keep_their_value() -> None:
    """A float32 comes back as the float64 that the model would have been given."""
    narrow = pd.DataFrame({"n": np.array([0.1, 1 / 3], dtype="float32")})
    back = score.rows_from(score.rows_text(narrow), CONTRACT)
    assert back["n"] == narrow["n"].astype("float64").tolist()


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1))
def test_classes_read_back(scores: list[tuple[float, float]]) -> None:
    """Predicted classes and their scores come back bit by bit."""
    predictions = Predictions(np.array(["001"] * len(scores)), np.array(scores), ("001", "a,b"))
    back = score.predictions_from(score.predictions_text(predictions))
    assert back.values.tolist() == predictions.values.tolist()
    assert back.classes == predictions.classes
    assert back.scores.tobytes() == predictions.scores.tobytes()


@settings(max_examples=50)
@given(st.lists(st.floats(), min_size=1))
def test_numbers_read_back(values: list[float]) -> None:
    """A regression's numbers come back, NaN too: judging it is the gate's work."""
    back = score.predictions_from(score.predictions_text(Predictions(np.array(values), np.empty(0))))
    assert back.classes == ()
    np.testing.assert_array_equal(back.values, values)


@pytest.mark.parametrize("text", ["", "nonsense", "prediction,score:a\nx,no number\n", "<html>"])
def test_refuses_foreign_predictions(text: str) -> None:
    """A file that holds no predictions is an error, not an empty answer."""
    with pytest.raises(EvidenceError, match="no predictions"):
        score.predictions_from(text)


@pytest.mark.parametrize("text", ["", 'n\n"unclosed', "n\nmany\n"])
def test_refuses_broken_rows(text: str) -> None:
    """A file that is no table, or a number that is none, is an error."""
    with pytest.raises(DataError):
        score.rows_from(text, CONTRACT)


def test_missing_names_columns() -> None:
    """The features that the rows lack are named; other columns may be there."""
    assert score.missing(CONTRACT, pd.DataFrame(columns=["n", "c", "other"])) == ["i", "b", "t"]


def run(*arguments: object, rows: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    line = [sys.executable, "-m", "gatehouse.serving.score", *map(str, arguments)]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GATEHOUSE_")}
    return subprocess.run(line, input=rows, env=clean, text=True, capture_output=True, timeout=60, check=False)


def test_command_scores_rows(bundle: Bundle, tmp_path: Path) -> None:
    """The command's predictions are those of the model, bit by bit; so they are through pipes."""
    rows = tumours.rows()
    expected = runtime.load(bundle).predict_table(rows)
    path = score.write_rows(tmp_path / "rows.csv", rows)
    assert score.main(["--bundle", str(bundle.path), "--rows", str(path), "--out", str(tmp_path / "out.csv")]) == 0
    found = score.read_predictions(tmp_path / "out.csv")
    assert found.values.tolist() == expected.values.tolist()
    assert found.scores.tobytes() == expected.scores.tobytes()
    piped = run("--bundle", bundle.path, "--rows", "-", "--out", "-", rows=path.read_text())
    assert (piped.returncode, piped.stderr) == (0, "")
    assert piped.stdout == (tmp_path / "out.csv").read_text()


def test_lacking_column_is_not_comparable(bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows without a column that the model needs give an exit code of their own, and no file."""
    path = score.write_rows(tmp_path / "rows.csv", tumours.rows().drop(columns=["size", "area"]))
    assert score.run(bundle, str(path), str(tmp_path / "out.csv")) == score.NOT_COMPARABLE
    assert "lack area, size" in capsys.readouterr().err
    assert not (tmp_path / "out.csv").exists()


def test_unreadable_column_is_not_comparable(
    bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A number that has become a text gives the same exit code, and the column."""
    path = score.write_rows(tmp_path / "rows.csv", tumours.rows().assign(area="large"))
    assert score.run(bundle, str(path), str(tmp_path / "out.csv")) == score.NOT_COMPARABLE
    assert "'area' holds something that is no number" in capsys.readouterr().err


def test_refusing_model_is_told() -> None:
    """A model that raises on rows says so in its own words, with the column that it may not have been made for."""
    strict = make_pipeline(make_column_transformer((OneHotEncoder(), ["size"])), LogisticRegression())
    strict.fit(tumours.CONTRACT.frame(tumours.rows()), tumours.CONTRACT.labels(tumours.rows()))
    with pytest.raises(
        RowsError, match=r"ValueError: Found unknown categories .*'size' holds 'huge', which it was not"
    ):
        score.answers(
            SklearnModel(Model(strict, tumours.CONTRACT)), tumours.CONTRACT, tumours.rows().assign(size="huge")
        )


def test_refuses_unreadable_files(bundle: Bundle, tmp_path: Path) -> None:
    """Rows that cannot be read, or an answer that cannot be written, are errors."""
    with pytest.raises(DataError, match="cannot be read"):
        score.run(bundle, str(tmp_path / "nowhere.csv"), "-")
    path = score.write_rows(tmp_path / "rows.csv", tumours.rows().head(2))
    with pytest.raises(EvidenceError, match="cannot be written"):
        score.run(bundle, str(path), str(path / "below"))


def test_refuses_missing_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a bundle the exit code is 2, with what to do."""
    monkeypatch.delenv("GATEHOUSE_BUNDLE", raising=False)
    assert score.main(["--rows", "-", "--out", "-"]) == 2
    assert "--bundle or GATEHOUSE_BUNDLE" in capsys.readouterr().err
    assert score.main(["--bundle", str(tmp_path), "--rows", "-", "--out", "-"]) == 2
    assert "There is no model bundle" in capsys.readouterr().err
