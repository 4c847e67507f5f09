"""Measures how long a fact takes from a thumb to somebody else's screen, inside the pages, by one computer's clock."""

from __future__ import annotations

from typing import NamedTuple

from playwright.sync_api import Page

#: Keeps the moment at which a condition is first seen to hold, looked at after every change of the page.
_WATCH = """([selector, text, attribute]) => {
  const holds = () => {
    const at = document.querySelector(selector);
    if (!at) return false;
    return attribute ? at.getAttribute(attribute)?.includes(text) : at.textContent.includes(text);
  };
  window.__seen = new Promise((resolve, reject) => {
    const look = () => {
      if (!holds()) return;
      watcher.disconnect();
      resolve(Date.now());
    };
    const watcher = new MutationObserver(look);
    watcher.observe(document.documentElement, {subtree: true, childList: true, characterData: true, attributes: true});
    const late = () => reject(new Error(`${selector}: ${text}: ${document.querySelector(selector)?.textContent}`));
    setTimeout(late, 10000);
    look();
  });
}"""
#: The last tap, and the answers of the server to what was sent: the fact is received when its answer begins.
_SENT = """() => performance.getEntriesByType('resource')
  .filter((entry) => entry.name.endsWith('/api/v1/events'))
  .map((entry) => performance.timeOrigin + entry.responseStart)"""
_TAPS = """() => {
  if (window.__tapping) return;
  window.__tapping = true;
  document.addEventListener('click', () => { window.__tapped = Date.now(); }, {capture: true});
}"""


class Taken(NamedTuple):
    """Seconds until somebody else saw it."""

    from_tap: float
    from_receipt: float


class Watch:
    """From now on a page watches for a text (of an attribute, when one is named) while a phone is tapped.

    The text must not be there yet.
    """

    def __init__(self, sender: Page, watcher: Page, selector: str, text: str, attribute: str = "") -> None:
        self._sender, self._watcher = sender, watcher
        shown = watcher.evaluate(
            "([s, t, a]) => { const e = document.querySelector(s);"
            " return Boolean(e && (a ? e.getAttribute(a) ?? '' : e.textContent).includes(t)); }",
            [selector, text, attribute],
        )
        assert not shown, f"{selector} says {text} already"
        sender.evaluate(_TAPS)
        sender.evaluate("() => { window.__tapped = Date.now(); }")
        watcher.evaluate(_WATCH, [selector, text, attribute])

    def taken(self) -> Taken:
        """Wait until it is seen."""
        seen: float = self._watcher.evaluate("() => window.__seen")
        tapped: float = self._sender.evaluate("() => window.__tapped")
        received = [at for at in self._sender.evaluate(_SENT) if tapped <= at <= seen]
        return Taken((seen - tapped) / 1000, (seen - max(received, default=tapped)) / 1000)
