"""What a proposed timetable changes, session by session. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fieldops.timetable.check import FIELDS, PlannedSession
from fieldops.timetable.tables import texts


@dataclass(frozen=True, slots=True)
class Change:
    """A field of a session that both have: as it is and as it would be, as text."""

    code: str
    name: str
    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Sessions that come, sessions that go, and fields that change."""

    added: tuple[PlannedSession, ...]
    removed: tuple[PlannedSession, ...]
    changes: tuple[Change, ...]

    @property
    def is_empty(self) -> bool:
        """Whether publishing would change nothing."""
        return not (self.added or self.removed or self.changes)


def compare(before: Iterable[PlannedSession], after: Iterable[PlannedSession]) -> Comparison:
    """Compare by code; the order of the rows means nothing."""
    old, new = {s.code: s for s in before}, {s.code: s for s in after}
    changes = []
    for code in old.keys() & new.keys():
        left, right = texts(old[code]), texts(new[code])
        changes += [Change(code, new[code].name, f, left[f], right[f]) for f in FIELDS if left[f] != right[f]]
    order = {field: number for number, field in enumerate(FIELDS)}

    def by_time(session: PlannedSession) -> tuple[object, ...]:
        return session.date, session.start_time, session.code

    return Comparison(
        tuple(sorted((new[code] for code in new.keys() - old.keys()), key=by_time)),
        tuple(sorted((old[code] for code in old.keys() - new.keys()), key=by_time)),
        tuple(sorted(changes, key=lambda c: (new[c.code].date, new[c.code].start_time, c.code, order[c.field]))),
    )
