"""What every view of incidents needs of the request: the window, its clock, who asks, answers that say 304."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, abort, current_app, g, make_response, render_template, request

from fieldops.db import db
from fieldops.incidents import queries
from fieldops.incidents.models import IncidentRow
from fieldops.journal import queries as journal
from fieldops.journal.service import Author
from fieldops.organisation.actors import author
from fieldops.organisation.models import Division
from fieldops.timetable import clock
from fieldops.timetable import queries as timetable
from fieldops.timetable.models import Window
from fieldops.web.i18n import language


def window_row() -> Window:
    """The window of the duty that let them in."""
    window = timetable.window(g.actor.window) if g.actor.window else None
    if window is None:  # a duty let them in, so this is a race with the closing of the window
        abort(404)
    return window


def window() -> str:
    """Its code."""
    code: str | None = g.actor.window
    if code is None:
        abort(404)
    return code


def now() -> datetime:
    """What the window's clock shows."""
    return clock.now(window_row())


def author_in(county: str) -> Author:
    """Whoever asks, as the journal wants to know them."""
    return author(g.actor, county)


def division(code: str) -> Division:
    """A county, city or province; 404 without."""
    found = db.session.get(Division, code)
    if found is None:
        abort(404)
    return found


def load(county: str, school: str | None, identity: UUID) -> IncidentRow:
    """An incident of the school (None: of the county) in this window; 404 without."""
    row = queries.get(county, str(identity))
    if row is None or row.school != school or row.window != window():
        abort(404)
    return row


def by_htmx() -> bool:
    """Whether a script asks for a part of the page."""
    return request.headers.get("HX-Request") == "true"


def fragment(of: list[str], template: str, **context: Any) -> Response:
    """A fragment that changes with any event of these counties; 304 when nothing happened since."""
    heads = journal.heads()
    return tagged("-".join(f"{county}.{heads.get(county, 0)}" for county in of), template, **context)


def tagged(state: str, template: str, **context: Any) -> Response:
    """A fragment that changes with `state`, the reader's language and their rights."""
    return if_changed((template, state), lambda: render_template(template, **context))


def if_changed(state: object, render: Callable[[], str]) -> Response:
    """What `render` gives, or 304 without asking it when the client has it already."""
    # The words depend on the reader's language and rights as well.
    parts = repr((state, language(), g.actor.person_id, sorted(g.actor.duties)))
    tag = hashlib.sha256(parts.encode()).hexdigest()[:20]
    if request.if_none_match.contains_weak(tag):
        response = current_app.response_class(status=304)
    else:
        response = make_response(render())
    response.set_etag(tag, weak=True)
    return response
