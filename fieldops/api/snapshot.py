"""The snapshot: all that a device may see of its school, in one answer."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from flask import current_app

from fieldops.api import envelope, shapes
from fieldops.incidents.queries import snapshot_incidents
from fieldops.journal import queries as journal
from fieldops.journal.kinds import Reading
from fieldops.notices.queries import of_person
from fieldops.organisation.actors import Actor
from fieldops.organisation.places import Place
from fieldops.organisation.rights import ROLES
from fieldops.roster import cards, release
from fieldops.roster.reference import Reference, SchoolRef, load
from fieldops.testday import days
from fieldops.testday.day import Standing, phase, standing_of
from fieldops.testday.queries import snapshot_states
from fieldops.timetable.models import Window
from fieldops.timetable.schedule import Session


def wire(moment: datetime | None) -> str | None:
    """An aware UTC time as it goes over the wire: ISO 8601, milliseconds, `Z`."""
    return None if moment is None else moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def etag(actor: Actor, window: Window, place: Place, now: datetime) -> str:
    """Changes with whatever the snapshot shows except the running clock. `now`: as the snapshot is built with."""
    county = str(place.county)
    head = journal.head(county)
    reference = load(Reading(county, window.code, head.reference if head else 0))
    school = reference.schools.get(place.school) if place.school else None
    seen = journal.newest_of_school(county, window.code, place.school) if place.school else head and head.seq
    parts = (
        journal.epoch(),
        head and head.reference,
        seen,
        window.clock_shows,
        window.clock_set_at,
        place.path,
        actor.person_id,
        actor.name,
        actor.locale,
        actor.device_id,
        _hand_over_key(actor),
        _phase(county, window.code, school, reference, now),
        sorted(actor.duties),
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def build(
    *,
    actor: Actor,
    window: Window,
    place: Place,
    county_name: str,
    county_telephone: str | None,
    device_label: str,
    server_time: datetime,
) -> shapes.Snapshot:
    """The snapshot of `place` (a school, or a county for a desk that names no school) for this actor."""
    county = str(place.county)
    head = journal.head(county)
    reading = Reading(county, window.code, head.reference if head else 0)
    reference = load(reading)
    school = reference.schools.get(place.school) if place.school else None
    stands = standing_of(days.of_school(county, window.code, school, reference), server_time) if school else None
    names = school if stands is None or stands.state == "open" else None
    return shapes.Snapshot(
        window=shapes.WindowShape(
            window.code,
            window.name,
            window.mode,  # type: ignore[arg-type]  # the column is constrained to these two
            window.first_day.isoformat(),
            window.last_day.isoformat(),
        ),
        person=person(actor),
        duties=duties(actor),
        device=shapes.DeviceShape(str(actor.device_id), device_label),
        county=shapes.CountyShape(county, county_name, county_telephone),
        school=_school(school),
        schools=[shapes.Named(other.code, other.name) for other in reference.schools.values()],
        sessions=_sessions(reference, school),
        rooms=_rooms(actor, place, school),
        students=_students(names),
        foreign_cards=_foreign_cards(reference, names),
        day=_day(stands),
        closed_days=[shapes.ClosedDay(day.isoformat(), str(wire(at))) for day, at in stands.closed] if stands else [],
        sealed_roster=_sealed(county, window.code, reference, school, stands),
        states=_states(county, window.code, school, named=names is not None),
        notices=_notices(actor, window.code, place),
        policies={
            value.name: shapes.PolicyShape(value.value, value.unit, value.origin)
            for value in reference.policies.values()
        },
        seq=head.seq if head else 0,
        server_time=str(wire(server_time)),
        server_epoch=journal.epoch(),
        hand_over_key=_hand_over_key(actor),
    )


def _notices(actor: Actor, window: str, place: Place) -> list[shapes.NoticeShape]:
    if not place.school:
        return []
    return [
        shapes.NoticeShape(
            id=notice.id,
            text=notice.text,
            sender=notice.sender_name,
            sent_at=str(wire(notice.sent_at)),
            must_confirm=notice.must_confirm,
            confirm_by=wire(notice.confirm_by),
            about=notice.about,
            replaces=notice.replaces,
            withdrawn_at=wire(notice.withdrawn_at),
            read_at=wire(receipt.read_at) if receipt else None,
            confirmed_at=wire(receipt.confirmed_at) if receipt else None,
        )
        for notice, receipt in of_person(str(place.county), window, place.school, actor.person_id, actor.duties)
    ]


def _hand_over_key(actor: Actor) -> str:
    return envelope.key_text(current_app.config["SETTINGS"].secret_key, actor.device_id, actor.person_id)


def person(actor: Actor) -> shapes.PersonShape:
    """Who is signed in."""
    return shapes.PersonShape(actor.person_id, actor.name, actor.locale)


def duties(actor: Actor) -> list[shapes.DutyShape]:
    """The actor's duties with what each allows."""
    return [
        shapes.DutyShape(duty.role, duty.place, level_of(duty.place), duty.window, sorted(ROLES.get(duty.role, ())))
        for duty in actor.duties
    ]


def level_of(path: str) -> str:
    """The level of a place by its path alone."""
    depth = path.count("/")
    if depth:
        return ("", "school", "room")[depth]
    return "province" if path.endswith("0000") else "city" if path.endswith("00") else "county"


def _school(school: SchoolRef | None) -> shapes.SchoolShape | None:
    if school is None:
        return None
    grades = sorted(set(school.rooms.values()))
    return shapes.SchoolShape(school.code, school.name, grades, school.timezone, school.telephone, school.card_salt)


def _sessions(reference: Reference, school: SchoolRef | None) -> list[shapes.SessionShape]:
    grades = set(school.rooms.values()) if school else set()
    zone = school.timezone if school else "Asia/Shanghai"
    return [_session(s, zone) for s in reference.sessions.values() if school is None or s.grade in grades]


def _session(session: Session, zone: str) -> shapes.SessionShape:
    return shapes.SessionShape(
        code=session.code,
        name=session.name,
        name_en=session.name_en,
        kind=session.kind,  # type: ignore[arg-type]  # checked when the timetable was published
        grade=session.grade,
        date=session.date.isoformat(),
        start_time=session.start_time.strftime("%H:%M"),
        end_time=session.end_time.strftime("%H:%M") if session.end_time else None,
        starts_at=str(wire(session.starts_at(zone))),
        ends_at=wire(session.ends_at(zone)),
        check_in_from=str(wire(session.check_in_from(zone))),
        preparation_from=str(wire(session.preparation_from(zone))),
        sealing_until=wire(session.sealing_until(zone)),
        timetable_version=session.version,
    )


def _rooms(actor: Actor, place: Place, school: SchoolRef | None) -> list[shapes.RoomShape]:
    if school is None:
        return []
    rooms = []
    for code, grade in school.rooms.items():
        path = f"{place.path}/{code}"
        mine = actor.may("sitting.note", Place(path, "room", (path, *place.within)))
        rooms.append(shapes.RoomShape(code, code, grade, mine))
    return rooms


def _students(school: SchoolRef | None) -> list[shapes.StudentShape]:
    if school is None:
        return []
    salt = bytes.fromhex(school.card_salt)
    return [
        shapes.StudentShape(
            student.code,
            student.name,
            student.sex,  # type: ignore[arg-type]  # the import writes m, f or null
            student.class_name,
            student.room,
            student.seat,
            student.exempt_reason,
            cards.token_hash(salt, student.card_token),
        )
        for student in school.students.values()
    ]


def _foreign_cards(reference: Reference, school: SchoolRef | None) -> dict[str, list[str]]:
    """40 bits of each hash tell a county's schools apart: of 13,000 cards two alike come once in 6,000 counties."""
    if school is None:
        return {}
    salt = bytes.fromhex(school.card_salt)
    return {
        other.code: [cards.token_hash(salt, student.card_token)[:10] for student in other.students.values()]
        for other in reference.schools.values()
        if other.code != school.code
    }


def _phase(county: str, window: str, school: SchoolRef | None, reference: Reference, now: datetime) -> tuple[Any, ...]:
    """What the clock alone changes of a school's names, and the key that seals them."""
    if school is None:
        return ()
    plan = days.by_clock(reference, school)
    code = days.release_code(county, window, school.code, plan[0].date) if plan else ""
    return (*phase(plan, now), release.kid_of(code))


def _day(stands: Standing | None) -> shapes.DayShape | None:
    if stands is None:
        return None
    day, closed = stands.day, dict(stands.closed)
    return shapes.DayShape(
        day.date.isoformat(),
        stands.state,
        wire(day.release_at),
        str(wire(day.closes_at)),
        wire(closed.get(day.date)),
        day.last,
    )


def _sealed(
    county: str, window: str, reference: Reference, school: SchoolRef | None, stands: Standing | None
) -> shapes.SealedRoster | None:
    """The names of a day that is still to be released."""
    if school is None or stands is None or stands.state != "held":
        return None
    code = days.release_code(county, window, school.code, stands.day.date)
    roster = {"students": _students(school), "foreign_cards": _foreign_cards(reference, school)}
    return shapes.SealedRoster(*release.seal(code, roster), str(wire(stands.day.release_at)))


def _states(county: str, window: str, school: SchoolRef | None, *, named: bool) -> shapes.States:
    """`named`: the names are out. Otherwise free texts of monitors are left out: they may name somebody."""
    if school is None:
        return shapes.States([], [], [], [])
    states: dict[str, Any] = snapshot_states(county, window, school.code)
    if not named:
        for anomaly in states["anomalies"]:
            anomaly["note"] = None
    return shapes.States(
        attendance=states["attendance"],
        sittings=states["sittings"],
        anomalies=states["anomalies"],
        incidents=snapshot_incidents(county, window, school.code),
    )
