"""What a model server says of its predictions on /metrics, as data."""

from itertools import pairwise

from prometheus_client.parser import text_string_to_metric_families

from gatehouse.canary.counters import CLASS, VALUE
from gatehouse.errors import TargetError

# For a server to answer: one that hangs must not keep anybody from seeing that it does.
SECONDS = 1.0
CLASSES, VALUES = "gatehouse_predicted_classes", "gatehouse_prediction_value"


def predictions(metrics: str) -> dict[str, dict[str, int]]:
    """Return rows by output and bin, since the server started; a bin of numbers is named by its upper edge.

    Raises TargetError when the text is no metrics.
    """
    found: dict[str, dict[str, int]] = {}
    try:
        for family in text_string_to_metric_families(metrics):
            if family.name == CLASSES:
                found[CLASS] = {sample.labels["class"]: int(sample.value) for sample in family.samples}
            elif family.name == VALUES:
                upto = {s.labels["le"]: int(s.value) for s in family.samples if s.name == f"{VALUES}_bucket"}
                found[VALUE] = _apart(upto)
    except ValueError as error:
        raise TargetError(f"The server's metrics cannot be read: {error}.") from error
    return found


def _apart(upto: dict[str, int]) -> dict[str, int]:
    """Return the count of each bin, of counts up to each edge."""
    edges = sorted(upto, key=float)
    steps = (later - earlier for earlier, later in pairwise([0, *(upto[edge] for edge in edges)]))
    return dict(zip(edges, steps, strict=True))
