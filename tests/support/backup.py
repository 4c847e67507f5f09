"""A backup of a test's database, put back later as after a disaster: what came between is gone from the server.

Whoever has the database open must close it first (`close`, or stop the live server).
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from pathlib import Path

from flask import Flask
from sqlalchemy.engine import make_url

from fieldops.config import Settings
from fieldops.db import copy_sqlite, db
from tests.support import postgres


def close(app: Flask) -> None:
    """Give every connection back."""
    app.extensions["feed"].rest()
    with app.app_context():
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


class Backup:
    """One copy at a time of the database of `settings`."""

    def __init__(self, settings: Settings) -> None:
        url = make_url(settings.database_url)
        self._name = str(url.database)
        self._sqlite = url.get_backend_name() == "sqlite"
        self._copy = f"{self._name}.backup" if self._sqlite else f"backup_{uuid.uuid4().hex[:16]}"

    def take(self) -> None:
        """Copy the database as it stands now, in place of an earlier copy."""
        if self._sqlite:
            _copy(self._name, self._copy)
        else:
            postgres.fresh_database(self._copy, self._name)

    def put_back(self) -> None:
        """The database is what it was when the copy was taken."""
        if self._sqlite:
            for end in ("", "-wal", "-shm"):
                Path(self._name + end).unlink(missing_ok=True)
            _copy(self._copy, self._name)
        else:
            postgres.fresh_database(self._name, self._copy)

    def drop(self) -> None:
        """Remove the copy."""
        if self._sqlite:
            Path(self._copy).unlink(missing_ok=True)
        else:
            postgres.drop_database(self._copy)


def _copy(source: str, target: str) -> None:
    Path(target).unlink(missing_ok=True)
    copy_sqlite(Path(source), Path(target))


@contextlib.contextmanager
def backup_of(settings: Settings) -> Iterator[Backup]:
    """A backup that is gone after the block."""
    kept = Backup(settings)
    try:
        yield kept
    finally:
        kept.drop()
