"""`/healthz` and `/metrics`."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from fieldops.operations import health, metrics
from fieldops.web.rules import public

blueprint = Blueprint("operations", __name__)


@blueprint.get("/healthz")
@public
def healthz() -> tuple[Response, int]:
    """200 when well, 503 with the reasons when not."""
    found = health.report()
    return jsonify(found), 200 if found["status"] == "ok" else 503


@blueprint.get("/metrics")
@public
def metrics_page() -> Response:
    """Figures for Prometheus."""
    return metrics.page()
