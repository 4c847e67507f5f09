"""Tells a county's journal what changed in the organisation (`facts`)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import current_app
from uuid6 import uuid7

from fieldops.db import utcnow
from fieldops.journal import events
from fieldops.journal import service as journal
from fieldops.organisation.places import Place


def tell(kind: str, place: Place, window: str, data: dict[str, Any]) -> None:
    """Write it into the county's journal; nothing when the place is a city or a province. Inside `with writing():`.

    Raises:
        RuntimeError: the journal did not take it: a mistake of ours, so nothing is changed either.
    """
    if place.county is None:
        return
    at = window_now(window)
    event = events.make(kind, at=at, identity=str(uuid7()), school=place.school, room=place.room, data=data)
    (result,) = journal.record(
        county=place.county, window=window, author=journal.SYSTEM, events=[event], received_at=at
    )
    if result.outcome != "accepted":
        raise RuntimeError(f"{kind} was not taken: {result.reason}")


def window_now(window: str) -> datetime:
    """What the window's clock shows. The timetable, which lies above this package, is asked through the app.

    `app.extensions["fieldops_window_now"]` is its function from a window's code to a time; without one, real time.
    """
    clock: Callable[[str], datetime] | None = current_app.extensions.get("fieldops_window_now")
    return clock(window) if clock else utcnow()
