"""Every row of a database into another one, of the same or the other engine."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, Table, delete, func, insert, select

from fieldops.db import Base
from fieldops.journal.models import Server

#: Rows that are read and written at once: a batch of events is about a megabyte; of those with contents some more.
_AT_ONCE, _AT_ONCE_LARGE = 1000, 10


def tables() -> Iterable[Table]:
    """All tables, those first that others point to."""
    return Base.metadata.sorted_tables


def counts(connection: Connection) -> dict[str, int]:
    """How many rows each table has."""
    return {table.name: connection.scalar(select(func.count()).select_from(table)) or 0 for table in tables()}


def is_blank(connection: Connection) -> bool:
    """Whether a migrated database holds nothing yet but the mark of its first life."""
    return all(count == 0 for name, count in counts(connection).items() if name != Server.__tablename__)


def copy_all(source: Connection, target: Connection) -> dict[str, int]:
    """Copy all rows, each table in the order of its key (a division's code follows that of the one it lies in).

    Args:
        source: read in its transaction; both databases stand at the same migration.
        target: blank; written in its transaction, which the caller commits.

    Returns:
        How many rows each table got.
    """
    target.execute(delete(Server))
    copied = {}
    for table in tables():
        at_once = _AT_ONCE_LARGE if "content" in table.columns else _AT_ONCE
        rows = source.execution_options(yield_per=at_once).execute(select(table).order_by(*table.primary_key))
        copied[table.name] = 0
        for part in rows.mappings().partitions():
            target.execute(insert(table), [dict(row) for row in part])
            copied[table.name] += len(part)
    return copied
