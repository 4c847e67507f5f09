"""The incident report form (样本校应急事件报告表, domain.md §6): its content from the timeline, and its version.

Page and .docx show the same `Sheet`. Nothing is typed again: what the record does not have stays empty.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from flask_babel import gettext as _

from fieldops.incidents import words
from fieldops.incidents.queries import Entry
from fieldops.incidents.transitions import CHAIN
from fieldops.journal.events import Event
from fieldops.web.i18n import room_name, zone_name

#: Hexadecimal digits of a version on paper: 64 bits, typed by hand where a code cannot be read.
DIGITS: Final = 16
_BLOCK: Final = 4


@dataclass(frozen=True, slots=True)
class Step:
    """A line of the table of steps, ready to be shown; numbered by when it happened."""

    number: int
    when: str
    what: str
    who: str
    text: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """The form: facts as (label, value), steps by level, and the version of the record that it shows."""

    title: str
    facts: list[tuple[str, str]]
    #: (level in words, its steps): bottom up, then what the system added.
    levels: list[tuple[str, list[Step]]]
    #: Who signs, and whose seal.
    signatures: list[str]
    version: str


# --- the version ------------------------------------------------------------------------------------------------------


def versions(events: Iterable[Event]) -> list[str]:
    """The version after each event, in the order of acceptance: each covers all before it, like the journal's chain."""
    found, digest = [], b""
    for event in sorted(events, key=lambda one: one.seq):
        digest = hashlib.sha256(digest + msgspec.json.encode(event, order="sorted")).digest()
        found.append(digest.hex()[:DIGITS])
    return found


def readable(version: str) -> str:
    """A version as paper shows it: `1A2B-3C4D-…`."""
    return "-".join(version[at : at + _BLOCK] for at in range(0, len(version), _BLOCK)).upper()


def plain(typed: str) -> str:
    """What somebody typed or scanned, without signs between the digits."""
    return "".join(sign for sign in typed.lower() if sign.isascii() and sign.isalnum())


def since(events: Sequence[Event], version: str) -> list[Event] | None:
    """What was recorded after the version of a paper, oldest first; None when no such version ever was."""
    known = versions(events)
    wanted = plain(version)
    return list(events[known.index(wanted) + 1 :]) if wanted in known else None


# --- the content ------------------------------------------------------------------------------------------------------


def made(context: dict[str, Any], *, window: str, county: str, students: list[str], events: Sequence[Event]) -> Sheet:
    """The form. `context`: that of the incident's page; `window`, `county`: names; `events`: by acceptance."""
    row, zone = context["incident"], context["zone"]
    timeline: list[Entry] = context["timeline"]
    return Sheet(
        title=str(_("Incident report form of a sampled school")),
        facts=_facts(context, timeline, window=window, county=county, students=students),
        levels=_levels(timeline, zone),
        signatures=[
            str(_("Filled in by (signature)")),
            str(_("Chief monitor (signature)")),
            str(_("Principal (signature), seal of the school")),
            str(_("County's leading group (signature and seal)")),
        ],
        version=readable(versions(events)[-1]) if row and events else "",
    )


def _facts(
    context: dict[str, Any], timeline: list[Entry], *, window: str, county: str, students: list[str]
) -> list[tuple[str, str]]:
    row, zone, names = context["incident"], context["zone"], context["names"]
    taken_on = next((entry.occurred_at for entry in timeline if entry.kind == "acknowledged"), None)
    place = room_name(row.room) if row.room else str(_("the whole school"))
    if context["session_name"]:
        place += f" · {context['session_name']}"
    severity = _(
        "%(severity)s, because %(reasons)s",
        severity=words.SEVERITIES[row.severity],
        reasons=str(_("; ")).join(map(str, context["because"])),
    )
    handled = None if row.handled is None else row.handled or str(_("yes"))
    instructions = [f"{_at(datetime.fromisoformat(said['at']), zone)} {said['text']}" for said in row.instructions]
    return [
        (label, value or "")
        for label, value in (
            (str(_("Assessment window")), window),
            (str(_("County")), county),
            (str(_("School")), f"{context['school'].name} ({row.school})"),
            (str(_("Place")), place),
            (str(_("What happened")), str(words.category_name(row.category))),
            (str(_("Severity")), str(severity)),
            (str(_("Happened")), f"{_at(row.occurred_at, zone)} ({zone_name(zone)})"),
            (str(_("Reported by")), f"{names.get(row.reporter, _('the system'))}, {_at(row.written_at, zone)}"),
            (str(_("Arrived")), _at(row.received_at, zone)),
            (str(_("First taken on")), _at(taken_on, zone)),
            (str(_("Said to be over")), _at(row.resolved_at, zone)),
            (str(_("Confirmed as settled")), _at(row.verified_at, zone)),
            (str(_("Ended")), _at(row.ended_at, zone)),
            (str(_("Students concerned")), "\n".join(students) or str(_("none"))),
            (str(_("What is known")), row.note),
            (str(_("Handled at once")), handled),
            (str(_("Instructions")), "\n".join(instructions)),
            (str(_("How it was settled")), row.resolution),
        )
    ]


def _levels(timeline: list[Entry], zone: str) -> list[tuple[str, list[Step]]]:
    """Every step once, under the level that took it."""
    found: dict[str | None, list[Step]] = {}
    for number, entry in enumerate(timeline, start=1):
        level = entry.level if entry.level in words.LEVELS else None
        found.setdefault(level, []).append(_step(number, entry, zone))
    others = _("Others and the system")
    return [(str(words.LEVELS[level] if level else others), found[level]) for level in (*CHAIN, None) if level in found]


def _step(number: int, entry: Entry, zone: str) -> Step:
    what = str(words.HAPPENED[entry.kind])
    if entry.severity:
        what += f" · {words.SEVERITIES[entry.severity]}"
    target = entry.to_level or (entry.at_level if entry.kind == "clocked" else None)
    if target:
        what += f" → {words.LEVELS[target]}"
    said = [str(words.LAPSED[entry.reason])] if entry.reason in words.LAPSED else []
    if entry.until:
        said.append(str(_("To be done by %(when)s", when=_at(entry.until, zone))))
    if entry.text:
        said.append(entry.text)
    if entry.attachment:
        said.append(f"{entry.attachment.type}, SHA-256 {entry.attachment.sha256[:DIGITS]}…")
    return Step(number, _times(entry, zone), what, entry.name or str(_("the system")), "\n".join(said))


def _times(entry: Entry, zone: str) -> str:
    """When it happened; written and arrived as well where a minute or more lies between."""
    lines = [_at(entry.occurred_at, zone)]
    labels = (str(_("Written down")), str(_("Arrived")))
    moments = pairwise((entry.occurred_at, entry.recorded_at, entry.received_at))
    for label, (before, after) in zip(labels, moments, strict=True):
        if (after - before).total_seconds() >= 60:
            lines.append(f"{label} {_at(after, zone)}")
    return "\n".join(lines)


def _at(moment: datetime | None, zone: str) -> str:
    """Date and time on the school's clocks: paper outlives the day, so the year stands there."""
    return "" if moment is None else f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
