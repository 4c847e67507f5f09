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
from fieldops.testday import queries
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
