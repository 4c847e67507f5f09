"""An engine that stands still: a request steps in, pages and `/healthz` say so, the address outside is not told."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from sqlalchemy import update
from werkzeug.test import TestResponse

from fieldops.db import db, upsert, utcnow, writing
from fieldops.incidents import queries
from fieldops.incidents.models import IncidentRow
from fieldops.operations import engine, health, watch
from fieldops.operations.models import Beat
from fieldops.timetable.models import Window
from tests.incidents.conftest import COUNTY, NOW, SERIOUS, WINDOW, World, world

__all__ = ["world"]
ENGLISH = {"Accept-Language": "en"}


def beat(age_s: float, name: str = "host:1") -> None:
    with writing():
        upsert(Beat.__table__, [{"engine": name, "at": utcnow() - timedelta(seconds=age_s)}])


def shift(minutes: float) -> None:
    """The window's clock goes ahead."""
    with writing():
        db.session.execute(update(Window).values(clock_shows=NOW + timedelta(minutes=minutes), clock_set_at=utcnow()))


def get(world: World, path: str = f"/c/{COUNTY}/incidents") -> TestResponse:
    """A request whose end is looked at: the web process looks after it, as it does when the answer is out."""
    known = watch.watch()
    known.looked = float("-inf")
    answer = world.get("county", path, **ENGLISH)
    contextvars.Context().run(known.look, world.app)
    db.session.rollback()
    return answer


@pytest.mark.parametrize(("age_s", "steps_in"), [(5, False), (20, True), (None, True)])
def test_a_request_takes_what_is_due_when_no_engine_does(world: World, age_s: float | None, steps_in: bool) -> None:
    identity = world.report(**SERIOUS).id
    shift(6)
    if age_s is not None:
        beat(age_s)
    get(world)
    assert world.fresh(identity).level == ("city" if steps_in else "county")


def test_of_all_web_processes_one_steps_in_at_a_time(world: World) -> None:
    identity = world.report(**SERIOUS).id
    shift(6)
    beat(1, watch.WEB)  # another process is at it
    get(world)
    assert world.fresh(identity).level == "county"
    beat(6, watch.WEB)
    get(world)
    assert world.fresh(identity).level == "city"


def test_the_hook_is_called_after_the_answer(world: World) -> None:
    identity = world.report(**SERIOUS).id
    shift(6)
    world.app.config["WATCH_ENGINE"] = True
    world.get("county", f"/c/{COUNTY}/incidents").close()
    assert world.fresh(identity).level == "city"


def test_every_page_says_since_when_the_engine_stands_still(world: World) -> None:
    beat(3)
    assert watch.HEADER not in get(world).headers
    beat(300)
    get(world)
    answer = get(world)
    assert int(answer.headers[watch.HEADER]) == pytest.approx((utcnow().timestamp() - 300) * 1000, abs=60_000)
    assert "stands still since" in answer.text.split('id="engine-silent-words"')[1]
    assert watch.HEADER in get(world, f"/c/{COUNTY}/incidents/list").headers
    beat(0)
    get(world)
    answer = get(world)
    assert watch.HEADER not in answer.headers
    assert 'id="engine-silent" role="alert" data-zone="" hidden' in answer.text


def test_what_can_no_longer_move_is_named(world: World) -> None:
    lost, fine = world.report(**SERIOUS).id, world.report(**SERIOUS).id
    beat(1)
    assert health.report()["status"] == "ok"
    with writing():  # as a fault of ours would leave it
        db.session.execute(update(IncidentRow).where(IncidentRow.id == lost).values(next_due_at=None))
    assert watch.audit() == [(COUNTY, lost)]
    found = health.report()
    assert (found["status"], found["incidents_stuck"]) == ("unwell", 1)
    assert "1 incidents can no longer move" in found["reasons"][0]
    assert "fieldops_incidents_stuck 1.0" in world.app.test_client().get("/metrics").text
    get(world)
    assert "1 incident can no longer move by itself" in get(world).text
    shift(6)
    assert set(watch.audit()) == {(COUNTY, lost), (COUNTY, fine)}, "nobody ticked for longer than three minutes"
    engine.tick()
    assert watch.audit() == [(COUNTY, lost)]
    row = queries.get(COUNTY, fine)
    assert row is not None
    assert row.window == WINDOW


@pytest.fixture
def outside() -> Iterator[tuple[str, list[str]]]:
    """Somebody outside who waits for a call: address, and the calls heard."""
    calls: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            calls.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

    server = HTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/alive", calls
    server.shutdown()
    thread.join(10)
    server.server_close()


def test_the_address_outside_is_called_while_all_is_well_and_only_then(
    world: World, outside: tuple[str, list[str]]
) -> None:
    address, calls = outside
    beat(120)
    engine.look_around(address)
    engine.tick()
    assert calls == []
    watch.call_outside(address).join(20)
    engine.look_around(address)
    for thread in threading.enumerate():
        if thread.name == "dead-man":
            thread.join(20)
    assert calls == ["/alive", "/alive"]
    watch.call_outside("http://127.0.0.1:9/nobody").join(20)
