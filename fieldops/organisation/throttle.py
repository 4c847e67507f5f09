"""Holds back guessing of passwords, by sign-in name and by address, across processes and nodes.

A try is counted before its password is looked at, in a transaction of its own: however many arrive at once, no more are
looked at than the count allows. A right password takes its try back. A blocked name is no lock-out for its owner: a
one-time link still signs in.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from fieldops.db import db, must_be_writing
from fieldops.organisation.models import SignInFailure
from fieldops.web.errors import Problem

#: Tries of a series before the first wait. An address may be a whole county's, behind one router.
FREE_TRIES: Final = {"login": 5, "address": 50}
#: The first wait; each further try doubles it, up to the longest.
FIRST_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(minutes=15)
#: A series ends when its last wait is over and it began so long ago.
SERIES: Final = timedelta(hours=1)

_table = SignInFailure.__table__


class TooManyTries(Problem):
    """The name or the address has to wait. Member `retry_after_s`: seconds."""

    status, slug, title = 429, "too-many-tries", _l("Too many wrong passwords")
    detail = _l("Wait a few minutes, then try again. A one-time link from your desk works at once.")


def login_key(login: str) -> str:
    """The key of a sign-in name (in the form of `queries.login_key`)."""
    return "login:" + _keyed(login)


def address_key(address: str) -> str:
    """The key of an address; IPv6 by its /64, of which every customer has at least one whole."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "address:" + _keyed(address)
    if parsed.version == 6:
        return "address:" + _keyed(str(ipaddress.ip_network((parsed, 64), strict=False)))
    return "address:" + _keyed(str(parsed))


def count(keys: Sequence[str], now: datetime) -> None:
    """Count a try of each key, before it is looked at. Call inside `with writing():`.

    Raises:
        TooManyTries: a key is blocked; then nothing is counted.
    """
    must_be_writing()
    rows = {key: _locked(key, now) for key in sorted(keys)}  # sorted: no two tries wait for each other in a circle
    waits = [row.blocked_until for row in rows.values() if row.blocked_until is not None and row.blocked_until > now]
    if waits:
        raise TooManyTries(retry_after_s=int((max(waits) - now).total_seconds()) + 1)
    for key, row in rows.items():
        if now - row.since > SERIES:
            row.count, row.since, row.blocked_until = 0, now, None
        row.count += 1
        beyond = row.count - FREE_TRIES[key.split(":")[0]]
        if beyond >= 0:
            row.blocked_until = now + min(FIRST_WAIT * 2 ** min(beyond, 10), LONGEST_WAIT)
    db.session.flush()


def take_back(*, login: str, address: str, now: datetime) -> None:
    """The password was right: the name's series ends, the address's try is not counted. Inside `with writing():`."""
    must_be_writing()
    db.session.execute(delete(SignInFailure).where(SignInFailure.key == login))
    row = _locked(address, now)
    row.count = max(0, row.count - 1)
    if row.count < FREE_TRIES["address"]:
        row.blocked_until = None
    db.session.flush()


def end_series(key: str) -> None:
    """Somebody who may do so let the name in again: its series ends. Call inside `with writing():`."""
    must_be_writing()
    db.session.execute(delete(SignInFailure).where(SignInFailure.key == key))


def forget(now: datetime) -> None:
    """Delete series that are over. Call inside `with writing():`."""
    must_be_writing()
    db.session.execute(delete(SignInFailure).where(SignInFailure.since < now - SERIES - LONGEST_WAIT))


def _locked(key: str, now: datetime) -> SignInFailure:
    """The key's row, held until the transaction ends; made when it is not there."""
    connection = db.session.connection()
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = {"key": key, "count": 0, "since": now, "blocked_until": None}
    connection.execute(dialect.insert(_table).values(row).on_conflict_do_nothing())
    statement = select(SignInFailure).where(SignInFailure.key == key).with_for_update()
    return db.session.scalars(statement.execution_options(populate_existing=True)).one()


def _keyed(text: str) -> str:
    # Keyed with the server's secret: four thousand million addresses are soon tried against a bare hash.
    secret = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(secret, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
