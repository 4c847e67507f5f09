"""Statements of the hot path: SQLAlchemy writes them once, the driver runs them.

To execute a Core statement costs several times what the database needs for it (measured: 0.10 of 0.13 ms on SQLite).
A `Statement` is compiled once for each dialect; then only its text and its bound values go to the driver. On PostgreSQL
`together` sends several of them in one round trip.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import ClauseElement, ColumnElement, Connection, Engine, bindparam
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.selectable import Select

_Processor = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement in one dialect: its text, and how values go in and come out."""

    text: str
    #: Names in order for positional drivers; None for named ones.
    order: tuple[str, ...] | None
    bind: tuple[tuple[str, _Processor | None], ...]
    #: Values that stand in the statement itself.
    fixed: dict[str, Any]
    #: (index, processor) of the columns that do not come out as they are.
    results: tuple[tuple[int, _Processor], ...]

    def values(self, given: Mapping[str, Any]) -> Any:
        """The bound values as the driver wants them."""
        found = {name: process(given[name]) if process else given[name] for name, process in self.bind}
        found.update(self.fixed)
        return found if self.order is None else tuple([found[name] for name in self.order])

    def rows(self, raw: Iterable[Sequence[Any]]) -> list[Sequence[Any]]:
        """Rows with each column as its type says."""
        if not self.results:
            return list(raw)
        rows: list[Sequence[Any]] = []
        for row in raw:
            changed = list(row)
            for index, process in self.results:
                changed[index] = process(changed[index])
            rows.append(changed)
        return rows


class Pending:
    """A statement on its way; `rows()` waits for its answer."""

    def __init__(self, cursor: Any, compiled: _Compiled) -> None:
        self._cursor, self._compiled = cursor, compiled

    def rows(self) -> list[Sequence[Any]]:
        """All rows of a SELECT."""
        try:
            return self._compiled.rows(self._cursor.fetchall())
        finally:
            self._cursor.close()


class Statement:
    """A Core statement, compiled at its first use for each dialect.

    Args:
        statement: with `bindparam`s for what varies; no expanding ones (`per_count`).
        columns: of an INSERT or UPDATE, the columns that each row brings.
    """

    def __init__(self, statement: ClauseElement, columns: Sequence[str] | None = None) -> None:
        self._statement, self._columns = statement, columns
        self._compiled: dict[str, _Compiled] = {}

    def _in(self, dialect: Dialect) -> _Compiled:
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = _compile(self._statement, dialect, self._columns)
        return found

    def send(self, connection: Connection, values: Mapping[str, Any]) -> Pending:
        """Run it in the connection's transaction."""
        compiled = self._in(connection.dialect)
        cursor = connection.connection.cursor()
        with as_sqlalchemy(connection.dialect, compiled.text):
            cursor.execute(compiled.text, compiled.values(values))
        return Pending(cursor, compiled)

    def run(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run it for each of the rows, which must not be none, in the connection's transaction."""
        compiled = self._in(connection.dialect)
        cursor = connection.connection.cursor()
        with as_sqlalchemy(connection.dialect, compiled.text):
            if len(rows) == 1:
                cursor.execute(compiled.text, compiled.values(rows[0]))
            else:
                cursor.executemany(compiled.text, [compiled.values(row) for row in rows])
        cursor.close()

    def read(self, engine: Engine, values: Mapping[str, Any]) -> list[Sequence[Any]]:
        """Rows of a SELECT that stands alone: on a connection of its own, outside any transaction, one round trip."""
        compiled = self._in(engine.dialect)
        with as_sqlalchemy(engine.dialect, "connect"):
            raw = engine.raw_connection()
        try:
            with as_sqlalchemy(engine.dialect, compiled.text), _autocommit(raw.driver_connection):
                cursor = raw.cursor()
                cursor.execute(compiled.text, compiled.values(values))
                return compiled.rows(cursor.fetchall())
        except BaseException:
            raw.invalidate()  # whatever state it is in, the next one gets a fresh one
            raise
        finally:
            raw.close()


class PerCount:
    """`statement` for rows whose `column` is one of a list: made for lengths of a power of two, each at its first use.

    The list is filled up with its last, so that a thousand lengths are eleven statements to be made and prepared.
    """

    def __init__(self, statement: Select[Any], column: ColumnElement[Any]) -> None:
        self._statement, self._column = statement, column
        self._made: dict[int, Statement] = {}

    def _of(self, count: int) -> Statement:
        found = self._made.get(count)
        if found is None:
            kind = self._column.type
            among: list[Any] = [bindparam(f"value_{number}", type_=kind) for number in range(count)]
            found = self._made[count] = Statement(self._statement.where(self._column.in_(among)))
        return found

    def send(self, connection: Connection, values: Mapping[str, Any], wanted: Sequence[Any]) -> Pending:
        """Run it for what is wanted, at least one, in the connection's transaction."""
        count = 1 << (len(wanted) - 1).bit_length()
        filled = [*wanted, *[wanted[-1]] * (count - len(wanted))]
        named = {f"value_{number}": value for number, value in enumerate(filled)}
        return self._of(count).send(connection, {**values, **named})


@contextlib.contextmanager
def together(connection: Connection) -> Iterator[None]:
    """Send what is run inside without waiting for each answer (PostgreSQL's pipeline mode); elsewhere nothing."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        yield
        return
    with as_sqlalchemy(connection.dialect, "statements sent together"), driver.pipeline():
        yield


@contextlib.contextmanager
def _autocommit(driver: object) -> Iterator[None]:
    """SQLite's connections are in this mode between transactions; psycopg's begin one with each statement."""
    if not isinstance(driver, psycopg.Connection):
        yield
        return
    driver.autocommit = True
    yield
    driver.autocommit = False


@contextlib.contextmanager
def as_sqlalchemy(dialect: Dialect, text: str) -> Iterator[None]:
    """The driver's errors as those that callers know, whichever way a statement took."""
    driver: Any = dialect.dbapi
    try:
        yield
    except driver.Error as error:
        raise DBAPIError.instance(text, None, error, driver.Error, dialect=dialect) from error


def _compile(statement: ClauseElement, dialect: Dialect, columns: Sequence[str] | None) -> _Compiled:
    compiled: Any = statement.compile(dialect=dialect, column_keys=list(columns) if columns is not None else None)
    bind, fixed = [], {}
    for name, parameter in compiled.binds.items():
        process = parameter.type.dialect_impl(dialect).bind_processor(dialect)
        if parameter.required or parameter.value is None:
            bind.append((name, process))
        else:
            fixed[name] = process(parameter.value) if process else parameter.value
    results = []
    for index, column in enumerate(getattr(statement, "selected_columns", ())):
        process = column.type.dialect_impl(dialect).result_processor(dialect, None)
        if process is not None:
            results.append((index, process))
    order = tuple(compiled.positiontup) if compiled.positional else None
    return _Compiled(str(compiled), order, tuple(bind), fixed, tuple(results))
