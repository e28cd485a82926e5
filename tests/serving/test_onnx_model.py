"""The exported model as a server reads it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tumours

from gatehouse import bundle as bundles
from gatehouse import files
from gatehouse.bundle import ONNX, Bundle
from gatehouse.errors import BundleError, RowsError
from gatehouse.serving import onnx_model, score
from gatehouse.serving.onnx_model import Input

SIZES = Input("size", {"S": 0, "L": 1}, 2, 3)
SERVED = """
import sys
for name in ("pandas", "sklearn", "skops", "scipy", "threadpoolctl"):
    sys.modules[name] = None
from pathlib import Path
from gatehouse.serving import score
sys.exit(score.main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Return a bundle that is served by ONNX."""
    return tumours.write(tmp_path_factory.mktemp("exported") / "bundle", features=tumours.rows())


def test_texts_become_numbers() -> None:
    """A level has its number, and so has a new one and none."""
    assert [SIZES.number(value) for value in ("L", "huge", None)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("part", "value", "why"),
    [
        (Input("size", {"S": 0}, None, 2), "huge", "takes no new level in size"),
        (Input("size", {"S": 0}, 1, None), None, "takes no missing value in size"),
        (Input("area", None, None, None), None, "takes no missing value in area"),
    ],
)
def test_refused_values_raise(part: Input, value: str | None, why: str) -> None:
    """What scikit-learn refused is refused, and never answered by chance."""
    with pytest.raises(ValueError, match=why):
        part.number(value)


def test_answers_as_trained(exported: Bundle) -> None:
    """A table gets the answers that scikit-learn gives."""
    rows = tumours.rows()
    trained = bundles.load_model(exported).predict(rows)
    served = onnx_model.load(exported).predict_table(rows)
    np.testing.assert_allclose(served.scores, trained.scores, rtol=0, atol=1e-12)


def test_lost_column_raises(exported: Bundle) -> None:
    """A table without a feature is refused by its name."""
    with pytest.raises(RowsError, match="lack the column 'size'"):
        onnx_model.load(exported).predict_table(tumours.rows().drop(columns="size"))


def test_serves_without_scikit_learn(exported: Bundle, tmp_path: Path) -> None:
    """A process that can import neither scikit-learn nor pandas answers all the same."""
    rows = score.write_rows(tmp_path / "rows.csv", tumours.rows())
    command = [sys.executable, "-c", SERVED, "--bundle", exported.path, "--rows", rows, "--out", tmp_path / "out.csv"]
    done = subprocess.run(command, text=True, capture_output=True)
    assert (done.returncode, done.stderr) == (0, "")
    expected = onnx_model.load(exported).predict_table(tumours.rows())
    assert score.read_predictions(tmp_path / "out.csv").scores.tobytes() == expected.scores.tobytes()


def test_broken_file_is_said(tmp_path: Path) -> None:
    """A file that is no ONNX is a BundleError, though its hash be right."""
    whole = tumours.write(tmp_path / "bundle", features=tumours.rows())
    (whole.path / ONNX).write_bytes(b"no ONNX")
    named = {**whole.manifest["files"], ONNX: files.sha256(whole.path / ONNX)}
    files.write_json(whole.path / bundles.MANIFEST, {**whole.manifest, "files": named})
    with pytest.raises(BundleError, match=r"model\.onnx in the bundle .* cannot be loaded"):
        onnx_model.load(bundles.read(whole.path))


def test_changed_file_is_refused(tmp_path: Path) -> None:
    """One added byte is noticed before anything is loaded."""
    whole = tumours.write(tmp_path / "bundle", features=tumours.rows())
    with (whole.path / ONNX).open("ab") as stream:
        stream.write(b"\n")
    with pytest.raises(BundleError, match=r"model\.onnx in the bundle .* was changed"):
        bundles.read(whole.path)
