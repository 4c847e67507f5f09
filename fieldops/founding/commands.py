"""`fieldops found`: what the command says and does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flask_babel import force_locale

from fieldops.founding.form import read
from fieldops.founding.service import Outcome, found
from fieldops.organisation import codes
from fieldops.organisation.service import sign_in_url
from fieldops.roster.context import read_table

#: Exit codes: all is right (or was made) · the file has faults.
DONE, FAULTS = 0, 1


def found_from(path: Path, *, dry_run: bool, public_url: str) -> tuple[str, int]:
    """Read a file and make what it asks for; what to print (plain English, with secrets that are shown once), and the
    exit code."""
    with force_locale("en"):  # a command has no reader whose language could be asked
        outcome = found(read(path, read_table), dry_run=dry_run)
    if outcome.faults:
        lines = [f"{fault.key}: {fault.reason}" for fault in outcome.faults]
        return "\n".join([*lines, f"{len(lines)} faults; nothing was written."]), FAULTS
    return "\n".join(_lines(outcome, public_url, dry_run=dry_run)), DONE


def _lines(outcome: Outcome, public_url: str, *, dry_run: bool) -> Iterator[str]:
    if outcome.stood:
        yield "Stands already: " + ", ".join(f"{what} {count}" for what, count in outcome.stood.items())
    if not outcome.made:
        yield "Nothing to make: all of it stands already."
        return
    made = ", ".join(f"{what} {count}" for what, count in outcome.made.items())
    yield f"Would make: {made}. Nothing was written." if dry_run else f"Made: {made}."
    desks = [each for each in outcome.newcomers if each.login]
    if desks:
        yield "\nFirst passwords of the desks, shown only here; each desk changes its own under Me:"
        yield from (f"{desk.place}\t{desk.name}\t{desk.login}\t{desk.password}" for desk in desks)
    if outcome.newcomers:
        yield "\nSign-in links, each good once and for 24 hours (`fieldops people` makes new ones):"
        for each in outcome.newcomers:
            url = sign_in_url(public_url, each.code)
            yield "\t".join((each.role, each.place, each.name, url, codes.grouped(each.code)))
