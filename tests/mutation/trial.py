"""A pytest plugin for the trial of a mutant: the same examples every time, and the quickest tests first."""

import pytest
from hypothesis import Phase, settings

# Nobody reads the failing example of a mutant, so none is made smaller, which takes hypothesis seconds.
settings.register_profile(
    "mutation", derandomize=True, database=None, deadline=None, phases=(Phase.explicit, Phase.generate)
)
settings.load_profile("mutation")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests that try a hundred examples last: the first failure ends a trial."""
    items.sort(key=lambda item: getattr(getattr(item, "obj", None), "is_hypothesis_test", False))
