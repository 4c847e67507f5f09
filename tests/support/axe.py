"""Accessibility of a page as axe-core sees it, run in the page itself."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = Path(__file__).resolve().parent.parent.parent / "node_modules" / "axe-core" / "axe.min.js"
#: WCAG 2.2 AA and axe's own good habits.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@cache
def _source() -> str:
    return AXE.read_text(encoding="utf-8")


def violations(page: Page) -> list[str]:
    """What axe finds wrong, one line each: the rule, what it says, where. An empty list is what a test wants."""
    # Evaluated by the debugger, not added as a script: the page's Content-Security-Policy would refuse that, rightly.
    page.evaluate(f"() => {{ {_source()}\n }}")
    found: dict[str, Any] = page.evaluate(
        "rules => window.axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})", RULES
    )
    return [
        f"{wrong['id']}: {wrong['help']}: {'; '.join(' '.join(map(str, node['target'])) for node in wrong['nodes'])}"
        for wrong in found["violations"]
    ]
