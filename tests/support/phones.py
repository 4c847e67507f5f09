"""A phone as its JavaScript is, in Python, for tests of the protocol against the real server.

| here | there |
|---|---|
| `Phone.note` | `outbox.js: add`, `wireEvent`: id and number once, state `waiting` |
| `Phone.take` | `outbox.js: take`: the open ones of this window in order of noting, `unconfirmed` from here on |
| `Phone.hear` | `sync.js: resultsOf`, `outbox.js: settle`: only ids that were sent, a number for what is received |
| `Phone.heard_epoch` | `sync.js: #call`, `outbox.js: offerAgain`: per page; declined decisions stay |
| `Phone.reload` | a new page: the disk stays, the page's epoch is forgotten |
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

OPEN = ("waiting", "unconfirmed")


@dataclass
class Fact:
    """What the outbox keeps of one."""

    event: dict[str, Any]
    state: str = "waiting"
    outcome: str | None = None
    reason: str | None = None
    epoch: str | None = None


@dataclass
class Phone:
    """A phone with its disk (`facts`, `epoch`) and its page (`page_epoch`)."""

    token: str
    device: str
    window: str
    facts: list[Fact] = field(default_factory=list)
    #: `meta.epoch` on the disk: the newest that any tab heard.
    epoch: str | None = None
    page_epoch: str | None = None

    def note(self, event: dict[str, Any]) -> None:
        """Keep a fact."""
        named = {**event, "id": str(uuid.uuid4()), "device": self.device, "device_seq": len(self.facts) + 1}
        self.facts.append(Fact(named))

    @property
    def open(self) -> list[Fact]:
        """What no answer has named."""
        return [fact for fact in self.facts if fact.state in OPEN]

    def take(self, limit: int) -> dict[str, Any]:
        """The body of the next request."""
        facts = self.open[:limit]
        for fact in facts:
            fact.state = "unconfirmed"
        return {
            "device": self.device,
            "window": self.window,
            "sent_at": "2024-05-20T00:30:00Z",
            "events": [fact.event for fact in facts],
        }

    def hear(self, body: dict[str, Any], answer: dict[str, Any]) -> None:
        """An answer of the server to a request."""
        self.heard_epoch(answer["server_epoch"])
        if self.epoch != answer["server_epoch"]:
            self.page_epoch = None
            return
        sent = {event["id"] for event in body["events"]}
        named = {fact.event["id"]: fact for fact in self.facts}
        for result in answer["results"]:
            if result["id"] not in sent:
                continue
            fact = named[result["id"]]
            if result["outcome"] in ("accepted", "duplicate"):
                assert isinstance(result["seq"], int)
                fact.state = "received"
            else:
                fact.state = "quarantined" if result["outcome"] == "quarantined" else "received"
            fact.outcome, fact.reason = result["outcome"], result.get("reason")
            fact.epoch = answer["server_epoch"]

    def heard_epoch(self, epoch: str) -> None:
        """Every answer names an epoch."""
        if epoch == self.page_epoch:
            return
        self.epoch = self.page_epoch = epoch
        for fact in self.facts:
            declined = fact.outcome == "conflict" and fact.reason != "id_reused"
            if fact.epoch not in (None, epoch) and not declined:
                fact.state, fact.outcome, fact.reason, fact.epoch = "waiting", None, None, None

    def reload(self) -> None:
        """The tab is killed and opened again."""
        self.page_epoch = None
