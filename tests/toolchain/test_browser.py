"""The browser that the tests stand on works: a phone's screen and camera, a desk's screen."""

import http.server
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.support.browser import desk, phone

pytestmark = pytest.mark.browser

PAGE = b"""<!doctype html><html lang="zh"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>x</title><video autoplay muted playsinline></video></html>"""
SEE_THROUGH_CAMERA = """async () => {
  const video = document.querySelector('video');
  video.srcObject = await navigator.mediaDevices.getUserMedia({video: true});
  await video.play();
  return video.videoWidth;
}"""


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_phone_has_small_screen_touch_and_camera(browser: Browser, address: str) -> None:
    with phone(browser) as context:
        page = context.new_page()
        page.goto(address)
        assert page.evaluate("[innerWidth, navigator.language, navigator.maxTouchPoints > 0]") == [360, "zh-CN", True]
        assert page.evaluate(SEE_THROUGH_CAMERA) > 0


def test_desk_has_large_screen(browser: Browser, address: str) -> None:
    with desk(browser) as context:
        page = context.new_page()
        page.goto(address)
        assert page.evaluate("[innerWidth, innerHeight]") == [1440, 900]
