"""Names of invented people, and names that are lawful and yet break careless software."""

from __future__ import annotations

import random

#: Surnames by how common they are in Guangdong; the rarer ones and two double ones at the end.
SURNAMES = (
    "陈陈陈陈陈李李李李黄黄黄黄张张张林林林刘刘王王吴吴梁梁杨邓何叶曾周罗谢郑朱钟欧冯曹毛唐莫房盘邵赖温丘沈蓝骆麦植禤"
)
DOUBLE_SURNAMES = ("欧阳", "司徒")
GIVEN_M = "伟俊杰浩宇轩梓睿嘉豪家明志强文博子涵天佑泽宏建国鑫鹏辉彬锋海波一诺晨阳奕辰承恩景行"
GIVEN_F = "芳婷欣怡雨桐梓萱诗琪嘉慧佳颖晓彤思敏静雯美玲紫晴若曦语嫣芷晴可馨依诺雪莹丽娟秋月乐瑶"

#: Names with the name dot, at the school in Xinjiang.
URUMQI_NAMES = {
    "m": tuple(
        f"{given}·{father}"
        for given in ("艾力", "买买提", "阿卜杜拉", "吐尔逊", "努尔买买提", "伊力哈木", "凯迪尔丁")
        for father in ("吐尔逊", "艾合买提", "依明", "玉素甫", "卡德尔")
    ),
    "f": tuple(
        f"{given}·{father}"
        for given in ("阿依古丽", "古丽娜尔", "热依汗", "米日古丽", "迪丽努尔", "帕提古丽", "阿孜古丽")
        for father in ("买买提", "艾山", "吾买尔", "阿不都热合曼", "托合提")
    ),
}

#: Lawful data: braces, percent signs, markup, apostrophes, rare characters outside the basic plane, sixty characters.
#: By the school's index; the very long name is of the school in Xinjiang, where names are longest.
HOSTILE_NAMES: dict[int, tuple[tuple[str, str], ...]] = {
    0: (("{x}", "m"), ("%s", "f"), ("陈𠮷", "m")),
    1: (("<b>", "m"), ("O'Neil", "m"), ("李㛃", "f")),
    20: (("Mary Jane O'Neil", "f"), ("王䶮", "m"), ("&amp;", "f")),
    34: ((("阿不都热合曼·艾合买提江·" * 5)[:60], "m"),),
}


def person_name(chance: random.Random, sex: str) -> str:
    """A Chinese name of two to four characters; ``sex`` is ``m`` or ``f``."""
    surname = chance.choice(DOUBLE_SURNAMES) if chance.random() < 0.02 else chance.choice(SURNAMES)
    given = GIVEN_M if sex == "m" else GIVEN_F
    first = chance.choice(given)
    return surname + first + (chance.choice(given) if chance.random() < 0.8 else "")
