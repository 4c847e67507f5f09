"""A session of the timetable and its instants in a school's zone. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from fieldops.timetable.clock import instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session (场次). Wall-clock times are the school's; ask for an instant with the school's IANA zone."""

    window: str
    grade: int
    version: int
    row: int
    code: str
    name: str
    name_en: str
    #: `subject`, `questionnaire`, `staff_questionnaire`.
    kind: str
    date: date
    start_time: time
    #: None: open until all are done.
    end_time: time | None
    check_in_min: int
    preparation_min: int
    sealing_min: int

    def starts_at(self, timezone: str) -> datetime:
        """Planned start, UTC."""
        return instant(self.date, self.start_time, timezone)

    def ends_at(self, timezone: str) -> datetime | None:
        """Planned end, UTC; None for an open-ended session."""
        return None if self.end_time is None else instant(self.date, self.end_time, timezone)

    def preparation_from(self, timezone: str) -> datetime:
        """When preparation begins, UTC."""
        return self.starts_at(timezone) - timedelta(minutes=self.preparation_min)

    def check_in_from(self, timezone: str) -> datetime:
        """When check-in opens, UTC: check-in comes first, then preparation, then the start (M22)."""
        return self.preparation_from(timezone) - timedelta(minutes=self.check_in_min)

    def sealing_until(self, timezone: str) -> datetime | None:
        """When sealing is to be done, UTC; None for an open-ended session."""
        end = self.ends_at(timezone)
        return None if end is None else end + timedelta(minutes=self.sealing_min)

    @property
    def duration(self) -> timedelta | None:
        """Planned working time; None for an open-ended session."""
        if self.end_time is None:
            return None
        return datetime.combine(self.date, self.end_time) - datetime.combine(self.date, self.start_time)
