"""Verbs of the test day that a desk takes. Facts of the phone come by the API, straight into the journal."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import ClassVar

from flask_babel import lazy_gettext as _l
from uuid6 import uuid7

from fieldops.db import writing
from fieldops.journal.events import derived_id, make
from fieldops.journal.service import Author, record
from fieldops.testday import queries, spoken
from fieldops.testday.sitting import instant_text
from fieldops.web.errors import Problem, Text


class Stale(Problem):
    """The sitting or its students are not as they were shown when the decision was taken."""

    status: ClassVar[int] = 409
    slug: ClassVar[str] = "sitting-changed"
    title: ClassVar[Text] = _l("This session changed before your decision arrived")
    detail: ClassVar[Text] = _l("Nothing was made final. Look at the newer state, then decide again.")


def freeze(
    *,
    county: str,
    window: str,
    school: str,
    room: str,
    session: str,
    by: Author,
    at: datetime,
    seen_version: int,
    absent: Collection[str],
) -> None:
    """Make the absences of a sitting final. All or nothing, in one transaction.

    Args:
        at: now, by the window's clock.
        seen_version: version of the sitting that the person saw; 0 when nothing had been noted about it.
        absent: codes of the students who were shown as unaccounted for; each is noted as absent (not seen) first.

    Raises:
        Stale: the sitting changed, it is frozen already, one of the students was seen meanwhile, or another one is
            unaccounted for.
    """
    identity = str(uuid7())
    drafts = [
        make(
            "attendance.absent",
            identity=derived_id(identity, code),
            at=at,
            school=school,
            room=room,
            session=session,
            student=code,
            data={"reason": "not_seen"},
        )
        for code in sorted(absent)
    ]
    frozen = {"seen_version": seen_version}
    drafts.append(
        make("sitting.frozen", identity=identity, at=at, school=school, room=room, session=session, data=frozen)
    )
    with writing():
        # Takes the county's lock: what is read below cannot change before the decision stands.
        record(county=county, window=window, author=by, events=(), received_at=at)
        open_now = queries.unaccounted(county, window, school, room=room, session=session)
        if {student.code for student in open_now} != set(absent):
            raise Stale
        results = record(county=county, window=window, author=by, events=drafts, received_at=at)
        if any(result.outcome != "accepted" for result in results):
            raise Stale


def speak(
    *,
    county: str,
    window: str,
    school: str,
    room: str,
    session: str,
    by: Author,
    at: datetime,
    said: spoken.Said,
    plan: spoken.Plan,
) -> None:
    """Note what a school without a network said of a sitting over the telephone.

    Args:
        at: now, by the window's clock.
        said: the code as it was understood (`spoken.decode`).
        plan: the planned times that its minutes are counted from.
    """
    started, ended = spoken.started_at(said, plan), spoken.ended_at(said, plan)
    draft = make(
        "sitting.spoken",
        identity=str(uuid7()),
        at=at,
        school=school,
        room=room,
        session=session,
        data={
            "code": spoken.encode(said, spoken.Place(school, room, session)),
            "present": said.present,
            "absent": said.absent,
            "started_at": instant_text(started) if started else None,
            "ended_at": instant_text(ended) if ended else None,
            "incidents": said.incidents,
            "beyond": spoken.beyond(said),
        },
    )
    with writing():
        record(county=county, window=window, author=by, events=[draft], received_at=at)
