"""The PostgreSQL that the tests stand on works."""

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests.support.postgres import drop_database, fresh_database

pytestmark = pytest.mark.postgres


def connect(url: str) -> psycopg.Connection:
    return psycopg.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))


def test_fresh_database_is_empty_and_copies_its_template(worker_id: str) -> None:
    name, copy = f"tool_{worker_id}", f"tool_copy_{worker_id}"
    with connect(fresh_database(name)) as connection:
        connection.execute("CREATE TABLE place (code text)")
        connection.execute("INSERT INTO place VALUES ('生僻字 %s {x}')")
    with connect(fresh_database(copy, template=name)) as connection:
        assert connection.execute("SELECT code FROM place").fetchone() == ("生僻字 %s {x}",)
    with connect(fresh_database(copy)) as connection:
        assert connection.execute("SELECT to_regclass('place')").fetchone() == (None,)
    drop_database(name)
    drop_database(copy)


def test_server_speaks_utf8_and_utc() -> None:
    with connect(fresh_database("tool_settings")) as connection:
        row = connection.execute("SELECT current_setting('server_encoding'), current_setting('timezone')").fetchone()
    drop_database("tool_settings")
    assert row == ("UTF8", "UTC")
