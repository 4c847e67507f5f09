"""Looks at the installation for the doctor: files, database, the public address. Reads only; changes nothing."""

from __future__ import annotations

import dataclasses
import os
import shutil
import socket
import ssl
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from fieldops import schema
from fieldops.backup.service import PUBLIC
from fieldops.config import Settings
from fieldops.db import db, utcnow
from fieldops.doctor.checks import Database, Findings
from fieldops.journal.models import EventRow, Head
from fieldops.messages.models import Sending
from fieldops.operations import watch
from fieldops.operations.health import library_warnings
from fieldops.timetable.queries import open_windows

#: Seconds for the public address to answer.
ANSWER_WITHIN_S = 5
_STATIC = ("phone/app.js", "i18n/zh.json", "vendor/htmx/htmx.min.js")


def look(settings: Settings, backups: Path | None) -> Findings:
    """All that can be seen from this machine, within the app."""
    secret = settings.data_dir / "secret-key"
    base, error = _database()
    status, public_error, left = _address(settings.public_url)
    newest = max((file.stat().st_mtime for file in backups.glob("fieldops-*.age")), default=None) if backups else None
    return Findings(
        public_url=settings.public_url,
        demo=settings.demo,
        debug=settings.debug,
        trusted_proxies=settings.trusted_proxies,
        processes=settings.workers + 1,
        data_dir=str(settings.data_dir),
        data_mode=settings.data_dir.stat().st_mode & 0o777,
        secret_mode=secret.stat().st_mode & 0o777 if secret.exists() else None,
        writable=os.access(settings.data_dir, os.W_OK | os.X_OK),
        free_bytes=shutil.disk_usage(settings.data_dir).free,
        static_missing=tuple(name for name in _STATIC if not (settings.static_root / name).is_file()),
        time_zones=_knows_zones(),
        database=base,
        database_error=error,
        public_status=status,
        public_error=public_error,
        certificate_left=left,
        backups=str(backups) if backups else None,
        backup_age=utcnow() - datetime.fromtimestamp(newest, UTC) if newest is not None else None,
        backup_key=(settings.data_dir / PUBLIC).exists(),
    )


def _database() -> tuple[Database | None, str]:
    try:
        return _asked(), ""
    except SQLAlchemyError as error:
        return None, type(error.__cause__ or error).__name__


def _asked() -> Database:
    connection = db.session.connection()
    dialect, level = connection.dialect, schema.level()
    version = ".".join(map(str, dialect.server_version_info or ()))
    settings: dict[str, str] = {}
    ahead = timedelta()
    if dialect.name == "postgresql":
        names = ("fsync", "synchronous_commit", "full_page_writes", "max_connections")
        settings = {name: str(connection.scalar(text(f"SHOW {name}"))) for name in names}
        ahead = connection.execute(text("SELECT clock_timestamp()")).scalar_one() - utcnow()
    base = Database(
        engine=dialect.name,
        version=version,
        level=level,
        newest=schema.newest(),
        unsafe=bool(library_warnings()),
        settings=settings,
        clock_ahead=ahead,
    )
    if level != schema.newest():
        return base  # the tables may be others
    beat, now = watch.last_tick(), utcnow()
    since = now - timedelta(days=1)
    failed = select(func.count()).where(Sending.state == "failed", Sending.created_at > since)
    return dataclasses.replace(
        base,
        heads_off=_heads_off(),
        engine_age=None if beat is None else now - beat,
        windows=tuple(window.mode for window in open_windows()),
        messages_failed=db.session.scalar(failed) or 0,
    )


def _heads_off() -> tuple[str, ...]:
    off = []
    for head in db.session.scalars(select(Head).order_by(Head.county)):
        newest = db.session.execute(
            select(EventRow.seq, EventRow.hash)
            .where(EventRow.county == head.county)
            .order_by(EventRow.seq.desc())
            .limit(1)
        ).one_or_none()
        seq, digest = newest or (0, b"\0" * 32)
        if (seq, bytes(digest)) != (head.seq, bytes(head.hash)):
            off.append(head.county)
    return tuple(off)


def _knows_zones() -> bool:
    try:
        ZoneInfo("Asia/Shanghai")
    except ZoneInfoNotFoundError:
        return False
    return True


def _address(url: str) -> tuple[int | None, str, timedelta | None]:
    """Status, or why there is none; and how long the certificate still holds."""
    parts, left = urlsplit(url), None
    try:
        left = _certificate_left(parts.hostname or "", parts.port or 443) if parts.scheme == "https" else None
        with urllib.request.urlopen(url, timeout=ANSWER_WITHIN_S) as answer:  # noqa: S310 - http(s), checked by config
            return answer.status, "", left
    except urllib.error.HTTPError as error:
        return error.code, "", left
    except OSError as error:
        return None, str(getattr(error, "reason", error)), None


def _certificate_left(host: str, port: int) -> timedelta:
    context = ssl.create_default_context()
    with (
        socket.create_connection((host, port), timeout=ANSWER_WITHIN_S) as plain,
        context.wrap_socket(plain, server_hostname=host) as wrapped,
    ):
        ends = ssl.cert_time_to_seconds(str((wrapped.getpeercert() or {})["notAfter"]))
    return datetime.fromtimestamp(ends, UTC) - utcnow()
