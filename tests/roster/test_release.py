"""The release code and what it seals: the same here and on the phone (`tests/js/release.test.js`)."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from fieldops.roster import release
from fieldops.roster.cards import ALPHABET

VECTORS = json.loads((Path(__file__).parent.parent / "js" / "release-vectors.json").read_text(encoding="utf-8"))
SECRET = "0123456789abcdef" * 4


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["day"])
def test_the_vectors(vector: dict[str, str]) -> None:
    place = {name: vector[name] for name in ("window", "county", "school", "day")}
    code = release.code(vector["secret"], **place)
    assert code == vector["code"]
    iv = base64.b64decode(vector["iv"])
    assert release.seal(code, vector["roster"], iv=iv)._asdict() == {
        name: vector[name] for name in ("kid", "iv", "ciphertext")
    }


def test_each_window_county_school_day_and_secret_has_its_own() -> None:
    place = {"window": "2024", "county": "441823", "school": "4418230101", "day": "2024-05-20"}
    others = [{**place, name: value + "1"} for name, value in place.items()]
    codes = {release.code(SECRET, **each) for each in (place, *others)} | {release.code(SECRET + "x", **place)}
    assert len(codes) == 6
    assert release.code(SECRET, **place) in codes


@given(st.integers(0, 10**6))
def test_a_code_can_be_said_and_every_single_mistake_is_found(number: int) -> None:
    code = release.code(SECRET, window="w", county="c", school=str(number), day="d")
    assert len(code) == 17
    assert set(code) <= set(ALPHABET)
    shown = release.grouped(code)
    assert [len(group) for group in shown.split()] == [4, 4, 4, 4, 1]
    assert release.parse(f" {shown.lower().replace('0', 'o').replace('1', 'l')}-") == code
    for place in range(17):
        wrong = ALPHABET[(ALPHABET.index(code[place]) + 1) % 32]
        assert release.parse(code[:place] + wrong + code[place + 1 :]) is None
    for place in range(16):
        swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
        assert swapped == code or release.parse(swapped) is None


@pytest.mark.parametrize("text", ["", "ABCD", "U" * 17, "一二三四五六七八九十一二三四五六七", "0" * 18, "\0" * 17])
def test_what_is_no_code(text: str) -> None:
    assert release.parse(text) is None


def test_a_sealed_roster_shows_nothing_and_cannot_be_changed() -> None:
    code = release.code(SECRET, window="w", county="c", school="s", day="d")
    roster = {"students": [{"name": "<b>{x} %s 𠮷㙓"}]}
    sealed, again = release.seal(code, roster), release.seal(code, roster)
    assert sealed.kid == again.kid
    assert sealed.ciphertext != again.ciphertext
    hidden = bytearray(base64.b64decode(sealed.ciphertext))
    assert b"{x}" not in hidden
    hidden[0] ^= 1
    key = release._derive(code, b"fieldops roster key", 32)
    with pytest.raises(InvalidTag):
        AESGCM(key).decrypt(base64.b64decode(sealed.iv), bytes(hidden), sealed.kid.encode())
