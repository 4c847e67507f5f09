"""Kinds of events of the organisation: who came on duty or left it, which device was ended, who carried for another.

No state folds from them; they stand in the county's journal so that a timeline explains why a phone fell silent or who
could decide what at which time. They name ids and codes, never people. Only the system adds them (`system`): `by` is
written by the service that did it, so no device can claim that somebody was given a duty.
"""

from __future__ import annotations

import msgspec

from fieldops.journal.kinds import Kind


class DeviceRevoked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A device's sign-in was ended."""

    device: str
    #: Person whose device it was.
    person: str
    #: Person who ended it; null when a command of the operator did.
    by: str | None


class DutyChanged(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A duty was given or withdrawn."""

    person: str
    role: str
    #: Path of the place.
    place: str
    #: Person who did it; null when a command of the operator did.
    by: str | None


class HandOverCarried(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another device brought facts of one that could not send them."""

    #: The device that noted them.
    device: str
    #: Person and device that brought them.
    carrier: str
    carrier_device: str
    #: How many were new.
    facts: int


DEVICE_REVOKED = "device.revoked"
HAND_OVER_CARRIED = "hand_over.carried"
DUTY_GIVEN = "duty.given"
DUTY_WITHDRAWN = "duty.withdrawn"

KINDS = (
    Kind(name=DEVICE_REVOKED, action="device.revoke", data=DeviceRevoked, system=True),
    Kind(name=HAND_OVER_CARRIED, action="hand_over.carry", data=HandOverCarried, system=True),
    Kind(name=DUTY_GIVEN, action="people.manage", data=DutyChanged, system=True),
    Kind(name=DUTY_WITHDRAWN, action="people.manage", data=DutyChanged, system=True),
)
