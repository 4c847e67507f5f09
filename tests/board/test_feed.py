"""The feed: no gap, no repetition, a place given back, nothing of another school. On both engines."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from flask import Flask

from fieldops.board import feed as feeds
from fieldops.board.feed import Feed, Full, Message, Stream, feed
from fieldops.demo.county import DemoSchool
from tests.board import build
from tests.board.build import CODE, at


def everything(_message: Message) -> bool:
    return True


@pytest.fixture
def schools(app: Flask) -> list[DemoSchool]:
    return build.build(at(8, 30), schools=3)


@pytest.fixture
def watch(app: Flask, schools: list[DemoSchool]) -> Iterator[Any]:
    """Opens streams and closes them at the end, so that the feed's thread ends with the test."""
    opened: list[Stream] = []

    def open_stream(since: int | None = None, wanted: Any = everything) -> Stream:
        opened.append(feed().watch(CODE, since, wanted))
        return opened[-1]

    yield open_stream
    for stream in opened:
        stream.close()
    thread = feed()._thread
    if thread is not None:
        thread.join(5)


def told(chunk: bytes) -> list[tuple[str, int]]:
    """Name and seq of the events in a chunk that a page hears of."""
    found = []
    for block in chunk.decode().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "data" in lines:
            assert int(lines["id"]) == msgspec.json.decode(lines["data"])["seq"]
            found.append((lines["event"], int(lines["id"])))
    return found


def listen(stream: Stream, until: int, within_s: float = 10) -> list[int]:
    """Seqs told until this one."""
    found: list[int] = []
    give_up = time.monotonic() + within_s
    while until not in found and time.monotonic() < give_up:
        found += [seq for name, seq in told(next(stream)) if name == "fact"]
    return found


def write(schools: list[DemoSchool], count: int, school: int = 0) -> None:
    build.record(build.check_in(schools[school], "01", "g4-chinese", at(8, 40), count), at(8, 40))


def test_a_stream_begins_with_what_is_asked_for(watch: Any, schools: list[DemoSchool]) -> None:
    write(schools, 5)
    assert told(next(watch(since=2))) == [("fact", 3), ("fact", 4), ("fact", 5)]
    now = watch()
    assert told(next(now)) == []
    write(schools, 2, school=1)
    assert listen(now, 7) == [6, 7]


def test_a_stream_of_another_life_fetches_everything(watch: Any, schools: list[DemoSchool]) -> None:
    write(schools, 3)
    assert told(next(watch(since=999))) == [("reset", 3)]


def test_a_long_absence_fetches_everything(
    watch: Any, schools: list[DemoSchool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "BACKLOG", 4)
    write(schools, 5)
    assert told(next(watch(since=0))) == [("reset", 5)]
    assert told(next(watch(since=1))) == [("fact", 2), ("fact", 3), ("fact", 4), ("fact", 5)]


@pytest.mark.slow
def test_no_gap_and_no_repetition_beside_a_writer(app: Flask, watch: Any, schools: list[DemoSchool]) -> None:
    writes = 40

    def keep_writing() -> None:
        with app.app_context():
            for number in range(writes):
                build.record(
                    [build.fact("nil_report.made", at(8, 40), schools[number % 2], "01", "g4-chinese")], at(8, 40)
                )

    writer = threading.Thread(target=keep_writing)
    writer.start()
    found: dict[int, list[int]] = {}
    threads = []
    # Streams that come while the writer writes, from the beginning, and one that drops and comes back.
    for number in range(3):
        stream = watch(since=0)
        thread = threading.Thread(target=lambda n=number, s=stream: found.update({n: listen(s, writes, 30)}))
        thread.start()
        threads.append(thread)
        time.sleep(0.05)
    dropping = watch(since=0)
    seen: list[int] = []
    while len(seen) < writes // 2:
        seen += [seq for _name, seq in told(next(dropping))]
    dropping.close()
    seen += listen(watch(since=seen[-1]), writes)
    for thread in (writer, *threads):
        thread.join(60)
    expected = list(range(1, writes + 1))
    assert seen == expected
    assert list(found.values()) == [expected] * 3


def test_a_reader_that_was_too_slow_is_told_to_fetch_everything(
    watch: Any, schools: list[DemoSchool], monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = watch()
    next(slow)
    state = feed()._counties[CODE]
    with feed()._changed:
        state.recent = type(state.recent)(state.recent, maxlen=3)
    write(schools, 8)
    give_up = time.monotonic() + 5
    while state.seq < 8 and time.monotonic() < give_up:
        time.sleep(0.05)
    assert told(next(slow)) == [("reset", 8)]


def test_only_the_wanted_schools_are_told_and_the_cursor_moves_on(watch: Any, schools: list[DemoSchool]) -> None:
    mine = schools[1].code
    stream = watch(wanted=lambda message: message.school in (mine, None))
    next(stream)
    write(schools, 2)
    chunk = b""
    while b"id: 2" not in chunk:
        chunk = next(stream)
    assert told(chunk) == []
    assert schools[0].code.encode() not in chunk
    write(schools, 1, school=1)
    assert listen(stream, 3) == [3]


def test_places_are_counted_and_given_back_once(watch: Any, schools: list[DemoSchool], app: Flask) -> None:
    most = app.config["SETTINGS"].streams
    streams = [watch() for _ in range(most)]
    with pytest.raises(Full):
        watch()
    streams[0].close()
    streams[0].close()
    assert feed().streams == most - 1
    watch()
    assert feed().streams == most


def test_the_thread_ends_with_the_last_stream_and_begins_again(watch: Any, schools: list[DemoSchool]) -> None:
    first = watch()
    thread = feed()._thread
    assert thread is not None
    first.close()
    thread.join(5)
    assert not thread.is_alive()
    again = watch()
    next(again)
    write(schools, 1)
    assert listen(again, 1) == [1]


def test_the_thread_outlives_a_database_that_fails(
    watch: Any, schools: list[DemoSchool], monkeypatch: pytest.MonkeyPatch
) -> None:
    look, failures = Feed._look, iter([ValueError("a body that cannot be read")])

    def failing(self: Feed) -> None:
        for failure in failures:
            raise failure
        look(self)

    monkeypatch.setattr(Feed, "_look", failing)
    monkeypatch.setattr(feeds, "AFTER_FAILURE_S", 0.05)
    stream = watch()
    next(stream)
    write(schools, 1)
    assert listen(stream, 1) == [1]


# --- over HTTP --------------------------------------------------------------------------------------------------------


def test_the_response_gives_the_place_back_and_is_not_kept(app: Flask, schools: list[DemoSchool]) -> None:
    token = build.person("desk", CODE)
    with app.test_client() as client:
        response = client.get("/api/v1/stream", headers={"Authorization": f"Bearer {token}"}, buffered=False)
        assert (response.status_code, response.mimetype) == (200, "text/event-stream")
        assert response.headers["Cache-Control"] == "no-store"
        assert feed().streams == 1
        response.close()
        assert feed().streams == 0
        head = client.head("/api/v1/stream", headers={"Authorization": f"Bearer {token}"})
        assert head.status_code == 200
        head.close()
        assert feed().streams == 0


def test_a_full_house_answers_503(app: Flask, watch: Any, schools: list[DemoSchool]) -> None:
    token = build.person("desk", CODE)
    for _ in range(app.config["SETTINGS"].streams):
        watch()
    response = app.test_client().get("/api/v1/stream", headers={"Authorization": f"Bearer {token}"})
    assert (response.status_code, response.json["type"].rsplit(":", 1)[-1]) == (503, "streams-full")


def test_a_school_hears_of_itself_alone(app: Flask, schools: list[DemoSchool]) -> None:
    token = build.person("chief_monitor", f"{CODE}/{schools[0].code}")
    write(schools, 1, school=1)
    write(schools, 1, school=0)
    client = app.test_client()
    response = client.get("/api/v1/stream?since=0", headers={"Authorization": f"Bearer {token}"}, buffered=False)
    chunk = next(response.response)  # type: ignore[call-overload]
    response.close()
    assert told(chunk) == [("fact", 2)]
    for bad in ("x", "-1", "1" * 30, "１"):
        answer = client.get(f"/api/v1/stream?since={bad}", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 400
