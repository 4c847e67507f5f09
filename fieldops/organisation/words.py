"""What roles and levels are called in front of people. Kept apart from the rights, which are pure."""

from __future__ import annotations

from typing import Any, Final

from flask_babel import lazy_gettext as _l

ROLE_NAMES: Final[dict[str, Any]] = {
    "monitor": _l("Monitor"),
    "subject_monitor": _l("Subject monitor"),
    "timekeeper": _l("Timekeeper"),
    "chief_monitor": _l("Chief monitor"),
    "principal": _l("Principal"),
    "information_officer": _l("Information officer"),
    "custodian": _l("Materials custodian"),
    "inspector": _l("Responsible inspector"),
    "supervisor": _l("Visiting supervisor"),
    "desk": _l("Duty desk"),
}


def role_name(role: str) -> str:
    """A role in the reader's language; one that this version does not know as it is written."""
    return str(ROLE_NAMES.get(role, role))
