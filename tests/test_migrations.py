"""Migrations: the newest one equals the models, and each goes up and down, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import inspect

from fieldops import create_app, schema
from fieldops.config import ROOT, load
from fieldops.db import db


@pytest.fixture
def empty(engine: str, tmp_path: Path) -> Iterator[Flask]:
    """The app on a database without a table."""
    from tests.support import postgres

    url = "" if engine == "sqlite" else postgres.fresh_database(f"migrations_{tmp_path.name[:30]}".lower())
    settings = load({"FIELDOPS_DATA_DIR": str(tmp_path), "FIELDOPS_DATABASE_URL": url})
    app = create_app(settings)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
    if url:
        postgres.drop_database(url.split("?", maxsplit=1)[0].rsplit("/", 1)[1])


def test_the_migrated_database_is_what_the_models_say(empty: Flask) -> None:
    assert schema.is_empty()
    schema.upgrade()
    assert schema.level() == schema.newest()
    assert schema.differences() == []


def test_each_migration_goes_up_and_down(empty: Flask) -> None:
    scripts = list(ScriptDirectory(str(ROOT / "migrations")).walk_revisions())[::-1]
    assert scripts
    for script in scripts:
        schema.upgrade(script.revision)
        schema.downgrade(str(script.down_revision or "base"))
        db.session.rollback()
        left = set(inspect(db.session.connection()).get_table_names()) - {"alembic_version"}
        if script.down_revision is None:
            assert not left
        db.session.rollback()
    schema.upgrade()
    assert schema.differences() == []


def test_migrations_are_numbered(app: Flask) -> None:
    numbers = sorted(path.name[:4] for path in (ROOT / "migrations" / "versions").glob("*.py"))
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]


def test_upgrading_twice_keeps_the_epoch(empty: Flask) -> None:
    from fieldops.journal.queries import epoch

    schema.upgrade()
    first = epoch()
    db.session.rollback()
    schema.upgrade()
    assert epoch() == first
