"""A county to try the product with: 20 primary and 15 junior schools of 30 students each, with their staff.

The numbers are those of a real county's plan of 2024 (抽取20所样本小学、15所样本初中, 每个样本校抽取30名学生); the
divisions are real, what is told of schools and people is invented. The same seed gives the same county.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from itertools import chain

from fieldops.demo.names import HOSTILE_NAMES, URUMQI_NAMES, person_name
from fieldops.roster.students import StudentRow

SHANGHAI = "Asia/Shanghai"
URUMQI = "Asia/Urumqi"
STUDENTS_OF_SCHOOL = 30

PRIMARY_SCHOOLS = (
    "阳山县第一小学", "阳山县第二小学", "阳山县实验小学", "阳城镇中心小学", "阳城镇通儒小学",
    "七拱镇中心小学", "小江镇中心小学", "黎埠镇中心小学", "黄坌镇中心小学", "岭背镇中心小学",
    "杜步镇中心小学", "青莲镇中心小学", "江英镇中心小学", "大崀镇中心小学", "杨梅镇中心小学",
    "太平镇中心小学", "秤架瑶族乡民族小学", "韩愈纪念小学", "阳山县碧桂园小学", "阳山县城南小学",
)  # fmt: skip
JUNIOR_SCHOOLS = (
    "阳山县第一中学初中部", "阳山县第二中学", "阳山县阳山中学初中部", "阳山县韩愈中学", "阳山县城北中学",
    "七拱镇七拱中学", "小江镇初级中学", "黎埠镇初级中学", "黄坌镇初级中学", "岭背镇初级中学",
    "杜步镇初级中学", "青莲镇初级中学", "江英镇初级中学", "太平镇初级中学", "阳山县援疆共建学校(疏附校区)",
)  # fmt: skip
#: Schools whose 30 students sit in two rooms, by index among all 35: students in each room.
SPLIT_ROOMS = {3: (15, 15), 8: (18, 12), 13: (15, 15), 19: (12, 18), 21: (15, 15), 27: (18, 12), 34: (15, 15)}
#: The school that a subject monitor (演唱, 口语, 体育) visits, and those with an exempt student, by index.
SUBJECT_MONITOR_AT = 0
EXEMPT = {2: "右手骨折,医院证明,已批准免测", 22: "随班就读,已批准免测"}


@dataclass(frozen=True)
class DemoPlace:
    """A place above the schools: six-digit division code (GB/T 2260), name, level."""

    code: str
    name: str
    level: str


@dataclass(frozen=True)
class DemoRoom:
    """A test room of a school: its code ("01") and its students by seat."""

    code: str
    students: tuple[StudentRow, ...]


@dataclass(frozen=True)
class DemoSchool:
    """A sampled school. ``kind`` is ``primary`` (grade 4) or ``junior`` (grade 8); ``timezone`` an IANA name."""

    code: str
    name: str
    kind: str
    grade: int
    timezone: str
    rooms: tuple[DemoRoom, ...]

    @property
    def students(self) -> tuple[StudentRow, ...]:
        """All students, by room and seat."""
        return tuple(chain.from_iterable(room.students for room in self.rooms))


@dataclass(frozen=True)
class DemoPerson:
    """Somebody with a duty: ``place`` is the path of codes from the county down (a city's or province's own code).

    ``login`` is the sign-in name of those who sit at a desk; people in the field sign in by a one-time link.
    """

    name: str
    role: str
    place: str
    level: str
    login: str | None = None


@dataclass(frozen=True)
class DemoCounty:
    """The whole demo county."""

    province: DemoPlace
    city: DemoPlace
    county: DemoPlace
    schools: tuple[DemoSchool, ...]
    people: tuple[DemoPerson, ...]

    @property
    def students(self) -> tuple[StudentRow, ...]:
        """All 1,050 students, by school, room and seat."""
        return tuple(chain.from_iterable(school.students for school in self.schools))


PROVINCE = DemoPlace("440000", "广东省", "province")
CITY = DemoPlace("441800", "清远市", "city")
COUNTY = DemoPlace("441823", "阳山县", "county")


def demo_county(seed: int = 2024) -> DemoCounty:
    """Make the county. The same seed gives the same names, seats and people."""
    chance = random.Random(seed)  # noqa: S311 (invented people, no secret)
    numbered = [
        DemoSchool(f"{COUNTY.code}{block:02d}{number:02d}", name, kind, grade, _timezone(name), ())
        for block, kind, grade, names in ((1, "primary", 4, PRIMARY_SCHOOLS), (2, "junior", 8, JUNIOR_SCHOOLS))
        for number, name in enumerate(names, 1)
    ]
    schools = tuple(_with_students(chance, index, school) for index, school in enumerate(numbered))
    return DemoCounty(PROVINCE, CITY, COUNTY, schools, tuple(_people(chance, schools)))


def _timezone(school_name: str) -> str:
    """Schools in Xinjiang test by local time (note under the timetable of 2024: 新疆、西藏地区使用地方时间)."""
    return URUMQI if "援疆" in school_name else SHANGHAI


def _with_students(chance: random.Random, index: int, school: DemoSchool) -> DemoSchool:
    names = _names(chance, index, uyghur=school.timezone == URUMQI)
    sizes = SPLIT_ROOMS.get(index, (STUDENTS_OF_SCHOOL,))
    classes = chance.randint(1, 4)
    exempt_seat = chance.randrange(STUDENTS_OF_SCHOOL) if index in EXEMPT else None
    rooms = []
    first = 0
    for number, size in enumerate(sizes, 1):
        students = tuple(
            StudentRow(
                school_code=school.code,
                school_name=school.name,
                grade=school.grade,
                room=f"{number:02d}",
                seat=seat,
                code=f"{school.code}{position + 1:02d}",
                name=names[position][0],
                sex=names[position][1],
                class_name=f"{'四' if school.grade == 4 else '八'}({position % classes + 1})班",
                exempt_reason=EXEMPT[index] if position == exempt_seat else None,
                sheet="",
                row=0,
            )
            for seat, position in enumerate(range(first, first + size), 1)
        )
        rooms.append(DemoRoom(f"{number:02d}", students))
        first += size
    return replace(school, rooms=tuple(rooms))


def _names(chance: random.Random, index: int, *, uyghur: bool) -> list[tuple[str, str]]:
    """Thirty names and sexes, no name twice: two students of one name in a school are for the importer's own tests."""
    names = dict(HOSTILE_NAMES.get(index, ()))
    while len(names) < STUDENTS_OF_SCHOOL:
        sex = chance.choice("mf")
        name = chance.choice(URUMQI_NAMES[sex]) if uyghur and chance.random() < 0.7 else person_name(chance, sex)
        names.setdefault(name, sex)
    found = list(names.items())
    chance.shuffle(found)
    return found


def _people(chance: random.Random, schools: tuple[DemoSchool, ...]) -> list[DemoPerson]:
    taken: set[str] = set()

    def name() -> str:
        while True:
            made = person_name(chance, chance.choice("mf"))
            if made not in taken:
                taken.add(made)
                return made

    people = [
        DemoPerson(name(), "desk", PROVINCE.code, "province", "guangdong"),
        DemoPerson(name(), "supervisor", PROVINCE.code, "province"),
        DemoPerson(name(), "desk", CITY.code, "city", "qingyuan"),
        DemoPerson(name(), "supervisor", CITY.code, "city"),
        DemoPerson(name(), "desk", COUNTY.code, "county", "yangshan"),
    ]
    for index, school in enumerate(schools):
        place = f"{COUNTY.code}/{school.code}"
        roles = ["chief_monitor", "timekeeper", "principal", "information_officer", "custodian", "inspector"]
        if index == SUBJECT_MONITOR_AT:
            roles.append("subject_monitor")
        people += [DemoPerson(name(), role, place, "school") for role in roles]
        people += [DemoPerson(name(), "monitor", f"{place}/{room.code}", "room") for room in school.rooms]
    return people
