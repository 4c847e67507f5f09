"""What every test may use: the app on both engines, each test with its own migrated database."""

from __future__ import annotations

import dataclasses
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.engine import make_url

from fieldops import create_app, schema
from fieldops.config import Settings, load
from fieldops.db import db
from tests.support import shared

pytest_plugins = ["tests.support.postgres", "tests.support.browser", "tests.support.server"]

#: Puts content into a fresh database, within the app.
Fill = Callable[[], object]
DATABASE = "fieldops.sqlite3"
ENGINES = [pytest.param("sqlite", id="sqlite"), pytest.param("postgres", id="postgres", marks=pytest.mark.postgres)]


shared.share()
#: Of `make check`, which is run often; `make test` tries as many as hypothesis does by itself, or a test says.
hypothesis.settings.register_profile("quick", max_examples=25)


@pytest.fixture(scope="session")
def templates() -> dict[str, Settings]:
    """A migrated database per engine and content, made at first use and copied for each test."""
    return {}


@cache
def _common() -> Settings:
    """What all tests set, read and checked once; the folder is there and nothing is written to it."""
    folder = tempfile.gettempdir()
    settings = load({"FIELDOPS_DATA_DIR": folder, "FIELDOPS_SECRET_KEY": "only-for-tests-" + "0" * 32})
    return dataclasses.replace(settings, threads=8, streams=4)


def _settings(folder: Path, database_url: str) -> Settings:
    return dataclasses.replace(_common(), data_dir=folder, database_url=database_url)


def _close(app: Flask) -> None:
    app.extensions["feed"].rest()  # else its thread may give a connection back after the engine was disposed of
    with app.app_context():
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


def _template(engine: str, fill: Fill | None, made: dict[str, Settings], folder: Path) -> Settings:
    name = f"template_{fill.__module__.replace('.', '_') if fill else 'empty'}"
    if settings := made.get(f"{engine}/{name}"):
        return settings
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    from tests.support import postgres

    folder = folder / f"{name}-{engine}"
    shutil.rmtree(folder, ignore_errors=True)  # an attempt that failed
    folder.mkdir()
    if engine == "sqlite":
        url = f"sqlite:///{folder / DATABASE}"
    else:
        url = postgres.fresh_database(f"{name}_{worker}_{os.getpid()}")
    settings = _settings(folder, url)
    app = create_app(settings)
    with app.app_context():
        schema.upgrade()
        if fill:
            fill()
    _close(app)
    made[f"{engine}/{name}"] = settings
    return settings


@pytest.fixture
def fill() -> Fill | None:
    """What makes the content of a test's database, once a run; none for an empty one. A folder may say its own."""
    return None


@pytest.fixture
def make_database(
    templates: dict[str, Settings], fill: Fill | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[object]:
    """Makes databases: `make_database("sqlite" | "postgres") -> Settings`; dropped after the test."""
    from tests.support import postgres  # a plugin: imported before pytest has rewritten it, it would warn

    dropped: list[str] = []

    def make(engine: str) -> Settings:
        template = _template(engine, fill, templates, tmp_path_factory.getbasetemp())
        # With the files that lie beside the database, such as the demo's password.
        folder = tmp_path_factory.mktemp("data")
        shutil.copytree(template.data_dir, folder, dirs_exist_ok=True)
        if engine == "sqlite":
            return _settings(folder, f"sqlite:///{folder / DATABASE}")
        name = f"test_{uuid.uuid4().hex[:16]}"
        dropped.append(name)
        return _settings(folder, postgres.fresh_database(name, make_url(template.database_url).database))

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
