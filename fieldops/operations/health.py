"""Whether this installation is well, in words for an operator and numbers for a monitor."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from fieldops import schema
from fieldops.db import SQLITE_SAFE_FROM, db, sqlite_version, utcnow
from fieldops.journal.models import Head
from fieldops.operations import watch


def report(now: datetime | None = None) -> dict[str, Any]:
    """`status` is `ok` or `unwell`, with `reasons`; `warnings` do not make it unwell."""
    found: dict[str, Any] = {
        "status": "ok",
        "database": db.engine.dialect.name,
        "database_version": None,
        "migration": None,
        "journal_seq": None,
        "engine_tick_age_s": None,
        "incidents_stuck": None,
        "reasons": [],
        "warnings": library_warnings(),
    }
    try:
        found["database_version"] = ".".join(map(str, db.engine.dialect.server_version_info or ())) or None
        found["migration"] = schema.level()
        if found["migration"] != schema.newest():
            found["reasons"].append(f"the database stands at {found['migration']}, the program needs {schema.newest()}")
        else:
            found["journal_seq"] = db.session.scalar(select(func.coalesce(func.sum(Head.seq), 0)))
            now = now or utcnow()
            beat = watch.last_tick()
            age = None if beat is None else max(0.0, (now - beat).total_seconds())
            found["engine_tick_age_s"] = None if age is None else round(age, 1)
            if age is None or age > watch.SILENT_AFTER.total_seconds():
                found["reasons"].append("no engine ticks: start `fieldops engine`")
            found["incidents_stuck"] = len(watch.stuck(now))
            if found["incidents_stuck"]:
                found["reasons"].append(f"{found['incidents_stuck']} incidents can no longer move: see the log")
    except SQLAlchemyError as error:
        found["reasons"].append(f"the database does not answer ({type(error).__name__})")
    if found["reasons"]:
        found["status"] = "unwell"
    return found


def library_warnings() -> list[str]:
    """What an operator should know about the libraries in use."""
    if db.engine.dialect.name == "sqlite" and sqlite_version() < SQLITE_SAFE_FROM:
        version = ".".join(map(str, sqlite_version()))
        return [f"SQLite {version} has a known WAL corruption bug (fixed in 3.51.3): install the wheel pysqlite3"]
    return []
