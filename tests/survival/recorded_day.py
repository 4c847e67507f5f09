"""A morning of check-ins on a disk that remembers, in a process of its own that keeps `pysqlite3` out.

Leaves the database as it was before and the steps in a pickle.
"""

from __future__ import annotations

import os
import pickle
import uuid
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from fieldops import create_app, schema
from fieldops.config import load
from fieldops.db import db
from tests.support import field
from tests.support.disk import Recorder
from tests.testday import build


def main(place: str, synchronous: str, commits: str) -> None:
    """Fill a database, then send `commits` batches of facts through the API, each answered before the next."""
    folder = Path(place)
    if synchronous != "FULL":

        @event.listens_for(Engine, "connect")
        def _weaken(connection: Any, _record: object) -> None:
            connection.execute(f"PRAGMA synchronous={synchronous}")

    settings = load({"FIELDOPS_DATA_DIR": str(folder), "FIELDOPS_SECRET_KEY": "only-for-tests-" + "0" * 32})
    app = create_app(settings)
    with app.app_context():
        schema.upgrade()
        field.make()
        token, device = field.sign_in("monitor", f"{field.COUNTY}/{field.SCHOOL}/01")
        db.session.remove()
        db.engine.dispose()  # the last connection puts the log into the database
    before = {path.name: path.read_bytes() for path in folder.glob("fieldops.sqlite3*") if "writer" not in path.name}
    recorder = Recorder(folder)
    client, at = app.test_client(), build.minutes(-20).isoformat()
    for number in range(int(commits)):
        facts = [_fact(number * 3 + part, at) for part in range(number % 3 + 1)]
        body = {"device": device, "sent_at": at, "events": facts}
        answer = client.post("/api/v1/events", json=body, headers=field.bearer(token))
        assert answer.status_code == 200, answer.text
        for result in answer.json["results"]:
            assert result["outcome"] == "accepted", result
            recorder.told(result["id"])
    steps = list(recorder.steps)  # before the connections close and put the log into the database
    (folder / "recorded.pickle").write_bytes(pickle.dumps((before, steps)))
    os._exit(0)  # at a usual end connections would close through functions that Python has taken down already


def _fact(number: int, at: str) -> dict[str, object]:
    return {
        "id": str(uuid.UUID(int=(number * 0x9E3779B97F4A7C15F39CC0605CEDC835) % 2**128)),
        "device_seq": number,
        "kind": "anomaly.noted",
        "occurred_at": at,
        "recorded_at": at,
        "school": field.SCHOOL,
        "room": "01",
        "session": build.CHINESE,
        "data": {"category": "other", "note": "O'Neil {x} %s <b> 𠮷" * (number % 7)},
    }
