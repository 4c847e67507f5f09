"""Policy values: named, with a default of ours until a handbook sets one, each shown with its origin (domain.md §7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from fieldops.db import db
from fieldops.timetable.models import PolicyRow

#: Shown as 未配置 (default): nobody set it.
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Policy:
    """A named value. `unit` is shown beside it; `low` and `high` bound what can be set."""

    name: str
    default: int
    unit: str
    low: int
    high: int
    #: Why this default.
    source: str


POLICIES: dict[str, Policy] = {
    policy.name: policy
    for policy in (
        Policy("late_cut_off_min", 15, "min", 0, 240, "gaokao: 15 min after the start; no monitoring source gives one"),
        Policy("start_tolerance_min", 5, "min", 0, 120, "ours"),
        Policy("end_tolerance_min", 5, "min", 0, 120, "ours"),
        Policy("late_entry_after_min", 2, "min", 0, 120, "ours: shown as a late entry beyond this"),
        Policy("silence_min", 5, "min", 1, 120, "ours: start due and nothing heard"),
        Policy("check_in_done_min", 10, "min", 0, 240, "ours: after the late cut-off, students without an entry"),
        Policy("sealing_tolerance_min", 5, "min", 0, 240, "ours: beyond the minutes of sealing in the timetable"),
        Policy("nil_report_min", 60, "min", 0, 1440, "ours: after the day's last sealing"),
        Policy(
            "area_schools",
            3,
            "schools",
            2,
            50,
            "ours: schools with the same trouble that may be one incident of the county",
        ),
        Policy("area_min", 10, "min", 1, 240, "ours: within so long of each other"),
        Policy("stale_after_s", 90, "s", 10, 3600, "ours: a room not heard for so long is shown grey"),
        Policy("participation_min_percent", 90, "%", 0, 100, "TIMSS's and NAEP's make-up rule, not a Chinese one"),
        Policy("acknowledge_serious_min", 5, "min", 1, 1440, "ours (domain.md §6)"),
        Policy("acknowledge_moderate_min", 15, "min", 1, 1440, "ours (domain.md §6)"),
        Policy("acknowledge_minor_min", 60, "min", 1, 1440, "ours: about the end of the session (domain.md §6)"),
        Policy("acknowledge_city_min", 0, "min", 0, 1440, "ours: 0 is as the severity says"),
        Policy("acknowledge_province_min", 0, "min", 0, 1440, "ours: 0 is as the severity says"),
        Policy("word_serious_min", 15, "min", 1, 1440, "ours"),
        Policy("word_moderate_min", 30, "min", 1, 1440, "ours"),
        Policy("word_minor_min", 120, "min", 1, 1440, "ours"),
        Policy("repeat_serious_min", 2, "min", 1, 1440, "ours"),
        Policy("repeat_moderate_min", 5, "min", 1, 1440, "ours"),
        Policy("repeat_minor_min", 30, "min", 1, 1440, "ours"),
        Policy("skip_level_serious", 0, "levels", 0, 2, "ours: 0 is level by level (逐级负责)"),
        Policy("nobody_up_min", 2, "min", 1, 60, "ours"),
        Policy("roster_release_min", 0, "min", 0, 2880, "ours: 0 is no lock; the names are on the phones at once"),
        Policy("day_closes_after_h", 12, "h", 1, 72, "ours: hours after the last planned end of a school's day"),
        Policy("keep_facts_days", 30, "d", 1, 3650, "ours: days that a phone keeps received facts after the close"),
        Policy("clock_off_s", 120, "s", 1, 86400, "ours: a device's clock further off is flagged"),
    )
}


@dataclass(frozen=True, slots=True)
class PolicyValue:
    """A value in force. `origin` is `default` when nobody set it."""

    name: str
    value: Any
    origin: str
    unit: str


def in_force(window: str) -> dict[str, PolicyValue]:
    """All policy values of a window, by name."""
    rows = {row.name: row for row in db.session.scalars(select(PolicyRow).where(PolicyRow.window == window))}
    return {
        policy.name: PolicyValue(policy.name, rows[policy.name].value, rows[policy.name].origin, policy.unit)
        if policy.name in rows
        else PolicyValue(policy.name, policy.default, DEFAULT, policy.unit)
        for policy in POLICIES.values()
    }
