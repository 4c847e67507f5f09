"""The OpenAPI 3.1 document, made from the shapes that the views read and write by."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from fieldops.api import shapes
from fieldops.journal.events import Draft
from fieldops.journal.kinds import registry

_SHAPES = (
    shapes.Enrolment,
    shapes.Enrolled,
    shapes.Snapshot,
    shapes.Sending,
    shapes.Received,
    shapes.AttachmentContent,
    shapes.AttachmentTaken,
    shapes.HandOver,
    shapes.HandedOver,
    shapes.ProblemShape,
)
_REF = "#/components/schemas/{name}"
_WORDS = {
    304: "Nothing changed since the ETag that was sent.",
    400: "The request cannot be understood.",
    401: "Not signed in: the token is missing, unknown, expired or revoked.",
    403: "Not yours to do.",
    404: "No such place, or no duty there.",
    409: "The state of things does not allow it now.",
    410: "The code was used, or its time is over.",
    413: "The body is too large.",
    415: "The body is no JSON.",
    422: "The body is not as declared.",
    429: "Too many tries; wait.",
    503: "All live connections are taken: poll.",
}


def _problem(status: int) -> dict[str, Any]:
    if status == 304:
        return {"description": _WORDS[status]}
    return {
        "description": _WORDS[status],
        "content": {"application/problem+json": {"schema": {"$ref": _REF.format(name="ProblemShape")}}},
    }


def _operation(
    name: str,
    summary: str,
    *,
    answer: dict[str, Any],
    body: str | None = None,
    query: dict[str, tuple[str, dict[str, Any]]] | None = None,
    problems: tuple[int, ...] = (),
    public: bool = False,
) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": name,
        "summary": summary,
        "responses": {**answer, **{str(status): _problem(status) for status in problems}},
    }
    if body:
        schema = {"$ref": _REF.format(name=body)}
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if query:
        operation["parameters"] = [
            {"name": key, "in": "query", "required": False, "description": words, "schema": schema}
            for key, (words, schema) in query.items()
        ]
    operation["security"] = [] if public else [{"token": []}, {"cookie": []}]
    return operation


def _json(status: int, words: str, name: str) -> dict[str, Any]:
    schema = {"$ref": _REF.format(name=name)}
    return {str(status): {"description": words, "content": {"application/json": {"schema": schema}}}}


@cache
def document() -> dict[str, Any]:
    """The whole document. Event kinds and the fields of their data are those of the registry."""
    _, components = msgspec.json.schema_components(_SHAPES, ref_template=_REF)
    kinds = sorted(kind.name for kind in registry.kinds.values() if not kind.system)
    _, event = msgspec.json.schema_components([Draft], ref_template=_REF)
    components["Event"] = {
        **event["Draft"],
        "title": "Event",
        "description": "One fact or decision. `school`, `room`, `session`, `student` are the codes of the snapshot; "
        "`data` depends on the kind (see `x-data`).",
    }
    components["Event"]["properties"]["kind"] = {"type": "string", "examples": kinds}
    components["Event"]["x-data"] = _data_schemas()
    components["Sending"]["properties"]["events"]["description"] = (
        "Each an `Event`. One that is not is answered `quarantined` by its id and kept, so any JSON is taken here."
    )
    county = ("Six-digit division code; needed only by desks above a county.", {"type": "string"})
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Fieldops",
            "version": "1",
            "description": "Test-day field operations. Times are UTC; `server_time` is the clock of the window.",
        },
        "paths": {
            "/api/v1/enrol": {
                "post": _operation(
                    "enrol",
                    "Bind a device to a person by a one-time code",
                    body="Enrolment",
                    answer=_json(201, "The device's token.", "Enrolled"),
                    problems=(400, 404, 409, 410, 413, 415, 422, 429),
                    public=True,
                )
            },
            "/api/v1/snapshot": {
                "get": _operation(
                    "snapshot",
                    "What this device may see",
                    query={
                        "county": county,
                        "school": ("School code; default: where the duty is.", {"type": "string"}),
                    },
                    answer=_json(200, "The snapshot.", "Snapshot"),
                    problems=(304, 401, 404, 409, 422),
                )
            },
            "/api/v1/events": {
                "post": _operation(
                    "events",
                    "Send facts; each is answered by its id",
                    body="Sending",
                    query={"county": county},
                    answer=_json(200, "One result per event, in order.", "Received"),
                    problems=(400, 401, 404, 409, 413, 415, 422),
                )
            },
            "/api/v1/hand-over": {
                "post": _operation(
                    "handOver",
                    "Take in facts that another device sealed",
                    body="HandOver",
                    answer=_json(200, "One result per fact, and how many of each.", "HandedOver"),
                    problems=(400, 401, 403, 409, 413, 415, 422),
                )
            },
            "/api/v1/attachments/{id}": {
                "put": {
                    **_operation(
                        "attachment",
                        "Bring the bytes of a photo or a file that the fact `incident.attached` of this id announced",
                        body="AttachmentContent",
                        answer={
                            **_json(201, "Kept.", "AttachmentTaken"),
                            **_json(200, "It was here already.", "AttachmentTaken"),
                        },
                        problems=(400, 401, 403, 404, 409, 413, 415, 422),
                    ),
                    "parameters": [
                        {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}},
                        {
                            "name": "county",
                            "in": "query",
                            "required": False,
                            "description": county[0],
                            "schema": county[1],
                        },
                    ],
                }
            },
            "/api/v1/stream": {
                "get": _operation(
                    "stream",
                    "Server-sent events: `id` is the county's seq",
                    query={"since": ("Events after this seq.", {"type": "integer", "minimum": 0}), "county": county},
                    answer={
                        "200": {
                            "description": "`event: fact` for each event, `event: reset` when everything must be "
                            "fetched again.",
                            "content": {"text/event-stream": {"schema": {"type": "string"}}},
                        }
                    },
                    problems=(400, 401, 404, 422, 503),
                )
            },
            "/api/v1/openapi.json": {
                "get": _operation(
                    "openapi",
                    "This document",
                    answer={
                        "200": {
                            "description": "OpenAPI 3.1.",
                            "content": {"application/json": {"schema": {"type": "object"}}},
                        }
                    },
                    public=True,
                )
            },
        },
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "fieldops"},
            },
        },
    }


def _data_schemas() -> dict[str, Any]:
    schemas = {}
    for kind in registry.kinds.values():
        if not kind.system:
            (_schema,), found = msgspec.json.schema_components([kind.data])
            schemas[kind.name] = found.get(kind.data.__name__, {})
    return dict(sorted(schemas.items()))
