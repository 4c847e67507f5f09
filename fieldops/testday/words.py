"""What kinds, reasons and flags are called on the screens of desks and the chief monitor."""

from __future__ import annotations

from typing import Any, Final

from flask_babel import lazy_gettext as _l

from fieldops.testday.categories import CATEGORIES

KINDS: Final[dict[str, Any]] = {
    "attendance.checked_in": _l("Checked in"),
    "attendance.undone": _l("Undone"),
    "attendance.absent": _l("Noted as absent"),
    "attendance.left": _l("Left the room"),
    "attendance.returned": _l("Came back"),
    "attendance.withdrawn": _l("Left without finishing"),
    "attendance.refused": _l("Refused to take part"),
    "attendance.turned_away": _l("Turned away"),
    "sitting.started": _l("Session started"),
    "sitting.paused": _l("Session interrupted"),
    "sitting.resumed": _l("Session resumed"),
    "sitting.ended": _l("Session ended"),
    "sitting.sealed": _l("Papers sealed"),
    "sitting.phone_boxed": _l("Phone locked away"),
    "sitting.phone_back": _l("Phone is back"),
    "sitting.spoken": _l("Heard over the telephone"),
    "sitting.undone": _l("Undone"),
    "sitting.frozen": _l("Absences made final"),
    "anomaly.noted": _l("Anomaly"),
    "anomaly.withdrawn": _l("Anomaly withdrawn"),
    "phone.checked": _l("Phone checked"),
    "quarantine.settled": _l("Looked at what was set aside"),
    "nil_report.made": _l("Nil report: nothing happened"),
}

REASONS: Final[dict[str, Any]] = {
    "ill": _l("ill"),
    "leave": _l("on leave"),
    "transferred": _l("moved to another school"),
    "not_seen": _l("not seen"),
    "toilet": _l("toilet"),
    "other": _l("another reason"),
    "wrong_room": _l("belongs to another room"),
    "wrong_school": _l("belongs to another school"),
    "wrong_session": _l("not in this session"),
    "not_on_roster": _l("not on the roster"),
    "doubtful": _l("identity doubtful"),
    "unreadable": _l("card could not be read"),
}

FLAGS: Final[dict[str, Any]] = {
    "not_on_roster": _l("not on the roster"),
    "wrong_room": _l("noted in another room"),
    "unknown_room": _l("no such room"),
    "unknown_school": _l("school not in the sample"),
    "unknown_session": _l("no such session"),
    "wrong_session": _l("session of another grade"),
    "exempt": _l("exempt, and seen"),
    "before_check_in": _l("before check-in opened"),
    "after_end": _l("after the planned end"),
    "late_entry": _l("late entry"),
    "clock_off": _l("the device's clock was wrong"),
    "clock_unsure": _l("the device was not sure of its clock"),
    "future": _l("time lies ahead of its arrival"),
    "after_freeze": _l("arrived after the absences were final"),
    "unknown_category": _l("a category this version does not know"),
}


def kind(name: str) -> Any:
    """What a kind is called; another package's is shown as it is."""
    return KINDS.get(name, name)


def reason(text: str) -> Any:
    """A reason: a code in words, anything else as somebody wrote it."""
    return REASONS.get(text, text)


def flag(name: str) -> Any:
    """What a flag is called."""
    return FLAGS.get(name, name)


def category(code: str) -> Any:
    """What a category of anomalies is called; one of a newer phone is shown as it is."""
    return CATEGORIES.get(code, code)
