"""What a phone's camera sees: a printed card on a table, drawn into the file that Chromium takes for its camera."""

from __future__ import annotations

import io
from pathlib import Path

import qrcode
from PIL import Image, ImageFilter
from playwright.sync_api import Locator

WIDTH, HEIGHT = 1280, 720
TABLE = (148, 126, 98)
#: A card of 55 mm, held so that it fills half of the picture's height; hands are never straight.
CARD_HEIGHT = 400
TILT_DEGREES = 7.0
#: The camera of a cheap phone at arm's length: edges are never sharp.
BLUR = 1.2


class Camera:
    """A .y4m file of one frame, which Chromium reads again and again: what is written into it is seen at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._show(Image.new("RGB", (WIDTH, HEIGHT), TABLE))

    def show_table(self) -> None:
        """Nothing in front of the camera."""
        self._show(Image.new("RGB", (WIDTH, HEIGHT), TABLE))

    def show(self, card: Locator, *, tilt: float = TILT_DEGREES, blur: float = BLUR, height: int = CARD_HEIGHT) -> None:
        """Hold a card, as the page prints it, before the camera."""
        self._hold(Image.open(io.BytesIO(card.screenshot())).convert("RGB"), tilt, blur, height)

    def show_code(self, text: str) -> None:
        """Hold any QR code before the camera: one that is not ours."""
        code = qrcode.QRCode(border=4, box_size=10)
        code.add_data(text)
        self._hold(code.make_image().get_image().convert("RGB"), TILT_DEGREES, BLUR, CARD_HEIGHT)

    def _hold(self, printed: Image.Image, tilt: float, blur: float, height: int) -> None:
        size = (round(printed.width * height / printed.height), height)
        held = printed.resize(size, Image.Resampling.LANCZOS).convert("RGBA")
        held = held.rotate(tilt, Image.Resampling.BICUBIC, expand=True)
        frame = Image.new("RGB", (WIDTH, HEIGHT), TABLE)
        frame.paste(held, ((WIDTH - held.width) // 2, (HEIGHT - held.height) // 2), held)
        self._show(frame.filter(ImageFilter.GaussianBlur(blur)))

    def _show(self, frame: Image.Image) -> None:
        luma, blue, red = frame.convert("YCbCr").split()
        half = (WIDTH // 2, HEIGHT // 2)
        planes = luma.tobytes() + blue.resize(half).tobytes() + red.resize(half).tobytes()
        data = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F15:1 Ip A1:1\nFRAME\n".encode() + planes
        # In place: the browser holds the file open, and every frame is of the same length.
        with self.path.open("r+b" if self.path.exists() else "wb") as file:
            file.write(data)
