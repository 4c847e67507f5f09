"""What the boards say: why a room needs attention, and where its session stands. Short, plain, blameless."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from fieldops.board.attention import Reason, Standing
from fieldops.timetable.schedule import Session
from fieldops.web.i18n import duration, language, local_time

#: Reason → sentence. `minutes` comes in words ("6 min", "1 h 20 min"), `at` as a time of the school's clocks.
REASONS: Final[dict[str, Any]] = {
    "incident_serious": _l("Serious incident, not resolved: %(count)s"),
    "incident_moderate": _l("Moderate incident, not resolved: %(count)s"),
    "incident_minor": _l("Minor incident, not resolved: %(count)s"),
    "start_silent": _l("Start due %(minutes)s ago, nothing heard"),
    "start_not_noted": _l("Start due %(minutes)s ago, not noted yet"),
    "check_in_silent": _l("Check-in opened %(minutes)s ago, nobody checked in"),
    "check_in_open": _l("Check-in not finished: %(count)s students without an entry"),
    "over_end": _l("%(minutes)s past the end (%(at)s), end not noted"),
    "paused": _l("Paused for %(minutes)s"),
    "sealing_overdue": _l("Sealing overdue by %(minutes)s"),
    "participation_low": _l("%(percent)s present, less than %(threshold)s"),
    "contradicted": _l("Noted absent, but seen: %(count)s"),
    "never_noted": _l("Nothing was noted of this session"),
    "stale": _l("Not heard for a while"),
    "not_frozen": _l("Absences are still provisional"),
    "anomalies": _l("Anomalies: %(count)s"),
    "clock_off": _l("Device clock off: %(count)s facts"),
    "late_entries": _l("Late entries: %(count)s"),
}
STANDINGS: Final[dict[str, Any]] = {
    "check_in_later": _l("Check-in opens in %(minutes)s"),
    "check_in_open": _l("Starts in %(minutes)s"),
    "start_due": _l("Start was due %(minutes)s ago"),
    "start_now": _l("Start is due now"),
    "running": _l("Ends in %(minutes)s, at %(at)s"),
    "running_open": _l("Running, open end"),
    "running_over": _l("%(minutes)s past the end, %(at)s"),
    "paused": _l("Paused for %(minutes)s"),
    "ended": _l("Ended at %(at)s"),
    "ended_unknown": _l("Ended"),
    "sealed": _l("Sealed, ended at %(at)s"),
    "sealed_unknown": _l("Sealed"),
}


def reason_words(reason: Reason, zone: str, sessions: dict[str, Session]) -> str:
    """The sentence of a reason, on the school's clocks (`zone`); names the session when it is an earlier one."""
    sentence = str(REASONS[reason.code]) % _said(dict(reason.params), zone)
    before = sessions.get(reason.session or "")
    return f"{session_name(before)}{_(': ')}{sentence}" if before else sentence


def standing_words(standing: Standing, zone: str) -> str:
    """Where a session stands, on the school's clocks."""
    code = standing.code
    if code in ("ended", "sealed") and standing.at is None:
        code += "_unknown"
    if code == "start_due" and not standing.minutes:
        code = "start_now"
    return str(STANDINGS[code]) % _said({"minutes": standing.minutes, "at": standing.at}, zone)


def session_name(session: Session) -> str:
    """The session in the reader's language."""
    return session.name if language() == "zh" else session.name_en or session.name


def _said(params: dict[str, Any], zone: str) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for name, value in params.items():
        if name == "minutes":
            said[name] = duration(value)
        elif name in ("percent", "threshold"):
            said[name] = f"{value}%"
        elif isinstance(value, datetime):
            said[name] = local_time(value, zone)
        else:
            said[name] = value
    return said


#: What a ready check looks at → what is wrong when it is.
CHECK_ITEMS: Final[dict[str, Any]] = {
    "browser": _l("browser too old"),
    "storage": _l("storage not kept"),
    "shell": _l("app not kept on the phone"),
    "offline": _l("does not open without a network"),
    "camera": _l("camera does not open"),
    "decoder": _l("cards cannot be read"),
    "clock": _l("clock not known or wrong"),
    "server": _l("server not reached"),
    "sound": _l("no sound heard"),
    "vibration": _l("no vibration"),
    "battery": _l("battery low"),
}

#: State of somebody's phone → in a few words, tone, icon.
PHONE_STATES: Final[dict[str, tuple[Any, str, str]]] = {
    "ready": (_l("ready"), "good", "check"),
    "fails": (_l("check failed"), "bad", "warning"),
    "none": (_l("no phone signed in"), "bad", "signal-off"),
    "unchecked": (_l("not checked yet"), "warn", "circle"),
    "old": (_l("check is too old"), "warn", "clock"),
}


def check_item(item: str) -> str:
    """What is wrong when this item of a check is; one of a newer phone as it is written."""
    return str(CHECK_ITEMS.get(item, item))


def fact_numbers(runs: Iterable[tuple[int, int]]) -> str:
    """``12, 14–16``: numbers of facts that have not arrived."""
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in runs)
