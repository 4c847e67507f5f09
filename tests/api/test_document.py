"""The views are held to the OpenAPI document by whatever schemathesis can think of."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from openapi_spec_validator import validate

from fieldops.journal.verify import verify
from tests.support import field
from tests.testday import build


@pytest.fixture
def engine() -> str:
    """What is read and answered does not depend on the engine; tests/journal holds the writing to both."""
    return "sqlite"


def test_the_document_is_valid_and_names_every_kind(app: Flask) -> None:
    document = app.test_client().get("/api/v1/openapi.json").json
    validate(document)
    kinds = document["components"]["schemas"]["Event"]["x-data"]
    assert {"attendance.checked_in", "sitting.started", "incident.reported", "nil_report.made"} <= kinds.keys()


def test_every_api_route_is_in_the_document(app: Flask) -> None:
    documented = app.test_client().get("/api/v1/openapi.json").json["paths"]
    rules = {url.rule for url in app.url_map.iter_rules() if url.rule.startswith("/api/")}
    routes = {re.sub(r"<uuid:\w+>", "{id}", rule) for rule in rules}
    assert routes == set(documented)


@pytest.mark.slow
@pytest.mark.parametrize("operation", ["enrol", "snapshot", "events", "openapi"])
def test_the_views_keep_to_the_document(app: Flask, operation: str) -> None:
    import schemathesis  # takes a second, which tests of other things need not wait for

    field.make()
    token, device = field.sign_in("monitor", f"{field.COUNTY}/{field.SCHOOL}/01")
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app).include(operation_id=operation)
    (found,) = schema.get_all_operations()
    # The test's transport decodes no compressed body.
    headers = {"Accept-Encoding": "identity", **({} if operation == "enrol" else field.bearer(token))}
    statuses: set[int] = set()

    @given(case=found.ok().as_strategy())
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
    def hold(case: Any) -> None:
        if operation == "events" and isinstance(case.body, dict):
            fact = build.fact("attendance.checked_in", build.minutes(-30))
            made = case.body.get("events")
            # With another device's id every call would end at the first gate.
            case.body = {**case.body, "device": device, "events": [*made[:3], fact] if isinstance(made, list) else []}
            case.query = {}
        statuses.add(case.call_and_validate(headers=headers).status_code)

    hold()
    assert {"enrol": 404, "snapshot": 200, "events": 200, "openapi": 200}[operation] in statuses
    assert not list(verify(field.COUNTY))
