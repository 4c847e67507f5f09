"""Facts from a device: taken in and answered, each by its id. The way in, apart from how it was asked over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from flask_babel import lazy_gettext as _l

from fieldops.api import hand_over as hand_overs
from fieldops.api import shapes
from fieldops.api import snapshot as snapshots
from fieldops.api.snapshot import wire
from fieldops.db import db
from fieldops.journal.intake import submit
from fieldops.journal.service import Result, Submission, prepare
from fieldops.organisation import queries as organisation
from fieldops.organisation.actors import Actor, author
from fieldops.testday import phones
from fieldops.timetable import clock
from fieldops.web.errors import Problem


class NoWindow(Problem):
    """Nobody can note anything without an open window."""

    status = 409
    slug = "no-open-window"
    title = _l("No assessment window is open for you")
    detail = _l("Keep what you have noted; ask your county's desk when the window opens.")


class NoCounty(Problem):
    """A city's or a province's desk must say which county."""

    status = 422
    slug = "which-county"
    title = _l("Your duty covers more than one county")
    detail = _l("Name the county: county=<code>.")


class NotFound(Problem):
    """No such place, or no duty there: the same answer."""

    status = 404
    slug = "not-found"
    title = _l("There is nothing here for you")


class OtherDevice(Problem):
    """The facts name a device that is not the one that signed in."""

    status = 422
    slug = "other-device"
    title = _l("These facts name another device than the one that is signed in")
    detail = _l("Send them with the device that you enrolled.")


def county_code(actor: Actor, wanted: str | None) -> str:
    """The county that the actor works in, or the one it names and has a duty in or above.

    Raises:
        NoCounty: none is named, and the duty is above counties.
        NotFound: no duty there.
    """
    codes = {duty.place.split("/", maxsplit=1)[0] for duty in actor.duties}
    if wanted is None or wanted in codes:
        counties = sorted(code for code in codes if snapshots.level_of(code) == "county")
        if not counties:
            raise NoCounty
        return counties[0] if wanted is None else wanted
    place = organisation.place(wanted)
    if place is None or place.level != "county" or not codes.intersection(place.within):
        raise NotFound
    return wanted


def take(
    sending: shapes.Sending, actor: Actor, wanted: str | None = None, *, remembered: bool = False
) -> tuple[shapes.Received, datetime]:
    """Record a device's facts; the answer, and the window's clock when they arrived (UTC).

    Args:
        wanted: the county that the sender names.
        remembered: who sends was not read for this call; the journal compares under its lock.

    Raises:
        OtherDevice, NoWindow, OtherWindow, NoCounty, NotFound: nothing was taken in.
        Outdated: of a remembered sender; nothing was taken in.
    """
    if sending.device.lower() != actor.device_id:
        raise OtherDevice
    if actor.window is None or actor.clock is None:
        raise NoWindow
    if sending.window not in (None, actor.window):
        raise hand_overs.OtherWindow
    county = county_code(actor, wanted)
    now = clock.now(actor.clock)
    if (kept := shapes.read_kept(sending.kept)) is not None:
        phones.note(actor, county, kept, at=now)
    results: list[Result] = []
    if sending.events:
        as_of = actor.senders if remembered else None
        submission = Submission(author(actor, county), prepare(sending.events), now, as_of)
        if db.session.registry.has():
            db.session.rollback()  # no sender keeps a connection while it waits in line
        results = submit(county=county, window=actor.window, submission=submission)
    return shapes.Received(str(wire(now)), actor.epoch, [answered(result) for result in results]), now


def answered(result: Result) -> shapes.ResultShape:
    """The answer to one event as it goes over the wire."""
    outcome: Any = result.outcome  # one of four
    reason = result.reason or msgspec.UNSET
    return shapes.ResultShape(result.id, outcome, list(result.flags), result.seq, reason)
