"""Many ways of writing, one thing meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldops.roster import normalise

NAME_CHARACTERS = st.sampled_from("张三欧阳𠮷㛃䶮〇ABcéé' \u3000\u00a0·•・.．Ａ１{x}%s<b>\u200b\u202d\n\t\ue863-")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("张 三", "张三"),
        (" 张\u3000三 ", "张三"),
        ("欧阳\u00a0娜 娜", "欧阳娜娜"),
        ("Mary  Jane\u3000O'Neil", "Mary Jane O'Neil"),
        ("Ｍａｒｙ　Ｊａｎｅ", "Mary Jane"),
        ("阿依古丽•买买提", "阿依古丽·买买提"),
        ("阿依古丽 · 买买提", "阿依古丽·买买提"),
        ("阿依古丽・买买提", "阿依古丽·买买提"),
        ("阿依古丽.买买提", "阿依古丽·买买提"),
        ("阿依古丽．买买提", "阿依古丽·买买提"),
        ("J. Smith", "J. Smith"),
        ("\u202d张三\u202c", "张三"),
        ("张三\r\n", "张三"),
        ("Jose\u0301", "José"),
        ("𠮷 䶮", "𠮷䶮"),
        ("{x} %s", "{x} %s"),
    ],
)
def test_names(written: str, meant: str) -> None:
    assert normalise.name(written) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("４４１８", "4418"),
        ("0101", "0101"),
        ("'0101", "0101"),
        ("12.0", "12"),
        (" ab 1\u200b2", "AB12"),
        ("1.50", "1.50"),
    ],
)
def test_codes(written: str, meant: str) -> None:
    assert normalise.code(written) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1", "01"),
        ("01", "01"),
        ("001", "01"),
        ("第1考场", "01"),
        ("第 十二 考场", "12"),
        ("考场３", "03"),
        ("第二测试教室", "02"),
        ("2号教室", "02"),
        ("Room 7", "07"),
        ("test room 7", "07"),
        ("No. 7", "07"),
        ("101", "101"),
        ("1.0", "01"),
        ("a-1", "A-1"),
        ("0", None),
        ("", None),
        ("../1", None),
        ("四(1)班", None),
        ("A/B", None),
    ],
)
def test_rooms(written: str, meant: str | None) -> None:
    assert normalise.room(written) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("7", 7),
        ("07", 7),
        ("７", 7),
        ("7号", 7),
        ("座号7", 7),
        ("十二", 12),
        ("0", None),
        ("-1", None),
        ("1.5", None),
        ("½", None),
    ],
)
def test_seats(written: str, meant: int | None) -> None:
    assert normalise.seat(written) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("4", 4),
        ("四", 4),
        ("四年级", 4),
        ("小学四年级", 4),
        ("4年级", 4),
        ("Grade 8", 8),
        ("G4", 4),
        ("初二", 8),
        ("初中八年级", 8),
        ("8.0", 8),
        ("5", None),
        ("初一", None),
        ("4-8", None),
        ("高二", None),
    ],
)
def test_grades(written: str, meant: int | None) -> None:
    assert normalise.grade(written) == meant


@pytest.mark.parametrize("written", ["男", "男生", "M", "male", "１", "男 性"])
def test_boys(written: str) -> None:
    assert normalise.sex(written) == "m"


@pytest.mark.parametrize("written", ["女", "女生", "f", "Girl", "2"])
def test_girls(written: str) -> None:
    assert normalise.sex(written) == "f"


@given(st.text(st.one_of(NAME_CHARACTERS, st.characters(codec="utf-8")), max_size=40))
def test_normalising_twice_changes_nothing(text: str) -> None:
    name, code = normalise.name(text), normalise.code(text)
    assert normalise.name(name) == name
    # Codes of other characters are refused anyway.
    assert normalise.code(code) == code or not code.isascii()
    room = normalise.room(text)
    assert room is None or normalise.room(room) == room


@given(st.integers(min_value=0, max_value=10**17 - 1), st.sampled_from("0123456789Xx"), st.integers(0, 16))
def test_every_id_number_is_seen(number: int, check: str, cut: int) -> None:
    written = f"{number:017d}{check}"
    assert normalise.looks_like_id_card(written)
    assert normalise.looks_like_id_card(f"号码:{written}。")
    assert normalise.looks_like_id_card(f"{written[:cut]} {written[cut:]}")
    assert normalise.looks_like_id_card(f"G{written}")


@given(st.integers(min_value=0, max_value=10**17 - 1))
def test_shorter_numbers_are_no_id_numbers(number: int) -> None:
    assert not normalise.looks_like_id_card(str(number))
