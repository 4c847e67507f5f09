"""The event by which phones and boards learn that the roster changed. Counts and hashes only: no names, no codes."""

from __future__ import annotations

import msgspec

from fieldops.journal.kinds import Kind


class Imported(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A report was applied."""

    #: SHA-256 of each file, hex, in the order in which they were given.
    files: list[str]
    #: Schools that changed.
    schools: int
    added: int
    removed: int
    moved: int
    changed: int
    #: Person; null when a command of the operator applied it.
    by: str | None = None


#: Written only with the import itself, in its transaction: an event of this kind from a device would be a lie.
KINDS = (Kind(name="roster.imported", action="roster.import", data=Imported, system=True),)
