"""A start or an end outside the tolerance makes an anomaly by itself: what the journal adds after a sitting's fact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from fieldops.journal.events import Draft, Event, derived_id, make
from fieldops.journal.kinds import Reading
from fieldops.roster.reference import Reference, SchoolRef, load
from fieldops.testday.sitting import SittingState, deviation_min, lawful_end
from fieldops.timetable.schedule import Session


class Deviation(NamedTuple):
    """A start or an end that is too far from the plan."""

    #: Event of the start or the end.
    event: str
    at: datetime
    #: Minutes, positive when later.
    minutes: int


def anomaly_id(event: str) -> str:
    """Id of the automatic anomaly of a start or an end."""
    return derived_id(event, "deviation")


def follow(event: Event, state: SittingState, reading: Reading) -> Sequence[Draft]:
    """Anomalies of the start and the end that stand now, if they are outside the tolerance.

    Asked after every fact of a sitting, because the end may arrive before the start or the pauses that it is measured
    by; the derived id makes each exist once. One whose start or end was corrected since, or is within the tolerance now
    that all is known, stays in the journal and is not shown (`queries.anomalies`).
    """
    reference = load(reading)
    school = reference.schools.get(state.school)
    session = reference.sessions.get(state.session)
    if school is None or session is None:
        return ()
    return [
        make(
            "anomaly.noted",
            identity=anomaly_id(found.event),
            at=event.received_at,
            occurred_at=found.at,
            school=state.school,
            room=state.room,
            session=state.session,
            data={
                "category": "timetable_deviation",
                "of": found.event,
                "deviation_min": found.minutes,
                **({"reason": reason} if (reason := state.reason_of(found.event)) else {}),
            },
        )
        for found in outside(state, session, school, reference)
    ]


def outside(state: SittingState, session: Session, school: SchoolRef, reference: Reference) -> Iterator[Deviation]:
    """The start and the end of a sitting, each if it lies outside its tolerance (policies of the window)."""
    start = deviation_min(state.started_at, session.starts_at(school.timezone))
    end = deviation_min(state.ended_at, lawful_end(state.started_at, session.duration, state.paused_s))
    for event, at, minutes, policy in (
        (state.start_event, state.started_at, start, "start_tolerance_min"),
        (state.end_event, state.ended_at, end, "end_tolerance_min"),
    ):
        if event and at and minutes is not None and abs(minutes) > int(reference.policies[policy].value):
            yield Deviation(event, at, minutes)
