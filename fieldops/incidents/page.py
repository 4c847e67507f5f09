"""What the page of one incident shows: put together here, so that the view stays thin and a test can ask it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _

from fieldops.db import db
from fieldops.incidents import clocks, desk, queries, transitions, words
from fieldops.incidents.forms import WITHIN, DecisionForm
from fieldops.incidents.incident import utc_text
from fieldops.incidents.models import IncidentRow
from fieldops.incidents.severity import SEVERITIES, worse
from fieldops.journal import queries as journal
from fieldops.journal.events import Event
from fieldops.journal.kinds import Reading
from fieldops.organisation import queries as organisation
from fieldops.organisation.actors import Actor
from fieldops.organisation.models import Division
from fieldops.organisation.places import Place
from fieldops.organisation.rights import levels
from fieldops.roster import reference
from fieldops.roster.reference import Reference
from fieldops.web.i18n import language, room_name


def context(row: IncidentRow, *, actor: Actor, place: Place, at: datetime) -> dict[str, Any]:
    """Everything that the templates of one incident ask for. `at`: window clock."""
    school = queries.place_of(row)
    own = acting_levels(actor, place)
    session = reference_of(row.county, row.window).sessions.get(row.session or "")
    return {
        "incident": row,
        "school": school,
        "session_name": (session.name if language() == "zh" else session.name_en) if session else None,
        "zone": school.timezone,
        "words": words,
        "because": words.because_words(row.because, row.order_affected),
        "chain": queries.chain_of(row.county),
        "timeline": queries.timeline(row.county, row.id),
        "offers": transitions.offers(row, levels=own, person=actor.person_id, at=at),
        "ready": words.ready_sentences(row.category, language()),
        "severities": _severities(row),
        "telephones": _telephones(row, school if row.school else None),
        "names": queries.person_names([row.reporter, row.owner, row.fallback]),
        "student_names": _student_names(row, actor, place),
        "turn": queries.turn(row),
        "at": at,
        "now": at,
        "counted": desk.counted,
        "due": desk.due_of(row),
        "values": _values(row),
        "schools_of": {each.code: each.name for each in organisation.schools(row.county)},
        "targets": queries.under_way(row.county, row.window, but=row.id) if _may_merge(row, own, at) else [],
        "others": queries.related(row),
        "within": WITHIN,
        "url": queries.address(row),
        "above_schools": actor.may("incident.view", _county_of(place)),
        "area": next((each for each in queries.related(row) if row.school and not each.school), None),
    }


def _county_of(place: Place) -> Place:
    """The county that a place lies in."""
    county = place.county
    return Place(str(county), "county", tuple(path for path in place.within if "/" not in path))


def acting_levels(actor: Actor, place: Place) -> tuple[str, ...]:
    """At which levels the actor decides on incidents of this school."""
    return levels(actor.duties, "incident.act", place)


def words_for(action: str, said: str, form: DecisionForm, at: datetime) -> dict[str, str]:
    """What a form said, under the names that the action's event gives it. `at`: now, window clock."""
    if action == "merge":
        return {"into": form.into.data or "", **({"reason": said} if said else {})}
    severity = form.severity.data
    needs = {row.needs for row in transitions.TABLE if row.action == action and row.needs}
    spoken = dict.fromkeys(needs, said) if said or action != "withdraw" else {}
    if action in ("raise_severity", "lower_severity"):
        spoken["severity"] = severity or ""
    if action == "hand_back" and form.within.data:
        spoken["due_at"] = utc_text(at + timedelta(minutes=form.within.data))
    return spoken


def what_changed(since: Sequence[Event]) -> str:
    """One sentence: what was decided meanwhile, and by whom."""
    if not since:
        return str(_("This page was older than the incident. Look at the newer state first."))
    last = since[-1]
    name = queries.person_names([last.person]).get(last.person or "") or _("the system")
    happened = words.HAPPENED[last.kind.removeprefix("incident.")]
    return str(
        _(
            "Meanwhile %(name)s decided: “%(what)s”. Your decision was not taken: look at the newer state first.",
            name=name,
            what=happened,
        )
    )


def reference_of(county: str, window: str) -> Reference:
    """Schools, rooms, students and sessions as they stand."""
    head = journal.head(county)
    return reference.load(Reading(county, window, head.reference if head else 0))


def _severities(row: IncidentRow) -> dict[str, list[str]]:
    return {
        "raise_severity": [name for name in SEVERITIES if worse(name, row.severity)],
        "lower_severity": [name for name in SEVERITIES if worse(row.severity, name)],
    }


def _may_merge(row: IncidentRow, levels: tuple[str, ...], at: datetime) -> bool:
    return transitions.refusal("merge", row, levels=levels, person=None, at=at, words="-") is None


def _values(row: IncidentRow) -> list[tuple[str, int, str]]:
    """The values that its clocks go by: (name, minutes, origin)."""
    policy = row.policy or {}
    within, origin = clocks.acknowledge_within(policy, row.severity, row.level)
    values = [("acknowledge_min", int(within.total_seconds() // 60), origin)]
    values += [(name, *clocks.value_of(policy, row.severity, name)) for name in ("word_min", "repeat_min")]
    skip = clocks.value_of(policy, row.severity, "skip_level")
    return values + ([("skip_level", *skip)] if skip[0] else [])


def _telephones(row: IncidentRow, school: queries.Where | None) -> list[tuple[str, str]]:
    """Whom to call, from the school up: (name, number)."""
    found = [(school.name, school.telephone)] if school else []
    code: str | None = row.county
    while code is not None:
        division = db.session.get(Division, code)
        if division is None:
            break
        found.append((f"{division.name} · {words.LEVELS[division.level]}", division.telephone))
        code = division.parent
    return [(name, number) for name, number in found if number]


def students_by_seat(row: IncidentRow, actor: Actor, place: Place) -> list[str]:
    """The students concerned by room and seat; with the name for those who have the roster there."""
    named = bool({"school", "county"} & set(levels(actor.duties, "roster.view", place)))
    school = reference_of(row.county, row.window).schools.get(row.school or "")
    known = school.students if school else {}
    found = []
    for code in row.students:
        student = known.get(code)
        if student is None:
            found.append(code)
            continue
        seat = str(_("%(room)s, seat %(seat)s", room=room_name(student.room), seat=student.seat))
        found.append(f"{seat} · {student.name}" if named else seat)
    return found


def _student_names(row: IncidentRow, actor: Actor, place: Place) -> list[str] | None:
    """Names, for those who have the roster at the school or its county; None for everybody else, who see a count."""
    if not {"school", "county"} & set(levels(actor.duties, "roster.view", place)):
        return None
    school = reference_of(row.county, row.window).schools.get(row.school or "")
    known = school.students if school else {}
    return [f"{known[code].name} · {known[code].seat}" if code in known else code for code in row.students]
