"""The same thing written in many ways, brought to one: names, codes, rooms, seats, grades as schools really type them.

Normalising what is normal changes nothing.
"""

from __future__ import annotations

import re
import unicodedata

HAN = "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
PRIVATE_USE = "\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd"

#: A character that no space stands beside in a Chinese name: Han, a private rare character, or the name dot.
_CLOSE = re.compile(f"[{HAN}{PRIVATE_USE}·]")
#: Name dots of other standards and of careless typing. GB/T 15834-2011 writes U+00B7.
_DOTS = re.compile("[\u2022\u2027\u2219\u22c5\u30fb\uff65\u0387\u2024\u25cf\u26ab\u2e31]")
#: A full stop between Han characters stands for the name dot (阿依古丽.买买提).
_FULL_STOP = re.compile(f"(?<=[{HAN}])\\s*[.．。｡]\\s*(?=[{HAN}])")
_ID_CARD = re.compile(r"(?<![0-9])[0-9]{17}[0-9X](?![0-9])")
_ID_CARD_MAGNITUDE = 17
_SCIENTIFIC = re.compile(r"[+-]?[0-9](?:\.[0-9]+)?E\+?([0-9]{1,3})", re.IGNORECASE)
_WHOLE = re.compile(r"([0-9]+)\.0+")

_CHINESE_DIGITS = {digit: value for value, digit in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2}
_CHINESE_NUMBER = re.compile("(?P<tens>[一二三四五六七八九]?)十(?P<ones>[一二三四五六七八九]?)")
_AFFIXES = re.compile(r"第|NUMBER|NO\.?(?=[0-9])|号|测试|考试|监测|考场|考室|教室|场|室|TEST|ROOM|SEAT|座位?|位")
_ROOM = re.compile(r"[A-Z0-9](?:[A-Z0-9-]{0,6}[A-Z0-9])?")
_GRADE_WORDS = re.compile(r"小学|初中|义务教育|年级|级|GRADE|YEAR|^G(?=[0-9])|第|TH$")
#: Years of junior secondary school counted on their own: 初二 is grade 8.
_JUNIOR = {"初一": "7", "初二": "8", "初三": "9"}

SEXES = {
    **dict.fromkeys(("男", "男性", "男生", "男孩", "m", "male", "boy", "1"), "m"),
    **dict.fromkeys(("女", "女性", "女生", "女孩", "f", "female", "girl", "2"), "f"),
}


def _visible(text: str) -> str:
    """Without format characters (zero-width spaces, direction marks): pasted from chat programs, seen by nobody."""
    return "".join(character for character in text if unicodedata.category(character) != "Cf")


def ascii_width(text: str) -> str:
    """Full-width ASCII (０-９, Ａ-ｚ, （）…) as ASCII; every other character stays as it is."""
    return "".join(chr(ord(c) - 0xFEE0) if "\uff01" <= c <= "\uff5e" else c for c in text)


def name(text: str) -> str:
    """A person's or school's name: NFC, ASCII letters and digits, one kind of dot, no spaces but between Latin words.

    A control character inside stays, for the caller to refuse; around the name it goes.
    """
    text = unicodedata.normalize("NFC", ascii_width(_visible(text))).strip()
    text = _FULL_STOP.sub("·", _DOTS.sub("·", text))
    words = re.split(r"[^\S\n\r\t\v\f\x1c-\x1f\x85\u2028\u2029]+", text)
    joined = words[0]
    for word in words[1:]:
        apart = joined and word and not _CLOSE.match(joined[-1]) and not _CLOSE.match(word[0])
        joined += f" {word}" if apart else word
    # Joining can bring Han characters to both sides of a full stop, and combining marks beside a base.
    return unicodedata.normalize("NFC", _FULL_STOP.sub("·", joined))


def heading(text: str) -> str:
    """A column's heading as a key: no spaces, no remark in brackets, no marks, lower case."""
    text = unicodedata.normalize("NFKC", _visible(text)).casefold()
    text = re.sub(r"[(【\[].*?[)】\]]", "", text)
    return re.sub(r"[\s*:：·.。、_\-]", "", text)


def code(text: str) -> str:
    """A code: ASCII, capitals, no spaces, no apostrophe in front (Excel's mark for "this is text"); zeros stay."""
    text = unicodedata.normalize("NFKC", _visible(text))
    text = re.sub(r"\s", "", text).lstrip("'’‘`").upper()
    whole = _WHOLE.fullmatch(text)
    return whole.group(1) if whole else text


def looks_like_id_card(text: str) -> bool:
    """Whether a resident identity number (GB 11643: 17 digits and a digit or X) may stand in the text.

    Also one cut by spaces or hyphens, and one that a spreadsheet wrote as 4.41823E+17. Deliberately wide: a false alarm
    costs a correction, a missed number cannot be taken back.
    """
    dense = re.sub(r"[\s\-—–'’]", "", unicodedata.normalize("NFKC", _visible(text))).upper()
    scientific = _SCIENTIFIC.fullmatch(dense)
    return bool(_ID_CARD.search(dense)) or bool(scientific and int(scientific.group(1)) == _ID_CARD_MAGNITUDE)


def is_scientific(text: str) -> bool:
    """Whether a long number was saved as 4.41823E+11, its last digits lost. A room named 1E2 is not meant: no ``+``."""
    dense = code(text)
    return "E+" in dense and bool(_SCIENTIFIC.fullmatch(dense))


def number(text: str) -> int | None:
    """A whole number in ASCII, full-width or Chinese digits up to 99 (十二); None for anything else."""
    text = code(text)
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return int(text)
    chinese = _CHINESE_NUMBER.fullmatch(text)
    if chinese:
        return 10 * _CHINESE_DIGITS.get(chinese["tens"], 1) + _CHINESE_DIGITS.get(chinese["ones"], 0)
    return _CHINESE_DIGITS.get(text)


def room(text: str) -> str | None:
    """A room's code: a number in two digits or more ("1", "第1考场" → "01"), else capitals; None if unclear."""
    bare = re.sub(r"[()]", "", _AFFIXES.sub("", code(text)))
    as_number = number(bare)
    if as_number is not None:
        return f"{as_number:02d}" if as_number > 0 else None
    return bare if _ROOM.fullmatch(bare) else None


def seat(text: str) -> int | None:
    """A seat number of 1 or more ("07", "7号", "７.0" → 7); None for anything else."""
    value = number(_AFFIXES.sub("", code(text)))
    return value if value is not None and value >= 1 else None


def grade(text: str) -> int | None:
    """4 or 8 ("四年级", "小学四年级", "Grade 4", "初二"); None for anything else."""
    bare = code(text)
    for word, value in _JUNIOR.items():
        bare = bare.replace(word, value)
    value_read = number(_GRADE_WORDS.sub("", bare))
    return value_read if value_read in {4, 8} else None


def sex(text: str) -> str | None:
    """``m`` or ``f`` (GB/T 2261.1 writes 1 and 2); None for anything else."""
    return SEXES.get(code(text).casefold())
