"""The whole url map × every role × own and foreign places: who passes the gate, and who is told nothing is there.

The views themselves are replaced, so that the gate alone answers; a new route without a rule fails here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import AnyConverter
from werkzeug.routing import Rule as UrlRule

from fieldops.organisation.rights import ROLE_LEVELS, ROLES
from fieldops.organisation.rules import Rule
from fieldops.web.rules import PUBLIC
from tests.support import field

PASSED = 299
#: Every place that a URL can name here, with the places that it lies in. The second half exists but is foreign to all
#: roles held at school or county; the last of each kind does not exist at all.
PLACES: dict[str, dict[tuple[str, ...], tuple[str, ...]]] = {
    "county": {
        (field.COUNTY,): (field.COUNTY, field.CITY, field.PROVINCE),
        (field.OTHER_COUNTY,): (field.OTHER_COUNTY, field.CITY, field.PROVINCE),
        ("999999",): (),
    },
    "division": {
        (field.PROVINCE,): (field.PROVINCE,),
        (field.CITY,): (field.CITY, field.PROVINCE),
        (field.OTHER_CITY,): (field.OTHER_CITY, field.PROVINCE),
        (field.OTHER_PROVINCE,): (field.OTHER_PROVINCE,),
        ("999900",): (),
    },
}
for _county in (field.COUNTY, field.OTHER_COUNTY):
    for _school in (field.SCHOOL, field.OTHER_SCHOOL):
        _within = (f"{_county}/{_school}", *PLACES["county"][(_county,)])
        PLACES.setdefault("school", {})[(_county, _school)] = _within
        for _room in (field.ROOM, field.OTHER_ROOM):
            PLACES.setdefault("room", {})[(_county, _school, _room)] = (f"{_county}/{_school}/{_room}", *_within)
PLACES["school"][(field.COUNTY, "0000000000")] = ()
PLACES["room"][(field.COUNTY, "0000000000", "01")] = ()
NAMES = {
    "county": ("county",),
    "division": ("division",),
    "school": ("county", "school"),
    "room": ("county", "school", "room"),
}
#: Any value will do for what is no place: the gate does not look at it.
REST = {"uuid": "0190f000-0000-7000-8000-000000000000", "integer": 1, "default": "x", "path": "x"}


def _routes(app: Flask) -> list[tuple[UrlRule, str, Any]]:
    return [
        (url, method, getattr(app.view_functions[url.endpoint], "rule", None))
        for url in app.url_map.iter_rules()
        for method in sorted((url.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def _address(app: Flask, url: UrlRule, method: str, place: dict[str, str]) -> str:
    values: dict[str, Any] = {}
    for name in url.arguments:
        converter = url._converters[name]
        kind = type(converter).__name__.removesuffix("Converter").lower()
        any_value = min(converter.items) if isinstance(converter, AnyConverter) else REST.get(kind, "x")
        values[name] = place.get(name, any_value)
    return app.url_map.bind("localhost").build(url.endpoint, values, method=method)


@pytest.fixture
def engine() -> str:
    """The gate decides by the same statements on both engines; organisation's own tests hold those to both."""
    return "sqlite"


@pytest.fixture
def gate(app: Flask) -> Flask:
    """The app with every view replaced by one that says it was reached, and no page drawn around a refusal."""
    field.make()
    app.register_error_handler(HTTPException, lambda refused: refused.get_response())
    for endpoint, view in list(app.view_functions.items()):

        def passed(**_arguments: object) -> tuple[str, int]:
            return "", PASSED

        if hasattr(view, "rule"):
            passed.rule = view.rule  # type: ignore[attr-defined]
        app.view_functions[endpoint] = passed
    return app


def test_every_route_has_a_rule(app: Flask) -> None:
    bare = {f"{method} {url.rule}" for url, method, rule in _routes(app) if rule is None}
    assert not bare, f"routes without a rule answer 403 to everybody: {sorted(bare)}"


def test_a_rule_and_its_route_name_the_same_place(app: Flask) -> None:
    for url, _method, rule in _routes(app):
        if isinstance(rule, Rule) and rule.at != "own":
            assert set(NAMES[rule.at]) <= url.arguments, f"{url.rule}: {rule.at} is not in the address"
            deeper = {"county": {"school", "room"}, "school": {"room"}}.get(rule.at, set())
            assert not deeper & url.arguments, f"{url.rule}: asks for a duty at the {rule.at}, names a deeper place"


def test_what_is_public_is_a_short_list(app: Flask) -> None:
    public = {url.rule for url, _method, rule in _routes(app) if rule == PUBLIC}
    allowed = {
        "/s/<build>/<path:path>",
        "/locale",
        "/theme",
        "/sign-in",
        "/sign-in/code",
        "/enter/<code>",
        "/phone",
        "/push/worker.js",
        "/sw.js",
        "/manifest.webmanifest",
        "/healthz",
        "/metrics",
        "/messages/callback/<uuid:identity>/<token>",
        "/api/v1/enrol",
        "/api/v1/openapi.json",
    }
    assert public <= allowed, f"public on purpose? then say so here: {sorted(public - allowed)}"


def _expected(role: str, held: str, rule: Rule, within: tuple[str, ...]) -> int:
    if rule.at == "own":
        return PASSED if rule.action is None or rule.action in ROLES[role] else 403
    return PASSED if rule.action in ROLES[role] and held in within else 404


def _asked(rule: Rule) -> Iterator[tuple[dict[str, str], tuple[str, ...]]]:
    if rule.at == "own":
        yield {}, ()
        return
    for codes, within in PLACES[rule.at].items():
        yield dict(zip(NAMES[rule.at], codes, strict=True)), within


@pytest.mark.parametrize(
    ("role", "level"), [(role, level) for role, levels in sorted(ROLE_LEVELS.items()) for level in sorted(levels)]
)
def test_each_role_reaches_its_own_places_and_no_other(gate: Flask, role: str, level: str) -> None:
    held = field.HELD_AT[level]
    token, _ = field.sign_in(role, held)
    client = gate.test_client()
    wrong = []
    count = 0
    for url, method, rule in _routes(gate):
        if rule == PUBLIC or rule is None:
            continue
        for place, within in _asked(rule):
            address = _address(gate, url, method, place)
            answer = client.open(address, method=method, headers=field.bearer(token)).status_code
            count += 1
            if answer != _expected(role, held, rule, within):
                wrong.append(f"{method} {address}: {answer}, expected {_expected(role, held, rule, within)}")
    assert not wrong, "\n".join(wrong)
    assert count > 20


def test_who_is_not_signed_in_reaches_nothing(gate: Flask) -> None:
    client = gate.test_client()
    for url, method, rule in _routes(gate):
        if rule == PUBLIC or rule is None:
            continue
        for place, _within in _asked(rule):
            answer = client.open(_address(gate, url, method, place), method=method)
            assert answer.status_code in (401, 302, 303), f"{method} {url.rule}: {answer.status_code}"
            if answer.status_code != 401:
                assert answer.headers["Location"].startswith("/sign-in")


def test_a_token_that_ended_reaches_nothing(gate: Flask) -> None:
    token, device = field.sign_in("desk", field.COUNTY)
    client = gate.test_client()
    assert client.get("/api/v1/snapshot", headers=field.bearer(token)).status_code == PASSED
    field.expire(device)
    assert client.get("/api/v1/snapshot", headers=field.bearer(token)).status_code == 401
