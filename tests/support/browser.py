"""A real Chromium, driven by Playwright, as a phone and as a desk."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType, sync_playwright

ROOT = Path(__file__).resolve().parent.parent.parent
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)


@cache
def executable() -> str:
    """The path of the Chromium to use; tools/chromium.py finds or installs it."""
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import chromium
    finally:
        sys.path.pop(0)
    return chromium.find()


def launch(engine: BrowserType, *, camera: Path | None = None, **options: Any) -> Browser:
    """A headless Chromium; ``camera`` is a .y4m or .mjpeg file that its camera shows, over and over.

    ``engine`` is ``playwright.chromium``; a second browser beside one that runs takes that one's ``browser_type``.
    """
    flags = [*FLAGS]
    if os.geteuid() == 0:
        flags.append("--no-sandbox")
    if camera:
        flags.append(f"--use-file-for-fake-video-capture={camera}")
    return engine.launch(executable_path=executable(), headless=True, args=flags, **options)


@contextmanager
def chromium(*, camera: Path | None = None) -> Iterator[Browser]:
    """A Chromium for as long as the block runs."""
    with sync_playwright() as playwright:
        browser = launch(playwright.chromium, camera=camera)
        try:
            yield browser
        finally:
            browser.close()


def phone(browser: Browser, **options: Any) -> BrowserContext:
    """A small phone, Chinese, with touch and leave to use the camera."""
    return browser.new_context(
        **{
            "viewport": {"width": 360, "height": 740},
            "device_scale_factor": 2,
            "is_mobile": True,
            "has_touch": True,
            "locale": "zh-CN",
            "timezone_id": "Asia/Shanghai",
            "permissions": ["camera"],
            **options,
        }
    )


def desk(browser: Browser, **options: Any) -> BrowserContext:
    """A desk's screen, Chinese."""
    return browser.new_context(
        **{"viewport": {"width": 1440, "height": 900}, "locale": "zh-CN", "timezone_id": "Asia/Shanghai", **options}
    )


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for a worker's whole run; each test makes its own context with :func:`phone` or :func:`desk`."""
    with chromium() as running:
        yield running
