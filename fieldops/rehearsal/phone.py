"""A simulated phone: it speaks only the public API, keeps an outbox, and sends again whatever was not answered."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import uuid
from datetime import datetime, timedelta
from typing import Any

from fieldops.rehearsal import plan
from fieldops.rehearsal.history import History

ANSWER_WITHIN_S = 30
#: Facts of one call.
BATCH = 30


class NoAnswer(Exception):
    """Whether the call arrived cannot be known."""


class Line:
    """One kept-open HTTP/1.1 connection, and no more of HTTP than the API needs."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def call(
        self, method: str, path: str, body: bytes, headers: dict[str, str], *, fate: plan.Fate = "well"
    ) -> tuple[int, bytes]:
        """Status and content.

        Raises:
            NoAnswer: by the network's fate, or because the server went away.
        """
        if fate == "never":
            raise NoAnswer(fate)
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self._port}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        request = "\r\n".join([*lines, "", ""]).encode() + body
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                reader, writer = self._streams or await asyncio.open_connection("127.0.0.1", self._port)
                self._streams = (reader, writer)
                writer.write(request[: len(request) - len(body) // 2] if fate == "cut" else request)
                await writer.drain()
                if fate == "cut":
                    raise NoAnswer(fate)
                answer = await self._answer(reader)
        except (OSError, asyncio.IncompleteReadError, ValueError, NoAnswer) as error:
            self.close()
            raise NoAnswer(str(error) or type(error).__name__) from None
        if fate == "unanswered":
            self.close()
            raise NoAnswer(fate)
        return answer

    async def _answer(self, reader: asyncio.StreamReader) -> tuple[int, bytes]:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        content = await reader.readexactly(int(fields["content-length"])) if "content-length" in fields else b""
        if fields.get("connection", "").lower() == "close":
            self.close()
        return int(head[0].split()[1]), content

    def close(self) -> None:
        if self._streams is not None:
            with contextlib.suppress(OSError):
                self._streams[1].close()
            self._streams = None


class Phone:
    """The phone of a room's monitor."""

    def __init__(self, *, seed: int, port: int, place: str, code: str, history: History) -> None:
        self._dice = plan.chance(seed, place, "network")
        self._line = Line(port)
        self._seed, self._place, self._code, self._history = seed, place, code, history
        self.id = self._uuid()
        self._headers = {"Content-Type": "application/json"}
        self._seq = 0
        self._next = 0
        self._called = False
        self.outbox: dict[str, dict[str, Any]] = {}
        self.day = plan.PhoneDay(acts=(), skew=timedelta(0), dark=None)

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self._dice.getrandbits(128), version=4))

    async def start(self, day: str) -> None:
        """Enrol, fetch the snapshot, and plan the day (`YYYY-MM-DD`).

        Raises:
            RuntimeError: the server refuses it.
        """
        body = {"code": self._code, "device": self.id, "label": "rehearsal"}
        self._headers["Authorization"] = f"Bearer {(await self._asked('POST', '/api/v1/enrol', body))['token']}"
        shot = await self._asked("GET", "/api/v1/snapshot", None)
        room = next(room for room in shot["rooms"] if room["mine"])
        sittings = [
            plan.Sitting(
                session=row["code"],
                check_in_from=datetime.fromisoformat(row["check_in_from"]),
                starts_at=datetime.fromisoformat(row["starts_at"]),
                ends_at=datetime.fromisoformat(row["ends_at"]),
            )
            for row in shot["sessions"]
            if row["grade"] == room["grade"] and row["date"] == day and row["ends_at"] and row["kind"] == "subject"
        ]
        mine = [row["code"] for row in shot["students"] if row["room"] == room["code"] and not row["exempt"]]
        self.day = plan.phone_day(self._seed, self._place, sittings, mine)

    async def _asked(self, method: str, path: str, body: Any) -> Any:
        data = b"" if body is None else json.dumps(body).encode()
        status, content = await self._line.call(method, path, data, self._headers)
        if status >= 400:
            raise RuntimeError(f"{method} {path}: {status} {content[:200]!r}")
        return json.loads(content)

    def note_until(self, now: datetime) -> None:
        """Write down what has happened by now (window clock), by the phone's own clock."""
        _county, school, room = self._place.split("/")
        while self._next < len(self.day.acts) and self.day.acts[self._next].at <= now:
            act = self.day.acts[self._next]
            self._next += 1
            self._seq += 1
            at = (act.at + self.day.skew).isoformat(timespec="milliseconds")
            event: dict[str, Any] = {"id": self._uuid(), "device_seq": self._seq, "kind": act.kind, "occurred_at": at}
            event |= {"recorded_at": at, "offset_ms": -int(self.day.skew.total_seconds() * 1000)}
            event |= {"school": school, "room": room, "session": act.session, "data": act.data}
            if act.student is not None:
                event["student"] = act.student
            self.outbox[event["id"]] = event
            self._history.note(event)

    async def send(self, now: datetime, *, quiet: bool = False) -> None:
        """Offer what waits, once. `quiet`: over a network that loses nothing."""
        waiting = list(self.outbox.values())
        for first in range(0, len(waiting), BATCH):
            events = waiting[first : first + BATCH]
            # Each phone's first call loses its answer: however few calls a short day has, a repeat is settled in it.
            fate: plan.Fate = "well" if quiet else plan.fate(self._dice) if self._called else "unanswered"
            self._called = True
            body = json.dumps({"device": self.id, "sent_at": now.isoformat(), "events": events}).encode()
            for _ in range(2 if fate == "twice" else 1):
                await self._send(body, [event["id"] for event in events], "well" if fate == "twice" else fate)

    async def _send(self, body: bytes, ids: list[str], fate: plan.Fate) -> None:
        began = time.monotonic()
        try:
            status, content = await self._line.call("POST", "/api/v1/events", body, self._headers, fate=fate)
            if status != 200:
                raise NoAnswer(f"{status}")
            results = json.loads(content)["results"]
        except NoAnswer as error:
            self._history.lost(self.id, ids, str(error))
            return
        self._history.ok(self.id, results, (time.monotonic() - began) * 1000)
        for result in results:
            self.outbox.pop(result["id"], None)

    def close(self) -> None:
        self._line.close()
