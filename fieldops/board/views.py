"""The boards: the chief monitor's rooms, the county's schools, the counties of a city or province.

Each is a page and the fragment of it that is fetched again when something changed (`static/js/live.js`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, abort, current_app, g, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from fieldops.board import queries
from fieldops.board.attention import Need, Reason
from fieldops.board.divisions import division_board as read_division
from fieldops.board.focus import chosen, slots
from fieldops.board.words import reason_words, session_name, standing_words
from fieldops.db import db
from fieldops.incidents import queries as incidents
from fieldops.incidents import words as incident_words
from fieldops.incidents.models import IncidentRow
from fieldops.journal import queries as journal
from fieldops.organisation.models import Division
from fieldops.organisation.places import Place
from fieldops.organisation.rights import levels
from fieldops.organisation.rules import rule
from fieldops.testday import days, quarantine, silence_queries
from fieldops.testday.day import standing_of
from fieldops.testday.queries import Counts
from fieldops.testday.silence_words import WHATS as SILENT_WHATS
from fieldops.timetable import clock
from fieldops.timetable import queries as timetable
from fieldops.timetable.models import Window
from fieldops.timetable.schedule import Session
from fieldops.web.i18n import language

blueprint = Blueprint("board", __name__)

#: Pages that a desk goes to from its board: right, address below the county, words, icon.
_COUNTY_LINKS = (
    ("county.view", "incidents", _l("Incidents"), "flag"),
    ("county.view", "silences", _l("Not heard"), "signal-off"),
    ("county.view", "notices", _l("Notices"), "bell"),
    ("people.view", "people", _l("People"), "person"),
    ("phones.view", "phones", _l("Phones"), "phone"),
    ("hand_over.carry", "hand-over", _l("Hand-over file"), "upload"),
    ("roster.view", "roster", _l("Roster"), "list"),
    ("roster.release", "release", _l("Release of the names"), "lock"),
    ("timetable.view", "timetable", _l("Timetable"), "clock"),
    ("timetable.view", "policies", _l("Policies"), "dots"),
    ("clock.set", "clock", _l("Clock"), "clock"),
    ("messages.manage", "messages", _l("Messages out"), "message"),
)
_DIVISION_LINKS = (
    ("division.view", "notices", _l("Notices"), "bell"),
    ("messages.manage", "messages", _l("Messages out"), "message"),
)
_SCHOOL_LINKS = (
    ("incident.view", "incidents", _l("Incidents"), "flag"),
    ("school.view", "silences", _l("Not heard"), "signal-off"),
    ("people.view", "people", _l("People"), "person"),
    ("phones.view", "phones", _l("Phones"), "phone"),
    ("roster.view", "roster", _l("Roster"), "list"),
    ("cards.print", "cards", _l("Cards"), "print"),
    ("day.close", "day", _l("Close the day"), "lock"),
)


# --- a school ---------------------------------------------------------------------------------------------------------


@blueprint.get("/c/<county>/s/<school>/board")
@rule("school.view", at="school")
def school_board(county: str, school: str) -> str:
    """The chief monitor's rooms."""
    return _page("board/school.html", _school(county, school), _SCHOOL_LINKS)


@blueprint.get("/c/<county>/s/<school>/board/tiles")
@rule("school.view", at="school")
def school_tiles(county: str, school: str) -> Response:
    """What changes of it."""
    return _fragment([county], "board/_school.html", partial(_school, county, school))


def _school(county: str, school: str) -> dict[str, Any]:
    window = _window()
    now = clock.now(window)
    found = queries.board(county, window, now=now, wall=_wall(), school=school)
    if not found.schools:
        abort(404)  # a school of the county that this window did not sample
    mine = found.schools[0]
    stands = standing_of(days.of_school(county, window.code, found.plan.schools[school], found.plan), now)
    grades = {room.grade for room in mine.rooms}
    return {
        **_frame(window, now, found.plan.sessions.values(), grades=grades, zone=mine.timezone),
        "board": found,
        "school": mine,
        "silent": silence_queries.open_bundles(county, window.code, school=school),
        "closed_days": stands.closed if stands else (),
        "zone": mine.timezone,
        "may_freeze": g.actor.may("sitting.freeze", g.place),
        "stale_after_s": queries.limits_of(found.plan).stale_after_s,
        "schools": {f"{county}/{school}": mine.name},
        "waiting": (waiting := _waiting(found.incidents, "school")),
        "others": [row for row in found.incidents if row not in waiting],
    }


# --- a county ---------------------------------------------------------------------------------------------------------


@blueprint.get("/c/<county>/board")
@rule("county.view", at="county")
def county_board(county: str) -> str:
    """The county's schools."""
    return _page("board/county.html", _county(county), _COUNTY_LINKS)


@blueprint.get("/c/<county>/board/tiles")
@rule("county.view", at="county")
def county_tiles(county: str) -> Response:
    """What changes of it."""
    return _fragment([county], "board/_county.html", partial(_county, county))


def _county(county: str) -> dict[str, Any]:
    window = _window()
    now = clock.now(window)
    found = queries.board(county, window, now=now, wall=_wall())
    counts, rooms = Counts(), dict.fromkeys(("planned", "running", "paused", "ended", "sealed"), 0)
    for school in found.schools:
        counts.add(school.counts)
        for state, number in school.states.items():
            rooms[state] += number
    waiting = _waiting(found.incidents, "county")
    return {
        **_frame(window, now, found.plan.sessions.values()),
        "board": found,
        "county": county,
        "silent": silence_queries.open_bundles(county, window.code),
        "counts": counts,
        "rooms": rooms,
        "act": [school for school in found.schools if school.need is Need.ACT],
        "watch": [school for school in found.schools if school.need is Need.WATCH],
        "calm": [school for school in found.schools if school.need < Need.WATCH],
        "schools": {f"{county}/{school.code}": school.name for school in found.schools},
        "waiting": waiting,
        "others": [row for row in found.incidents if row not in waiting],
    }


# --- a city or province -----------------------------------------------------------------------------------------------


@blueprint.get("/d/<division>/board")
@rule("division.view", at="division")
def division_board(division: str) -> str:
    """The counties of a city or province."""
    return _page("board/division.html", _division(division), _DIVISION_LINKS)


@blueprint.get("/d/<division>/board/tiles")
@rule("division.view", at="division")
def division_tiles(division: str) -> Response:
    """What changes of it."""
    found = db.session.get(Division, division)
    counties = list(incidents.counties_of(found)) if found else []
    return _fragment(counties, "board/_division.html", partial(_division, division))


def _division(code: str) -> dict[str, Any]:
    division = db.session.get(Division, code)
    if division is None:
        abort(404)
    window = _window()
    now = clock.now(window)
    found = read_division(division, window, now=now, wall=_wall())
    counts, rooms = Counts(), dict.fromkeys(("planned", "running", "paused", "ended", "sealed"), 0)
    waiting = _waiting(found.desk.needs_me, division.level)
    for line in found.counties:
        counts.add(line.counts)
        for state, number in line.rooms.items():
            rooms[state] += number
    return {
        **_frame(window, now, found.sessions),
        "division": division,
        "board": found,
        "counts": counts,
        "rooms": rooms,
        "waiting": waiting,
        "others": [row for row in (*found.desk.needs_me, *found.desk.elsewhere) if row not in waiting],
        "schools": {
            f"{county}/{school}": row.name
            for (county, school), row in incidents.school_names([*found.desk.needs_me, *found.desk.elsewhere]).items()
        },
    }


# --- what they share --------------------------------------------------------------------------------------------------


def _window() -> Window:
    window = timetable.window(g.actor.window) if g.actor.window else None
    if window is None:
        abort(404)
    return window


def _wall() -> datetime | None:
    return chosen(request.args.get("at"))


def _waiting(rows: Collection[IncidentRow], level: str) -> list[IncidentRow]:
    """Incidents whose next word is this level's, when the reader may say it."""
    if level not in levels(g.actor.duties, "incident.act", g.place):
        return []
    return [row for row in rows if incidents.turn(row) == level]


def _frame(
    window: Window,
    now: datetime,
    sessions: Collection[Session],
    *,
    grades: Collection[int] | None = None,
    zone: str = "Asia/Shanghai",
) -> dict[str, Any]:
    return {
        "window": window,
        "now": now,
        "zone": zone,
        "slots": slots([s for s in sessions if grades is None or s.grade in grades]),
        "at": request.args.get("at") if _wall() else None,
        "rehearsal": {"name": window.name, "now": now, "timezone": zone} if window.mode == "rehearsal" else None,
        "words": incident_words,
        "whats": SILENT_WHATS,
        "silence_sessions": {session.code: session_name(session) for session in sessions},
        "standing_words": standing_words,
        "session_name": session_name,
        "reason_words": _reason_words(sessions),
        "room_url": _room_url,
        "Need": Need,
    }


def _reason_words(sessions: Collection[Session]) -> Callable[[Reason, str], str]:
    by_code = {session.code: session for session in sessions}
    return lambda reason, zone: reason_words(reason, zone, by_code)


def _room_url(county: str, school: str, room: str, session: str | None = None) -> str:
    """The room's own page, at the session that somebody chose or, without one, at the clock's."""
    return f"/c/{county}/s/{school}/r/{room}" + (f"?session={quote(session)}" if session else "")


def _page(template: str, context: dict[str, Any], links: Collection[tuple[str, str, Any, str]]) -> str:
    """The page: its fragment inside, with where to fetch it again and how to listen."""
    place: Place = g.place
    base = request.path.removesuffix("/board")
    head = journal.head(place.county) if place.county else None
    found = [
        {"url": f"{base}/{name}", "label": label, "icon": icon}
        for action, name, label, icon in links
        if g.actor.may(action, place) and _exists(f"{base}/{name}") and (name != "clock" or context["rehearsal"])
    ]
    if place.county and g.actor.may("quarantine.view", place):
        school = (request.view_args or {}).get("school")
        count = quarantine.count_open(place.county, school=school)
        if count:
            found.append({"url": f"{base}/quarantine", "label": f"{_('Set aside')} {count}", "icon": "warning"})
    query = {"at": context["at"]} if context["at"] else {}
    page: str = render_template(
        template,
        **context,
        links=found,
        live=url_for(f"{request.endpoint}".replace("_board", "_tiles"), **(request.view_args or {}), **query),
        stream=f"/api/v1/stream?county={place.county}" if place.county else None,
        seq=head.seq if head else 0,
    )
    return page


def _exists(path: str) -> bool:
    """Whether there is such a page: other parts of the house may be away."""
    return current_app.url_map.bind("").test(path, "GET")


def _fragment(counties: Collection[str], template: str, read: Callable[[], dict[str, Any]]) -> Response:
    """The fragment, or 304 when it would be the same: nothing new in the counties, and the same minute.

    The minute is in it because what is shown counts minutes; seconds are counted in the page.
    """
    window = _window()
    heads = {code: seq for code, seq in journal.heads().items() if code in counties}
    parts = (
        journal.epoch(),
        sorted(heads.items()),
        [journal.head(code) for code in counties] if len(counties) == 1 else None,
        window.clock_shows,
        window.clock_set_at,
        int(clock.now(window).timestamp() // 60),
        language(),
        g.actor.person_id,
        g.actor.duties,
        request.full_path,
    )
    tag = hashlib.sha256(repr(parts).encode()).hexdigest()[:32]
    if request.if_none_match.contains_weak(tag):
        response = Response(status=304)
    else:
        response = current_app.make_response(render_template(template, **read()))
    response.set_etag(tag, weak=True)
    return response
