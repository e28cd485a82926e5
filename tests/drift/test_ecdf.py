import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.drift import ecdf

SHARES = np.array([0.01, 0.25, 0.5, 0.99])
SAMPLES = st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=50)


@given(SAMPLES)
def test_quantiles_are_numpys(sample: list[float]) -> None:
    """The quantiles of a sample are numpy's inverted distribution function."""
    values = np.array(sample)
    expected = np.quantile(values, SHARES, method="inverted_cdf")
    assert (ecdf.of(values).quantiles(SHARES) == expected).all()
    assert (ecdf.sample_quantiles(np.sort(values), SHARES) == expected).all()


@given(SAMPLES)
def test_json_keeps_all(sample: list[float]) -> None:
    """A distribution that went through JSON is the same one."""
    found = ecdf.of(np.array(sample))
    again = ecdf.from_dict(json.loads(json.dumps(found.to_dict())))
    assert again.to_dict() == found.to_dict()
    assert again.n == len(sample)


def test_large_sample_is_thinned() -> None:
    """Of many values a thousand are kept, with exact counts at each."""
    values = np.random.default_rng(0).normal(size=20_000)
    found = ecdf.of(values)
    assert len(found.values) == 1000
    assert found.n == 20_000
    assert (found.upto == np.searchsorted(np.sort(values), found.values, side="right")).all()
    assert (found.below == np.searchsorted(np.sort(values), found.values, side="left")).all()


@pytest.mark.parametrize("broken", [{"values": [], "upto": [], "below": []}, {"values": [1], "upto": [], "below": [0]}])
def test_broken_document_is_refused(broken: dict[str, list[float]]) -> None:
    """Counts that do not belong to the values are no distribution."""
    with pytest.raises(ValueError, match="no distribution"):
        ecdf.from_dict(broken)
