"""What the doctor thinks of an installation: pure checks over what was found, each with what to do.

A check knows neither files nor a database: `findings` looks, `examine` judges.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, NamedTuple

from flask_babel import gettext as _

State = Literal["ok", "look", "broken"]

#: Free space of the data directory, bytes: below the first it is time to look, below the second the day is at risk.
SPACE_LOW = 5_000_000_000
SPACE_OUT = 500_000_000
#: Two clocks that differ by more make times of the record doubtful.
CLOCK_OFF = timedelta(seconds=2)
#: A certificate that ends sooner was evidently not renewed (ACME renews at a third of 90 days).
CERTIFICATE_SOON = timedelta(days=14)
#: Older than a day: the last test day is not in it.
BACKUP_OLD = timedelta(days=1)
#: Connections that one process may take: `db.engine_options`, pool and overflow.
POOL_A_PROCESS = 30


class Line(NamedTuple):
    """One finding: `what` was looked at, its `state`, what is so, and what to do ("" when nothing)."""

    what: str
    state: State
    words: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """What an answering database said."""

    engine: str
    version: str
    #: Of the SQLite library or the server: too old to be trusted.
    unsafe: bool = False
    level: str | None = None
    newest: str = ""
    #: PostgreSQL's own settings by name; empty on SQLite.
    settings: dict[str, str] = field(default_factory=dict)
    #: The database's clock minus this machine's.
    clock_ahead: timedelta = timedelta()
    #: Counties whose newest event is not the one that the head names.
    heads_off: tuple[str, ...] = ()
    #: Since an engine ticked; None when none ever did.
    engine_age: timedelta | None = None
    #: Mode of each open window.
    windows: tuple[str, ...] = ()
    #: Messages given up in the last day.
    messages_failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All that was looked at. None where it could not be, or was not asked for."""

    public_url: str
    demo: bool
    debug: bool
    trusted_proxies: int
    processes: int
    data_dir: str
    #: Permission bits of the data directory and the kept secret key; None for a key that comes from the environment.
    data_mode: int
    secret_mode: int | None
    writable: bool
    free_bytes: int
    static_missing: tuple[str, ...]
    time_zones: bool
    #: None when the database does not answer; then `database_error` says how.
    database: Database | None
    database_error: str = ""
    #: Status with which the public address answered; None when it did not, and why.
    public_status: int | None = None
    public_error: str = ""
    #: Until the certificate ends; None on plain http or without an answer.
    certificate_left: timedelta | None = None
    #: Age of the newest backup; None when there is none. Only looked at when a folder was named.
    backups: str | None = None
    backup_age: timedelta | None = None
    backup_key: bool = False


def examine(found: Findings) -> list[Line]:
    """Every line, in the order in which somebody would mend them."""
    return [*_folder(found), *_database(found), *_address(found), *_settings(found), *_backups(found)]


def worst(lines: list[Line]) -> State:
    """`broken` before `look` before `ok`."""
    states = {line.state for line in lines}
    return "broken" if "broken" in states else "look" if "look" in states else "ok"


def _folder(found: Findings) -> Iterator[Line]:
    what = _("Data folder")
    if not found.writable:
        yield Line(
            what,
            "broken",
            _("%(folder)s cannot be written.", folder=found.data_dir),
            _("Give it to the user that Fieldops runs as."),
        )
    elif found.data_mode & 0o007:
        yield Line(
            what,
            "look",
            _("%(folder)s can be read by every user of this machine.", folder=found.data_dir),
            _("chmod 750 on the folder."),
        )
    else:
        yield Line(what, "ok", found.data_dir)
    if found.secret_mode is not None and found.secret_mode & 0o077:
        yield Line(
            _("Secret key"),
            "broken",
            _("Others on this machine can read the secret key."),
            _("chmod 600 on secret-key in the data folder."),
        )
    free = f"{found.free_bytes / 1e9:.1f} GB"
    state: State = "broken" if found.free_bytes < SPACE_OUT else "look" if found.free_bytes < SPACE_LOW else "ok"
    yield Line(_("Free space"), state, free, "" if state == "ok" else _("Make room on the disk of the data folder."))
    if found.static_missing:
        yield Line(
            _("Static files"),
            "broken",
            _("Missing: %(names)s.", names=", ".join(found.static_missing)),
            _("Run .venv/bin/python tools/assets.py."),
        )
    else:
        yield Line(_("Static files"), "ok", _("All there."))
    if not found.time_zones:
        yield Line(
            _("Time zones"), "broken", _("The zone Asia/Shanghai is not known here."), _("Install the package tzdata.")
        )


def _database(found: Findings) -> Iterator[Line]:
    what, base = _("Database"), found.database
    if base is None:
        yield Line(
            what,
            "broken",
            _("It does not answer: %(why)s", why=found.database_error),
            _("Start it, or correct FIELDOPS_DATABASE_URL."),
        )
        return
    named = f"{base.engine} {base.version}"
    if base.unsafe:
        yield Line(
            what,
            "look",
            _("%(name)s has a known fault that can damage the database.", name=named),
            _("Install SQLite 3.51.3 or newer (the wheel pysqlite3)."),
        )
    else:
        yield Line(what, "ok", named)
    yield from _durability(base, found.processes)
    if base.level != base.newest:
        yield Line(
            _("Migration"),
            "broken",
            _(
                "The database stands at %(level)s, the program needs %(newest)s.",
                level=base.level or _("nothing"),
                newest=base.newest,
            ),
            _("Run fieldops upgrade, after a backup."),
        )
        return
    yield Line(_("Migration"), "ok", base.newest)
    yield from _journal(base)
    yield from _county(base)


def _journal(base: Database) -> Iterator[Line]:
    if base.heads_off:
        yield Line(
            _("Journal"),
            "broken",
            _("The newest event is not what it was in: %(names)s.", names=", ".join(base.heads_off)),
            _("Run fieldops verify and keep everybody off the server until it is understood."),
        )
    else:
        yield Line(_("Journal"), "ok", _("Its end is whole. fieldops verify reads all of it."))
    if base.engine_age is None or base.engine_age > timedelta(seconds=60):
        yield Line(
            _("Engine"),
            "broken",
            _("No engine is running: nothing escalates, no message goes out."),
            _("Start fieldops serve, or fieldops engine."),
        )
    else:
        yield Line(_("Engine"), "ok", _("It ticks."))
    if abs(base.clock_ahead) > CLOCK_OFF:
        yield Line(
            _("Clock"),
            "look",
            _(
                "This machine's clock and the database's differ by %(seconds)s seconds.",
                seconds=f"{abs(base.clock_ahead).total_seconds():.0f}",
            ),
            _("Let both follow the same time server (timedatectl)."),
        )


def _county(base: Database) -> Iterator[Line]:
    if not base.windows:
        yield Line(_("Windows"), "look", _("No assessment window is open."), _("Run fieldops found."))
    elif {"real", "rehearsal"} <= set(base.windows):
        yield Line(
            _("Windows"),
            "look",
            _("A real window and a rehearsal are open side by side."),
            _("Keep rehearsals in a data folder of their own."),
        )
    else:
        yield Line(_("Windows"), "ok", _("Open: %(names)s.", names=", ".join(base.windows)))
    if base.messages_failed:
        yield Line(
            _("Messages"),
            "look",
            _("%(count)s messages were given up in the last day.", count=base.messages_failed),
            _("Look at Messages out on the desks' boards and send a test message."),
        )


def _durability(base: Database, processes: int) -> Iterator[Line]:
    what = _("PostgreSQL settings")
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        if base.settings.get(name) == "off":
            yield Line(
                what,
                "broken",
                _("%(name)s is off: answered facts can be lost in a power cut.", name=name),
                _("Set %(name)s = on and reload PostgreSQL.", name=name),
            )
    room = int(base.settings.get("max_connections", "0"))
    wanted = processes * POOL_A_PROCESS
    if base.settings and room < wanted:
        yield Line(
            what,
            "look",
            _("max_connections is %(room)s, this machine alone may want %(wanted)s.", room=room, wanted=wanted),
            _("Raise max_connections, or lower FIELDOPS_WORKERS."),
        )


def _address(found: Findings) -> Iterator[Line]:
    what = _("Public address")
    if found.public_status is None:
        yield Line(
            what,
            "broken",
            _("%(url)s cannot be reached from here: %(why)s", url=found.public_url, why=found.public_error),
            _("Is the server running, the proxy, the name in the DNS, FIELDOPS_PUBLIC_URL?"),
        )
    elif found.public_status >= 500:
        yield Line(
            what,
            "broken",
            _("%(url)s answers with %(status)s.", url=found.public_url, status=found.public_status),
            _("Look at the log of the proxy and of Fieldops."),
        )
    else:
        yield Line(what, "ok", found.public_url)
    if not found.public_url.startswith("https://"):
        yield Line(
            "https",
            "look",
            _("Without https phones have no camera, and sign-ins can be overheard."),
            _("Put Caddy or nginx in front: docs/deployment.md."),
        )
    elif found.trusted_proxies == 0:
        yield Line(
            "https",
            "look",
            _("https comes from a proxy, but none is trusted: all phones look like one."),
            _("Set FIELDOPS_TRUSTED_PROXIES=1."),
        )
    if found.certificate_left is not None:
        days = found.certificate_left.days
        state: State = "broken" if days < 0 else "look" if found.certificate_left < CERTIFICATE_SOON else "ok"
        remedy = "" if state == "ok" else _("Renew it; with Caddy, look at why it does not by itself.")
        yield Line(_("Certificate"), state, _("It ends in %(days)s days.", days=days), remedy)


def _settings(found: Findings) -> Iterator[Line]:
    if found.debug:
        yield Line(
            _("Settings"),
            "broken",
            _("FIELDOPS_DEBUG is on: it shows the inside to everybody."),
            _("Set FIELDOPS_DEBUG=0."),
        )
    if found.demo:
        yield Line(
            _("Settings"),
            "look",
            _("FIELDOPS_DEMO is on: an empty database gets the demo county."),
            _("Set FIELDOPS_DEMO=0 for real days."),
        )


def _backups(found: Findings) -> Iterator[Line]:
    what = _("Backup")
    if not found.backup_key:
        yield Line(
            what,
            "look",
            _("There is no key for backups, so there are none."),
            _("Run fieldops backup-key, then fieldops backup by a timer."),
        )
    elif found.backups is None:
        yield Line(what, "look", _("Not looked at."), _("Name the folder: fieldops doctor --backups FOLDER."))
    elif found.backup_age is None:
        yield Line(
            what,
            "broken",
            _("There is none in %(folder)s.", folder=found.backups),
            _("Run fieldops backup; is its timer on?"),
        )
    else:
        hours = f"{found.backup_age.total_seconds() / 3600:.1f}"
        old = found.backup_age > BACKUP_OLD
        yield Line(
            what,
            "look" if old else "ok",
            _("The newest is %(hours)s hours old.", hours=hours),
            _("Run fieldops backup; is its timer on?") if old else "",
        )
