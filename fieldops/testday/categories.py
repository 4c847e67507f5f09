"""What an anomaly can be."""

from __future__ import annotations

from typing import Any, Final

from flask_babel import lazy_gettext as _l

#: Code → what people call it. Small things must be cheap and blameless to note (domain.md §4): no word accuses anybody.
CATEGORIES: Final[dict[str, Any]] = {
    "late_arrival": _l("late arrival"),
    "seat_change": _l("seat changed"),
    "identity_doubtful": _l("identity doubtful"),
    "illness": _l("student unwell"),
    "toilet": _l("left for the toilet"),
    "conduct": _l("student conduct"),
    "materials_damaged": _l("materials damaged or missing pages"),
    "materials_wrong": _l("wrong or missing materials"),
    "equipment": _l("equipment or computer"),
    "audio": _l("audio"),
    "power": _l("power or network"),
    "noise": _l("noise or disturbance"),
    "weather": _l("weather"),
    "staff_absent": _l("member of staff absent or unwell"),
    "staff_error": _l("slip in the procedure"),
    "timetable_deviation": _l("not at the planned time"),
    "other": _l("other"),
}
