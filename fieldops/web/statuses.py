"""The field's states and how each looks: words, tone and shape. A state is never told by colour alone.

The words are those of the domain page; tones and icons repeat in ``static/css`` and ``static/img/icons.svg``,
and a test holds the three together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from flask import Flask
from flask_babel import lazy_gettext as _l

TONES: Final = ("neutral", "info", "good", "warn", "bad", "muted")


@dataclass(frozen=True, slots=True)
class Status:
    """How one state is shown."""

    #: Translatable word or two.
    label: Any
    #: Id of a symbol in the sprite.
    icon: str
    #: One of :data:`TONES`.
    tone: str


STATUSES: Final[dict[str, Status]] = {
    # a student in a session
    "expected": Status(_l("expected"), "circle", "neutral"),
    "present": Status(_l("checked in"), "check", "good"),
    "late": Status(_l("late"), "clock", "warn"),
    "absent": Status(_l("absent"), "cross", "bad"),
    "left": Status(_l("left the room"), "exit", "warn"),
    "returned": Status(_l("returned"), "return", "good"),
    "withdrawn": Status(_l("left unfinished"), "stop", "bad"),
    "exempt": Status(_l("exempt"), "dash", "muted"),
    "refused": Status(_l("refused"), "ban", "bad"),
    # a sitting
    "planned": Status(_l("planned"), "circle", "neutral"),
    "running": Status(_l("running"), "play", "info"),
    "paused": Status(_l("paused"), "pause", "warn"),
    "ended": Status(_l("ended"), "stop", "info"),
    "sealed": Status(_l("sealed"), "seal", "good"),
    "frozen": Status(_l("frozen"), "lock", "muted"),
    # how bad an incident is: words, never digits, because two official scales run in opposite directions
    "minor": Status(_l("minor"), "circle", "neutral"),
    "moderate": Status(_l("moderate"), "diamond", "warn"),
    "serious": Status(_l("serious"), "warning", "bad"),
    # where an incident stands
    "reported": Status(_l("reported"), "flag", "bad"),
    "acknowledged": Status(_l("acknowledged"), "eye", "info"),
    "instructed": Status(_l("instruction given"), "message", "info"),
    "handed_back": Status(_l("handed back"), "return", "warn"),
    "escalated": Status(_l("escalated"), "up", "warn"),
    "resolved": Status(_l("resolved"), "check", "good"),
    "verified": Status(_l("verified"), "double-check", "good"),
    "closed": Status(_l("closed"), "lock", "muted"),
    "lapsed": Status(_l("no answer in time"), "bell", "bad"),
    "realarmed": Status(_l("happened again"), "bell", "bad"),
    "merged": Status(_l("joined to another"), "return", "muted"),
    "cancelled": Status(_l("false alarm"), "undo", "muted"),
    # marks beside any of these
    "rehearsal": Status(_l("rehearsal"), "clock", "info"),
    "late_entry": Status(_l("late entry"), "pen", "muted"),
    "provisional": Status(_l("provisional"), "dots", "muted"),
    "spoken": Status(_l("spoken"), "message", "warn"),
    "boxed": Status(_l("phone in the box"), "lock", "muted"),
    "stale": Status(_l("not heard for a while"), "signal-off", "muted"),
}

_UNKNOWN: Final = "dots"


def init_app(app: Flask) -> None:
    """Give templates ``status_of(name)``."""
    app.jinja_env.globals.update(status_of=status_of)


def status_of(name: str) -> Status:
    """How ``name`` looks; a name that this version does not know is shown as it is, never an error on test day."""
    return STATUSES.get(name) or Status(name.replace("_", " "), _UNKNOWN, "neutral")
