"""The rehearsal's report: JSON for programs, one HTML file without any script for people."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from html import escape
from typing import Any

from fieldops.rehearsal.checker import Finding, tally
from fieldops.rehearsal.history import History

WIDTH, HEIGHT = 720, 180
#: Findings that the page lists; the JSON has all.
LISTED = 200

STYLE = """
:root{color-scheme:light dark;--ink:#1b2430;--paper:#fff;--line:#c8d0da;--mark:#b3261e;--dot:#1d5fa8}
@media(prefers-color-scheme:dark){:root{--ink:#e6ebf1;--paper:#12171d;--line:#3a4653;--mark:#ff8a80;--dot:#8ec1ff}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:46rem;margin:2rem auto;
padding:0 1rem}h1{font-size:1.6rem}.bad{color:var(--mark)}table{border-collapse:collapse}
td,th{border-bottom:1px solid var(--line);padding:.3rem .8rem;text-align:left}td{font-variant-numeric:tabular-nums}
svg{width:100%;height:auto}svg text{fill:var(--ink);font-size:11px}.axis{stroke:var(--line)}.data{fill:var(--dot)}
.kill{stroke:var(--mark);stroke-dasharray:4 3}
"""


def percentile(values: Sequence[float], share: float) -> float:
    """Nearest rank; 0 of nothing."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


def figures(history: History, findings: Sequence[Finding], about: dict[str, Any]) -> dict[str, Any]:
    """The report as plain data. Latencies are those that phones saw, in milliseconds."""
    latencies = [ms for _at, ms in history.answered]
    return {
        **about,
        "passed": not findings and bool(history.noted),
        "noted": len(history.noted),
        "settled": sum(1 for identity in history.noted if history.told.get(identity)),
        "repeats_settled": sum(outcomes.count("duplicate") for outcomes in history.told.values()),
        "calls": {"answered": len(history.answered), "unknown": len(history.unknown)},
        "latency_ms": {f"p{share}": round(percentile(latencies, share / 100), 1) for share in (50, 90, 99, 100)},
        "chaos": [{"at_s": round(at, 1), "what": what} for at, what in history.marks],
        "findings": tally(findings),
        "details": [{"what": finding.what, "about": finding.about} for finding in findings],
    }


def verdict(report: dict[str, Any]) -> str:
    """In one sentence."""
    if report["passed"]:
        return f"Nothing was lost: all {report['noted']:,} facts stand exactly once, as they were noted."
    if not report["noted"]:
        return "Nothing was played."
    told = ", ".join(f"{count} {what}" for what, count in report["findings"].items())
    return f"This rehearsal failed: {told}."


def page(report: dict[str, Any], history: History) -> str:
    """The HTML file."""
    rows = [
        ("Facts noted by phones", f"{report['noted']:,}"),
        ("Facts that the server answered for", f"{report['settled']:,}"),
        ("Repeats known as repeats", f"{report['repeats_settled']:,}"),
        ("Calls answered", f"{report['calls']['answered']:,}"),
        ("Calls with an unknown outcome", f"{report['calls']['unknown']:,}"),
        *((f"Latency {name}", f"{ms:g} ms") for name, ms in report["latency_ms"].items()),
        *((f"{name.capitalize()}", str(report[name])) for name in ("seed", "speed", "schools", "phones", "engine")),
    ]
    table = "".join(f"<tr><th scope=row>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows)
    faults = "".join(f"<li>{escape(one['what'])}: {escape(one['about'])}</li>" for one in report["details"][:LISTED])
    counts = Counter(int(at) for at, _ms in history.answered)
    calls = [(float(second), float(counts[second])) for second in range(max(counts, default=0) + 1)]
    kind = "" if report["passed"] else " class=bad"
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>Rehearsal report</title><style>{STYLE}</style><h1{kind}>{escape(verdict(report))}</h1>"
        f"<table>{table}</table>"
        f"<h2>Latency as phones saw it, ms</h2>{_plot(history.answered, history)}"
        f"<h2>Calls answered a second</h2>{_plot(calls, history)}"
        + (f"<h2>What is wrong</h2><ul>{faults}</ul>" if faults else "")
        + "</html>\n"
    )


def _plot(points: Sequence[tuple[float, float]], history: History) -> str:
    """Points over seconds; broken lines are what was done to the server."""
    last = max([1.0, *(at for at, _ms in history.answered), *(at for at, _what in history.marks)])
    top = max([1.0, *(value for _at, value in points)])

    def x(at: float) -> str:
        return f"{40 + at / last * (WIDTH - 50):.1f}"

    dots = "".join(
        f"<circle class=data r=2 cx={x(at)} cy={HEIGHT - 20 - value / top * (HEIGHT - 40):.1f} />"
        for at, value in points
    )
    marks = "".join(
        f"<line class=kill x1={x(at)} x2={x(at)} y1=10 y2={HEIGHT - 20}><title>{escape(what)}</title></line>"
        for at, what in history.marks
    )
    return (
        f"<svg viewBox='0 0 {WIDTH} {HEIGHT}' role=img aria-label='over time'>"
        f"<line class=axis x1=40 x2={WIDTH - 10} y1={HEIGHT - 20} y2={HEIGHT - 20} />"
        f"<text x=2 y=24>{top:,.0f}</text><text x=2 y={HEIGHT - 20}>0</text>"
        f"<text x={WIDTH - 50} y={HEIGHT - 4}>{last:,.0f} s</text>{marks}{dots}</svg>"
    )
