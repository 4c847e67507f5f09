"""The desk's answers to the area detector. Each is one event, recorded in a transaction of its own; none knows HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from uuid6 import uuid7

from fieldops.db import writing
from fieldops.incidents.area import ACCEPTED, DECLINED
from fieldops.journal.events import make, printable
from fieldops.journal.service import Author, record
from fieldops.web.errors import Problem


class Changed(Problem):
    """The answer was not taken: somebody else reported or decided meanwhile, or it is over. `sentence` says which."""

    status, slug, title = 409, "area-changed", _l("This changed before your answer arrived")

    def __init__(self, reason: str | None) -> None:
        super().__init__(reason=reason)
        self.reason = reason
        self.sentence = (
            _l("Meanwhile another school reported it or somebody else answered. Look at the newer state first.")
            if reason == "stale"
            else _l("They are over or joined elsewhere meanwhile. Look at the newer state first.")
        )


def accept(
    *,
    county: str,
    window: str,
    category: str,
    incidents: Sequence[str],
    by: Author,
    at: datetime,
    seen_version: int,
    into: str | None = None,
) -> None:
    """Say that these are one incident of the county: a new one, or `into` the one that is there.

    Args:
        incidents: ids of the schools' incidents that the desk saw.
        at: now, window clock.
        seen_version: of the area's row, as the desk saw it.

    Raises:
        Changed: it is not as the desk saw it.
    """
    _record(
        ACCEPTED,
        {"into": into} if into else {},
        county=county,
        window=window,
        category=category,
        incidents=incidents,
        by=by,
        at=at,
        seen_version=seen_version,
    )


def decline(
    *,
    county: str,
    window: str,
    category: str,
    incidents: Sequence[str],
    by: Author,
    at: datetime,
    seen_version: int,
    reason: str,
) -> None:
    """Say that these have nothing to do with each other, and why. One more school is asked about anew.

    Raises:
        Changed: it is not as the desk saw it, or no reason is given.
    """
    _record(
        DECLINED,
        {"reason": printable(reason.strip())},
        county=county,
        window=window,
        category=category,
        incidents=incidents,
        by=by,
        at=at,
        seen_version=seen_version,
    )


def _record(
    kind: str,
    said: dict[str, Any],
    *,
    county: str,
    window: str,
    category: str,
    incidents: Sequence[str],
    by: Author,
    at: datetime,
    seen_version: int,
) -> None:
    data = {"category": category, "incidents": list(incidents), "seen_version": seen_version, **said}
    draft = make(kind, at=at, identity=str(uuid7()), data=data)
    with writing():
        result = record(county=county, window=window, author=by, events=[draft], received_at=at)[0]
    if result.outcome != "accepted":
        raise Changed(result.reason)
