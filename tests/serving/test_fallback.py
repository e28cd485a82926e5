import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tumours
from sklearn.linear_model import LinearRegression

from gatehouse.bundle import FALLBACK, Bundle
from gatehouse.contract import Column, Contract
from gatehouse.errors import BundleError, WorkloadError
from gatehouse.serving import fallback, prediction_log
from gatehouse.serving.runtime import ModelError
from gatehouse.targets import traefik

RULE = '''
def fallback(row: dict[str, Any]) -> dict[str, float]:
    """Return more for a large one."""
    risk = 0.2 if row["ward"] is None else 0.1
    if row["area"] > 1000 and row["size"] in ("large", "medium"):
        risk = min(1.0, risk + 0.5)
    return {"yes": risk, "no": 1 - risk}
'''
NUMBER = Contract((Column("x", "number"), Column("y", "number", "target")), "regression")
REFUSED = {
    "import os\ndef fallback(row):\n    return 1": "one function",
    "def fallback(row):\n    import os\n    return 1": "Line 2 .* may not use Import",
    "def fallback(row):\n    return row.__class__": "may not use Attribute",
    "def fallback(row):\n    return open('/etc/passwd')": "may only call abs",
    "def fallback(row):\n    return LIMIT": "does not know the name 'LIMIT'",
    "def fallback(row):\n    return row['f'](1)": "may only call",
    "def fallback(row):\n    return [x for x in row]": "may not use ListComp",
    "def fallback(row):\n    while True:\n        x = 1": "may not use While",
    "def fallback(row):\n    return (lambda: 1)": "may not use Lambda",
    "def fallback(row):\n    return 9 ** 9 ** 9": "may not use Pow",
    "def fallback(row):\n    row['x'] = 1\n    return 1": "may not change a row",
    "def fallback(row):\n    return __builtins__": "does not know the name",
    "def fallback(row):\n    return f'{row}'": "may not use JoinedStr",
    "@fallback\ndef fallback(row):\n    return 1": "takes one row",
    "def fallback(row, other=1):\n    return 1": "takes one row",
    "fallback = 1": "one function",
    "def fallback(row) return": "no Python",
}


@pytest.fixture
def broken(tmp_path: Path) -> Bundle:
    """Return a bundle whose model gives NaN, and whose rule is to double."""
    model = LinearRegression().fit(pd.DataFrame({"x": [0.0, 1.0]}), [0.0, 1.0])
    model.coef_ = np.array([np.nan])
    rule = "def fallback(row):\n    return 1 / 0 if row['x'] < 0 else 2 * row['x']"
    return tumours.write(tmp_path / "broken", model, contract=NUMBER, fallback=rule)


def test_rule_answers() -> None:
    """Each row gets the rule's probabilities in the model's order, and the likelier class."""
    rule = fallback.of(RULE, ["no", "yes"])
    found = rule.answer([tumours.ROW, {**tumours.ROW, "area": 2000, "ward": None}])
    assert found.values.tolist() == ["no", "yes"]
    assert found.scores == pytest.approx(np.array([[0.9, 0.1], [0.3, 0.7]]))


@pytest.mark.parametrize("source", REFUSED)
def test_other_code_is_refused(source: str) -> None:
    """What could reach anything, or could not be served alone, is refused with its line and the reason."""
    with pytest.raises(WorkloadError, match=REFUSED[source]):
        fallback.of(source, ["no", "yes"])


@pytest.mark.parametrize("said", ["{'yes': 1.0}", "{'yes': 0.5, 'no': 0.6}", "{'yes': -1, 'no': 2}", "1", "None"])
def test_no_answer_is_an_error(said: str) -> None:
    """What does not give each class its probability is no answer."""
    rule = fallback.of(f"def fallback(row):\n    return {said}", ["no", "yes"])
    with pytest.raises(ModelError, match=r"^the fallback failed"):
        rule.answer([tumours.ROW])


def test_strange_bundle_is_refused(tmp_path: Path) -> None:
    """A bundle whose fallback is outside the language is not served, even where its hashes are right."""
    source = "def fallback(row):\n    import os\n    return 1"
    with pytest.raises(BundleError, match="cannot be used: Line 2"):
        fallback.load(tumours.write(tmp_path / "bundle", fallback=source))


def test_unnamed_file_is_no_fallback(own_bundle: Bundle) -> None:
    """A file that the manifest does not name is not read."""
    (own_bundle.path / FALLBACK).write_text(RULE)
    assert fallback.load(own_bundle) is None


def test_broken_model_falls_back(start: Callable[..., Any], broken: Bundle) -> None:
    """A model that fails is answered for: marked, with a status of its own, counted, and logged as that."""
    server = start(broken.path)
    status, _, text = server.ask("/predict", b'{"rows": [{"x": 2}, {"x": 3}]}')
    answer = json.loads(text)
    assert (str(status), answer["fallback"], answer["predictions"]) == (traefik.FALLBACK, True, [4.0, 6.0])
    assert server.counter("gatehouse_fallbacks_total") == 2
    assert server.counter("gatehouse_model_errors_total") == 1
    assert server.counter('gatehouse_http_requests_total{route="/predict",status="203"}') == 1
    assert server.stop() == 0
    assert prediction_log.read(server.log)["fallback"].tolist() == [True, True]


def test_broken_fallback_is_clean_error(start: Callable[..., Any], broken: Bundle) -> None:
    """Where the fallback fails too, the answer is the same clean 500 as without one."""
    status, _, text = start(broken.path).ask("/predict", b'{"x": -41.75}')
    assert (status, json.loads(text)["error"]) == (500, "The model failed on this request.")
    assert b"41.75" not in text
