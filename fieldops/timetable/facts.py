"""Events by which phones and boards learn that the timetable, a policy or the clock changed. Codes only, no texts.

They are written by the system when the change itself is made, in the same transaction, never taken from a device: an
event that says "published" without a version behind it would be a lie. `by` is the person's id.
"""

from __future__ import annotations

import msgspec

from fieldops.journal.kinds import Kind


class Published(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A grade has a new version of its timetable in force."""

    grade: int
    version: int
    by: str | None = None


class PolicySet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A policy value was set."""

    name: str
    value: int
    by: str | None = None


class ClockSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rehearsal's clock was set: what it showed and what it shows, UTC, ISO 8601."""

    showed: str
    shows: str
    by: str | None = None


KINDS = (
    Kind(name="timetable.published", action="timetable.publish", data=Published, system=True),
    Kind(name="policy.set", action="timetable.publish", data=PolicySet, system=True),
    Kind(name="clock.set", action="clock.set", data=ClockSet, system=True),
)
