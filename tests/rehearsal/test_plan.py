"""The plan: fixed by its seed, lawful in its order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from fieldops.rehearsal import plan

BEGIN = datetime(2024, 5, 20, 0, 20, tzinfo=UTC)
SITTINGS = [
    plan.Sitting(
        session=f"s{number}",
        check_in_from=BEGIN + timedelta(hours=2 * number),
        starts_at=BEGIN + timedelta(hours=2 * number, minutes=40),
        ends_at=BEGIN + timedelta(hours=2 * number, minutes=110),
    )
    for number in range(2)
]
STUDENTS = [f"44182301{number:02d}" for number in range(30)]


@given(st.integers(), st.lists(st.sampled_from(STUDENTS), unique=True))
def test_a_day_follows_from_its_seed_and_everybody_is_told_of_once(seed: int, students: list[str]) -> None:
    day = plan.phone_day(seed, "441823/4418230101/01", SITTINGS, students)
    assert day == plan.phone_day(seed, "441823/4418230101/01", SITTINGS, students)
    assert [act.at for act in day.acts] == sorted(act.at for act in day.acts)
    for sitting in SITTINGS:
        of = [act for act in day.acts if act.session == sitting.session]
        told = [act.student for act in of if act.kind in ("attendance.checked_in", "attendance.absent")]
        assert sorted(map(str, told)) == sorted(students)
        kinds = [act.kind for act in of if act.kind.startswith("sitting.")]
        assert kinds == ["sitting.started", "sitting.ended", "sitting.sealed"]
        assert all(act.at >= sitting.check_in_from for act in of)


@given(st.integers(), st.integers(0, 50))
def test_kills_follow_from_the_seed(seed: int, count: int) -> None:
    end = BEGIN + timedelta(hours=8)
    found = plan.kills(seed, BEGIN, end, count)
    assert found == plan.kills(seed, BEGIN, end, count) == sorted(found)
    assert len(found) == count
    assert all(BEGIN <= at <= end for at in found)


def test_all_that_can_go_wrong_does_over_many_seeds() -> None:
    days = [plan.phone_day(seed, "p", SITTINGS, STUDENTS) for seed in range(60)]
    assert {act.kind for day in days for act in day.acts} >= {
        "attendance.absent", "attendance.turned_away", "incident.reported",
    }  # fmt: skip
    assert any(day.dark for day in days)
    assert any(day.skew for day in days)
    dice = plan.chance(1, "network")
    assert {plan.fate(dice) for _ in range(400)} == set(plan.FATES)
