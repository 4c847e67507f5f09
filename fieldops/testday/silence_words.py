"""What screens say of what was not heard: never that it did not happen."""

from __future__ import annotations

from typing import Any, Final

from flask_babel import lazy_gettext as _l

WHATS: Final[dict[str, Any]] = {
    "check_in": _l("Check-in not heard"),
    "check_in_done": _l("Check-in not heard to be finished"),
    "started": _l("Start not heard"),
    "ended": _l("End not heard"),
    "sealed": _l("Sealing not heard"),
    "nil_report": _l("No report of the day heard"),
}
HOWS: Final[dict[str, tuple[Any, str]]] = {
    "in_time": (_l("was in time, heard later"), "good"),
    "late": (_l("happened late"), "warn"),
    "heard": (_l("heard; when it happened is not known"), "neutral"),
    "replaced": (_l("the next step is awaited instead"), "neutral"),
    "not_expected": (_l("not expected any more"), "neutral"),
}
