"""The list of people on duty with fresh one-time links: what operators hand out before the day."""

from __future__ import annotations

from fieldops.db import writing
from fieldops.organisation import codes, queries
from fieldops.organisation.places import level_of
from fieldops.organisation.service import new_sign_in_code


def people_listing(window: str | None, public_url: str, fresh_codes: bool) -> list[dict[str, str | None]]:
    """What `fieldops people --json` prints: one entry a duty of the window, or of every open window.

    Call outside `writing()`: all fresh codes are made in one transaction. `public_url`: without a slash at the end.
    """
    entries = []
    with writing():
        for row in queries.open_duties(window):
            code = new_sign_in_code(person=row.person) if fresh_codes else None
            entries.append(
                {
                    "person": row.name,
                    "role": row.role,
                    "place": row.place,
                    "level": level_of(row.place),
                    "sign_in_url": sign_in_url(public_url, code) if code else None,
                    "enrol_code": codes.grouped(code) if code else None,
                }
            )
    return entries


def sign_in_url(public_url: str, code: str) -> str:
    """The link that a code stands in."""
    return f"{public_url.rstrip('/')}/enter/{code}"
