"""Every planted fault is refused by the gate that must refuse it, and the same gate promotes what is sound."""

import pytest
from faults import catalogue, fault
from faults.fault import Fault
from faults.workshop import Workshop

ALL = [item for faults in catalogue.FAMILIES.values() for item in faults]


@pytest.fixture(scope="session")
def workshop(tmp_path_factory) -> Workshop:
    """Return the workshop that all faults share."""
    return Workshop(tmp_path_factory.mktemp("workshop"))


@pytest.mark.parametrize("planted", ALL, ids=lambda item: item.name.replace(" ", "-"))
def test_fault_is_refused(workshop: Workshop, planted: Fault) -> None:
    """The gate refuses it, as the catalogue says and for the reason that it says."""
    outcome = fault.plant(planted, workshop)
    assert outcome.right, f"{outcome.got}: {outcome.why}"


@pytest.mark.parametrize("planted", ALL, ids=lambda item: item.name.replace(" ", "-"))
def test_sound_input_promotes(workshop: Workshop, planted: Fault) -> None:
    """The same gate lets sound input through."""
    outcome = fault.judge_sound(planted, workshop)
    assert outcome.right, f"{outcome.got}: {outcome.why}"


def test_names_are_unique() -> None:
    """A fault can be found by its name, and there are as many as were promised."""
    names = [item.name for item in ALL]
    assert len(names) == len(set(names)) >= 40
