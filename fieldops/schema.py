"""The database's schema: brought up to date by numbered migrations, each in one transaction on both engines."""

from __future__ import annotations

import uuid
from functools import cache

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import Connection, insert, inspect, select, update

from fieldops.config import ROOT
from fieldops.db import Base, db, writing
from fieldops.journal.models import Server
from fieldops.journal.refold import refold


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["connection"] = connection
    config.attributes["metadata"] = Base.metadata
    return config


@cache
def newest() -> str:
    """The number of the newest migration that this version of the program knows."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def level() -> str | None:
    """The number of the migration that the database stands at; None for an empty one."""
    connection = db.session.connection()
    if not inspect(connection).has_table("alembic_version"):
        return None
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(revision: str = "head") -> None:
    """Bring the database up to `revision`; gives it its epoch at the first start.

    A failed migration leaves the database as it was: one transaction, on SQLite too. A database that was there before
    has the rows that only a fold can fill (`Projection.refold`) folded anew in the same transaction: clocks that ran
    before go on, and nothing is due twice or never.
    """
    engine = db.engine.execution_options(fieldops_writer=True)
    with engine.begin() as connection:
        before = MigrationContext.configure(connection).get_current_revision()
        command.upgrade(_config(connection), revision)
        after = MigrationContext.configure(connection).get_current_revision()
        if before is not None and before != after == newest():
            refold(connection)
    with writing():
        if db.session.scalar(select(Server.epoch)) is None:
            db.session.execute(insert(Server.__table__).values(id=1, epoch=str(uuid.uuid4())))


def renew_epoch() -> str:
    """Say that this is another life of the database, as after a restore: every phone offers all that it keeps again."""
    epoch = str(uuid.uuid4())
    with writing():
        # Whoever is remembered was told the other epoch.
        db.session.execute(update(Server).values(epoch=epoch, senders=Server.senders + 1))
    return epoch


def downgrade(revision: str) -> None:
    """Bring the database down to `revision`."""
    engine = db.engine.execution_options(fieldops_writer=True)
    with engine.begin() as connection:
        command.downgrade(_config(connection), revision)


def draft_revision(message: str, number: str) -> None:
    """Write the next migration from the difference between models and database (for developers)."""
    with db.engine.begin() as connection:
        command.revision(_config(connection), message=message, rev_id=number, autogenerate=True)


def differences() -> list[object]:
    """What the models have that the migrated database has not, and the other way round."""
    context = MigrationContext.configure(db.session.connection(), opts={"compare_type": True})
    return list(compare_metadata(context, Base.metadata))


def is_empty() -> bool:
    """Whether no table is there yet."""
    return not inspect(db.session.connection()).get_table_names()


def describe() -> str:
    """Which database this is, without its password."""
    return str(current_app.extensions["sqlalchemy"].engine.url.render_as_string(hide_password=True))
