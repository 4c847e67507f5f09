"""Statements that the driver runs as they were compiled: the same rows, types and errors as by SQLAlchemy."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import bindparam, insert, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from fieldops.db import db, utcnow, writing
from fieldops.organisation.models import Device, Division, Person
from fieldops.prepared import PerCount, Statement, together

pytestmark = pytest.mark.usefixtures("app")

_division, _person, _device = Division.__table__, Person.__table__, Device.__table__
_INSERT = Statement(insert(_division), [column.name for column in _division.columns])
_BY_LEVEL = Statement(select(_division.c.code, _division.c.name).where(_division.c.level == bindparam("level")))
_BY_CODES = PerCount(select(_division.c.code).where(_division.c.level == "province"), _division.c.code)


def province(number: int, name: str = "O'Neil {x} %s 㐀") -> dict[str, object]:
    return {"code": f"{number}0000", "name": name, "level": "province", "parent": None, "telephone": None}


def test_what_goes_in_comes_out() -> None:
    with writing():
        _INSERT.run(db.session.connection(), [province(44), province(45), province(46)])
        _INSERT.run(db.session.connection(), [province(47)])
    found = _BY_LEVEL.read(db.engine, {"level": "province"})
    assert sorted(tuple(row) for row in found) == [(f"{n}0000", "O'Neil {x} %s 㐀") for n in (44, 45, 46, 47)]


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
def test_a_list_of_any_length(count: int) -> None:
    codes = [f"{number}0000" for number in range(11, 11 + count)]
    with writing():
        _INSERT.run(db.session.connection(), [province(number) for number in range(11, 21)])
        rows = _BY_CODES.send(db.session.connection(), {}, [*codes, "999999"]).rows()
    assert sorted(row[0] for row in rows) == codes


def test_types_are_those_of_sqlalchemy() -> None:
    at = utcnow()
    person, device = "0190a0b0-0000-7000-8000-00000000000a", "0190a0b0-0000-7000-8000-00000000000b"
    with writing():
        db.session.add(Division(code="440000", name="省", level="province"))
        db.session.flush()
        db.session.add(Person(id=person, home="440000", name="甲"))
        db.session.flush()
        db.session.add(Device(id=device, person=person, label="x", token_hash=b"\0\xff", enrolled_at=at, expires_at=at))
    columns = (_device.c.id, _device.c.token_hash, _device.c.expires_at, _device.c.revoked_at)
    wanted = select(*columns).where(_device.c.id == bindparam("device"))
    (row,) = Statement(wanted).read(db.engine, {"device": device})
    assert tuple(row) == tuple(db.session.execute(wanted, {"device": device}).one())
    assert row[2] == at
    assert row[2].tzinfo is not None


def test_an_error_is_sqlalchemys_and_leaves_nothing() -> None:
    with pytest.raises(IntegrityError), writing():
        _INSERT.run(db.session.connection(), [province(44), province(44)])
    with pytest.raises(IntegrityError):
        twice_together()
    assert _BY_LEVEL.read(db.engine, {"level": "province"}) == []


def twice_together() -> None:
    with writing(), together(db.session.connection()):
        _INSERT.run(db.session.connection(), [province(44)])
        _INSERT.run(db.session.connection(), [province(44)])


def test_a_read_that_fails_spoils_no_connection(app: Flask) -> None:
    wrong = Statement(select(db.literal_column("no_such_column")).select_from(_division))
    for _ in range(3):
        with pytest.raises(SQLAlchemyError):
            wrong.read(db.engine, {})
        assert _BY_LEVEL.read(db.engine, {"level": "province"}) == []
    with writing():
        _INSERT.run(db.session.connection(), [province(44)])
    assert len(_BY_LEVEL.read(db.engine, {"level": "province"})) == 1


def test_a_read_stands_alone() -> None:
    """It sees what was committed, and neither sees nor ends what another transaction of the request is at."""
    with writing():
        _INSERT.run(db.session.connection(), [province(44)])
        assert _BY_LEVEL.read(db.engine, {"level": "province"}) == []
    assert len(_BY_LEVEL.read(db.engine, {"level": "province"})) == 1
