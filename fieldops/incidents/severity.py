"""How bad an incident is, from plain questions, and what kind it is. Pure.

The scale is that of a school plan of 2021 which quotes the national manual (domain.md §6, a single source): inside the
school and without effect; slight effect on order; a serious event that disturbs order or touches the data's truth, the
materials' security or a whole area. Its digits run the other way round than those of every gaokao plan, and the same
officials use both, so severity is stored as a name and shown in words with the criterion that triggered it: never a
digit. `static/phone/severity.js` holds the same table for the phone; a test runs both over all answers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal, NamedTuple

from flask_babel import lazy_gettext as _l

Severity = Literal["minor", "moderate", "serious"]
Order = Literal["no", "slight", "serious"]

#: From the least to the worst.
SEVERITIES: Final[tuple[str, ...]] = ("minor", "moderate", "serious")
ORDERS: Final[tuple[str, ...]] = ("no", "slight", "serious")


class Answers(NamedTuple):
    """Answers to the plain questions: is order affected, is the data's truth, are materials at risk, others too?"""

    order_affected: Order
    data_affected: bool
    materials_at_risk: bool
    beyond_school: bool


class _Criterion(NamedTuple):
    answer: str
    met: Callable[[Answers], bool]
    severity: Severity


#: The gravest question comes first, so that the first reason is what an official would name.
_CRITERIA: Final = (
    _Criterion("materials_at_risk", lambda a: a.materials_at_risk, "serious"),
    _Criterion("data_affected", lambda a: a.data_affected, "serious"),
    _Criterion("order_affected", lambda a: a.order_affected == "serious", "serious"),
    _Criterion("beyond_school", lambda a: a.beyond_school, "serious"),
    _Criterion("order_affected", lambda a: a.order_affected == "slight", "moderate"),
)

#: Categories to start from (domain.md §6): code → what people call it. The order is that of the forms.
CATEGORIES: Final[dict[str, Any]] = {
    "materials_leak": _l("Leak or loss of test materials"),
    "materials_fault": _l("Wrong, missing or damaged materials"),
    "power": _l("Power cut"),
    "network": _l("Network or computer"),
    "audio": _l("Audio"),
    "fire": _l("Fire"),
    "weather": _l("Natural disaster or weather"),
    "illness": _l("Student taken ill"),
    "infectious_disease": _l("Infectious disease"),
    "staff_absent": _l("Staff absent or ill"),
    "staff_error": _l("Something went wrong in the procedure"),
    "conduct": _l("Student conduct or substitution"),
    "disturbance": _l("Disturbance or security"),
    "public_opinion": _l("Public attention"),
    "timetable_deviation": _l("Deviation from the timetable"),
    "other": _l("Something else"),
}


def derive(
    order_affected: Order, *, data_affected: bool, materials_at_risk: bool, beyond_school: bool
) -> tuple[Severity, tuple[str, ...]]:
    """Severity, and the names of the answers that did it, the gravest first; none for a minor one.

    Source: domain.md §6, the scale of 2021.
    """
    answers = Answers(order_affected, data_affected, materials_at_risk, beyond_school)
    met = [criterion for criterion in _CRITERIA if criterion.met(answers)]
    if not met:
        return "minor", ()
    worst = met[0].severity
    return worst, tuple(criterion.answer for criterion in met if criterion.severity == worst)


def worse(first: str, second: str) -> bool:
    """Whether the first severity is worse than the second."""
    return SEVERITIES.index(first) > SEVERITIES.index(second)
