"""Engines, the session, column types and both engines' quirks.

Reads go through `db.session`. Every write happens inside `with writing():`, the one place that begins a transaction as
a writer and commits it.

SQLite: Python's driver begins transactions late, so a read-then-write fails at once in spite of the busy timeout; we
take BEGIN over by event hooks and begin writers with BEGIN IMMEDIATE. Several writing processes starve each other on
SQLite's busy loop (one was measured waiting 4 s), so writers queue at a fair lock: a lock in the process and `flock`
between processes.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3 as stdlib_sqlite3
import threading
import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import psycopg
from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from sqlalchemy import DateTime, Dialect, Engine, MetaData, Table, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import ConnectionPoolEntry, Pool
from sqlalchemy.types import TypeDecorator

from fieldops.prepared import Statement, as_sqlalchemy

try:
    import pysqlite3.dbapi2 as sqlite_driver
except ImportError:  # no wheel for this platform; the start and /healthz say so when the library is an old one
    sqlite_driver = stdlib_sqlite3

#: SQLite 3.7.0 to 3.51.2 can corrupt a WAL database on a WAL reset (sqlite.org, "WAL-reset bug").
SQLITE_SAFE_FROM = (3, 51, 3)
#: A PostgreSQL connection that lay idle for longer is asked first whether it still stands.
PING_AFTER_S = 5


class Base(DeclarativeBase):
    """All tables. Constraint names follow one rule, so that a migration can name what it drops."""

    if TYPE_CHECKING:
        __table__: ClassVar[Table]  # the hot path uses it as one

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


#: The connection of the `writing()` that is under way in this thread.
_writer: ContextVar[Connection | None] = ContextVar("fieldops_writer", default=None)


class _Session(Session):
    """Inside `writing()` it takes part in that transaction, from its first use; who does without it pays nothing."""

    def get_bind(self, *arguments: Any, **named: Any) -> Engine | Connection:
        return _writer.get() or super().get_bind(*arguments, **named)


db = SQLAlchemy(model_class=Base, session_options={"class_": _Session, "join_transaction_mode": "rollback_only"})


class UTCDateTime(TypeDecorator[datetime]):
    """An aware instant: UTC in the database, aware UTC in Python; a naive time is refused.

    `DateTime(timezone=True)` alone silently loses the zone on SQLite.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be stored: {value!r}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the form is SQLAlchemy's
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def utcnow() -> datetime:
    """The server's real time, UTC. The time of the field is the window's clock: `timetable.clock`."""
    return datetime.now(UTC)


# --- engines ---------------------------------------------------------------------------------------------------------


def engine_options(database_url: str) -> dict[str, Any]:
    """Engine options for Flask-SQLAlchemy by the kind of database."""
    if database_url.startswith("sqlite"):
        return {"module": sqlite_driver, "connect_args": {"timeout": 30, "check_same_thread": False}, "pool_size": 64}
    return {"pool_size": 10, "max_overflow": 20, "pool_recycle": 1800}


@event.listens_for(Engine, "connect")
def _on_connect(connection: Any, _record: ConnectionPoolEntry) -> None:
    if not isinstance(connection, (sqlite_driver.Connection, stdlib_sqlite3.Connection)):
        return
    connection.isolation_level = None  # BEGIN is ours, see _on_begin
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")  # an answered event survives a power cut
    cursor.execute("PRAGMA busy_timeout=30000")
    cursor.close()


@event.listens_for(Pool, "checkin")
def _on_checkin(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info["fieldops_idle_since"] = time.monotonic()


@event.listens_for(Pool, "checkout")
def _on_checkout(connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
    """Ask a connection that lay idle whether the server is still there: each time would double a busy one's trips."""
    idle_s = time.monotonic() - record.info.get("fieldops_idle_since", time.monotonic())
    if idle_s > PING_AFTER_S and isinstance(connection, psycopg.Connection):
        try:
            connection.execute("SELECT 1")
            connection.rollback()
        except psycopg.Error as error:
            raise DisconnectionError from error


@event.listens_for(Engine, "begin")
def _on_begin(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        writer = connection.get_execution_options().get("fieldops_writer", False)
        text = "BEGIN IMMEDIATE" if writer else "BEGIN"
        with as_sqlalchemy(connection.dialect, text):
            connection.connection.cursor().execute(text)


def copy_sqlite(source: Path, target: Path) -> None:
    """One moment of a SQLite database into another file, by SQLite's own backup; writers do not wait for it."""
    with (
        contextlib.closing(sqlite_driver.connect(str(source))) as old,
        contextlib.closing(sqlite_driver.connect(str(target))) as new,
    ):
        old.backup(new)


def sqlite_version() -> tuple[int, ...]:
    """The version of the SQLite library in use, e.g. (3, 53, 4)."""
    return tuple(int(part) for part in sqlite_driver.sqlite_version.split("."))


# --- writing ---------------------------------------------------------------------------------------------------------


class WriterLock:
    """Lets writers of one SQLite file through one after another, in this process and among processes.

    A lock file that vanishes or a file system without flock costs fairness only: SQLite's own lock still holds.
    """

    def __init__(self, path: Path) -> None:
        self._thread_lock = threading.Lock()
        self._path = path
        #: Process and file descriptor: opened once by each, as a child that shared its parent's would share its lock.
        self._open: tuple[int, int] | None = None

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        with self._thread_lock:
            if self._open is None or self._open[0] != os.getpid():
                self._open = (os.getpid(), os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644))
                weakref.finalize(self, os.close, self._open[1])
            descriptor = self._open[1]
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(descriptor, fcntl.LOCK_UN)


def init_app(app: Flask, database_url: str) -> None:
    """Bind the database to the app."""
    app.config["SQLALCHEMY_DATABASE_URI"] = database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(database_url)
    db.init_app(app)
    if database_url.startswith("sqlite"):
        path = Path(database_url.removeprefix("sqlite:///"))
        app.extensions["fieldops_writer_lock"] = WriterLock(path.with_name(path.name + ".writer"))


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """The one way to write: a transaction begun as a writer, committed at the end, rolled back on an exception.

    What the request read before is let go first: on SQLite a reader cannot become a writer, and what was read before
    the lock was held may be stale. `db.session` takes part when it is used, and is flushed at the end.

    Raises:
        RuntimeError: when called inside itself; the outer block is the unit of commit.
    """
    if _writer.get() is not None:
        raise RuntimeError("writing() inside writing(): the outer block is the unit of commit")
    lock: WriterLock | None = current_app.extensions.get("fieldops_writer_lock")
    session = db.session.registry
    with lock.held() if lock else contextlib.nullcontext():
        if session.has():
            session().rollback()
        with db.engine.connect().execution_options(fieldops_writer=True) as connection, connection.begin():
            token = _writer.set(connection)
            try:
                yield
                if session.has():
                    session().commit()  # writes what it holds; the transaction itself ends with the block
            except BaseException:
                if session.has():
                    session().rollback()
                raise
            finally:
                _writer.reset(token)


def writer() -> Connection:
    """The connection of the `writing()` that is under way.

    Raises:
        RuntimeError: outside of one.
    """
    connection = _writer.get()
    if connection is None:
        raise RuntimeError("a write outside `with writing():`")
    return connection


def must_be_writing() -> None:
    """Guard of every function that writes.

    Raises:
        RuntimeError: outside `with writing():`.
    """
    writer()


def upsert(table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, or replace those whose primary key is there already. All rows have the same keys."""
    if not rows:
        return
    connection = writer()
    upsert_statement(table, connection.dialect.name, tuple(rows[0])).run(connection, rows)


@cache
def upsert_statement(table: Table, dialect: str, columns: tuple[str, ...]) -> Statement:
    """What `upsert` runs: made once for each table and set of columns."""
    statement = (postgresql if dialect == "postgresql" else sqlite).insert(table)
    keys = [column.name for column in table.primary_key]
    changed = {name: statement.excluded[name] for name in columns if name not in keys}
    return Statement(statement.on_conflict_do_update(index_elements=keys, set_=changed), columns)
