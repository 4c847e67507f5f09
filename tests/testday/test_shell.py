"""What the phone keeps: whole, ours, small; the page that says so, the worker, the manifest."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fieldops.testday import shell
from tests.web.conftest import ROOT

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

#: Bytes over the network for the first load of a monitor's screens: without the decoder, and with it.
WITHOUT_DECODER, WITH_DECODER = 120_000, 500_000
DECODER = ("vendor/zxing-wasm/", "phone/decoder")
STATIC_IMPORT = re.compile(r"""^(?:import|export)[^"']*?["'](\.[^"']+)["'];""", re.MULTILINE)
IMPORT = re.compile(r"""(?:from|import|import\() ?["'](\.[^"']+)["']|new URL\(["'](\.[^"']+)["'], import\.meta\.url""")


def said_by(client: FlaskClient) -> dict[str, Any]:
    """The list in front of the worker."""
    with_gzip = client.get("/sw.js", headers={"Accept-Encoding": "gzip"})
    answer = client.get("/sw.js")
    assert gzip.decompress(with_gzip.data) == answer.data
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Cache-Control"] == "no-cache"
    head, _, source = answer.text.partition(";\n")
    assert source == (Path(client.application.config["STATIC_ROOT"]) / "phone" / "sw.js").read_text(encoding="utf-8")
    said: dict[str, Any] = json.loads(head.removeprefix("self.SHELL = "))
    return said


def sizes(client: FlaskClient, encoding: str) -> Iterator[tuple[str, int]]:
    """Each thing that a phone fetches before it works without a network, with its bytes as sent."""
    said = said_by(client)
    accept = {"Accept-Encoding": encoding}
    for path, _digest, _type in said["files"]:
        with client.get(f"/s/{said['build']}/{path}", headers=accept) as answer:
            assert answer.status_code == 200, path
            if path.endswith((".js", ".css", ".wasm", ".json")) and len(answer.data) > 1024:
                assert answer.headers.get("Content-Encoding") == encoding, f"{path}: run tools/assets.py"
            yield path, len(answer.data)
    for path in ("/phone", "/sw.js", "/manifest.webmanifest"):
        yield path, len(client.get(path, headers={"Accept-Encoding": "br, gzip"}).data)


def opens_with() -> set[str]:
    """The modules that the page needs before it can show a monitor's screens."""
    found: set[str] = set()
    todo = ["phone/app.js"]
    while todo:
        path = todo.pop()
        if path not in found:
            found.add(path)
            source = ROOT / "static" / path
            wanted = STATIC_IMPORT.findall(source.read_text(encoding="utf-8"))
            todo += [(source.parent / each).resolve().relative_to(ROOT / "static").as_posix() for each in wanted]
    return found


@pytest.mark.parametrize("encoding", ["br", "gzip"])
def test_the_first_load_is_small(client: FlaskClient, encoding: str) -> None:
    """Page and manifest count uncompressed: not every server in front compresses them.

    First: page, manifest, styles, symbols, words and what `app.js` imports. With it: what reads cards. Whole: all that
    the worker fetches behind the open page.
    """
    found = dict(sizes(client, encoding))
    behind = {path for path in found if path.startswith(("phone/", "vendor/", "/sw.js"))} - opens_with()
    first = sum(size for path, size in found.items() if path not in behind)
    decoder = sum(size for path, size in found.items() if path.startswith(DECODER))
    print(f"{encoding}: {first} bytes first, {first + decoder} with the decoder, {sum(found.values())} whole")
    assert len(opens_with()) > 30
    assert decoder > 300_000
    assert first <= WITHOUT_DECODER
    if encoding == "br":
        assert first + decoder <= WITH_DECODER


def test_the_list_names_each_file_with_the_hash_of_its_content(client: FlaskClient) -> None:
    said = said_by(client)
    for path, digest, kind in said["files"]:
        content = (Path(client.application.config["STATIC_ROOT"]) / path).read_bytes()
        assert base64.urlsafe_b64encode(hashlib.sha256(content).digest()[:16]).decode().rstrip("=") == digest
        with client.get(f"/s/{said['build']}/{path}") as answer:
            assert answer.headers["Content-Type"].startswith(kind)


def test_nothing_that_the_page_or_a_module_asks_for_is_missing(client: FlaskClient) -> None:
    said = said_by(client)
    kept = {path for path, _digest, _type in said["files"]}
    page = client.get("/phone").text
    linked = set(re.findall(rf"/s/{said['build']}/([^\"]+)", page)) - {"img/icon-180.png"}
    assert "phone/app.js" in linked
    assert linked <= kept
    for path in sorted(kept):
        if path.endswith(".js"):
            source = ROOT / "static" / path
            for groups in IMPORT.findall(source.read_text(encoding="utf-8")):
                wanted = next(filter(None, groups))
                if "${" in wanted:
                    continue  # the words of a language: i18n/*.json is kept as a whole
                found = (source.parent / wanted).resolve().relative_to(ROOT / "static").as_posix()
                if (ROOT / "static" / found).with_suffix(".d.ts").exists() and found not in kept:
                    continue  # a type, named in a comment
                assert found in kept, f"{path} asks for {wanted}"


def test_the_version_follows_files_and_page(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    version = said_by(client)["version"]
    assert f'data-shell="{version}"' in client.get("/phone").text
    monkeypatch.setattr(app.extensions["assets"], "_build", "0123456789")
    assert said_by(client)["version"] != version
    monkeypatch.undo()
    assert said_by(client)["version"] == version
    monkeypatch.setattr(shell, "PAGE", "testday/room.html")
    with app.test_request_context():
        assert shell.version() != version


@pytest.mark.parametrize(
    ("language", "name", "shortcut"), [("zh", "质量监测现场", "检录"), ("en", "Fieldops", "Check-in")]
)
def test_the_manifest_installs_it(client: FlaskClient, language: str, name: str, shortcut: str) -> None:
    answer = client.get("/manifest.webmanifest", headers={"Accept-Language": language})
    assert answer.mimetype == "application/manifest+json"
    said = answer.get_json(force=True)
    assert (said["start_url"], said["display"], said["short_name"]) == ("/phone", "standalone", name)
    assert said["shortcuts"][0]["name"] == shortcut
    assert {(each["sizes"], each["purpose"]) for each in said["icons"]} == {
        ("192x192", "any"),
        ("512x512", "any"),
        ("512x512", "maskable"),
    }
    for each in [*said["icons"], *(icon for shortcut in said["shortcuts"] for icon in shortcut["icons"])]:
        with client.get(each["src"]) as icon:
            assert icon.data.startswith(b"\x89PNG")
            size = int.from_bytes(icon.data[16:20])
            assert f"{size}x{size}" == each["sizes"]


def test_the_page_names_each_module_that_it_needs_at_its_start(client: FlaskClient) -> None:
    page = client.get("/phone").text
    named = re.findall(r'(?:src|modulepreload" fetchpriority="low" href)="/s/[^/]+/(phone/[^"]+)"', page)
    assert sorted(named) == sorted(opens_with())
