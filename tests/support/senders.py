"""Phones that send without a pause, remember what they were told, and ask again until they are told something.

with Senders(settings, url, phones=8, batch=30) as senders:
    ...                                  # kill, stop, fill, set clocks
    senders.until(writes=6000)
senders.check()                          # every answered fact once and as sent, every sent one answered
"""

from __future__ import annotations

import http.client
import json
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

from sqlalchemy import select

from fieldops import create_app
from fieldops.backup.service import opened
from fieldops.config import Settings
from fieldops.db import db
from fieldops.journal.events import as_text, sent_hash
from fieldops.journal.models import EventRow, Quarantined
from fieldops.journal.queries import heads
from fieldops.journal.verify import verify
from tests.support import field as people
from tests.testday import build

#: A phone gives a server that does not answer this long, then asks again.
PATIENCE_S = 10
NAME = "O'Neil {x} %s <b> 𠮷"


@dataclass
class Phone:
    """One phone and what it knows."""

    token: str
    device: str
    #: Facts that were named by an answer: id → hash of what was sent.
    answered: dict[str, bytes] = field(default_factory=dict)
    #: Sent, and never named by an answer.
    open: dict[str, bytes] = field(default_factory=dict)
    #: Answers by status; `cut` for none.
    calls: Counter[str] = field(default_factory=Counter)
    #: Seconds that the longest call took until it was answered, all its repetitions included.
    longest_s: float = 0.0
    seq: int = 0


def sign_in(count: int) -> list[Phone]:
    """Phones of as many monitors; call within the app whose people they are."""
    place = f"{people.COUNTY}/{people.SCHOOL}/01"
    return [Phone(*people.sign_in("monitor", place, name=f"{NAME} {number}")) for number in range(count)]


class Senders:
    """Threads that send for as long as the block runs."""

    def __init__(self, settings: Settings, url: str, phones: list[Phone], *, batch: int) -> None:
        self.phones = phones
        self._settings, self._batch = settings, batch
        self._address = (str(urlsplit(url).hostname), int(urlsplit(url).port or 80))
        self._stop, self._give_up_at = threading.Event(), float("inf")
        self._threads = [threading.Thread(target=self._run, args=(phone,), daemon=True) for phone in phones]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Let each phone finish what it is asking; who gets no answer at all for a minute gives up."""
        self._stop.set()
        self._give_up_at = time.monotonic() + 60
        for thread in self._threads:
            thread.join(90)

    @property
    def writes(self) -> int:
        """Facts answered so far."""
        return sum(len(phone.answered) for phone in self.phones)

    def until(self, *, writes: int, within_s: float = 120) -> None:
        """Wait for so many answered facts."""
        give_up_at = time.monotonic() + within_s
        while self.writes < writes:
            assert time.monotonic() < give_up_at, f"only {self.writes} of {writes} facts were answered: {self.calls}"
            time.sleep(0.02)

    @property
    def calls(self) -> Counter[str]:
        """Answers of all phones."""
        return sum((phone.calls for phone in self.phones), Counter())

    def check(self) -> None:
        """Hold the journal to what the phones were told.

        Raises:
            AssertionError: an answered fact is missing, twice or altered; one is there that nobody sent.
        """
        answered = {identity: sent for phone in self.phones for identity, sent in phone.answered.items()}
        unknown = {identity: sent for phone in self.phones for identity, sent in phone.open.items()}
        with opened(create_app, self._settings):
            rows = db.session.execute(
                select(EventRow.id, EventRow.sent_hash).where(EventRow.kind == "anomaly.noted")
            ).all()
            aside = db.session.scalars(select(Quarantined.id)).all()
            faults = [fault for county in heads() for fault in verify(county)]
        there = {row.id: bytes(row.sent_hash) for row in rows}
        assert len(there) == len(rows), "a fact stands twice"
        assert not {*answered} - {*there}, f"{len({*answered} - {*there})} answered facts are lost"
        assert not {*there} - {*answered} - {*unknown}, "facts that nobody sent"
        assert all(there[identity] == sent for identity, sent in answered.items()), "a fact is not as it was sent"
        assert not aside
        assert not faults, faults[:5]
        assert not unknown, f"{len(unknown)} facts never got an answer: {self.calls}"

    # --- one phone ----------------------------------------------------------------------------------------------------
    def _run(self, phone: Phone) -> None:
        connection: http.client.HTTPConnection | None = None
        while not self._stop.is_set():
            facts = [self._fact(phone) for _ in range(self._batch)]
            phone.open.update((str(fact["id"]), sent_hash(as_text(fact))) for fact in facts)
            body = json.dumps({"device": phone.device, "sent_at": facts[0]["recorded_at"], "events": facts})
            began = time.monotonic()
            while phone.open and time.monotonic() < self._give_up_at:
                connection = connection or http.client.HTTPConnection(*self._address, timeout=PATIENCE_S)
                if not self._ask(phone, connection, body):
                    connection.close()
                    connection = None
                    time.sleep(0.05)
            phone.longest_s = max(phone.longest_s, time.monotonic() - began)
        if connection is not None:
            connection.close()

    @staticmethod
    def _ask(phone: Phone, connection: http.client.HTTPConnection, body: str) -> bool:
        """Whether our own answer came, naming the facts."""
        headers = {"Authorization": f"Bearer {phone.token}", "Content-Type": "application/json"}
        try:
            connection.request("POST", "/api/v1/events", body, headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            phone.calls["cut"] += 1
            return False
        phone.calls[str(answer.status)] += 1
        if answer.status != 200:
            return False
        for result in json.loads(content)["results"]:
            assert result["outcome"] in ("accepted", "duplicate"), result
            phone.answered[result["id"]] = phone.open.pop(result["id"])
        return True

    @staticmethod
    def _fact(phone: Phone) -> dict[str, Any]:
        phone.seq += 1
        at = build.minutes(-20).isoformat()
        return {
            "id": str(uuid.uuid4()),
            "device_seq": phone.seq,
            "kind": "anomaly.noted",
            "occurred_at": at,
            "recorded_at": at,
            "school": people.SCHOOL,
            "room": "01",
            "session": build.CHINESE,
            "data": {"category": "other", "note": NAME},
        }
