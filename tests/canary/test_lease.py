from hypothesis import given
from hypothesis import strategies as st

from gatehouse.canary import lease
from gatehouse.canary.lease import Lease

HOURS = st.floats(-7200, 7200)


def test_one_at_a_time():
    """While one program has the lease another one gets none; when it has ended, it does, with a higher number."""
    first = lease.taken(Lease(), "a", 1000.0, 60.0)
    assert first == Lease("a", 1, 1060.0)
    assert lease.taken(first, "b", 1059.0, 60.0) is None
    assert lease.taken(first, "b", 1060.0, 60.0) == Lease("b", 2, 1120.0)


def test_holder_renews():
    """The holder keeps its number as long as it says in time that it is alive, and gets a new one when it was late."""
    first = Lease("a", 1, 1060.0)
    assert lease.taken(first, "a", 1030.0, 60.0) == Lease("a", 1, 1090.0)
    assert lease.taken(first, "a", 1061.0, 60.0) == Lease("a", 2, 1121.0)


def test_clock_set_back_locks_nobody_out():
    """A lease that ends further away than any lease lasts is over."""
    assert lease.taken(Lease("a", 1, 9000.0), "b", 1000.0, 60.0) == Lease("b", 2, 1060.0)


def test_person_waits_for_nobody():
    """An order takes the lease from whoever has it."""
    assert lease.seized(Lease("a", 1, 1060.0), "Ada", 1000.0, 60.0) == Lease("Ada", 2, 1060.0)


@given(st.lists(st.tuples(st.sampled_from("abc"), HOURS), max_size=20))
def test_number_never_falls(asked: list[tuple[str, float]]):
    """Whoever asks, at whatever time, the number only rises, by one whenever the holder changes."""
    held = Lease()
    for holder, hour in asked:
        found = lease.taken(held, holder, 1e6 + hour, 60.0)
        if found is not None:
            assert found.number - held.number in ((0, 1) if holder == held.holder else (1,))
            held = found
