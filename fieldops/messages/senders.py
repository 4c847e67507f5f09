"""What every sender is given and what it answers. A sender speaks to one provider and touches no database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from fieldops.messages.net import Answer, Net

#: The least time after a provider said that it was too much.
SLOW_DOWN_S = 60.0


class Way(NamedTuple):
    """A channel as its sender sees it."""

    id: str
    kind: str
    #: All settings, the secret ones too: never logged, never kept.
    values: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Way({self.id}, {self.kind})"


class Outcome(NamedTuple):
    """What came of it. `later`: it may work another time; `refused`: as it is set up it never will."""

    state: str
    #: What the provider said: a code, never anything secret.
    error: str = ""
    #: The provider's numbers of the message, by which it reports its delivery.
    numbers: tuple[str, ...] = ()
    #: Not tried again before so many seconds.
    after_s: float | None = None


class Tools(NamedTuple):
    """What senders need of the world."""

    net: Net
    now: Callable[[], datetime]
    #: `smtp(s)://user:password@host:port` of the operator, or none.
    smtp_url: str | None = None
    mail_from: str = ""
    #: Services of apprise that the operator allows.
    apprise: frozenset[str] = frozenset()
    #: Names this server to push services (`web_push.signing_key`), and an address at which its operator is found.
    push_key: ec.EllipticCurvePrivateKey | None = None
    push_subject: str = ""


SENT = "sent"
LATER = "later"
REFUSED = "refused"


def read(answer: Answer) -> dict[str, Any] | Outcome:
    """The object in an answer, or what its status or its not being one means. An HTTP 200 alone says nothing."""
    if answer.status == 429:
        return Outcome(LATER, "http 429", after_s=max(answer.retry_after_s or 0, SLOW_DOWN_S / 6))
    if answer.status >= 500:
        return Outcome(LATER, f"http {answer.status}", after_s=answer.retry_after_s)
    try:
        found = msgspec.json.decode(answer.body)
    except msgspec.DecodeError:
        found = None
    if isinstance(found, dict):
        return found
    # A page of a proxy, half an answer, a redirect: nobody knows whether it arrived.
    return Outcome(LATER if answer.status < 300 else REFUSED, f"http {answer.status}, unreadable")


def judged(code: object, *, slow: frozenset[object], again: frozenset[object], prefix: str) -> Outcome:
    """What an error code of a provider means."""
    error = f"{prefix} {code}"[:200]
    if code in slow:
        return Outcome(LATER, error, after_s=SLOW_DOWN_S)
    return Outcome(LATER if code in again else REFUSED, error)


def base(way: Way, official: str) -> str:
    """Where the provider is: its own address, or that of the organisation's own server."""
    return (way.values.get("base") or official).rstrip("/")


def post_json(net: Net, url: str, body: object, headers: Mapping[str, str] | None = None) -> dict[str, Any] | Outcome:
    """Post an object and read the answer.

    Raises:
        Unreachable: no whole answer came in time.
    """
    sent = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
    return read(net.request("POST", url, sent, msgspec.json.encode(body)))
