"""Contrast of what is read, computed from the style sheet's own colours: 7:1 in both themes (WCAG 2.2, 1.4.6)."""

from __future__ import annotations

import re

import pytest

from fieldops.web.statuses import STATUSES, TONES
from tests.web.conftest import ROOT

TOKENS = (ROOT / "static" / "css" / "tokens.css").read_text(encoding="utf-8")
DARK = re.findall(r"/\* dark \*/(.*?)/\* end \*/", TOKENS, re.DOTALL)


def colours(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6});", block))


LIGHT = colours(TOKENS[: TOKENS.index("@media")])
THEMES = {"light": LIGHT, "dark": {**LIGHT, **colours(DARK[0])}}

READ = [
    *((ink, ground) for ink in ("ink", "ink-soft", "accent-ink") for ground in ("page", "surface", "raised", "sunken")),
    *((ink, "surface") for ink in ("good-ink", "bad-ink", "warn-ink", "info-ink", "muted-ink")),
    *((f"{tone}-ink", f"{tone}-soft") for tone in TONES),
    *((f"on-{tone}-fill", f"{tone}-fill") for tone in TONES),
    ("on-accent-fill", "accent-fill"),
    ("on-accent-fill", "accent-fill-pressed"),
    ("ink", "accent-soft"),
    ("accent-ink", "accent-soft"),
    ("bad-ink", "page"),
]


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("ink", "ground"), READ)
def test_text_holds_seven_to_one(theme: str, ink: str, ground: str) -> None:
    assert contrast(THEMES[theme][ink], THEMES[theme][ground]) >= 7


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ground", ["page", "surface", "raised"])
def test_edges_of_controls_and_focus_hold_three_to_one(theme: str, ground: str) -> None:
    for edge in ("line-strong", "focus"):
        assert contrast(THEMES[theme][edge], THEMES[theme][ground]) >= 3


def test_both_dark_sets_are_one() -> None:
    first, second = (re.sub(r"\s+", " ", block).strip() for block in DARK)
    assert first == second
    assert set(colours(first)) >= {name for name in LIGHT if not name.startswith("--")}


def test_states_words_icons_and_tones_agree() -> None:
    sheet = (ROOT / "static" / "css" / "status.css").read_text(encoding="utf-8")
    sprite = (ROOT / "static" / "img" / "icons.svg").read_text(encoding="utf-8")
    for name, status in STATUSES.items():
        assert f'id="{status.icon}"' in sprite, name
        rule = next(part for part in re.findall(r"([^{}]+)\{[^}]*\}", sheet) if re.search(rf"\.chip--{name}\b", part))
        assert f".is-{status.tone}," in rule, name
