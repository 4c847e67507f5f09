"""What every page knows of the window: the rehearsal banner. And the clock, for the parts below this one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Flask, g

from fieldops.db import db
from fieldops.organisation.models import School
from fieldops.timetable import clock, queries

#: Zone of a page that is about no school: counties and cities speak in Beijing time.
COMMON_ZONE = "Asia/Shanghai"


def init_app(app: Flask) -> None:
    """Give templates `rehearsal`, and the organisation the window's clock (it lies below and cannot import it)."""
    app.context_processor(_rehearsal)
    app.extensions["fieldops_window_now"] = _window_now


def page_zone() -> str:
    """The zone in which this page shows times: its school's, else the common one."""
    place = g.get("place")
    if place is not None and place.school is not None:
        school = db.session.get(School, (place.county, place.school))
        if school is not None:
            return school.timezone
    return COMMON_ZONE


def _window_now(code: str) -> datetime:
    window = queries.window(code)
    if window is None:
        raise LookupError(f"no window {code}")
    return clock.now(window)


def _rehearsal() -> dict[str, Any]:
    actor = g.get("actor")
    window = queries.window(actor.window) if actor is not None and actor.window else None
    if window is None or window.mode != "rehearsal":
        return {"rehearsal": None}
    return {"rehearsal": {"name": window.name, "now": clock.now(window), "timezone": page_zone()}}
