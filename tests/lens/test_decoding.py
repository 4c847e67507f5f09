"""The phone's own decoder over the corpus, in a real Chromium: what it reads, how fast, what the page feels of it."""

from __future__ import annotations

import io
import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Route

from tests.lens import corpus
from tests.support.browser import phone
from tests.support.server import LiveServer

#: Aims of point 3 of the phone's issue.
READ_AT_LEAST = 0.95
P95_MS = 60
BLOCKED_MS = 50
#: The machine has others on it: a frame's time is the least of so many.
RUNS = 3

#: As `Camera.#look` does it: draw, take the pixels, decode. A timer beside it notes how long the page could not run.
READ = """async ([module, names, runs]) => {
  const { loadDecoder } = await import(module);
  const decode = await loadDecoder();
  const canvas = document.createElement("canvas");
  canvas.width = 1280;
  canvas.height = 720;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  let ticked = 0;
  let gap = 0;
  const tick = () => {
    const now = performance.now();
    gap = Math.max(gap, now - ticked);
    ticked = now;
  };
  const timer = setInterval(tick, 4);
  const found = [];
  for (const name of names) {
    const answer = await fetch(`/lens/${name}.png`);
    const picture = await createImageBitmap(await answer.blob());
    const texts = new Set();
    let ms = Infinity;
    let blocked = Infinity;
    for (let run = 0; run < runs; run += 1) {
      await new Promise((resolve) => setTimeout(resolve, 8));
      ticked = performance.now();
      gap = 0;
      context.drawImage(picture, 0, 0);
      const image = context.getImageData(0, 0, 1280, 720);
      const start = performance.now();
      texts.add(await decode(image));
      ms = Math.min(ms, performance.now() - start);
      tick();
      blocked = Math.min(blocked, gap);
    }
    found.push({ name, texts: [...texts], ms, blocked });
    picture.close();
  }
  clearInterval(timer);
  return found;
}"""


def _share(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


@pytest.fixture
def page(app: Flask, live_server: LiveServer, browser: Browser) -> Iterator[Page]:
    context = phone(browser)
    page = context.new_page()
    page.goto(live_server.url + "/sign-in")
    yield page
    context.close()


@pytest.fixture
def read(app: Flask, page: Page) -> Callable[[list[corpus.Frame]], list[dict[str, Any]]]:
    """Puts frames before the decoder; what it read of each, its milliseconds and those the page was blocked."""

    def deliver(frames: list[corpus.Frame]) -> list[dict[str, Any]]:
        by_name = {frame.name: frame for frame in frames}

        def answer(route: Route) -> None:
            data = io.BytesIO()
            by_name[route.request.url.rsplit("/", 1)[1].removesuffix(".png")].draw().save(data, "PNG", compress_level=1)
            route.fulfill(body=data.getvalue(), content_type="image/png")

        with app.test_request_context():
            module = app.jinja_env.globals["asset"]("phone/camera.js")
        page.route("**/lens/*.png", answer)
        found: list[dict[str, Any]] = page.evaluate(READ, [module, list(by_name), RUNS])
        page.unroute("**/lens/*.png")
        return found

    return deliver


@pytest.mark.slow
def test_the_corpus_is_what_it_says() -> None:
    """Enough of each kind, every name once, and the same seed gives the same picture."""
    frames = corpus.everything()
    assert len({frame.name for frame in frames}) == len(frames)
    assert len(corpus.on_paper()) >= 60
    assert len(corpus.on_a_screen()) >= 60
    assert len(corpus.without_a_card()) >= 20
    again = {frame.name: frame for frame in corpus.everything()}
    for frame in frames[:: len(frames) // 5]:
        assert frame.draw().tobytes() == again[frame.name].draw().tobytes()
    assert corpus.on_paper(1)[0].says != frames[0].says


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_cards_are_read_and_nothing_else(read: Callable[..., list[dict[str, Any]]], tmp_path: Path) -> None:
    frames = corpus.everything()
    results = read(frames)
    families: dict[str, list[bool]] = defaultdict(list)
    false, missed = [], []
    for frame, result in zip(frames, results, strict=True):
        texts = {text for text in result["texts"] if text is not None}
        if not texts <= set(frame.says):
            false.append(f"{frame.name}: {texts}")
        if frame.must:
            right = result["texts"] == list(frame.says)  # in every run
            families[frame.family].append(right)
            if not right:
                missed.append(frame.name)
    ms, blocked = [result["ms"] for result in results], [result["blocked"] for result in results]
    report = {
        "families": {family: f"{sum(read)}/{len(read)}" for family, read in families.items()},
        "missed": missed,
        "decode_ms": {"p50": _share(ms, 0.5), "p95": _share(ms, 0.95), "most": max(ms)},
        "page_blocked_ms": {"p50": _share(blocked, 0.5), "p95": _share(blocked, 0.95), "most": max(blocked)},
    }
    text = json.dumps(report, indent=1)
    print(text)
    if folder := os.environ.get("FIELDOPS_FIGURES"):
        (Path(folder) / "decoding.json").write_text(text, encoding="utf-8")

    assert false == []
    for kind in ("", "screen: "):
        of_kind = [
            right
            for family, all_of_it in families.items()
            if family.startswith("screen: ") == bool(kind)
            for right in all_of_it
        ]
        assert sum(of_kind) >= READ_AT_LEAST * len(of_kind), missed
    # No family is lost for the mean's sake.
    assert [family for family, read in families.items() if sum(read) < len(read) - 2] == []
    assert report["decode_ms"]["p95"] <= P95_MS, report["decode_ms"]
    # The decoder runs elsewhere: what the page does for a frame is drawing it and handing it over.
    assert report["page_blocked_ms"]["most"] <= BLOCKED_MS, report["page_blocked_ms"]
