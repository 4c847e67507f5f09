"""Draw the app's icons (PNG) from ``static/img/logo.svg`` and write them beside it.

They are committed: run it when the logo changes.

    .venv/bin/python tools/icons.py
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "static" / "img"
#: Name, size in pixels, share of the size that the logo takes, ground (none: transparent). A maskable icon is cut to a
#: circle of 80 %; iOS rounds the corners by itself and makes what is transparent black.
ICONS = (
    ("icon-192", 192, 0.92, None),
    ("icon-512", 512, 0.92, None),
    ("icon-maskable-512", 512, 0.56, "#ffffff"),
    ("icon-180", 180, 0.72, "#ffffff"),
)


def draw(page: Page, logo: str, size: int, share: float, ground: str | None) -> bytes:
    """One icon as PNG."""
    inner = round(size * share)
    page.set_viewport_size({"width": size, "height": size})
    page.set_content(
        f"<style>body {{ margin: 0; display: grid; place-items: center; block-size: 100vh;"
        f" background: {ground or 'transparent'} }} svg {{ inline-size: {inner}px }}</style>{logo}"
    )
    return page.screenshot(omit_background=ground is None)


def main() -> int:
    sys.path.insert(0, str(Path(__file__).parent))
    import chromium

    logo = (IMAGES / "logo.svg").read_text(encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=["--no-sandbox"])
        page = browser.new_page()
        for name, size, share, ground in ICONS:
            (IMAGES / f"{name}.png").write_bytes(draw(page, logo, size, share, ground))
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
