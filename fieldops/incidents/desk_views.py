"""The desks' lists of incidents: county, city, province, and the chief monitor's; the same as files; "I take it"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple
from uuid import UUID

from flask import Blueprint, Response, abort, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import ColumnElement
from werkzeug.wrappers import Response as AnyResponse

from fieldops.incidents import area_queries, asked, desk, desk_queries, export, page, queries, service, words
from fieldops.incidents.desk import Filter, Line, Listed
from fieldops.incidents.forms import TakeForm
from fieldops.incidents.severity import CATEGORIES, SEVERITIES
from fieldops.journal import queries as journal
from fieldops.organisation.rights import levels
from fieldops.organisation.rules import rule
from fieldops.web.preferences import local_path

blueprint = Blueprint("desk", __name__)

#: Rows of each part on a wall: what is read from five metres away, and no scrolling.
_ON_WALL: Final = {"needs": 6, "elsewhere": 8}


class _Desk(NamedTuple):
    """Whose list it is."""

    level: str
    counties: Sequence[str]
    where: tuple[ColumnElement[bool], ...]
    #: Address of the page, and of the form that reports an incident there.
    url: str
    new_url: str | None
    board_url: str


@blueprint.get("/c/<county>/incidents")
@rule("county.view", at="county")
def county_desk(county: str) -> str:
    """The county desk: what needs me now, then everything else of the county."""
    return _page(_of_division(county))


@blueprint.get("/c/<county>/incidents/list")
@rule("county.view", at="county")
def county_list(county: str) -> Response:
    """The list alone, for the live refresh."""
    return _fragment(_of_division(county))


@blueprint.get("/c/<county>/incidents/export.<any(csv, xlsx):form>")
@rule("county.view", at="county")
def county_file(county: str, form: str) -> Response:
    """What the filter takes, as a file."""
    return _file(_of_division(county), form)


@blueprint.get("/d/<division>/incidents")
@rule("division.view", at="division")
def division_desk(division: str) -> str:
    """The desk of a city or province: what reached it, from all its counties."""
    return _page(_of_division(division))


@blueprint.get("/d/<division>/incidents/list")
@rule("division.view", at="division")
def division_list(division: str) -> Response:
    """The list alone, for the live refresh."""
    return _fragment(_of_division(division))


@blueprint.get("/d/<division>/incidents/export.<any(csv, xlsx):form>")
@rule("division.view", at="division")
def division_file(division: str, form: str) -> Response:
    """What the filter takes, as a file."""
    return _file(_of_division(division), form)


@blueprint.get("/c/<county>/s/<school>/incidents")
@rule("incident.view", at="school")
def school_desk(county: str, school: str) -> str:
    """A school's incidents: the chief monitor's."""
    return _page(_of_school(county, school))


@blueprint.get("/c/<county>/s/<school>/incidents/list")
@rule("incident.view", at="school")
def school_list(county: str, school: str) -> Response:
    """The list alone, for the live refresh."""
    return _fragment(_of_school(county, school))


@blueprint.get("/c/<county>/s/<school>/incidents/export.<any(csv, xlsx):form>")
@rule("incident.view", at="school")
def school_file(county: str, school: str, form: str) -> Response:
    """What the filter takes, as a file."""
    return _file(_of_school(county, school), form)


def _of_division(code: str) -> _Desk:
    division = asked.division(code)
    is_county = division.level == "county"
    base = f"/c/{code}" if is_county and request.path.startswith("/c/") else f"/d/{code}"
    return _Desk(
        level=division.level,
        counties=tuple(queries.counties_of(division)),
        where=desk_queries.scope(division, window=asked.window()),
        url=f"{base}/incidents",
        new_url=url_for("incidents.report_at_county", county=code) if is_county else None,
        board_url=f"{base}/board",
    )


def _of_school(county: str, school: str) -> _Desk:
    base = f"/c/{county}/s/{school}"
    return _Desk(
        level="school",
        counties=(county,),
        where=desk_queries.scope_of_school(county, school, window=asked.window()),
        url=f"{base}/incidents",
        new_url=url_for("incidents.report_at_school", county=county, school=school),
        board_url=f"{base}/board",
    )


# --- the page ---------------------------------------------------------------------------------------------------------


def _page(of: _Desk) -> str:
    asked_for = desk.asked(request.args)
    template = "incidents/wall.html" if _on_wall() else "incidents/desk.html"
    marks = asked_for.since or desk.marks(_heads(of))
    names = desk_queries.school_names(of.counties) if of.level == "county" else {}
    return render_template(
        template,
        **_context(of, asked_for, marks),
        stream=f"/api/v1/stream?county={g.place.county}" if g.place.county else None,
        seq=_heads(of).get(g.place.county or "", 0),
        new_url=of.new_url,
        board_url=of.board_url,
        states=desk.STATES,
        severity_options=[(name, words.SEVERITIES[name]) for name in reversed(SEVERITIES)],
        categories=CATEGORIES,
        places=[(f"{county}/{code}", name) for (county, code), name in sorted(names.items(), key=lambda item: item[1])]
        if names
        else sorted(queries.division_names(of.counties).items()),
    )


def _fragment(of: _Desk) -> Response:
    asked_for = desk.asked(request.args)
    marks = request.args.get("seen", "")
    now = asked.now()
    heads = _heads(of)
    state = (
        journal.epoch(),
        desk_queries.digest(of.where),
        area_queries.version(of.counties, asked.window()) if of.level == "county" else 0,
        # With a filter a note brings a hidden row back too, and notes count in the journal alone.
        sorted(heads.items()) if asked_for.on else None,
        [journal.head(county).reference for county in of.counties if journal.head(county)],  # type: ignore[union-attr]
        now.replace(second=0, microsecond=0),
        asked.window_row().clock_set_at,
        request.full_path,
    )
    template = "incidents/_wall.html" if _on_wall() else "incidents/_desk.html"
    return asked.if_changed(state, lambda: render_template(template, **_context(of, asked_for, marks)))


def _context(of: _Desk, asked_for: Filter, marks: str) -> dict[str, Any]:
    """What list and page show. `marks`: where the journals stood when the reader last looked at everything."""
    now = asked.now()
    found = _read(of, asked_for, marks)
    wanted = found.shown
    proposals = area_queries.proposals(of.counties[0], asked.window()) if of.level == "county" else []
    if _on_wall():
        wanted = [*found.needs[: _ON_WALL["needs"]], *found.elsewhere[: _ON_WALL["elsewhere"]]]
    rows = desk_queries.shown(
        wanted,
        duties=g.actor.duties,
        person=g.actor.person_id,
        at=now,
        window=asked.window(),
        name_counties=of.level in ("city", "province"),
        changed=found.changed,
    )
    acts = of.level in levels(g.actor.duties, "incident.act", g.place)
    waiting = found.waiting if acts else []
    rings = [line for line in waiting if line.state == "open"]
    questions = proposals if acts else []
    window = asked.window_row()
    parts = {
        part: [rows[line.id] for line in getattr(found, part) if line.id in rows]
        for part in ("needs", "elsewhere", "over")
    }
    return {
        "now": now,
        "zone": "Asia/Shanghai",
        "rehearsal": {"name": window.name, "now": now, "timezone": "Asia/Shanghai"}
        if window.mode == "rehearsal"
        else None,
        "desk_url": of.url,
        "level": of.level,
        "found": found,
        "parts": parts,
        "proposals": proposals,
        "may_decide": acts,
        "asked_for": asked_for,
        "marks": marks,
        "heads": desk.marks(_heads(of)),
        "waiting": len(waiting) + len(questions),
        # In a school corridor one sound for each new one is enough; a desk hears it until somebody acts.
        "ringing": 0 if of.level == "school" else len(rings) + len(questions),
        "newest": max((line.told_at for line in waiting), default=None),
        "me": g.actor.person_id,
        "words": words,
        "counted": desk.counted,
        "filtered": asked_for.arguments,
        "wall": _on_wall(),
    }


def _read(of: _Desk, asked_for: Filter, marks: str, *, bounded: bool = True) -> Listed:
    names = desk_queries.school_names(of.counties) if asked_for.search else {}

    def found(line: Line) -> tuple[str | None, ...]:
        return (line.school, names.get((line.county, line.school)), str(words.category_name(line.category)))

    person = g.actor.person_id
    known = {county: seq for county, seq in desk.read_marks(marks).items() if county in of.counties}
    changed = desk_queries.changed_since(known, but=person) if asked_for.on else frozenset()
    lines = desk_queries.lines(of.where)
    return desk.listed(lines, asked_for, level=of.level, person=person, found=found, changed=changed, bounded=bounded)


def _heads(of: _Desk) -> dict[str, int]:
    return {county: seq for county, seq in journal.heads().items() if county in of.counties}


def _on_wall() -> bool:
    return request.args.get("wall") == "1"


# --- a file -----------------------------------------------------------------------------------------------------------


def _file(of: _Desk, form: str) -> Response:
    found = _read(of, replace(desk.asked(request.args), since=""), "", bounded=False)
    rows = desk_queries.shown(
        found.shown,
        duties=(),
        person=g.actor.person_id,
        at=asked.now(),
        window=asked.window(),
        name_counties=False,
    )
    texts = export.table([rows[line.id] for line in found.shown], queries.division_names(of.counties))
    content = export.as_csv(texts) if form == "csv" else export.as_workbook(texts)
    response = make_response(content)
    response.mimetype = export.TYPES[form].split(";")[0]
    response.headers["Content-Type"] = export.TYPES[form]
    place = g.place.path.replace("/", "-")
    response.headers["Content-Disposition"] = f'attachment; filename="incidents-{asked.window()}-{place}.{form}"'
    return response


# --- "I take it" ------------------------------------------------------------------------------------------------------


@blueprint.post("/c/<county>/s/<school>/incidents/<uuid:identity>/take")
@rule("incident.view", at="school")
def take(county: str, school: str | None, identity: UUID) -> AnyResponse:
    """Take an incident on without leaving the list. Answers with a sentence; the list is fetched again by itself."""
    row = asked.load(county, school, identity)
    if not page.acting_levels(g.actor, g.place):
        abort(403)
    form = TakeForm()
    if not form.validate_on_submit():
        return _said(422, str(_("Please check what you wrote and send it again.")))
    try:
        service.acknowledge(
            incident=row, by=asked.author_in(county), at=asked.now(), seen_version=form.seen_version.data
        )
    except service.Stale as stale:
        return _said(409, page.what_changed(stale.since))
    except service.Refused as refused:
        return _said(409, str(words.REFUSED[refused.reason]))
    except service.NotRecorded:
        abort(403)
    return _said(200, str(_("You have it: %(what)s.", what=words.category_name(row.category))))


def _said(status: int, sentence: str) -> AnyResponse:
    category = "success" if status == 200 else "warning"
    if asked.by_htmx():
        return make_response(render_template("incidents/_said.html", sentence=sentence, category=category), status)
    flash(sentence, category)
    return redirect(local_path(request.form.get("next")), 303)
