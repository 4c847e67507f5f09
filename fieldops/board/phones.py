"""The phones of a school and of a county: which are ready, what they keep, which facts have not arrived."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from fieldops.organisation import queries as organisation
from fieldops.organisation.places import path_of
from fieldops.organisation.queries import DeviceEver, PersonAt
from fieldops.organisation.rights import ROLES
from fieldops.testday import phones, queries
from fieldops.testday.models import Phone, PhoneCheck
from fieldops.testday.phones import Gaps, gaps

#: A check says enough about a phone for so long [ours]: from the days before until the second day.
CHECK_HOLDS: Final = timedelta(days=3)
#: Roles that note with a phone on the day; the others may, and are shown, but nobody waits for their phones.
NEED_A_PHONE: Final = frozenset(role for role, actions in ROLES.items() if "sitting.note" in actions)
#: States of a person's phone, from what needs somebody first.
STATES: Final = ("fails", "none", "unchecked", "old", "ready")


@dataclass(frozen=True, kw_only=True)
class PhoneLine:
    """One phone."""

    device: DeviceEver
    check: PhoneCheck | None
    report: Phone | None
    #: None when they were not asked for.
    gaps: Gaps | None

    @property
    def keeps(self) -> int:
        """Facts that it said it still had to send."""
        return self.report.waiting + self.report.unconfirmed if self.report else 0

    def heard_at(self, now: datetime, real: datetime) -> datetime | None:
        """When it was heard last, by the window's clock `now`, which shows `real` as it is."""
        seen = self.device.last_seen_at
        heard = [at for at in (seen and seen + (now - real), self.report and self.report.heard_at) if at]
        return max(heard, default=None)

    @property
    def lost(self) -> int:
        """Facts that neither arrived nor are said to be kept."""
        return self.gaps.lost if self.gaps else 0


@dataclass(kw_only=True)
class PersonLine:
    """Somebody on duty with their phones, the best first."""

    person: str
    name: str
    telephone: str | None
    #: (role, room or None), as held.
    duties: list[tuple[str, str | None]]
    phones: list[PhoneLine] = field(default_factory=list)
    #: One of `STATES`.
    state: str = "none"

    @property
    def needed(self) -> bool:
        """Whether the school is not ready without this person's phone."""
        return any(role in NEED_A_PHONE for role, _room in self.duties)

    @property
    def best(self) -> PhoneLine | None:
        """The phone that the state is about."""
        return next((phone for phone in self.phones if phone.device.usable), None)

    @property
    def fails(self) -> list[str]:
        """Items of the check that are bad, then those to be looked at."""
        check = self.best.check if self.best else None
        items: Mapping[str, str] = check.items if check else {}
        return [item for level in ("bad", "warn") for item, found in items.items() if found == level]


@dataclass(frozen=True, kw_only=True)
class SchoolLine:
    """A school with its people, who needs somebody first."""

    code: str
    name: str
    timezone: str
    people: Sequence[PersonLine]

    @property
    def ready(self) -> bool:
        """Every phone that is needed is ready, and there is one at all."""
        needed = [line for line in self.people if line.needed]
        return bool(needed) and all(line.state == "ready" for line in needed)

    @property
    def not_ready(self) -> list[PersonLine]:
        """People whose phone is needed and not ready."""
        return [line for line in self.people if line.needed and line.state != "ready"]


def of_school(county: str, window: str, school: str, *, now: datetime, real: datetime) -> SchoolLine | None:
    """The phones of a school, with what has not arrived. None when the window did not sample it.

    Args:
        now: the window's clock.
        real: the server's clock, by which devices are valid.
    """
    found = _schools(county, window, now=now, real=real, only=school)
    return found[0] if found else None


def of_county(county: str, window: str, *, now: datetime, real: datetime) -> list[SchoolLine]:
    """The phones of all schools of a county, those that are not ready first; without what has not arrived."""
    found = _schools(county, window, now=now, real=real, only=None)
    return sorted(found, key=lambda line: (line.ready, -sum(p.state == "fails" for p in line.not_ready), line.code))


def _schools(county: str, window: str, *, now: datetime, real: datetime, only: str | None) -> list[SchoolLine]:
    plan = queries.reference(county, window)
    wanted = [code for code in plan.schools if only in (None, code)]
    rows = organisation.people_at(path_of(county, only) if only else county, window)
    people = _people(rows)
    devices: dict[str, list[DeviceEver]] = defaultdict(list)
    for device in organisation.devices_ever({row.person for row in rows}, real):
        devices[device.person].append(device)
    checked = phones.checks(county, window, school=only)
    reports = phones.reported(county, window)
    arrived: Mapping[str, Collection[int]] | None = None
    if only is not None:
        arrived = phones.arrived(county, [d.id for bound in devices.values() for d in bound])
    found = []
    for code in wanted:
        lines = people.get(code, [])
        for line in lines:
            line.phones = sorted(
                (
                    PhoneLine(
                        device=device,
                        check=checked.get((code, device.id)),
                        report=(report := reports.get(device.id)),
                        gaps=_gaps(arrived, device.id, report),
                    )
                    for device in devices[line.person]
                ),
                key=lambda phone: _rank(phone, now),
            )
            # A sign-in that is over says nothing more, unless something of it has not arrived.
            line.phones = [phone for phone in line.phones if phone.device.usable or phone.keeps or _open(phone)]
            line.state = _state(line.phones, now)
        ordered = sorted(lines, key=lambda line: (not line.needed, STATES.index(line.state), line.name, line.person))
        place = plan.schools[code]
        found.append(SchoolLine(code=code, name="", timezone=place.timezone, people=ordered))
    names = {school.code: school.name for school in organisation.schools(county)}
    return [
        SchoolLine(code=s.code, name=names.get(s.code, s.code), timezone=s.timezone, people=s.people) for s in found
    ]


def _people(rows: Iterable[PersonAt]) -> dict[str, list[PersonLine]]:
    """One line a person and school, from one row a duty."""
    found: dict[str, dict[str, PersonLine]] = defaultdict(dict)
    for row in rows:
        _county, *place = row.place.split("/")
        if not place or "phone.use" not in ROLES.get(row.role, ()):
            continue
        lines = found[place[0]]
        if row.person not in lines:
            lines[row.person] = PersonLine(person=row.person, name=row.name, telephone=row.telephone, duties=[])
        lines[row.person].duties.append((row.role, place[1] if len(place) > 1 else None))
    return {school: list(lines.values()) for school, lines in found.items()}


def _gaps(arrived: Mapping[str, Collection[int]] | None, device: str, report: Phone | None) -> Gaps | None:
    if arrived is None:
        return None
    return gaps(
        arrived.get(device, ()),
        last_seq=report.last_seq if report else 0,
        open_facts=report.waiting + report.unconfirmed if report else 0,
    )


def _open(phone: PhoneLine) -> int:
    return phone.gaps.number if phone.gaps else 0


def holds(check: PhoneCheck, now: datetime) -> bool:
    """Whether a check is young enough. One from ahead of the clock is: a rehearsal's clock can be set back."""
    return now - check.checked_at <= CHECK_HOLDS


def _rank(phone: PhoneLine, now: datetime) -> tuple[bool, int, float]:
    """The phone that somebody works with first: usable, checked with the best result, heard last."""
    if phone.check is None:
        level = 3
    else:
        level = {"good": 0, "warn": 0, "bad": 2}.get(phone.check.verdict, 3) if holds(phone.check, now) else 1
    seen = phone.device.last_seen_at
    return (not phone.device.usable, level, -(seen.timestamp() if seen else 0.0))


def _state(lines: Sequence[PhoneLine], now: datetime) -> str:
    usable = [phone for phone in lines if phone.device.usable]
    checked = [phone.check for phone in usable if phone.check is not None]
    young = [check for check in checked if holds(check, now)]
    if not usable:
        return "none"
    if any(check.verdict != "bad" for check in young):
        return "ready"
    if young:
        return "fails"
    return "old" if checked else "unchecked"
