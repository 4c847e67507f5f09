"""What every test may use: the app on both engines, each test with its own migrated database."""

from __future__ import annotations

import dataclasses
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fieldops import create_app, schema
from fieldops.config import Settings, load
from fieldops.db import db

pytest_plugins = ["tests.support.postgres", "tests.support.browser", "tests.support.server"]

ENGINES = [pytest.param("sqlite", id="sqlite"), pytest.param("postgres", id="postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A migrated empty database per engine, made at first use and copied for each test."""
    return {}


def _settings(folder: Path, database_url: str) -> Settings:
    settings = load(
        {
            "FIELDOPS_DATA_DIR": str(folder),
            "FIELDOPS_DATABASE_URL": database_url,
            "FIELDOPS_SECRET_KEY": "only-for-tests-" + "0" * 32,
        }
    )
    return dataclasses.replace(settings, threads=8, streams=4)


def _close(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


def _template(engine: str, made: dict[str, str], folder: Path) -> str:
    if engine in made:
        return made[engine]
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    from tests.support import postgres

    if engine == "sqlite":
        url = f"sqlite:///{folder / 'template.sqlite3'}"
    else:
        url = postgres.fresh_database(f"template_{worker}_{os.getpid()}")
    app = create_app(_settings(folder, url))
    with app.app_context():
        schema.upgrade()
    _close(app)
    made[engine] = url
    return url


@pytest.fixture
def make_database(templates: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """Makes databases: `make_database("sqlite" | "postgres") -> Settings`; dropped after the test."""
    from tests.support import postgres  # a plugin: imported before pytest has rewritten it, it would warn

    dropped: list[str] = []

    def make(engine: str) -> Settings:
        folder = tmp_path_factory.mktemp("data")
        template = _template(engine, templates, tmp_path_factory.getbasetemp())
        if engine == "sqlite":
            shutil.copyfile(template.removeprefix("sqlite:///"), folder / "fieldops.sqlite3")
            return _settings(folder, f"sqlite:///{folder / 'fieldops.sqlite3'}")
        name = f"test_{uuid.uuid4().hex[:16]}"
        dropped.append(name)
        return _settings(folder, postgres.fresh_database(name, template.split("?")[0].rsplit("/", 1)[1]))

    yield make
    for name in dropped:
        postgres.drop_database(name)


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """`sqlite` or `postgres`: a test that asks for it (or for `app`) runs on both."""
    return str(request.param)


@pytest.fixture
def settings(engine: str, make_database) -> Settings:  # type: ignore[no-untyped-def]
    """Settings of a test with a database of its own."""
    return make_database(engine)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application on a fresh migrated database, CSRF off where a test is not about it."""
    app = create_app(settings)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    with app.app_context():
        yield app
    _close(app)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client with its own cookies."""
    return app.test_client()
