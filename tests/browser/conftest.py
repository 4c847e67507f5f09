"""A whole demo county on a real server, and the people of it in real browsers."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser
from sqlalchemy import update

from fieldops.config import Settings
from fieldops.db import db, upsert, utcnow, writing
from fieldops.demo import install
from fieldops.operations.models import Beat
from fieldops.timetable.models import Window
from tests.support.browser import launch
from tests.support.camera import Camera
from tests.support.people import People
from tests.support.server import LiveServer


@pytest.fixture
def fill() -> Callable[[], object]:
    """The demo county, made once for each engine."""
    return install.install


@pytest.fixture
def settings(engine: str, make_database) -> Settings:  # type: ignore[no-untyped-def]
    """A copy of the demo county; streams for everybody who looks on at once."""
    return dataclasses.replace(make_database(engine), threads=24, streams=12)


@pytest.fixture
def app(app: Flask) -> Flask:
    """The demo's clock begins with the test, not with the first test of the run: at 08:20 check-in opens.

    No engine runs beside the server; a beat from later than the test's end says that one does.
    """
    with writing():
        db.session.execute(update(Window).values(clock_set_at=utcnow()))
        upsert(Beat.__table__, [{"engine": "test", "at": utcnow() + timedelta(hours=1)}])
    return app


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """Where pictures of the screens are kept: `FIELDOPS_SHOTS=<folder>`, else the test's own folder."""
    folder = Path(os.environ.get("FIELDOPS_SHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def camera(tmp_path: Path) -> Camera:
    """What the phones' camera sees."""
    return Camera(tmp_path / "camera.y4m")


@pytest.fixture
def seeing(browser: Browser, camera: Camera) -> Iterator[Browser]:
    """A Chromium of its own whose camera shows what `camera` says."""
    another = launch(browser.browser_type, camera=camera.path)
    yield another
    another.close()


@pytest.fixture
def people(app: Flask, live_server: LiveServer, shots: Path) -> Iterator[People]:
    """Everybody on duty. At the end no page may have said anything against itself."""
    staff = People(live_server.url, shots)
    yield staff
    staff.leave()
    assert staff.complaints == []
