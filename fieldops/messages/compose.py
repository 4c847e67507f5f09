"""What a message says. Pure. Made of school, kind, severity, level and times alone: no name of a student can be in it,
since nothing that a person wrote goes in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from flask_babel import gettext as _

from fieldops.messages.topics import Said

#: Letters that a message says in full; of those beyond it says how many there are.
IN_FULL = 4
#: WeCom takes 2048 bytes of text; the others take more.
MAX_BYTES = 1_900
#: The order in which a message says them.
_GRAVEST = ("serious", "moderate", "minor", "normal")


class Line(NamedTuple):
    """One letter of a message."""

    said: Said
    urgency: str
    #: Address by which the desk opens it, and by which we know that it was seen.
    link: str
    rehearsal: bool


class Message(NamedTuple):
    """What leaves: the same for every kind of channel, each takes what it can use."""

    #: Of this message: a UUID. Providers that know a repeat by it are given it.
    identity: str
    title: str
    text: str
    #: Variables of an SMS template: school, what, level, time; each at most 30 characters.
    variables: tuple[str, str, str, str]
    #: Address of what it is about; of several things, of the desk's list.
    link: str = ""


def message(identity: str, lines: Sequence[Line], desk_url: str) -> Message:
    """One message of one or several letters, in the language in force. `desk_url`: the desk's own list."""
    ordered = sorted(lines, key=lambda line: _GRAVEST.index(line.urgency))
    first, more = ordered[0], len(ordered) - 1
    title = _head(first)
    if more:
        title = _("%(first)s (and %(more)s more)", first=title, more=more)
    parts: list[str] = []
    for line in ordered[:IN_FULL]:
        part = f"{_head(line)}\n{line.link}"
        if parts and len("\n\n".join([*parts, part]).encode()) > MAX_BYTES - 300:
            break
        parts.append(part)
    left = len(ordered) - len(parts)
    if left:
        parts.append(_("%(count)s more messages: %(link)s", count=left, link=desk_url))
    what = first.said.what if not more else _("%(first)s (and %(more)s more)", first=first.said.what, more=more)
    rehearsal = _("Rehearsal") + " " if first.rehearsal else ""
    variables = (first.said.school, rehearsal + what, first.said.level, first.said.time)
    school, said, level, time = (_plain(text)[:30] for text in variables)
    link = desk_url if more else first.link
    return Message(identity, title, "\n\n".join(parts), (school, said, level, time), link)


def _head(line: Line) -> str:
    said = line.said
    marks = "".join(f"[{mark}]" for mark in (_("Rehearsal") if line.rehearsal else "", said.severity) if mark)
    turn = _("turn of: %(level)s", level=said.level) if said.level else ""
    return _plain(" · ".join(part for part in (f"{marks}{said.school}", said.what, said.time, turn) if part))


def _plain(text: str) -> str:
    """One line without control characters: a name from a county's file must not begin a line or a header."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
