"""What apps of one test process share, and what they must not."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from fieldops import create_app
from fieldops import db as program
from fieldops.db import db, writing
from fieldops.organisation import queries, service


def test_one_app_sees_nothing_of_anothers_places(make_database, engine: str) -> None:  # type: ignore[no-untyped-def]
    apps = [create_app(make_database(engine)) for _ in range(2)]
    for app, name in zip(apps, ("广东省", "O'Neil {x}"), strict=True):
        with app.app_context(), writing():
            service.add_division(code="440000", name=name, level="province", parent=None)
    names = []
    for app in apps:
        with app.app_context():
            found = queries.located("440000")
            names.append(found.name if found else None)
            db.session.remove()
            db.engine.dispose()
    assert names == ["广东省", "O'Neil {x}"]
    assert apps[0].extensions["intake"] is not apps[1].extensions["intake"]
    assert apps[0].extensions["roster_reference"] is not apps[1].extensions["roster_reference"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_only_the_tests_do_without_sync(app: Flask, tmp_path: Path) -> None:
    assert db.session.execute(text("PRAGMA synchronous")).scalar() == 0
    with closing(program.sqlite_driver.connect(tmp_path / "x.sqlite3")) as connection:
        program._on_connect(connection, None)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,), "an answered event survives a power cut"
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
