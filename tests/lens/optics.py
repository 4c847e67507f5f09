"""What light does between a card and a camera's sensor: pure functions of pictures, in linear light.

A picture is an array of height × width × 3, 0 is black and 1 is white paper in good light; more is overexposed. Lengths
are in pixels, angles in degrees.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Picture = NDArray[np.float32]
Corners = NDArray[np.float64]

WIDTH, HEIGHT = 1280, 720
#: Focal length of a phone's main camera at 720p, in pixels: about 65° across.
FOCAL = 1000.0
#: Light is drawn at this multiple and averaged, as a sensor's pixel does.
OVERSAMPLING = 2
GAMMA = 2.2


def linear(image: Image.Image) -> Picture:
    """Light of a picture that was stored with the usual gamma."""
    return ((np.asarray(image.convert("RGB"), np.float32) / 255.0) ** GAMMA).astype(np.float32)


def stored(light: Picture) -> Image.Image:
    """What the camera hands over: clipped, with gamma, in 8 bits."""
    values = np.clip(light, 0.0, 1.0) ** np.float32(1.0 / GAMMA)
    return Image.fromarray(np.round(values * 255.0).astype(np.uint8), "RGB")


def hold(corners: Corners, *, roll: float, pitch: float, yaw: float, scale: float, at: tuple[float, float]) -> Corners:
    """Where the corners of a flat thing come to lie that is turned about its origin and seen by a pinhole camera."""
    r, p, y = np.radians((roll, pitch, yaw))
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    solid = np.column_stack([corners * scale, np.zeros(len(corners))]) @ (about_y @ about_x @ about_z).T
    return np.asarray(solid[:, :2] * (FOCAL / (FOCAL + solid[:, 2:])) + np.array(at))


def lay(background: Picture, surface: Image.Image, corners: Corners) -> tuple[Picture, Picture]:
    """A flat thing laid on a background by its four corners (from top left, clockwise); also how much of it is seen."""
    low = np.clip(np.floor(corners.min(axis=0)).astype(int) - 1, 0, (WIDTH, HEIGHT))
    high = np.clip(np.ceil(corners.max(axis=0)).astype(int) + 1, 0, (WIDTH, HEIGHT))
    size = (int(high[0] - low[0]) * OVERSAMPLING, int(high[1] - low[1]) * OVERSAMPLING)
    coefficients = _perspective((corners - low) * OVERSAMPLING, surface.size)
    seen = surface.convert("RGBA").transform(size, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BILINEAR)
    pixels = np.asarray(seen, np.float32) / np.float32(255)
    light, covered = pixels[..., :3] ** np.float32(GAMMA), pixels[..., 3:]
    light, covered = _averaged(light * covered), _averaged(covered)
    picture, cover = background.copy(), np.zeros((HEIGHT, WIDTH), np.float32)
    box = np.s_[low[1] : high[1], low[0] : high[0]]
    picture[box] = picture[box] * (1 - covered) + light
    cover[box] = covered[..., 0]
    return picture, cover


def _perspective(corners: Corners, size: tuple[int, int]) -> tuple[float, ...]:
    """The eight numbers that lead from a pixel of the frame to one of the surface."""
    width, height = size
    rows, values = [], []
    for (x, y), (u, v) in zip(corners, ((0, 0), (width, 0), (width, height), (0, height)), strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return tuple(float(number) for number in np.linalg.solve(np.array(rows, float), np.array(values, float)))


def _averaged(fine: Picture) -> Picture:
    height, width, depth = fine.shape
    n = OVERSAMPLING
    return fine.reshape(height // n, n, width // n, n, depth).mean(axis=(1, 3), dtype=np.float32)


def _spread(light: Picture, spot: NDArray[np.float64]) -> Picture:
    """Each point of light spread into a spot (of odd size)."""
    tall, wide = spot.shape
    kernel = np.zeros(light.shape[:2], np.float32)
    kernel[:tall, :wide] = spot / spot.sum()
    kernel = np.roll(kernel, (-(tall // 2), -(wide // 2)), (0, 1))
    passed = np.fft.rfft2(kernel)[..., None]
    spread = np.fft.irfft2(np.fft.rfft2(light, axes=(0, 1)) * passed, light.shape[:2], axes=(0, 1))
    return np.maximum(spread, 0).astype(np.float32)


def defocus(light: Picture, radius: float) -> Picture:
    """Out of focus: each point is a disc with a soft rim."""
    half = int(radius) + 2
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    return _spread(light, np.clip(radius + 0.5 - np.hypot(x, y), 0, 1))


def shake(light: Picture, length: float, angle: float) -> Picture:
    """Moved while the shutter was open: each point is a line."""
    half = int(length / 2) + 2
    spot = np.zeros((2 * half + 1, 2 * half + 1))
    for step in np.linspace(-length / 2, length / 2, 8 * half):
        x, y = half + step * np.cos(np.radians(angle)), half + step * np.sin(np.radians(angle))
        left, top = int(x), int(y)
        for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
            spot[top + dy, left + dx] += (1 - abs(x - left - dx)) * (1 - abs(y - top - dy))
    return _spread(light, spot)


def glare(light: Picture, at: tuple[float, float], radii: tuple[float, float], strength: float) -> Picture:
    """A lamp mirrored in a laminated card: a spot of light with a soft rim, added to what is there."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    away = ((x - at[0]) / radii[0]) ** 2 + ((y - at[1]) / radii[1]) ** 2
    return light + (strength * np.exp(-(away**2)))[..., None].astype(np.float32)


def shadow(light: Picture, at: tuple[float, float], angle: float, *, soft: float, dark: float) -> Picture:
    """A hand's or a head's shadow over one side of a line; `dark` is the share of light that is left there."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    side = (x - at[0]) * np.cos(np.radians(angle)) + (y - at[1]) * np.sin(np.radians(angle))
    share = dark + (1 - dark) / (1 + np.exp(-side / soft))
    return light * share[..., None].astype(np.float32)


def uneven(light: Picture) -> Picture:
    """A lens gives its corners less light."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    away = ((x - WIDTH / 2) / WIDTH) ** 2 + ((y - HEIGHT / 2) / HEIGHT) ** 2
    return light * (1 - 0.5 * away)[..., None].astype(np.float32)


def crease(light: Picture, chance: np.random.Generator, *, depth: float, long: float) -> Picture:
    """A card that was carried in a pocket: waves that bend it (by `depth`) and shade it."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    across, down, shade = np.zeros_like(x), np.zeros_like(x), np.ones_like(x)
    for _ in range(2):
        angle, phase = chance.uniform(0, np.pi), chance.uniform(0, 2 * np.pi)
        wave = (x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / (long * chance.uniform(0.7, 1.5)) + phase
        across += depth * np.sin(wave) * np.cos(angle)
        down += depth * np.sin(wave) * np.sin(angle)
        shade += 0.1 * np.cos(wave)
    u, v = np.clip(x + across, 0, WIDTH - 1.001), np.clip(y + down, 0, HEIGHT - 1.001)
    left, top = u.astype(int), v.astype(int)
    fx, fy = (u - left)[..., None], (v - top)[..., None]
    upper = light[top, left] * (1 - fx) + light[top, left + 1] * fx
    lower = light[top + 1, left] * (1 - fx) + light[top + 1, left + 1] * fx
    return ((upper * (1 - fy) + lower * fy) * shade[..., None]).astype(np.float32)


def subpixels(light: Picture, cover: Picture, chance: np.random.Generator, *, moire: float, bands: float) -> Picture:
    """What a lit screen adds where it covers the picture: moiré of its grid, each colour shifted, and rolling bands."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    grid = np.ones_like(light)
    # The screen's rows and columns are finer than the sensor's: what is left of them is their difference.
    for frequency in (chance.uniform(0.03, 0.12), chance.uniform(0.2, 0.45)):
        for turn in (0.0, np.pi / 2):
            angle = chance.uniform(-0.2, 0.2) + turn
            wave = 2 * np.pi * frequency * (x * np.cos(angle) + y * np.sin(angle))
            for colour in range(3):
                grid[..., colour] *= 1 + moire * np.sin(wave + colour * 2 * np.pi / 3)
    grid *= (1 + bands * np.sin(2 * np.pi * y / chance.uniform(90, 260) + chance.uniform(0, 6)))[..., None]
    share = cover[..., None]
    return (light * (1 - share + share * grid)).astype(np.float32)


def exposed(light: Picture, chance: np.random.Generator, *, gain: float, photons: float, read: float) -> Picture:
    """What the sensor counts: `photons` that white gives a pixel at gain 1, and noise of reading (of full scale)."""
    counted = np.clip(light * np.float32(gain), 0, 4)
    noise = np.sqrt(counted / np.float32(photons) + np.float32(read**2))
    return counted + noise * chance.standard_normal(light.shape, np.float32)


def jpeg(image: Image.Image, quality: int) -> Image.Image:
    """The picture after a lossy encoder: cheap phones hand over the video's, not the sensor's."""
    data = io.BytesIO()
    image.save(data, "JPEG", quality=quality)
    return Image.open(data).convert("RGB")
