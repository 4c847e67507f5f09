"""Kinds of events of the test day, and the projections that fold them (docs/api.md)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal, cast

import msgspec
from msgspec import Meta
from sqlalchemy import Table

from fieldops.journal.events import Event
from fieldops.journal.kinds import Kind, Projection
from fieldops.testday import anomaly, attendance, day, phone_facts, silence_facts, sitting, spoken
from fieldops.testday.deviation import follow
from fieldops.testday.judge import judge_attendance, judge_remark, judge_sitting
from fieldops.testday.models import Anomaly, Attendance, PhoneCheck, SchoolDay, Settlement, Silence, Sitting

Text = Annotated[str, Meta(max_length=500)]
Code = Annotated[str, Meta(min_length=1, max_length=32)]
#: Minutes late: more than a day is a wrong date.
LateMin = Annotated[int, Meta(ge=0, le=1440)]
Copies = Annotated[int, Meta(ge=0, le=10_000)]
Version = Annotated[int, Meta(ge=0, le=1_000_000)]
DeviationMin = Annotated[int, Meta(ge=-sitting.MAX_DEVIATION_MIN, le=sitting.MAX_DEVIATION_MIN)]
#: A time with its zone.
Instant = Annotated[datetime, Meta(tz=True)]
#: Hash of a card as the phone knows it.
CardHash = Annotated[str, Meta(pattern="^[0-9a-f]{1,64}$")]


class _Data(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Fields of a kind; one more or less is an error."""


class CheckedIn(_Data):
    """A student was let in. A seat number or a name is as good as a scan (domain.md §4)."""

    method: Literal["scan", "seat", "name"] = "name"
    late_min: LateMin | None = None
    note: Text | None = None
    corrects: uuid.UUID | None = None


class Undone(_Data):
    """An earlier fact of the same entity was a mistake."""

    undoes: uuid.UUID


class Absent(_Data):
    """A student is not there; provisional until the sitting is frozen."""

    reason: Literal["ill", "leave", "transferred", "not_seen", "other"] = "not_seen"
    note: Text | None = None
    corrects: uuid.UUID | None = None


class Left(_Data):
    """A student left the room for a while."""

    reason: Literal["ill", "toilet", "other"] | None = None
    note: Text | None = None
    corrects: uuid.UUID | None = None


class Withdrawn(_Data):
    """A student left for good without finishing."""

    reason: Literal["ill", "other"] | None = None
    note: Text | None = None
    corrects: uuid.UUID | None = None


class Noted(_Data):
    """A fact with no more to it than a note."""

    note: Text | None = None
    corrects: uuid.UUID | None = None


class TurnedAway(_Data):
    """Somebody was not let in. The card's hash is kept, so that an unknown one can be looked for."""

    outcome: Literal["wrong_room", "wrong_school", "wrong_session", "not_on_roster", "doubtful", "unreadable"]
    card: CardHash | None = None
    note: Text | None = None


class WithReason(_Data):
    """A start, an end or a resumption; the reason is asked for outside the tolerance."""

    reason: Text | None = None
    corrects: uuid.UUID | None = None


class Paused(_Data):
    """The session was interrupted; why is always known."""

    reason: Annotated[str, Meta(min_length=1, max_length=500)]
    corrects: uuid.UUID | None = None


class Resumed(_Data):
    """The session goes on."""

    corrects: uuid.UUID | None = None


class Boxed(_Data):
    """The phone was locked away for the session: what happens is noted afterwards, and silence is expected."""

    corrects: uuid.UUID | None = None


class Spoken(_Data):
    """What somebody read out over the telephone (`spoken.py`), as the desk that keyed it in understood it."""

    code: Annotated[str, Meta(pattern="^[0-9]{10}$")]
    present: Annotated[int, Meta(ge=0, le=spoken.MOST)]
    absent: Annotated[int, Meta(ge=0, le=spoken.MOST)]
    started_at: Instant | None
    ended_at: Instant | None
    incidents: bool
    #: Values at the end of their range: "this or more".
    beyond: list[Literal["present", "absent", "started", "ended"]]


class Sealed(_Data):
    """The papers are sealed."""

    copies: Copies | None = None
    corrects: uuid.UUID | None = None


class Frozen(_Data):
    """The chief monitor made the absences final."""

    seen_version: Version


class AnomalyNoted(_Data):
    """Something was not as it should be. The last three are what the system says of a deviation from the timetable."""

    #: A code of `categories.CATEGORIES`; another one is kept and flagged, it may come from a newer phone.
    category: Code
    note: Text | None = None
    students: Annotated[list[Code], Meta(max_length=100)] = msgspec.field(default_factory=list)
    of: uuid.UUID | None = None
    deviation_min: DeviationMin | None = None
    reason: Text | None = None


class AnomalyWithdrawn(_Data):
    """An anomaly was none."""

    withdraws: uuid.UUID
    note: Text | None = None


class NilReport(_Data):
    """Nothing happened, said on purpose (零报告)."""

    note: Text | None = None


#: One thing that a phone's ready check looked at; a newer phone may look at more.
CheckItem = Annotated[str, Meta(pattern="^[a-z_]{1,24}$")]


class PhoneChecked(_Data):
    """The ready check of a phone: what it found, and nothing that would tell one phone of a kind from another."""

    verdict: Literal["good", "warn", "bad"]
    items: Annotated[dict[CheckItem, Literal["good", "warn", "bad", "unknown"]], Meta(max_length=24)]
    browser: Annotated[str, Meta(max_length=60)] | None = None
    build: Annotated[str, Meta(max_length=40)] | None = None


class QuarantineSettled(_Data):
    """Somebody looked at what was set aside. `sent`: SHA-256 of what was sent, hex, as the quarantine keeps it."""

    sent: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    how: Literal["noted_again", "by_hand", "nothing"]
    note: Text | None = None


class DayClosed(_Data):
    """The school's day is over: phones drop the names."""

    date: date


class DayReopened(_Data):
    """A closing was too early. `undoes`: the closing that is taken back."""

    date: date
    undoes: uuid.UUID


class CodeShown(_Data):
    """The release code of a school's roster was shown to somebody, to be read out over the telephone."""

    date: date
    by: str


_SITTING = frozenset({"school", "room", "session"})
_STUDENT = _SITTING | {"student"}


def _attendance(name: str, data: type[msgspec.Struct]) -> Kind:
    return Kind(
        name=f"attendance.{name}",
        action="attendance.note",
        data=data,
        needs=_STUDENT,
        entity=attendance.key,
        projection="attendance",
        judge=judge_attendance,
    )


def _sitting(name: str, data: type[msgspec.Struct], *, action: str = "sitting.note") -> Kind:
    return Kind(
        name=f"sitting.{name}",
        action=action,
        data=data,
        needs=_SITTING,
        entity=sitting.key,
        projection="sitting",
        judge=judge_sitting,
        react=follow,
    )


def _anomaly(name: str, data: type[msgspec.Struct]) -> Kind:
    return Kind(
        name=f"anomaly.{name}",
        action="anomaly.note",
        data=data,
        needs=frozenset({"school"}),
        entity=anomaly.key,
        projection="anomaly",
        judge=judge_remark,
    )


def _day(name: str, data: type[msgspec.Struct]) -> Kind:
    return Kind(name=name, action="day.close", data=data, needs=frozenset({"school"}), entity=day.key, projection="day")


def _freeze_once(_event: Event, state: sitting.SittingState | None) -> str | None:
    """A sitting is frozen once; what comes later is shown as having come later."""
    return "frozen" if state is not None and state.frozen_at is not None else None


def _columns(state: msgspec.Struct) -> Mapping[str, Any]:
    return msgspec.structs.asdict(state)


def _projection(
    name: str,
    model: type[Any],
    fold: Callable[[Sequence[Event]], Any],
    *,
    row: Callable[[Any], Mapping[str, Any]] = _columns,
) -> Projection:
    return Projection(name=name, table=cast("Table", model.__table__), fold=fold, row=row)


PROJECTIONS: Final = (
    _projection("attendance", Attendance, attendance.fold),
    _projection("sitting", Sitting, sitting.fold),
    _projection("anomaly", Anomaly, anomaly.fold),
    _projection("day", SchoolDay, day.fold),
    _projection("phone", PhoneCheck, phone_facts.fold_check),
    _projection("silence", Silence, silence_facts.fold),
    _projection("settlement", Settlement, phone_facts.fold_settlement, row=phone_facts.settlement_row),
)

KINDS: Final = (
    _attendance("checked_in", CheckedIn),
    _attendance("undone", Undone),
    _attendance("absent", Absent),
    _attendance("left", Left),
    _attendance("returned", Noted),
    _attendance("withdrawn", Withdrawn),
    _attendance("refused", Noted),
    Kind(
        name="attendance.turned_away",
        action="attendance.note",
        data=TurnedAway,
        needs=_SITTING,
        judge=judge_remark,
    ),
    _sitting("started", WithReason),
    _sitting("paused", Paused),
    _sitting("resumed", Resumed),
    _sitting("ended", WithReason),
    _sitting("sealed", Sealed, action="sitting.seal"),
    _sitting("phone_boxed", Boxed),
    _sitting("phone_back", Boxed),
    _sitting("spoken", Spoken, action="sitting.speak"),
    _sitting("undone", Undone),
    Kind(
        name="sitting.frozen",
        action="sitting.freeze",
        data=Frozen,
        needs=_SITTING,
        entity=sitting.key,
        projection="sitting",
        judge=judge_sitting,
        decision=True,
        guard=_freeze_once,
    ),
    _anomaly("noted", AnomalyNoted),
    _anomaly("withdrawn", AnomalyWithdrawn),
    Kind(
        name="nil_report.made",
        action="nil_report.make",
        data=NilReport,
        needs=frozenset({"school"}),
        judge=judge_remark,
    ),
    _day(day.CLOSED, DayClosed),
    _day(day.REOPENED, DayReopened),
    Kind(name="roster.code_shown", action="roster.release", data=CodeShown, needs=frozenset({"school"}), system=True),
    Kind(
        name="phone.checked",
        action="phone.use",
        data=PhoneChecked,
        needs=frozenset({"school"}),
        entity=phone_facts.check_key,
        projection="phone",
    ),
    Kind(
        name="quarantine.settled",
        action="quarantine.settle",
        data=QuarantineSettled,
        entity=phone_facts.settlement_key,
        projection="settlement",
    ),
    *silence_facts.KINDS,
)
