"""Frames as a phone's camera hands them over at 1280 × 720.

Our cards under what a corridor does to them, on paper and on another phone's screen; pictures without a card; codes
that are not ours, and codes that are damaged.

    .venv/bin/python -m tests.lens.corpus DIR       writes all of them as PNG files, to be looked at

The same seed gives the same frames. The codes are made by `fieldops.roster.cards`, as the printed ones are.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import qrcode
from PIL import Image, ImageDraw, ImageFont

from fieldops.roster import cards
from tests.lens import optics, scenery
from tests.lens.optics import HEIGHT, WIDTH, Corners, Picture

SEED = 2024
#: Pixels of a module in the drawn card, before a camera sees it. In print a module is one millimetre.
FINE = 12
#: A card on the sheet, in modules (millimetres), and where the middle of its code lies (static/css/print.css).
CARD = (63, 55)
CODE_AT = (43.5, 20.5)


@dataclass(frozen=True)
class Frame:
    """One picture. `says`: the texts that it truly holds, each a right reading; `must` be read when it is a card."""

    name: str
    family: str
    says: tuple[str, ...]
    must: bool
    draw: Callable[[], Image.Image]


@dataclass(frozen=True)
class Shot:
    """How a card is held and seen. Angles in degrees; lengths in modules of the code unless said otherwise."""

    module_px: float = 6.0
    roll: float = 4.0
    pitch: float = 0.0
    yaw: float = 0.0
    at: tuple[float, float] = (WIDTH / 2, HEIGHT / 2)
    ink: float = 0.06  # light of the dark modules, 0 to 1
    paper: float = 0.85
    defocus: float = 0.12  # radius
    shake: tuple[float, float] = (0.0, 0.0)  # length, direction
    glare: tuple[float, float, float, float] | None = None  # where off the code's middle, radius, strength
    shadow: tuple[float, float] | None = None  # direction, light that is left
    crease: tuple[float, float] | None = None  # depth, length
    gain: float = 1.0
    photons: float = 4000.0
    read: float = 0.004
    jpeg: int | None = None
    screen: tuple[float, float, float] | None = None  # brightness, moiré, bands


def everything(seed: int = SEED) -> list[Frame]:
    """All frames: cards on paper, the same on a screen, none, not ours, damaged."""
    return [*on_paper(seed), *on_a_screen(seed), *without_a_card(seed), *not_ours(seed), *damaged(seed)]


# --- cards that must be read ------------------------------------------------------------------------------------------


def on_paper(seed: int = SEED) -> list[Frame]:
    """Printed cards, by family."""
    return [_card_frame(f"paper-{name}", name.rsplit("-", 1)[0], shot, seed) for name, shot in _shots(seed)]


def on_a_screen(seed: int = SEED) -> list[Frame]:
    """The same, each shown on a second phone's screen. A screen has no creases and no thin print, but dim light."""
    frames = []
    for name, shot in _shots(seed):
        chance = random.Random(f"{seed} screen {name}")
        brightness = 0.45 if name.startswith("low-contrast") else chance.uniform(0.8, 1.3)
        lit = replace(
            shot,
            screen=(brightness, chance.uniform(0.03, 0.10), chance.uniform(0, 0.08)),
            crease=None,
            ink=0.02,
            paper=1.0,
        )
        frames.append(_card_frame(f"screen-{name}", "screen: " + name.rsplit("-", 1)[0], lit, seed))
    return frames


def _card_frame(name: str, family: str, shot: Shot, seed: int) -> Frame:
    token = token_of(f"{seed} {name}")
    return Frame(name, family, (token,), True, lambda: photograph(cards.qr_modules(token), shot, f"{seed} {name}"))


def _shots(seed: int) -> Iterator[tuple[str, Shot]]:
    """Name and shot of every card: six of each family, from mild to as bad as is still fair to ask.

    Fair is what the code's own error correction can restore: level Q, a quarter of its codewords, and no finder lost.
    """
    chance = random.Random(seed)
    near = chance.uniform
    for n in range(6):
        step = n / 5  # 0 mild, 1 bad
        here = (WIDTH / 2 + near(-160, 160), HEIGHT / 2 + near(-60, 60))
        held = Shot(module_px=near(5, 8), roll=near(-12, 12), pitch=near(-8, 8), yaw=near(-8, 8), at=here)
        yield f"plain-{n}", replace(held, module_px=4.5 + 1.5 * n)
        yield f"motion-{n}", replace(held, shake=(0.5 + 0.7 * step, near(0, 180)))
        yield f"defocus-{n}", replace(held, defocus=0.3 + 0.45 * step)
        tilt = 20 + 32 * step
        yield f"tilt-{n}", replace(held, pitch=tilt * (1, 0, 0.7)[n % 3], yaw=tilt * (0, -1, 0.7)[n % 3])
        yield f"rotation-{n}", replace(held, roll=(30, 45, 90, 137, 180, 261)[n])
        yield f"glare-{n}", replace(held, glare=(near(-4, 4), near(-4, 4), 1.8 + 1.6 * step, 0.5 + 1.0 * step))
        yield f"low-light-{n}", replace(held, gain=0.3 - 0.2 * step, photons=500, read=0.004 + 0.006 * step)
        yield f"small-{n}", replace(held, module_px=3.4 - 1.0 * step, defocus=0.2)
        yield f"shadow-{n}", replace(held, shadow=(near(0, 360), 0.45 - 0.33 * step))
        yield f"crease-{n}", replace(held, crease=(0.2 + 0.3 * step, near(24, 40)))
        yield f"low-contrast-{n}", replace(held, ink=0.25 + 0.13 * step, paper=0.75 - 0.1 * step)
        yield f"jpeg-{n}", replace(held, module_px=near(4, 6), jpeg=round(35 - 23 * step))
        yield (
            f"mixed-{n}",
            replace(
                held,
                module_px=near(4.2, 6),
                pitch=10 + 15 * step,
                yaw=-8 - 12 * step,
                roll=near(-60, 60),
                defocus=0.25,
                shake=(0.4 * step, near(0, 180)),
                shadow=(near(0, 360), 0.55),
                gain=0.6 - 0.25 * step,
                photons=900,
                jpeg=60,
            ),
        )


# --- pictures that must not be read, or only for what they say --------------------------------------------------------


def without_a_card(seed: int = SEED) -> list[Frame]:
    """Tables, clothes, text, grids, squares in squares: nothing that is a code."""
    return [
        Frame(f"none-{name}-{n}", "no card", (), False, _scene(paint, f"{seed} {name} {n}"))
        for name, paint in scenery.SCENES.items()
        for n in range(2)
    ]


def _scene(paint: scenery.Paint, key: str) -> Callable[[], Image.Image]:
    def draw() -> Image.Image:
        chance = scenery.chance_of(key)
        light = optics.defocus(optics.uneven(paint(chance)), chance.uniform(0.4, 2.0))
        return optics.stored(optics.exposed(light, chance, gain=chance.uniform(0.4, 1.1), photons=1500, read=0.005))

    return draw


#: Other people's codes that lie on tables.
FOREIGN = (
    "https://u.wechat.com/EAxkZ3VhbmdkMjAyNGFiY2Q",
    "http://weixin.qq.com/r/5DpKuUnEaZ3Frd2E93jV",
    "https://example.com/menu?table=7",
    "4418230104017",
    "6901234567892",
    "WIFI:T:WPA;S:office;P:12345678;;",
    "441823010417",
    "中文内容：会议签到",
    "F1",
    "F10123456789ABCDEF0",  # made like ours, its check character wrong
)


def not_ours(seed: int = SEED) -> list[Frame]:
    """Codes of others, at other sizes and error levels."""
    frames = []
    for n, text in enumerate(FOREIGN):
        code = qrcode.QRCode(error_correction=n % 4, border=0)
        code.add_data(text)
        code.make(fit=True)
        modules = [[bool(module) for module in row] for row in code.modules]
        shot = Shot(module_px=150 / len(modules), roll=-30 + 7 * n, pitch=3 * n, defocus=0.15 + 0.03 * n)
        frames.append(Frame(f"foreign-{n}", "not ours", (text,), False, _photographer(modules, shot, f"{seed} f{n}")))
    return frames


def damaged(seed: int = SEED) -> list[Frame]:
    """Our cards, torn, scribbled over, with modules flipped or wiped: to be read right or not at all."""
    frames = []
    for n in range(12):
        key = f"{seed} damaged {n}"
        chance = random.Random(key)
        token = token_of(key)
        modules = cards.qr_modules(token)
        size = len(modules)
        if n % 3 == 0:  # print of another token over a part of it: two cards stuck together
            other = cards.qr_modules(token_of(key + " other"))
            edge = chance.randrange(8, 17)
            modules = [row[:edge] + another[edge:] for row, another in zip(modules, other, strict=True)]
        elif n % 3 == 1:  # specks
            for _ in range(40 + 12 * n):
                row, column = chance.randrange(size), chance.randrange(size)
                modules[row][column] = not modules[row][column]
        else:  # a stroke of ink or of correction fluid
            top, tall, dark = chance.randrange(8, 14), chance.randrange(4, 10), chance.random() < 0.5
            for row in range(top, min(size, top + tall)):
                modules[row][2:-2] = [dark] * (size - 4)
        shot = Shot(module_px=chance.uniform(5, 8), roll=chance.uniform(-30, 30), pitch=chance.uniform(-15, 15))
        says = (token, token_of(key + " other")) if n % 3 == 0 else (token,)
        frames.append(Frame(f"damaged-{n}", "damaged", says, False, _photographer(modules, shot, key)))
    return frames


def _photographer(modules: list[list[bool]], shot: Shot, key: str) -> Callable[[], Image.Image]:
    return lambda: photograph(modules, shot, key)


# --- drawing ----------------------------------------------------------------------------------------------------------


def token_of(key: str) -> str:
    """A token as `cards.new_token` makes them, but the same for the same key."""
    chance = random.Random("token " + key)
    body = "".join(chance.choice(cards.ALPHABET) for _ in range(cards.RANDOM_CHARACTERS))
    return cards.PREFIX + body + cards.check_character(body)


def photograph(modules: list[list[bool]], shot: Shot, key: str) -> Image.Image:
    """A card with these modules, seen by a camera."""
    chance = scenery.chance_of(key)
    painters = list(scenery.TABLES.values())
    background = painters[int(chance.integers(len(painters)))](chance)
    surface, corners = (_phone if shot.screen else _card)(modules, shot)
    corners = optics.hold(corners, roll=shot.roll, pitch=shot.pitch, yaw=shot.yaw, scale=shot.module_px, at=shot.at)
    light, cover = optics.lay(background, surface, corners)
    if shot.screen:
        brightness, moire, bands = shot.screen
        light = light * (1 + (brightness - 1) * cover[..., None])
        light = optics.subpixels(light, cover, chance, moire=moire, bands=bands)
    return optics_of(light, shot, chance)


def optics_of(light: Picture, shot: Shot, chance: np.random.Generator) -> Image.Image:
    """What becomes of the light on its way to the file."""
    px, (x, y) = shot.module_px, shot.at
    if shot.crease:
        light = optics.crease(light, chance, depth=shot.crease[0] * px, long=shot.crease[1] * px)
    # A screen shines by itself: a shadow takes little from it.
    if shot.shadow:
        direction, left = shot.shadow
        left = max(left, 0.7) if shot.screen else left
        light = optics.shadow(light, (x, y), direction, soft=1.5 * px, dark=left)
    light = optics.uneven(light)
    if shot.glare:
        across, down, radius, strength = shot.glare
        light = optics.glare(light, (x + across * px, y + down * px), (radius * px * 1.5, radius * px), strength)
    light = optics.defocus(light, shot.defocus * px)
    if shot.shake[0]:
        light = optics.shake(light, shot.shake[0] * px, shot.shake[1])
    light = optics.exposed(light, chance, gain=shot.gain, photons=shot.photons, read=shot.read)
    image = optics.stored(light)
    return optics.jpeg(image, shot.jpeg) if shot.jpeg else image


def _grey(light: float) -> tuple[int, int, int]:
    value = round(255 * light ** (1 / optics.GAMMA))
    return value, value, value


def _around(left: float, top: float, wide: float, tall: float, middle: tuple[float, float]) -> Corners:
    """Corners of a rectangle about the middle of the code, in modules."""
    x, y = left - middle[0], top - middle[1]
    return np.array([(x, y), (x + wide, y), (x + wide, y + tall), (x, y + tall)], float)


def _draw_code(image: Image.Image, modules: list[list[bool]], middle: tuple[float, float], ink: float) -> None:
    """The code's dark modules, the whole always 25 modules wide whatever its version."""
    draw = ImageDraw.Draw(image)
    side = cards.QR_MODULES / len(modules)
    left, top = (each - cards.QR_MODULES / 2 for each in middle)
    for row, each in enumerate(modules):
        for column, dark in enumerate(each):
            if dark:
                x, y = (left + column * side) * FINE, (top + row * side) * FINE
                draw.rectangle((round(x), round(y), round(x + side * FINE) - 1, round(y + side * FINE) - 1), _grey(ink))


def _card(modules: list[list[bool]], shot: Shot) -> tuple[Image.Image, Corners]:
    """A card of the sheet: seat and name left, the code right."""
    wide, tall = CARD
    image = Image.new("RGB", (wide * FINE, tall * FINE), _grey(shot.paper))
    draw = ImageDraw.Draw(image)
    draw.rectangle((1, 1, wide * FINE - 2, tall * FINE - 2), outline=_grey(0.35), width=FINE // 4)
    for words, size, at in (
        ("07", 11, (4, 4)),
        ("Room 1", 3, (4, 17)),
        ("Zhang San", 6, (4, 38)),
        ("Class 3", 3, (4, 48)),
    ):
        draw.text((at[0] * FINE, at[1] * FINE), words, _grey(shot.ink), ImageFont.load_default(size * FINE))
    _draw_code(image, modules, CODE_AT, shot.ink)
    return image, _around(0, 0, wide, tall, CODE_AT)


def _phone(modules: list[list[bool]], shot: Shot) -> tuple[Image.Image, Corners]:
    """A phone that shows the card's code: black rim, a bar above, some words below."""
    wide, tall, middle = 43, 88, (21.5, 38.0)
    image = Image.new("RGB", (wide * FINE, tall * FINE), _grey(0.01))
    draw = ImageDraw.Draw(image)
    draw.rectangle((2 * FINE, 3 * FINE, (wide - 2) * FINE, (tall - 3) * FINE), _grey(shot.paper))
    draw.rectangle((2 * FINE, 3 * FINE, (wide - 2) * FINE, 9 * FINE), (20, 90, 160))
    draw.text((6 * FINE, 62 * FINE), "07  Zhang San", _grey(shot.ink), ImageFont.load_default(4 * FINE))
    _draw_code(image, modules, middle, shot.ink)
    return image, _around(0, 0, wide, tall, middle)


def main(folder: Path) -> None:
    """Write all frames into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for frame in everything():
        frame.draw().save(folder / f"{frame.name}.png", compress_level=1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
