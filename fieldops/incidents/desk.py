"""A desk's list: what needs it, what is under way elsewhere, what is over; filtered, ordered, bounded. Pure.

A desk may have thousands of incidents before it. Of each only a line is read, which is enough to sort, to filter and to
count; the whole rows are read for the few that are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from fieldops.incidents import transitions
from fieldops.incidents.severity import CATEGORIES, SEVERITIES

#: Rows of each part that are shown at first, and how many more each press of "more" brings.
SHOWN: Final = {"needs": 40, "elsewhere": 20, "over": 20}
MORE: Final = 100
#: Presses of "more" that are heeded.
MOST: Final = 20
#: States that a filter can ask for: those of the table, and everything that is over as one.
STATES: Final = ("open", "acknowledged", "resolved", "over")
LONGEST_SEARCH: Final = 60


class Line(NamedTuple):
    """As much of an incident as its place in a list needs; fields as in `models.IncidentRow`."""

    county: str
    id: str
    #: None: of several schools.
    school: str | None
    room: str | None
    category: str
    severity: str
    level: str
    state: str
    verify_level: str | None
    owner: str | None
    occurred_at: datetime
    told_at: datetime
    ended_at: datetime | None
    unacknowledged_end: bool
    note: str | None

    @property
    def over(self) -> bool:
        """Nothing can be decided any more, and whoever held it knows."""
        return self.state in transitions.FINAL and not self.unacknowledged_end

    @property
    def turn(self) -> str:
        """Whose next word it is: the level that verifies, else the one that holds it."""
        return self.verify_level or self.level

    @property
    def order(self) -> tuple[int, datetime, str]:
        """Worst and oldest first: need for attention, never a school's standing."""
        return (-SEVERITIES.index(self.severity), self.occurred_at, self.id)


#: Names and codes by which a line is found: of its school and what people call its category.
Found = Callable[[Line], Iterable[str | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which lines are shown. Everything in it stands in the address of the page."""

    state: str = ""
    severity: str = ""
    category: str = ""
    #: A county, or `county/school`.
    place: str = ""
    #: Who holds it.
    level: str = ""
    #: Only those that the reader took on.
    mine: bool = False
    #: Words of the school's name or code, of what happened, of the report.
    search: str = ""
    #: Presses of "more".
    more: int = 0
    #: Where the counties' journals stood when the reader last looked at everything (`marks`): what happened since is
    #: shown whatever the filter says.
    since: str = ""

    @property
    def on(self) -> bool:
        """Whether it hides anything."""
        return any((self.state, self.severity, self.category, self.place, self.level, self.mine, self.search))

    def arguments(self, **changes: Any) -> dict[str, str]:
        """As arguments of the address; what is not asked for is left out."""
        other = replace(self, **changes)
        named = {
            "state": other.state,
            "severity": other.severity,
            "category": other.category,
            "place": other.place,
            "level": other.level,
            "mine": "1" if other.mine else "",
            "q": other.search,
            "more": str(other.more) if other.more else "",
            "since": other.since,
        }
        return {name: value for name, value in named.items() if value}

    def takes(self, line: Line, *, person: str, found: Found) -> bool:
        """Whether the line is asked for."""
        if self.state and self.state != ("over" if line.over else line.state):
            return False
        if self.severity and line.severity != self.severity:
            return False
        if self.category and line.category != self.category:
            return False
        if self.level and line.level != self.level:
            return False
        if self.place and self.place not in (line.county, f"{line.county}/{line.school}"):
            return False
        if self.mine and line.owner != person:
            return False
        if not self.search:
            return True
        text = " ".join(part for part in (*found(line), line.room, line.note) if part).casefold()
        return all(word in text for word in self.search.casefold().split())


def asked(arguments: Mapping[str, str]) -> Filter:
    """The filter of an address; what it does not know it leaves out, so that no old link fails."""
    more = arguments.get("more", "")
    return Filter(
        state=_one_of(arguments.get("state"), STATES),
        severity=_one_of(arguments.get("severity"), SEVERITIES),
        category=_one_of(arguments.get("category"), CATEGORIES),
        place=arguments.get("place", "")[:60],
        level=_one_of(arguments.get("level"), transitions.CHAIN),
        mine=arguments.get("mine") == "1",
        search=" ".join(arguments.get("q", "").split())[:LONGEST_SEARCH],
        more=min(int(more), MOST) if more.isascii() and more.isdigit() and len(more) < 4 else 0,
        since=arguments.get("since", "")[:4000],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What a desk's page shows: keys of the rows, and what is not shown."""

    needs: list[Line]
    elsewhere: list[Line]
    over: list[Line]
    #: How many there are of each part, by the filter.
    counts: Mapping[str, int]
    #: All that wait for this desk, whatever the filter says.
    waiting: list[Line]
    #: Under way, and hidden by the filter.
    hidden: int
    #: Of these, those that wait for this desk.
    hidden_waiting: int
    #: Hidden, and something happened to them since the reader looked.
    hidden_changed: int
    #: Ids of those shown only because something happened to them.
    changed: frozenset[str]

    @property
    def shown(self) -> list[Line]:
        return [*self.needs, *self.elsewhere, *self.over]


def listed(
    lines: Iterable[Line],
    asked_for: Filter,
    *,
    level: str,
    person: str,
    found: Found,
    changed: Collection[str] = (),
    bounded: bool = True,
) -> Listed:
    """The list of a desk.

    Args:
        level: the desk's.
        person: who reads it.
        changed: ids of those to which something happened since the reader last looked at everything.
        bounded: whether only as many are listed as a page shows.
    """
    everything = sorted(lines, key=lambda line: line.order)
    taken = {line.id for line in everything if asked_for.takes(line, person=person, found=found)}
    back = frozenset(line.id for line in everything if line.id in changed and line.id not in taken)
    visible = [line for line in everything if line.id in taken or (asked_for.since and line.id in back)]
    waiting = [line for line in everything if not line.over and line.turn == level]
    parts = {
        "needs": [line for line in visible if not line.over and line.turn == level],
        "elsewhere": [line for line in visible if not line.over and line.turn != level],
        "over": sorted((line for line in visible if line.over), key=_ended, reverse=True),
    }
    seen = {line.id for line in visible}
    hidden = [line for line in everything if line.id not in seen]
    most = {part: number + MORE * asked_for.more if bounded else len(everything) for part, number in SHOWN.items()}
    return Listed(
        needs=parts["needs"][: most["needs"]],
        elsewhere=parts["elsewhere"][: most["elsewhere"]],
        over=parts["over"][: most["over"]],
        counts={part: len(rows) for part, rows in parts.items()},
        waiting=waiting,
        hidden=sum(not line.over for line in hidden),
        hidden_waiting=sum(not line.over and line.turn == level for line in hidden),
        hidden_changed=sum(line.id in back for line in hidden),
        changed=back if asked_for.since else frozenset(),
    )


def marks(heads: Mapping[str, int]) -> str:
    """Where journals stand, as a word for an address: `441802.17-441823.204`."""
    return "-".join(f"{county}.{seq}" for county, seq in sorted(heads.items()))


def read_marks(text: str) -> dict[str, int]:
    """What `marks` wrote; anything else says nothing."""
    found = {}
    for part in text.split("-"):
        county, _dot, seq = part.partition(".")
        if len(county) == 6 and county.isascii() and county.isdigit() and seq.isascii() and seq.isdigit():
            found[county] = int(seq[:15])
    return found


# --- the clock of escalation ------------------------------------------------------------------------------------------


class Due(NamedTuple):
    """A deadline that runs, as a row shows it."""

    #: `acknowledge`: take it on; `word`: say the next word.
    kind: str
    at: datetime
    #: From so much time left on it is urgent.
    warn: timedelta

    def tone(self, now: datetime) -> str:
        """`info` while there is time, `warn` when there is little, `bad` when it has passed."""
        left = self.at - now
        return "bad" if left < timedelta(0) else "warn" if left <= self.warn else "info"


#: With less than a quarter of the time left, and in any case in the last minute, a deadline is urgent. Ours.
_LAST: Final = timedelta(minutes=1)


def due_of(row: Any) -> Due | None:
    """The deadline that runs for an incident (`models.IncidentRow`): to take it on, else to say the next word."""
    if row.ack_due_at is not None:
        return Due("acknowledge", row.ack_due_at, _warn(row.told_at, row.ack_due_at))
    if row.word_due_at is not None:
        return Due("word", row.word_due_at, _warn(row.acknowledged_at or row.told_at, row.word_due_at))
    return None


def _warn(since: datetime | None, until: datetime) -> timedelta:
    return _LAST if since is None else max(_LAST, (until - since) / 4)


def _ended(line: Line) -> tuple[datetime, str]:
    return (line.ended_at or line.told_at, line.id)


def _one_of(value: str | None, known: Collection[str]) -> str:
    return value if value is not None and value in known else ""


def counted(seconds: float) -> str:
    """Time that is counted, without words: `0:09`, `12:40`, `1:02:05`; from a day on by the hour, `27:02:05`.

    `static/js/counting.js` counts on with the same.
    """
    whole = max(0, int(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
