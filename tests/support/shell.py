"""The service worker as the tests see it: asked through the page's own module."""

from __future__ import annotations

import time

from playwright.sync_api import Error, Page

READY = """() => import(document.querySelector('script[type=module]').src.replace('app.js', 'shell.js'))
  .then((shell) => shell.shellReady())"""
WITHIN_S = 60


def whole(page: Page) -> None:
    """Wait until the whole app is on this phone: what is fetched when it is first opened is there from now on."""
    give_up_at = time.monotonic() + WITHIN_S
    while True:
        try:
            if page.evaluate(READY):
                return
        except Error as error:  # asked while the page was being loaded again
            if "context was destroyed" not in str(error):
                raise
        assert time.monotonic() < give_up_at, "the app did not become whole"
        time.sleep(0.25)
