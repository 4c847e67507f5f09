"""Sentences of the import that are not of one file alone; those of a file stand in `faults`."""

from __future__ import annotations

from collections.abc import Callable

from fieldops.roster.faults import FIELD_NAMES, MESSAGES, Fault, message


def N_(text: str) -> str:  # noqa: N802 (gettext's customary name: it marks a text for extraction and returns it as it is)
    """Mark a text for translation later."""
    return text


#: Faults that show only beside the roster as it stands.
AGAINST_ROSTER: dict[str, str] = {
    "student_code_elsewhere": N_(
        "The student code “%(value)s” belongs to the school “%(school)s”. Has the student changed schools? Then import "
        "both schools' reports together."
    ),
}

#: Fields that can change, beside those that a report names alike.
CHANGED_FIELDS: dict[str, str] = {**FIELD_NAMES, "exempt_reason": FIELD_NAMES["exempt"]}


def sentence(fault: Fault, gettext: Callable[[str], str] = str) -> str:
    """The sentence of any fault or warning of an import; English without `gettext`."""
    if fault.code in MESSAGES:
        return message(fault, gettext)
    return gettext(AGAINST_ROSTER[fault.code]) % fault.params
