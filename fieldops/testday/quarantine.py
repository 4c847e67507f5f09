"""What the journal set aside, in words: why, and what somebody can do about it."""

from __future__ import annotations

import json
from typing import Any, Final

from flask_babel import lazy_gettext as _l

#: Reason → why, and what can be done.
REASONS: Final[dict[str, Any]] = {
    "unreadable": _l("It could not be read. Ask its sender what happened and note the fact again."),
    "unknown_kind": _l("This version does not know this kind of fact. Reload the phone and note it again."),
    "bad_data": _l("Something is missing or not as expected. Note the fact again."),
    "not_permitted": _l("Its sender has no duty for it. Ask the county desk to give the duty, then note it again."),
    "id_reused": _l("Another fact stands under the same number. Note the fact again if it is missing."),
}


def said(sent: str) -> dict[str, str]:
    """The texts of what was sent that name a kind and a place; anything else is left to the raw text."""
    try:
        raw = json.loads(sent)
    except (ValueError, RecursionError):
        return {}
    fields = raw if isinstance(raw, dict) else {}
    named = {name: fields.get(name) for name in ("kind", "room", "session", "student")}
    return {
        name: value.encode("utf-8", "replace").decode()[:80] for name, value in named.items() if isinstance(value, str)
    }
