from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram

from gatehouse.serving.distribution import Distribution

EDGES = (0.005, 0.1, 1.0)


@given(st.lists(st.floats(0, 10) | st.sampled_from(EDGES)))
def test_counts_as_the_library_does(values: list[float]) -> None:
    """Its buckets and its sum are those of the Prometheus library, edges included."""
    ours = Distribution(EDGES)
    registry = CollectorRegistry()
    theirs = Histogram("h", "h", buckets=EDGES, registry=registry)
    for value in values:
        ours.observe(value)
        theirs.observe(value)
    assert ours.total == registry.get_sample_value("h_sum")
    for edge, count in ours.buckets():
        assert count == registry.get_sample_value("h_bucket", {"le": edge})
