"""Card tokens find every slip of the finger; the picture is the symbol that the phones were measured with."""

from __future__ import annotations

import hashlib
import re
from typing import Any
from unittest import mock
from xml.etree import ElementTree as ET

import pytest
import qrcode
from hypothesis import assume, given
from hypothesis import strategies as st

from fieldops.roster import cards

SVG = "{http://www.w3.org/2000/svg}"
QR_ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
tokens = st.text(cards.ALPHABET, min_size=16, max_size=16).map(lambda body: f"F1{body}{cards.check_character(body)}")
misread = str.maketrans("OIL", "011")


@given(tokens)
def test_a_token_is_itself(token: str) -> None:
    assert cards.parse(token) == token
    assert set(token) <= set(QR_ALPHANUMERIC)
    assert cards.parse(f" {token[:4].lower()} {token[4:].lower()}\n") == token
    assert cards.parse(token.replace("0", "O").replace("1", "I")) == token
    assert cards.parse(token.replace("0", "o").replace("1", "l")) == token


@given(tokens, st.integers(0, 18), st.sampled_from(QR_ALPHANUMERIC + "~=é你"))
def test_one_wrong_character_is_refused(token: str, place: int, character: str) -> None:
    assume(character.translate(misread) != token[place])
    assert cards.parse(token[:place] + character + token[place + 1 :]) is None


@given(tokens, st.integers(0, 17))
def test_swapped_neighbours_are_refused(token: str, place: int) -> None:
    first, second = token[place], token[place + 1]
    assume(first != second)
    assert cards.parse(token[:place] + second + first + token[place + 2 :]) is None


@given(st.text(max_size=24))
def test_any_text_is_answered(text: str) -> None:
    token = cards.parse(text)
    assert token is None or cards.parse(token) == token


def test_new_tokens_are_random_and_valid() -> None:
    made = {cards.new_token() for _ in range(500)}
    assert len(made) == 500
    assert all(cards.parse(token) == token and len(token) == 19 for token in made)


def test_the_check_alphabet_stays_in_the_alphanumeric_set() -> None:
    assert len(set(cards.CHECK_ALPHABET)) == 37
    assert set(cards.CHECK_ALPHABET) <= set(QR_ALPHANUMERIC)


def test_the_hash_is_sha256_of_salt_and_token() -> None:
    token = cards.new_token()
    assert cards.token_hash(b"salt", token) == hashlib.sha256(b"salt" + token.encode()).hexdigest()
    assert cards.token_hash(b"other", token) != cards.token_hash(b"salt", token)


def test_the_picture_is_version_2_level_q_alphanumeric() -> None:
    token = cards.new_token()
    made: list[Any] = []
    original: Any = qrcode.QRCode

    def kept(*args: Any, **options: Any) -> Any:
        made.append(original(*args, **options))
        return made[-1]

    with mock.patch.object(qrcode, "QRCode", kept):
        picture = cards.qr_svg(token)
    (code,) = made
    assert (code.version, code.error_correction, code.modules_count) == (2, qrcode.constants.ERROR_CORRECT_Q, 25)
    assert [segment.mode for segment in code.data_list] == [qrcode.util.MODE_ALPHA_NUM]

    svg = ET.fromstring(picture)
    assert picture.startswith("<svg ")
    assert svg.attrib["viewBox"] == "0 0 33 33"
    assert "style" not in picture
    (path,) = list(svg)
    assert path.tag == f"{SVG}path"
    assert path.attrib["fill"] == "#000"
    dark = [[False] * 25 for _ in range(25)]
    for column, row, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", path.attrib["d"]):
        for index in range(int(length)):
            dark[int(row) - 4][int(column) - 4 + index] = True
    assert dark == [[bool(module) for module in row] for row in code.modules]


def test_only_tokens_become_pictures() -> None:
    with pytest.raises(ValueError, match="not a card token"):
        cards.qr_svg("F1张三")
