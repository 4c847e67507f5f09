"""What else a camera sees in a corridor: tables to lay a card on, and things that look a little like a code."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tests.lens.optics import HEIGHT, WIDTH, Picture, linear

Paint = Callable[[np.random.Generator], Picture]


def chance_of(key: str) -> np.random.Generator:
    """Random numbers that are the same for the same words."""
    return np.random.default_rng(zlib.crc32(key.encode()))


def _plain(chance: np.random.Generator) -> Picture:
    colour = chance.uniform(0.05, 0.6, 3)
    return np.broadcast_to(colour, (HEIGHT, WIDTH, 3)).astype(np.float32)


def _wood(chance: np.random.Generator) -> Picture:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    grain = np.sin(y / chance.uniform(6, 20) + 3 * np.sin(x / chance.uniform(150, 400)))
    fine = chance.normal(0, 0.05, (HEIGHT, 1))
    shade = (1 + 0.2 * grain + fine)[..., None] * np.array([0.42, 0.26, 0.12])
    return np.clip(shade, 0, 1).astype(np.float32)


def _cloth(chance: np.random.Generator) -> Picture:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    side = int(chance.integers(14, 40))
    stripes = 0.5 * ((x // side) % 2) + 0.5 * ((y // side) % 2)
    return (0.08 + 0.5 * stripes[..., None] * chance.uniform(0.3, 1, 3)).astype(np.float32)


def _drawn(chance: np.random.Generator, draw_on: Callable[[ImageDraw.ImageDraw], None], paper: int = 235) -> Picture:
    image = Image.new("RGB", (WIDTH, HEIGHT), (paper, paper, paper - 5))
    draw_on(ImageDraw.Draw(image))
    return linear(image.rotate(float(chance.uniform(-15, 15)), Image.Resampling.BILINEAR, fillcolor=(150, 140, 120)))


def _text(chance: np.random.Generator) -> Picture:
    size = int(chance.integers(14, 34))
    font = ImageFont.load_default(size)

    def draw(on: ImageDraw.ImageDraw) -> None:
        for line in range(HEIGHT // (size + 8)):
            words = " ".join("".join(chr(97 + int(c)) for c in chance.integers(0, 26, 6)) for _ in range(16))
            on.text((60, 20 + line * (size + 8)), words, (30, 30, 30), font)

    return _drawn(chance, draw)


def _form(chance: np.random.Generator) -> Picture:
    """A list with ruled boxes, some ticked."""
    wide, tall = int(chance.integers(30, 90)), int(chance.integers(22, 50))

    def draw(on: ImageDraw.ImageDraw) -> None:
        for x in range(40, WIDTH - 40, wide):
            for y in range(30, HEIGHT - 30, tall):
                on.rectangle((x, y, x + wide, y + tall), outline=(60, 60, 60), width=2)
                if chance.random() < 0.3:
                    on.rectangle((x + 6, y + 6, x + tall - 8, y + tall - 8), fill=(25, 25, 25))

    return _drawn(chance, draw)


def _finders(chance: np.random.Generator) -> Picture:
    """Squares in squares, as at the corners of a code, and nothing between them."""

    def draw(on: ImageDraw.ImageDraw) -> None:
        for _ in range(9):
            x, y, m = (int(chance.integers(low, high)) for low, high in ((40, 1100), (40, 600), (4, 12)))
            for inset, colour in ((0, 20), (1, 235), (2, 20)):
                on.rectangle((x + inset * m, y + inset * m, x + (7 - inset) * m, y + (7 - inset) * m), (colour,) * 3)

    return _drawn(chance, draw)


def _specks(chance: np.random.Generator) -> Picture:
    """Modules without any order, of a code's size."""
    m = int(chance.integers(4, 10))
    grid = chance.random((HEIGHT // m + 1, WIDTH // m + 1)) < 0.5
    large = np.kron(grid, np.ones((m, m)))[:HEIGHT, :WIDTH]
    return (0.05 + 0.8 * large[..., None] * np.ones(3)).astype(np.float32)


def _bars(chance: np.random.Generator) -> Picture:
    """A barcode as on a water bottle."""

    def draw(on: ImageDraw.ImageDraw) -> None:
        x = 200
        while x < 1000:
            wide, gap = (4 * int(n) for n in chance.integers(1, 5, 2))
            on.rectangle((x, 220, x + wide - 1, 480), (20, 20, 20))
            x += wide + gap

    return _drawn(chance, draw)


def _hand(chance: np.random.Generator) -> Picture:
    """Somebody's hand, near and out of focus, over a table."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    cx, cy = chance.uniform(300, 900), chance.uniform(200, 500)
    inside = 1 / (1 + np.exp((np.hypot((x - cx) / 1.4, y - cy) - 220) / 12))
    skin = np.array([0.62, 0.36, 0.25])
    return (_wood(chance) * (1 - inside[..., None]) + inside[..., None] * skin).astype(np.float32)


def _noise(chance: np.random.Generator) -> Picture:
    """The lens is covered: the sensor's own noise."""
    return np.clip(chance.normal(0.02, 0.03, (HEIGHT, WIDTH, 3)), 0, 1).astype(np.float32)


def _window(chance: np.random.Generator) -> Picture:
    """Against a bright window with a frame."""
    picture = np.full((HEIGHT, WIDTH, 3), 1.6, np.float32)
    step = int(chance.integers(120, 300))
    for x in range(0, WIDTH, step):
        picture[:, x : x + 30] = 0.05
    for y in range(0, HEIGHT, step):
        picture[y : y + 30] = 0.05
    return picture


#: What a card may lie on.
TABLES: dict[str, Paint] = {
    "plain": _plain,
    "wood": _wood,
    "cloth": _cloth,
    "form": _form,
    "text": _text,
    "hand": _hand,
}
#: What is seen when there is no card.
SCENES: dict[str, Paint] = {
    **TABLES,
    "finders": _finders,
    "specks": _specks,
    "bars": _bars,
    "noise": _noise,
    "window": _window,
}
