"""What every screen is held to: nothing to scroll sideways, nothing too small for a thumb, a title."""

from __future__ import annotations

from playwright.sync_api import Page

#: WCAG 2.5.5: 44 CSS pixels. Links within a line of text are exempt there, and here.
TARGET_PX = 44
_SMALL = """(least) => {
  const found = [];
  const controls = 'a[href], button, select, textarea, summary, input:not([type=hidden])';
  for (const each of document.querySelectorAll(controls)) {
    // A radio button, a box to tick and a hidden choice of files are pressed by their label; a skip link is there once
    // it has the focus.
    const byLabel = each.matches('input[type=radio], input[type=checkbox], input[type=file].visually-hidden');
    const target = byLabel ? each.closest('label') ?? each : each;
    const box = target.getBoundingClientRect();
    if (each.matches('.skip-link') || !target.checkVisibility({visibilityProperty: true}) || box.width === 0) continue;
    if (each.matches('a') && getComputedStyle(each).display === 'inline') continue;
    // Half a pixel is how browsers round.
    if (box.width + 0.5 < least || box.height + 0.5 < least) {
      found.push(`${each.outerHTML.slice(0, 120)}: ${Math.round(box.width)} × ${Math.round(box.height)}`);
    }
  }
  return found;
}"""
_WIDE = """() => {
  // What is cut off on purpose is there for readers only, or says so by its dots.
  const clipped = [...document.querySelectorAll('body *')].filter((element) => {
    const style = getComputedStyle(element);
    return ['hidden', 'clip'].includes(style.overflowX) && style.textOverflow !== 'ellipsis'
      && style.clipPath === 'none' && element.clientWidth > 2 && element.scrollWidth > element.clientWidth + 1;
  }).map((element) => `cut off: ${element.outerHTML.slice(0, 160)}`);
  const wide = document.documentElement.scrollWidth - window.innerWidth;
  if (wide <= 0) return clipped;
  const beyond = (element) => element.getBoundingClientRect().right > innerWidth + 0.5;
  const out = [...document.querySelectorAll('body *')].filter(beyond);
  return [`${wide} px wider than the screen: ${out.at(-1)?.outerHTML.slice(0, 160)}`];
}"""


def too_small(page: Page) -> list[str]:
    """What is there to press and too small for it."""
    found: list[str] = page.evaluate(_SMALL, TARGET_PX)
    return found


def too_wide(page: Page) -> list[str]:
    """What makes the page wider than the screen, or is cut off at its side."""
    found: list[str] = page.evaluate(_WIDE)
    return found
