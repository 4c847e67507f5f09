"""Static files: kept for ever under their build, never stale, never outside their folder."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from flask import Flask

from fieldops.web.assets import STYLES, asset, build
from tests.web.conftest import ROOT, make_app


@pytest.fixture
def static(tmp_path: Path) -> Path:
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "a.js").write_text("export const a = 1;")
    (tmp_path / "js" / "a.js.gz").write_bytes(gzip.compress(b"export const a = 1;"))
    (tmp_path / "js" / "a.js.br").write_bytes(b"stands for brotli")
    (tmp_path / "b.wasm").write_bytes(b"\0asm")
    (tmp_path / ".secret").write_text("x")
    return tmp_path


@pytest.fixture
def app(static: Path) -> Flask:
    return make_app(STATIC_ROOT=str(static))


def url(app: Flask, path: str) -> str:
    with app.test_request_context():
        return asset(path)


def test_today_is_immutable_and_yesterday_is_not_kept(app: Flask) -> None:
    client = app.test_client()
    with client.get(url(app, "js/a.js")) as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.mimetype == "text/javascript"
    with client.get("/s/0000000000/js/a.js") as answer:
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")


def test_compressed_when_accepted(app: Flask) -> None:
    client = app.test_client()
    with client.get(url(app, "js/a.js"), headers={"Accept-Encoding": "gzip, br"}) as answer:
        assert answer.headers["Content-Encoding"] == "br"
        assert answer.mimetype == "text/javascript"
        assert answer.data == b"stands for brotli"
    with client.get(url(app, "js/a.js"), headers={"Accept-Encoding": "gzip, br;q=0"}) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.mimetype == "text/javascript"
        assert gzip.decompress(answer.data) == b"export const a = 1;"
        assert "Accept-Encoding" in answer.headers["Vary"]
    for accepted in ("", "gzip;q=0"):
        with client.get(url(app, "js/a.js"), headers={"Accept-Encoding": accepted}) as answer:
            assert "Content-Encoding" not in answer.headers
    with client.get(url(app, "b.wasm"), headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.mimetype == "application/wasm"
        assert answer.data == b"\0asm"


def test_a_twin_older_than_its_file_is_not_served(app: Flask, static: Path) -> None:
    file = static / "js" / "a.js"
    file.write_text("export const a = 2;")
    later = file.stat().st_mtime_ns + 1_000_000_000
    os.utime(file, ns=(later, later))
    with app.test_client().get(url(app, "js/a.js"), headers={"Accept-Encoding": "gzip, br"}) as answer:
        assert "Content-Encoding" not in answer.headers
        assert answer.text == "export const a = 2;"


@pytest.mark.parametrize(
    "path", ["../pyproject.toml", "%2e%2e/pyproject.toml", "js/../../x", ".secret", "js/none.js", "js"]
)
def test_nothing_else_is_served(app: Flask, path: str) -> None:
    assert app.test_client().get(f"/s/x/{path}").status_code == 404


def test_build_follows_the_files(static: Path) -> None:
    def now(app: Flask) -> str:
        with app.test_request_context():
            return build()

    kept = make_app(STATIC_ROOT=str(static))
    watched = make_app(STATIC_ROOT=str(static), DEBUG=True)
    before = now(kept)
    assert now(watched) == before
    (static / "js" / "a.js").write_text("export const a = 22;")
    assert now(kept) == before
    assert now(watched) != before


def test_linked_style_sheets_exist_and_hold_nothing_foreign() -> None:
    assert {f"css/{path.name}" for path in (ROOT / "static" / "css").glob("*.css")} >= set(STYLES)
    for sheet in STYLES:
        text = (ROOT / "static" / sheet).read_text(encoding="utf-8")
        assert "url(" not in text
        assert "@import" not in text
        assert "@layer" not in text
