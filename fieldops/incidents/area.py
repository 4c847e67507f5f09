"""The area detector: the same trouble in several schools within minutes may be one incident of the county. Pure.

Every report adds what it says of its category (`area.heard`) to one entity of the county, window and category. Which of
them belong together is worked out from all of them at once, so neither order nor repetition of arrival matters: however
they come, the desk is asked once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from fieldops.incidents.incident import named, utc_text
from fieldops.journal.events import Event, derived_id

HEARD: Final = "area.heard"
ACCEPTED: Final = "area.accepted"
DECLINED: Final = "area.declined"


class Heard(NamedTuple):
    """A report, with the values that were in force when it came."""

    incident: str
    school: str
    #: When it happened, UTC.
    at: datetime
    #: So many schools within so many minutes.
    schools: int
    minutes: int


@dataclass(slots=True, kw_only=True)
class Group:
    """Reports that may be one incident of the county, by when they happened."""

    members: list[Heard]
    #: County incidents made of them, oldest first: more than one when two groups turned out to be one.
    areas: list[str] = field(default_factory=list)
    #: Ids of those that joined, and of those that the desk said no to.
    joined: set[str] = field(default_factory=set)
    declined: set[str] = field(default_factory=set)

    @property
    def taken(self) -> list[Heard]:
        """What a yes takes. A no counts for what it was said to: with one more school the whole is asked anew."""
        left = [each for each in self.members if each.incident not in self.joined]
        return left if any(each.incident not in self.declined for each in left) else []


@dataclass(slots=True, kw_only=True)
class Area:
    """What is known of one category in one window of a county."""

    county: str
    window: str
    category: str
    groups: list[Group]
    #: Counts reports and decisions: who decides must have seen them all.
    version: int


def grouped(heard: Iterable[Heard]) -> list[list[Heard]]:
    """Those that belong together: any stretch of time with reports of enough schools, and stretches that overlap.

    A stretch begins with a report and is as long, and needs as many schools, as the values that came with it say.
    """
    known = sorted(set(heard), key=lambda each: (each.at, each.incident))
    times = [each.at for each in known]
    found: list[list[Heard]] = []
    reach = -1  # index of the last report in the newest group
    for start, first in enumerate(known):
        last = bisect_right(times, first.at + timedelta(minutes=first.minutes)) - 1
        if last <= reach:  # in the newest group already
            continue
        if len({each.school for each in known[start : last + 1]}) < first.schools:
            continue
        if start <= reach:
            found[-1] += known[reach + 1 : last + 1]
        else:
            found.append(known[start : last + 1])
        reach = last
    return found


def fold(events: Sequence[Event]) -> Area:
    """State after these events: reports in any order, decisions in the order of acceptance."""
    known = sorted({event.id: event for event in events}.values(), key=lambda event: event.seq)
    first = known[0]
    groups = [Group(members=members) for members in grouped(_heard(e) for e in known if e.kind == HEARD)]
    for event in known:
        if event.kind == HEARD:
            continue
        said = {str(each) for each in event.data["incidents"]}
        for group in groups:
            mine = said & {each.incident for each in group.members}
            if mine and event.kind == ACCEPTED:
                group.joined |= mine
                group.areas += [each for each in [area_of(event)] if each not in group.areas]
            elif mine:
                group.declined |= mine
    return Area(
        county=first.county, window=first.window, category=first.data["category"], groups=groups, version=len(known)
    )


def area_of(event: Event) -> str:
    """Id of the county incident that a yes makes, or joins more schools to."""
    return named(event, "into") if event.data.get("into") else derived_id(event.id, "declared")


def as_row(state: Area) -> dict[str, Any]:
    """The row of the state."""
    return {
        "county": state.county,
        "window": state.window,
        "category": state.category,
        "groups": [
            {
                "members": [{**each._asdict(), "at": utc_text(each.at)} for each in group.members],
                "areas": group.areas,
                "joined": sorted(group.joined),
                "declined": sorted(group.declined),
            }
            for group in state.groups
        ],
        "version": state.version,
    }


def groups_of(row: Any) -> list[Group]:
    """The groups that a row (`models.AreaRow`) keeps."""
    return [
        Group(
            members=[Heard(**{**each, "at": datetime.fromisoformat(each["at"])}) for each in group["members"]],
            areas=list(group["areas"]),
            joined=set(group["joined"]),
            declined=set(group["declined"]),
        )
        for group in row.groups
    ]


class Proposal(NamedTuple):
    """What the desk is asked: make these one incident of the county, or join them to the one that is there."""

    members: list[Heard]
    #: The county incident that is under way; None: one is to be made.
    into: str | None


def proposal(group: Group, under_way: set[str]) -> Proposal | None:
    """What the desk is asked about a group; None when nothing.

    Late reports join what is under way and never open what is over: then only enough schools among themselves are a
    new question. A first question stays while at least two schools have it.

    Args:
        under_way: ids of the incidents, of schools and county, that are open or taken on.
    """
    left = [each for each in group.taken if each.incident in under_way]
    into = next((each for each in group.areas if each in under_way), None)
    schools = len({each.school for each in left})
    needed = 1 if into else max(each.schools for each in group.members) if group.areas else 2
    return Proposal(left, into) if schools >= needed else None


def _heard(event: Event) -> Heard:
    data = event.data
    return Heard(named(event, "incident"), str(event.school), event.occurred_at, data["schools"], data["minutes"])
