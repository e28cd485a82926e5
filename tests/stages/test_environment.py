"""What surrounds a training: everything is plain text, and what was set is seen."""

import sklearn
from threadpoolctl import threadpool_limits

from gatehouse.stages import environment


def test_libraries_have_versions():
    """Python and each library of a model are recorded."""
    found = environment.libraries()
    assert found.keys() >= {"python", "numpy", "scikit-learn"}
    assert all(number[0].isdigit() for number in found.values())


def test_machine_is_recorded(monkeypatch):
    """Machine, options and the order of sets are recorded as text."""
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    with sklearn.config_context(working_memory=7):
        found = environment.recorded()
    assert (found["PYTHONHASHSEED"], found["sklearn.working_memory"]) == ("7", "7")
    assert found["platform"]
    assert all(isinstance(value, str) for value in found.values())


def test_threads_are_seen():
    """A limit on the threads of a numeric library shows in what is recorded."""
    with threadpool_limits(limits=1):
        assert environment.threads()["blas threads"] == "1"
