import pytest
import tumours

from gatehouse.canary.counters import CLASS, VALUE
from gatehouse.errors import TargetError
from gatehouse.serving import runtime
from gatehouse.serving.metrics import Metrics
from gatehouse.targets import server_metrics


def test_real_metrics_are_read(bundle):
    """What the project's own server writes is read: rows by class and by score, each bin apart."""
    metrics = Metrics(bundle)
    before = server_metrics.predictions(metrics.text().decode())
    metrics.predicted(runtime.load(bundle).predict_table(tumours.rows().head(200)))
    found = server_metrics.predictions(metrics.text().decode())
    assert (before[CLASS], sum(before[VALUE].values())) == ({}, 0)
    assert set(found[CLASS]) == {"yes", "no"}
    assert sum(found[CLASS].values()) == sum(found[VALUE].values()) == 200
    assert [*found[VALUE]][-1] == "+Inf"


def test_other_text_is_refused():
    """What is no metrics is an error; metrics without predictions hold none."""
    with pytest.raises(TargetError, match="metrics cannot be read"):
        server_metrics.predictions('{"model_version": "1.0.0"}')
    assert server_metrics.predictions("# TYPE up gauge\nup 1\n") == {}
