"""Making a backup, putting one back, moving to another database. None knows the command line.

A backup is a SQLite database whatever the server's is: one form, read by anything, and both ways between the engines
are one copy of all rows. Each opens apps of its own by `open_app` (`create_app`), since it works on two databases.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NamedTuple

from flask import Flask
from sqlalchemy import Connection, Engine, select

from fieldops import schema
from fieldops.backup import sealed, tables
from fieldops.config import Settings
from fieldops.db import copy_sqlite, db
from fieldops.journal import queries as journal
from fieldops.journal.models import Head
from fieldops.journal.verify import verify

OpenApp = Callable[[Settings], Flask]

DATABASE: Final = "fieldops.sqlite3"
SECRET: Final = "secret-key"  # noqa: S105 - a file's name
ABOUT: Final = "backup.json"
#: Of the public key in the data directory.
PUBLIC: Final = "backup-key.pub"
_PATTERN: Final = "fieldops-*.age"


class Refused(Exception):
    """It was not done; the message says why and what to do. Nothing was changed."""


class Made(NamedTuple):
    """A backup that was written and read again."""

    path: Path
    events: int
    size: int
    #: Older ones that were removed.
    removed: int


class PutBack(NamedTuple):
    """What stands in the database now."""

    made_at: str
    events: int
    epoch: str
    #: The server runs under another secret key than the one that the backup was made under.
    other_secret: bool


def make(settings: Settings, open_app: OpenApp, *, folder: Path, public: str, keep: int | None = None) -> Made:
    """Back up the database while it serves, with the secret key; verified before it is sealed.

    Args:
        public: the public key that seals it.
        keep: how many of this folder's backups stay, this one included; None: all.

    Raises:
        Refused: the copy is not as its journal says, or the database is not up to date.
        sealed.BadKey: `public` is none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made_at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    with _scratch(settings) as scratch:
        copy = scratch / DATABASE
        with opened(open_app, settings) as source:
            _must_be_newest()
            _snapshot(settings, source, open_app, copy)
        with opened(open_app, _on(settings, copy)):
            heads = _verified("the copy")
            about = {
                "format": 1,
                "made_at": made_at,
                "program": version("fieldops"),
                "migration": schema.level(),
                "epoch": journal.epoch(),
                "heads": heads,
            }
        (scratch / ABOUT).write_text(json.dumps(about, indent=1), encoding="utf-8")
        (scratch / SECRET).write_text(settings.secret_key, encoding="utf-8")
        events = sum(head["seq"] for head in heads.values())
        path = folder / f"fieldops-{made_at.replace(':', '').replace('-', '')}-{events}.age"
        sealed.seal({name: scratch / name for name in (ABOUT, SECRET, DATABASE)}, path, public, scratch=scratch)
    older = sorted(folder.glob(_PATTERN), reverse=True)[keep:] if keep else []
    for old in older:
        old.unlink()
    return Made(path, events, path.stat().st_size, len(older))


def put_back(settings: Settings, open_app: OpenApp, *, file: Path, private: str) -> PutBack:
    """Put a backup into an empty database, whole or not at all, as another life of it (a new epoch).

    Raises:
        Refused: the database holds something, the backup is of a newer program, or not as its journal says.
        sealed.BadKey, sealed.NotOpened: it cannot be opened.
    """
    with _scratch(settings) as scratch:
        with opened(open_app, settings):
            _must_be_blank(settings)
        sealed.open_sealed(file, private, into=scratch)
        about, secret = _read(scratch)
        if str(about["migration"]) > schema.newest():
            raise Refused(
                f"the backup stands at migration {about['migration']}, this program knows {schema.newest()}: "
                "install the version that made it, or a newer one."
            )
        copy = scratch / DATABASE
        with opened(open_app, _on(settings, copy)):
            schema.upgrade()
            if _verified("the backup") != about["heads"]:
                raise Refused("the backup's journal is not the one that it was made of: take another backup.")
            epoch = schema.renew_epoch()
        _move_in(settings, open_app, copy)
    own = settings.data_dir / SECRET
    if own.exists() and own.read_text(encoding="utf-8").strip() == settings.secret_key and secret:
        _write_secret(own, secret)  # made for the empty database a moment ago, it protects nothing yet
        other = False
    else:
        other = secret != settings.secret_key
    events = sum(head["seq"] for head in about["heads"].values())
    return PutBack(about["made_at"], events, epoch, other)


def move(settings: Settings, there: Settings, open_app: OpenApp) -> dict[str, int]:
    """Copy everything into the empty database of `there`, and verify it there; how many rows each table got.

    The new database is another life (a new epoch), so that phones offer again what the old one may have taken in after
    the copy.

    Raises:
        Refused: the other database holds something, or the copy is not as its journal says.
    """
    with opened(open_app, there):
        _must_be_blank(there)
    with opened(open_app, settings) as here:
        _must_be_newest()
        with _one_moment(here) as connection:
            before = _verified("the database")
            copied = _fill(open_app, there, connection, tables.counts(connection))
    with opened(open_app, there):
        if _verified("the new database") != before:
            raise Refused("the copy's journal is not the original's: make another empty database and move again.")
        schema.renew_epoch()
    return copied


# --- within -----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def opened(open_app: OpenApp, settings: Settings) -> Iterator[Engine]:
    """An app on this database for as long as the block runs; its engine."""
    app = open_app(settings)
    with app.app_context():
        try:
            yield db.engine
        finally:
            db.session.remove()
            app.extensions["feed"].rest()
            db.engine.dispose()


@contextlib.contextmanager
def _scratch(settings: Settings) -> Iterator[Path]:
    """Beside the database, since what lies there is as secret as what passes through here."""
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=settings.data_dir) as name:
        yield Path(name)


def _on(settings: Settings, file: Path) -> Settings:
    return replace(settings, database_url=f"sqlite:///{file}")


def _snapshot(settings: Settings, source: Engine, open_app: OpenApp, copy: Path) -> None:
    """One moment of the database as a SQLite file; nobody waits for it."""
    if settings.database_url.startswith("sqlite"):
        copy_sqlite(Path(str(source.url.database)), copy)
        return
    with _one_moment(source) as connection:
        _fill(open_app, _on(settings, copy), connection, tables.counts(connection))


@contextlib.contextmanager
def _one_moment(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees one state of the whole database. On SQLite nobody writes meanwhile."""
    sqlite = engine.dialect.name == "sqlite"
    options: dict[str, Any] = {"fieldops_writer": True} if sqlite else {"isolation_level": "REPEATABLE READ"}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


def _fill(open_app: OpenApp, there: Settings, source: Connection, expected: dict[str, int]) -> dict[str, int]:
    """Migrate the database there and copy all rows into it, in one transaction."""
    with opened(open_app, there) as target:
        schema.upgrade()
        with target.connect().execution_options(fieldops_writer=True) as connection, connection.begin():
            copied = tables.copy_all(source, connection)
            if copied != expected or tables.counts(connection) != expected:
                raise Refused("the copy has other rows than the original: nothing was kept; try again.")
    return copied


def _move_in(settings: Settings, open_app: OpenApp, copy: Path) -> None:
    if settings.database_url.startswith("sqlite"):
        target = Path(settings.database_url.removeprefix("sqlite:///"))
        for end in ("-wal", "-shm"):
            target.with_name(target.name + end).unlink(missing_ok=True)
        with copy.open("rb") as whole:
            os.fsync(whole.fileno())
        copy.replace(target)
        sealed.sync_folder(target.parent)
        return
    with opened(open_app, _on(settings, copy)) as source, source.connect() as connection, connection.begin():
        _fill(open_app, settings, connection, tables.counts(connection))
    with opened(open_app, settings):
        _verified("the database")


def _must_be_newest() -> None:
    level = schema.level()
    db.session.rollback()
    if level != schema.newest():
        raise Refused(f"the database stands at migration {level or 'none'}: run `fieldops upgrade` first.")


def _must_be_blank(settings: Settings) -> None:
    blank = schema.is_empty() or (schema.level() == schema.newest() and tables.is_blank(db.session.connection()))
    db.session.rollback()
    if not blank:
        raise Refused(
            f"{schema.describe()} is not empty and stays as it is. Name an empty one: FIELDOPS_DATA_DIR= another "
            f"folder{'' if settings.database_url.startswith('sqlite') else ', FIELDOPS_DATABASE_URL= a new database'}."
        )


def _verified(what: str) -> dict[str, dict[str, Any]]:
    """Where each county's journal stands, after all of it was read and compared.

    Raises:
        Refused: something is not as the journal says.
    """
    found = {}
    for head in db.session.execute(select(Head.county, Head.seq, Head.hash).order_by(Head.county)).all():
        fault = next(iter(verify(head.county)), None)
        if fault is not None:
            raise Refused(f"{what} is not as its journal says: {fault}")
        found[head.county] = {"seq": head.seq, "hash": bytes(head.hash).hex()}
    db.session.rollback()
    return found


def _read(folder: Path) -> tuple[dict[str, Any], str]:
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        secret = (folder / SECRET).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        about, secret = {}, ""
    if about.get("format") != 1 or not (folder / DATABASE).is_file():
        raise sealed.NotOpened("the file opens, and holds no backup that this program knows.")
    return about, secret


def _write_secret(path: Path, secret: str) -> None:
    part = path.with_name(path.name + ".part")
    part.touch(mode=0o600)
    part.write_text(secret, encoding="utf-8")
    part.replace(path)
