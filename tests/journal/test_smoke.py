"""The write path begins, commits and rolls back on both engines."""

from __future__ import annotations

import pytest
from flask import Flask

from fieldops.db import writing
from fieldops.journal import queries, service


def test_a_county_begins_once(app: Flask) -> None:
    for _ in range(2):
        with writing():
            service.add_county("441823")
    assert queries.head("441823") == (0, 0)


def test_an_exception_leaves_nothing(app: Flask) -> None:
    def fail() -> None:
        with writing():
            service.add_county("441823")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert queries.head("441823") is None


def test_writing_does_not_nest(app: Flask) -> None:
    with writing(), pytest.raises(RuntimeError), writing():
        pytest.fail("the inner block ran")
