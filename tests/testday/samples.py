"""Events made by hand and by Hypothesis, without a database."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import msgspec
from hypothesis import strategies as st

from fieldops.journal.events import Event
from tests.testday.build import CHINESE, COUNTY, NINE, SCHOOL, WINDOW, minutes, student


def identity(number: int) -> str:
    """The id of this number: small numbers sort as themselves."""
    return str(uuid.UUID(int=number))


def event(kind: str, at: float = 0, number: int = 1, *, received: float | None = None, **data: Any) -> Event:
    """An event `at` so many minutes after nine, with the id of `number`."""
    happened = minutes(at)
    return Event(
        county=COUNTY,
        window=WINDOW,
        seq=number,
        id=identity(number),
        kind=kind,
        entity="",
        occurred_at=happened,
        recorded_at=happened,
        received_at=happened if received is None else minutes(received),
        offset_ms=0,
        device_seq=None,
        school=SCHOOL,
        room="01",
        session=CHINESE,
        student=student(1) if kind.startswith("attendance.") else None,
        person=identity(1000 + number),
        device=identity(2000 + number),
        flags=(),
        data=data,
    )


#: Any instant that a device may claim, mostly around the session, so that things tie and cross.
moments = st.one_of(
    st.integers(-60, 120).map(minutes),
    st.integers(-1_000_000_000, 4_000_000_000).map(minutes),
)
#: Ids of the sequence itself, so that undos and corrections meet, chain and circle; and one that is nowhere.
_ids = st.integers(1, 8).map(identity) | st.just(identity(999))
_corrects = st.fixed_dictionaries({}, optional={"corrects": _ids})
_text = st.sampled_from(["{x}", "%s", "<b>", "O'Neil", "𠮷㙓"])


def _with(more: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(_corrects, more).map(lambda parts: {**parts[0], **parts[1]})


_undone = st.fixed_dictionaries({"undoes": _ids})
_note = st.fixed_dictionaries({}, optional={"note": _text})
ATTENDANCE = {
    "attendance.checked_in": _with(
        st.fixed_dictionaries(
            {}, optional={"method": st.sampled_from(["scan", "seat"]), "late_min": st.integers(0, 90), "note": _text}
        )
    ),
    "attendance.undone": _undone,
    "attendance.absent": _with(st.fixed_dictionaries({}, optional={"reason": st.sampled_from(["ill", "other"])})),
    "attendance.left": _with(_note),
    "attendance.returned": _with(_note),
    "attendance.withdrawn": _with(_note),
    "attendance.refused": _with(_note),
}
_reason = st.fixed_dictionaries({}, optional={"reason": _text})
SITTING = {
    "sitting.started": _with(_reason),
    "sitting.paused": _with(st.fixed_dictionaries({"reason": _text})),
    "sitting.resumed": _corrects,
    "sitting.ended": _with(_reason),
    "sitting.sealed": _with(st.fixed_dictionaries({}, optional={"copies": st.integers(0, 40)})),
    "sitting.phone_boxed": _corrects,
    "sitting.phone_back": _corrects,
    "sitting.spoken": st.fixed_dictionaries(
        {
            "code": st.just("4445110866"),
            "present": st.integers(0, 60),
            "absent": st.integers(0, 60),
            "started_at": st.none() | st.integers(-20, 92).map(lambda at: minutes(at).isoformat()),
            "ended_at": st.none() | st.integers(60, 172).map(lambda at: minutes(at).isoformat()),
            "incidents": st.booleans(),
            "beyond": st.lists(st.sampled_from(["present", "started"]), max_size=2),
        }
    ),
    "sitting.undone": _undone,
}
FROZEN = {"sitting.frozen": st.fixed_dictionaries({"seen_version": st.integers(0, 9)})}
_DAYS = st.sampled_from(["2024-05-20", "2024-05-21"])
DAY = {
    "day.closed": st.fixed_dictionaries({"date": _DAYS}),
    "day.reopened": st.fixed_dictionaries({"date": _DAYS, "undoes": _ids}),
}
ANOMALY = {
    "anomaly.noted": st.fixed_dictionaries(
        {"category": st.sampled_from(["noise", "other"])}, optional={"note": _text, "students": st.just([student(1)])}
    ),
    "anomaly.withdrawn": st.fixed_dictionaries({"withdraws": _ids}),
}


@st.composite
def events(draw: st.DrawFn, kinds: dict[str, st.SearchStrategy[dict[str, Any]]], longest: int = 8) -> list[Event]:
    """One to `longest` events of one entity, each with its own id."""
    made = []
    for number in range(1, draw(st.integers(1, longest)) + 1):
        kind = draw(st.sampled_from(sorted(kinds)))
        told = event(kind, 0, number, **draw(kinds[kind]))
        at = draw(moments)
        received = NINE + timedelta(seconds=number)
        made.append(_at(told, at, received))
    return made


def _at(told: Event, at: datetime, received: datetime) -> Event:
    return msgspec.structs.replace(told, occurred_at=at, recorded_at=at, received_at=received)
