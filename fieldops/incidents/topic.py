"""How incidents answer for their letters: whether they still must be told, in which words, and who took them on."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from flask import Flask
from flask_babel import gettext as _

from fieldops.incidents import queries, transitions, words
from fieldops.incidents.models import IncidentRow
from fieldops.incidents.telling import TOPIC
from fieldops.messages.topics import Said, Topic, topics
from fieldops.organisation.places import level_of

#: Ends: they are told even when everything is over, so that nobody sets out for nothing.
_ENDS: Final = frozenset({"withdrawn", "merged", "gathered", "closed"})


def init_app(_app: Flask) -> None:
    """Hand the topic in."""
    topics[TOPIC] = Topic(still_due=still_due, text=text, acknowledged_at=acknowledged_at)


def still_due(county: str, subject: str, what: str, place: str) -> bool:
    """Whether the desk still has to be told. Who has taken it on, or no longer holds it, is left alone."""
    row = queries.get(county, subject)
    if row is None:
        return False
    if what in _ENDS:
        return True
    if row.state in transitions.FINAL:
        return False
    if what == "instructed":
        return True
    if row.state == "resolved":
        return what == "repeated" and queries.turn(row) == level_of(place)
    return row.state == "open" and (what == "nobody_on_duty" or row.level == level_of(place))


def text(county: str, subject: str, what: str, _place: str) -> Said | None:
    """The letter in words of the language in force: never a person's name."""
    row = queries.get(county, subject)
    if row is None or row.occurred_at is None:
        return None
    where = queries.place_of(row)
    happened = words.HAPPENED.get(what) or words.LAPSED[what]
    return Said(
        school=where.name,
        what=str(_("%(category)s: %(happened)s", category=words.category_name(row.category), happened=happened)),
        severity=str(words.SEVERITIES[row.severity]),
        level=str(words.LEVELS[queries.turn(row)]),
        time=row.occurred_at.astimezone(ZoneInfo(where.timezone)).strftime("%H:%M"),
        path=queries.address(row),
    )


def acknowledged_at(county: str, subject: str, place: str) -> datetime | None:
    """When somebody of the desk took it on; None as long as nobody did, or when another level holds it."""
    row: IncidentRow | None = queries.get(county, subject)
    return row.acknowledged_at if row is not None and row.level == level_of(place) else None
