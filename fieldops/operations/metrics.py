"""Figures for Prometheus. Labels are routes, kinds and outcomes: nothing personal, nothing unbounded."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from flask import Flask, Response, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from prometheus_client import REGISTRY as PROCESS_REGISTRY
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from fieldops.board.feed import feed
from fieldops.journal.queries import heads
from fieldops.operations.health import report

REQUESTS = Counter("fieldops_requests_total", "Requests answered.", ["route", "method", "status"])
SECONDS = Histogram(
    "fieldops_request_seconds",
    "Seconds until the answer began.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)


def init_app(app: Flask) -> None:
    """Count and time every request by its route, never by its path."""

    @app.before_request
    def _begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def _end(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "none"
        count(route, request.method, response.status_code, time.perf_counter() - g.began if "began" in g else None)
        return response


def count(route: str, method: str, status: int, seconds: float | None) -> None:
    """Count an answer by its route's template. `seconds`: until it began; None when that is not known."""
    REQUESTS.labels(route, method, status).inc()
    if seconds is not None:
        SECONDS.labels(route).observe(seconds)


class _State:
    """What is read from the database at the moment it is asked for."""

    def collect(self) -> Iterator[Metric]:
        health = report()
        yield GaugeMetricFamily("fieldops_up", "1 when /healthz says ok.", value=health["status"] == "ok")
        if health["engine_tick_age_s"] is not None:
            age = health["engine_tick_age_s"]
            yield GaugeMetricFamily("fieldops_engine_tick_age_seconds", "Since the newest engine tick.", value=age)
        if health["incidents_stuck"] is not None:
            stuck = health["incidents_stuck"]
            yield GaugeMetricFamily("fieldops_incidents_stuck", "Incidents that can no longer move.", value=stuck)
        if health["journal_seq"] is not None:
            events = GaugeMetricFamily("fieldops_journal_events", "Events in a county's journal.", labels=["county"])
            for county, seq in heads().items():
                events.add_metric([county], seq)
            yield events
        yield GaugeMetricFamily("fieldops_streams", "Live streams open in the process asked.", value=feed().streams)


def page() -> Response:
    """All figures in Prometheus's text format; of all workers when they share a folder."""
    registry = PROCESS_REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):  # prometheus_client's own setting, set by `fieldops serve`
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    state = CollectorRegistry()
    state.register(_State())
    return Response(generate_latest(registry) + generate_latest(state), content_type=CONTENT_TYPE_LATEST)
