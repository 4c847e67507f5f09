"""What the journal set aside, for the chief monitor and the county's desk: look at it, say what became of it."""

from __future__ import annotations

from flask import Blueprint, abort, g, redirect, render_template, url_for
from werkzeug.wrappers import Response

from fieldops.organisation.actors import author
from fieldops.organisation.rules import rule
from fieldops.testday import quarantine, queries, words
from fieldops.testday.forms import SettleForm
from fieldops.timetable import clock
from fieldops.timetable import queries as timetable
from fieldops.timetable.models import Window
from fieldops.web.i18n import language

blueprint = Blueprint("quarantine", __name__)

Page = str | Response | tuple[str, int]


@blueprint.get("/c/<county>/s/<school>/quarantine")
@rule("quarantine.view", at="school")
def of_school(county: str, school: str) -> str:
    """What the journal set aside of a school."""
    return _show(county, school)


@blueprint.get("/c/<county>/quarantine")
@rule("quarantine.view", at="county")
def of_county(county: str) -> str:
    """What the journal set aside in a county."""
    return _show(county, None)


@blueprint.post("/c/<county>/s/<school>/quarantine/<sent>")
@rule("quarantine.settle", at="school")
def settle_of_school(county: str, school: str, sent: str) -> Page:
    """Say what became of it, as the school."""
    return _settle(county, school, sent)


@blueprint.post("/c/<county>/quarantine/<sent>")
@rule("quarantine.settle", at="county")
def settle_of_county(county: str, sent: str) -> Page:
    """Say what became of it, as the county."""
    return _settle(county, None, sent)


def _settle(county: str, school: str | None, sent: str) -> Page:
    try:
        sent_hash = bytes.fromhex(sent)
    except ValueError:
        abort(404)
    if len(sent_hash) != 32:
        abort(404)
    form = SettleForm()
    window = _window()
    if not form.validate_on_submit():
        return _show(county, school, wrong=(sent_hash, form)), 422
    found = quarantine.settle(
        county=county,
        window=window.code,
        school=school,
        sent_hash=sent_hash,
        how=form.how.data,
        note=(form.note.data or "").strip() or None,
        by=author(g.actor, county),
        at=clock.now(window),
    )
    if not found:
        abort(404)
    back = url_for("quarantine.of_county", county=county)
    if school is not None:
        back = url_for("quarantine.of_school", county=county, school=school)
    return redirect(back, 303)


def _show(county: str, school: str | None, *, wrong: tuple[bytes, SettleForm] | None = None) -> str:
    """The list. `wrong`: a form that was not right, with the hash of what it is about."""
    window = _window()
    plan = queries.reference(county, window.code)
    found = quarantine.listed(county, school=school)
    english = language() == "en"
    people = {aside.row.person for aside in found} | {aside.settled.person for aside in found if aside.settled}
    return render_template(
        "testday/quarantine.html",
        open_rows=[aside.row for aside in found if aside.settled is None],
        done=[aside for aside in found if aside.settled is not None],
        forms=_Forms(wrong),
        base=f"/c/{county}/s/{school}/quarantine" if school else f"/c/{county}/quarantine",
        said=quarantine.said,
        happened_at=quarantine.happened_at,
        reasons=quarantine.REASONS,
        hows=quarantine.HOW,
        words=words,
        sessions={code: s.name_en if english and s.name_en else s.name for code, s in plan.sessions.items()},
        people=queries.names_of(people),
        zones={code: place.timezone for code, place in plan.schools.items()},
        may_settle=g.actor.may("quarantine.settle", g.place),
    )


class _Forms:
    """The form of each row: ids of fields are the row's own, and the one that was not right says so."""

    def __init__(self, wrong: tuple[bytes, SettleForm] | None) -> None:
        self._wrong = wrong

    def of(self, sent_hash: bytes) -> SettleForm:
        """The form of what has this hash."""
        if self._wrong is not None and self._wrong[0] == sent_hash:
            return self._wrong[1]
        return SettleForm(formdata=None)


def _window() -> Window:
    window = timetable.window(g.actor.window) if g.actor.window else None
    if window is None:
        abort(404)
    return window
