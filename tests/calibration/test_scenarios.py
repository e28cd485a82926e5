import pytest

from calibration.scenarios import Goal, Share, Total


def test_interval_is_exact() -> None:
    """No event among 298 runs proves that it comes in less than 1.24 %."""
    none = Share(0, 298)
    assert (none.value, none.low) == (0, 0)
    assert none.high == pytest.approx(1 - 0.025 ** (1 / 298))


def test_bound_must_meet_the_goal() -> None:
    """A share below its goal is not shown while its interval reaches above it."""
    most, least = Goal("≤", 0.05), Goal("≥", 0.8)
    assert [most.met(share) for share in (Share(4, 100), Share(400, 10_000))] == [False, True]
    assert [least.met(share) for share in (Share(85, 100), Share(95, 100))] == [False, True]


def test_goal_is_missed_when_proven() -> None:
    """A few runs on the wrong side prove nothing yet; many of them do."""
    most, least = Goal("≤", 0.05), Goal("≥", 0.8)
    assert [most.missed(share) for share in (Share(7, 100), Share(700, 10_000))] == [False, True]
    assert [least.missed(share) for share in (Share(75, 100), Share(60, 100))] == [False, True]


def test_equality_allows_no_exception() -> None:
    """One exception among a thousand runs misses a goal without a sign."""
    assert Goal("=", 1.0).met(Share(1000, 1000))
    assert Goal("=", 1.0).missed(Share(999, 1000))
    assert not Goal("=", 0.0).met(Share(1, 1000))


def test_goals_are_readable() -> None:
    """A goal is written as a person would."""
    assert [str(goal) for goal in (Goal("≤", 0.07), Goal("≥", 0.8), Goal("=", 0.0))] == ["≤ 7 %", "≥ 80 %", "0 %"]


def test_total_gives_shares_and_means() -> None:
    """Events are counted over all trials, numbers are averaged over the runs."""
    total = Total(10, {"alarm": 26.0, "sigma": 5.0})
    assert total.share("alarm", 52) == Share(26, 520)
    assert total.mean("sigma") == 0.5
