"""Pages of notices: a desk's list, the form, one notice with who has read it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import uuid6
from flask import Blueprint, Response, abort, flash, g, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from fieldops.db import db
from fieldops.incidents import asked
from fieldops.incidents.queries import counties_of, person_names
from fieldops.journal import queries as journal
from fieldops.notices import queries, service
from fieldops.notices.facts import LONGEST
from fieldops.notices.forms import NoticeForm
from fieldops.notices.models import Notice
from fieldops.organisation.models import Division, School
from fieldops.organisation.rules import rule
from fieldops.organisation.words import role_name
from fieldops.roster.models import Sample
from fieldops.web.i18n import language

blueprint = Blueprint("notices", __name__)
#: Ready sentences, each as it is sent.
_READY: Final[list[dict[str, str]]] = json.loads(Path(__file__).with_name("ready.json").read_text("utf-8"))
_ZONE: Final = ZoneInfo("Asia/Shanghai")


class _Desk(NamedTuple):
    """Whose notices they are."""

    division: Division
    counties: dict[str, Division]
    #: Address of its list.
    url: str
    board_url: str

    @property
    def is_county(self) -> bool:
        return self.division.level == "county"


@blueprint.get("/c/<county>/notices")
@rule("county.view", at="county")
def county_notices(county: str) -> str:
    """The county's notices."""
    return _page(_desk(county))


@blueprint.get("/c/<county>/notices/list")
@rule("county.view", at="county")
def county_list(county: str) -> Response:
    """The list alone, for the live refresh."""
    return _fragment(_desk(county))


@blueprint.route("/c/<county>/notices/new", methods=["GET", "POST"])
@rule("notice.send", at="county")
def county_new(county: str) -> AnyResponse | str | tuple[str, int]:
    """Write a notice to the county's schools."""
    return _new(_desk(county))


@blueprint.get("/c/<county>/notices/about/<uuid:incident>")
@rule("county.view", at="county")
def county_about(county: str, incident: UUID) -> Response:
    """What was sent about an incident and who has not read it: a part of the incident's page."""
    rows = queries.about(county, asked.window(), str(incident))
    sent = [(row, readers, queries.by_school(readers)) for row in rows for readers in [queries.readers([row])]]
    url = f"/c/{county}/notices"
    return asked.fragment([county], "notices/_about.html", sent=sent, url=url, now=asked.now())


@blueprint.get("/c/<county>/notices/<uuid:notice>")
@rule("county.view", at="county")
def county_notice(county: str, notice: UUID) -> str:
    """One notice, with who has not read it first."""
    return _notice_page(_desk(county), notice)


@blueprint.get("/c/<county>/notices/<uuid:notice>/receipts")
@rule("county.view", at="county")
def county_receipts(county: str, notice: UUID) -> Response:
    """What changes of it."""
    return _receipts(_desk(county), notice)


@blueprint.post("/c/<county>/notices/<uuid:notice>/withdraw")
@rule("notice.send", at="county")
def county_withdraw(county: str, notice: UUID) -> AnyResponse:
    """Take it back."""
    return _withdraw(_desk(county), notice)


@blueprint.get("/d/<division>/notices")
@rule("division.view", at="division")
def division_notices(division: str) -> str:
    """The notices in the counties of a city or province."""
    return _page(_desk(division))


@blueprint.get("/d/<division>/notices/list")
@rule("division.view", at="division")
def division_list(division: str) -> Response:
    """The list alone, for the live refresh."""
    return _fragment(_desk(division))


@blueprint.route("/d/<division>/notices/new", methods=["GET", "POST"])
@rule("notice.send", at="division")
def division_new(division: str) -> AnyResponse | str | tuple[str, int]:
    """Write a notice to the counties' schools."""
    return _new(_desk(division))


@blueprint.get("/d/<division>/notices/<uuid:notice>")
@rule("division.view", at="division")
def division_notice(division: str, notice: UUID) -> str:
    """One notice, with who has not read it first."""
    return _notice_page(_desk(division), notice)


@blueprint.get("/d/<division>/notices/<uuid:notice>/receipts")
@rule("division.view", at="division")
def division_receipts(division: str, notice: UUID) -> Response:
    """What changes of it."""
    return _receipts(_desk(division), notice)


@blueprint.post("/d/<division>/notices/<uuid:notice>/withdraw")
@rule("notice.send", at="division")
def division_withdraw(division: str, notice: UUID) -> AnyResponse:
    """Take it back in every county."""
    return _withdraw(_desk(division), notice)


def _desk(code: str) -> _Desk:
    division = asked.division(code)
    base = f"/c/{code}" if request.path.startswith("/c/") else f"/d/{code}"
    return _Desk(division, counties_of(division), f"{base}/notices", f"{base}/board")


def _page(of: _Desk) -> str:
    return render_template("notices/list.html", **_frame(of), **_list(of))


def _fragment(of: _Desk) -> Response:
    heads = journal.heads()
    state = [(county, heads.get(county, 0)) for county in of.counties]
    return asked.if_changed((request.path, state), lambda: render_template("notices/_list.html", **_list(of)))


def _list(of: _Desk) -> dict[str, Any]:
    return {"notices": queries.listed(of.counties, asked.window()), "url": of.url, "now": asked.now()}


def _frame(of: _Desk) -> dict[str, Any]:
    county = of.division.code if of.is_county else None
    return {
        "division": of.division,
        "board_url": of.board_url,
        "may_send": g.actor.may("notice.send", g.place),
        "stream": f"/api/v1/stream?county={county}" if county else None,
        "seq": journal.heads().get(county or "", 0),
    }


def _notice_page(of: _Desk, notice: UUID) -> str:
    return render_template("notices/notice.html", **_frame(of), **_one(of, notice))


def _receipts(of: _Desk, notice: UUID) -> Response:
    heads = journal.heads()
    state = [(county, heads.get(county, 0)) for county in of.counties]
    return asked.if_changed((request.path, state), lambda: render_template("notices/_notice.html", **_one(of, notice)))


def _one(of: _Desk, notice: UUID) -> dict[str, Any]:
    rows = queries.get(of.counties, asked.window(), str(notice))
    if not rows:
        abort(404)
    readers = queries.readers(rows)
    # Only who sent it takes it back.
    own = rows[0].sender == of.division.code
    return {
        "notice": rows[0],
        "url": of.url,
        "own": own and g.actor.may("notice.send", g.place),
        "readers": readers,
        "people": len(readers),
        "read": sum(reader.receipt is not None for reader in readers),
        "confirmed": sum(bool(reader.receipt and reader.receipt.confirmed_at) for reader in readers),
        "author": person_names([rows[0].author]).get(rows[0].author or ""),
        "reached": len(rows),
        "roles": [str(role_name(role)) for role in rows[0].roles],
        "now": asked.now(),
    }


def _new(of: _Desk) -> AnyResponse | str | tuple[str, int]:
    form = NoticeForm()
    window, now = asked.window_row(), asked.now()
    form.places.label.text = _l("Only these schools") if of.is_county else _l("Only these counties")
    form.places.description = _l("None chosen: all of them.")
    form.places.choices = _places(of, window.code)
    form.roles.choices = [(role, role_name(role)) for role in queries.ROLES]
    sentences = [sentence["en" if language() == "en" else "zh"] for sentence in _READY]
    form.ready.choices = [("", _("my own words")), *((each, each) for each in sentences)]
    if request.method == "GET":
        _prefill(form, of, window.code)
    elif form.validate_on_submit() and _worded(form):
        chosen = list(form.places.data or [])
        service.send(
            identity=str(UUID(form.notice.data)),
            window=window.code,
            division=of.division,
            counties=[of.division.code] if of.is_county else (chosen or list(of.counties)),
            schools=chosen if of.is_county else (),
            roles=form.roles.data or (),
            by=g.actor.person_id,
            at=now,
            text=_words(form),
            must_confirm=bool(form.must_confirm.data),
            confirm_by=_due(form.confirm_by.data, now) if form.must_confirm.data and form.confirm_by.data else None,
            about=str(UUID(form.about.data)) if form.about.data else None,
            replaces=_replaced(form.replaces.data, of, window.code),
        )
        flash(_("The notice is sent."), "success")
        return redirect(f"{of.url}/{UUID(form.notice.data)}", 303)
    page = render_template("notices/new.html", form=form, division=of.division, back=of.url)
    return (page, 422) if form.errors else page


def _words(form: NoticeForm) -> str:
    """What is sent: the ready sentence, then the own words."""
    return "\n".join(part for part in ((form.ready.data or "").strip(), (form.text.data or "").strip()) if part)


def _worded(form: NoticeForm) -> bool:
    """Whether there is anything to send, and not too much."""
    length = len(_words(form))
    if 0 < length <= LONGEST:
        return True
    problem = (
        _("Write it shorter: %(n)s characters at most.", n=LONGEST)
        if length
        else _("Write what the schools must know.")
    )
    form.text.errors = [problem]
    return False


def _prefill(form: NoticeForm, of: _Desk, window: str) -> None:
    form.notice.data = str(uuid6.uuid7())
    for name in ("about", "replaces"):
        try:
            getattr(form, name).data = str(UUID(request.args.get(name, "")))
        except ValueError:
            getattr(form, name).data = None
    before = _own(of, window, form.replaces.data) if form.replaces.data else None
    if before is not None:
        form.text.data, form.must_confirm.data = before.text, before.must_confirm
        form.roles.data = before.roles
        form.places.data = before.schools if of.is_county else []


def _own(of: _Desk, window: str, identity: str) -> Notice | None:
    rows = queries.get(of.counties, window, identity)
    return rows[0] if rows and rows[0].sender == of.division.code else None


def _replaced(given: str | None, of: _Desk, window: str) -> str | None:
    """Only a notice of this desk is replaced by it."""
    if not given:
        return None
    before = _own(of, window, str(UUID(given)))
    return before.id if before else None


def _places(of: _Desk, window: str) -> list[tuple[str, str]]:
    if not of.is_county:
        return [(code, county.name) for code, county in of.counties.items()]
    statement = (
        select(School.code, School.name)
        .join(Sample, (Sample.county == School.county) & (Sample.school == School.code))
        .where(School.county == of.division.code, Sample.window == window)
        .order_by(School.name)
    )
    return [(row.code, row.name) for row in db.session.execute(statement)]


def _due(wall: Any, now: datetime) -> datetime:
    """The next moment at which the clock on the wall shows it."""
    due = datetime.combine(now.astimezone(_ZONE).date(), wall, _ZONE)
    return due if due > now else due + timedelta(days=1)


def _withdraw(of: _Desk, notice: UUID) -> AnyResponse:
    window = asked.window()
    rows = queries.get(of.counties, window, str(notice))
    if not rows or rows[0].sender != of.division.code:
        abort(404)
    service.withdraw(
        identity=str(notice),
        window=window,
        counties=[row.county for row in rows],
        by=g.actor.person_id,
        at=asked.now(),
    )
    flash(_("The notice is withdrawn."), "success")
    return redirect(f"{of.url}/{notice}", 303)
