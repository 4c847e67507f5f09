"""Founding a county from a file: the documented example, again and again; every fault at once; nothing by halves."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import Workbook
from sqlalchemy import func, select

from fieldops import cli, config
from fieldops.config import Settings
from fieldops.db import db, writing
from fieldops.founding.commands import found_from
from fieldops.journal.verify import verify
from fieldops.organisation import queries, service
from fieldops.organisation.models import Division, Duty, Person, School, SignInCode
from fieldops.timetable.models import PolicyRow, Timetable, Window

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
COUNTY = "441823"
HOSTILE = ("{x}", "%s %(name)s", '<b>&"', "O'Neil; DROP TABLE", "㐂𠮷䶮", "长" * 60)
TABLES = (Window, Division, School, Timetable, PolicyRow, Person, Duty, SignInCode)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The example with the tables beside it, to be changed."""
    return Path(shutil.copytree(EXAMPLES, tmp_path / "county"))


def _run(folder: Path, *, dry_run: bool = False) -> tuple[str, int]:
    return found_from(folder / "county.toml", dry_run=dry_run, public_url="https://jiance.example.cn")


def _counts() -> dict[str, int]:
    return {table.__name__: db.session.scalar(select(func.count()).select_from(table)) or 0 for table in TABLES}


def _edit(folder: Path, before: str, after: str) -> None:
    path = folder / "county.toml"
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def test_the_documented_example_founds_a_county_that_works(app: Flask, client: FlaskClient, folder: Path) -> None:
    text, code = _run(folder, dry_run=True)
    assert code == 0, text
    assert "Nothing was written" in text
    assert "/enter/" not in text
    assert sum(_counts().values()) == 0

    text, code = _run(folder)
    assert code == 0, text
    counts = _counts()
    assert counts == {
        "Window": 1, "Division": 3, "School": 3, "Timetable": 1, "PolicyRow": 1, "Person": 7, "Duty": 8,
        "SignInCode": 7,
    }  # fmt: skip
    assert db.session.get(Window, "2027-spring").first_day == date(2027, 5, 20)  # type: ignore[union-attr]
    assert db.session.get(School, (COUNTY, "4418230215")).timezone == "Asia/Urumqi"  # type: ignore[union-attr]
    assert list(verify(COUNTY)) == []

    # The desk signs in with what was printed, and changes it.
    password = re.search(r"\tyangshan\t(\S+)", text)
    assert password is not None
    form = {"login": "YangShan", "password": password[1]}
    assert client.post("/sign-in", data=form).status_code == 303
    assert client.get(f"/c/{COUNTY}/board").status_code == 200
    link = re.search(r"chief_monitor\t441823/4418230101\t李雷\t(\S+)", text)
    assert link is not None
    assert "李雷" in app.test_client().get(link[1].removeprefix("https://jiance.example.cn")).text

    # The same once more: nothing new, no new secrets.
    again, code = _run(folder)
    assert code == 0, again
    assert "Nothing to make" in again
    assert "/enter/" not in again
    assert _counts() == counts


def test_it_completes_what_is_there(app: Flask, folder: Path) -> None:
    assert _run(folder)[1] == 0
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["人员名单"])
    sheet.append(["姓名", "职责", "学校代码", "考场", "电话"])
    for number, name in enumerate(HOSTILE):
        sheet.append([name, "监测员", "4418230102", f"{number + 2:02d}", None])
    sheet.append(["李雷", "校长", "4418230102", None, "13800000001"])
    book.save(folder / "more.xlsx")
    with (folder / "county.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[people]]\ncounty = "441823"\nfile = "more.xlsx"\n')
    before = _counts()
    text, code = _run(folder)
    assert code == 0, text
    after = _counts()
    assert after["Duty"] == before["Duty"] + len(HOSTILE) + 1
    assert after["Person"] == before["Person"] + len(HOSTILE), "李雷 is known by his telephone"
    assert set(db.session.scalars(select(Person.name))) >= set(HOSTILE)
    assert list(verify(COUNTY)) == []


def test_every_fault_is_named_in_one_pass_and_nothing_is_written(app: Flask, folder: Path) -> None:
    _edit(folder, 'mode = "rehearsal"', 'mode = "test"')
    _edit(folder, 'code = "441800"', 'code = "4418"')
    _edit(folder, 'timezone = "Asia/Shanghai"', "timezone = 8")
    _edit(folder, 'login = "yangshan"', 'login = "yangshan"\nshift = "night"')
    _edit(folder, 'role = "supervisor"', 'role = "boss"')
    _edit(folder, "value = 15", "value = 1.5")
    text, code = _run(folder)
    assert code == 1
    for key in ("window.mode", "division[2]", "school[1].timezone", "desk[1].shift", "policy[1].value"):
        assert re.search(rf"^{re.escape(key)}: .", text, re.MULTILINE), f"{key} is not named:\n{text}"
    assert sum(_counts().values()) == 0

    # With the form right, what the services refuse is named by its key as well.
    shutil.copytree(EXAMPLES, folder, dirs_exist_ok=True)
    _edit(folder, 'role = "supervisor"', 'role = "boss"')
    _edit(folder, 'timezone = "Asia/Shanghai"', 'timezone = "Asia/Beijing"')
    _edit(folder, "value = 15", "value = 9999")
    _edit(folder, 'telephone = "0763-0000002"', f'telephone = "{"1" * 40}"')
    people = (folder / "people.csv").read_text(encoding="utf-8")
    (folder / "people.csv").write_text(
        people + "丁一,监测员,,01,\n,校长,4418230101,,\n赵六,校长,999,,\n", encoding="utf-8"
    )
    plan = (folder / "timetable-4.csv").read_text(encoding="utf-8")
    (folder / "timetable-4.csv").write_text(plan.replace("10:50", "10:00").replace("2027-05-21", "2027-06-21"))
    text, code = _run(folder)
    assert code == 1
    for key in (
        "person[1].role",
        "policy[1].value",
        "division[3].telephone",
        "school[1].timezone",
        "people.csv row 7 school",
        "people.csv row 8 name",
        "timetable-4.csv row 4",
    ):
        assert re.search(rf"^{re.escape(key)}.*: .", text, re.MULTILINE), f"{key} is not named:\n{text}"
    assert "no such county" not in text, "what lies in a division with a fault is not told again"
    assert sum(_counts().values()) == 0


def test_what_stands_otherwise_is_said_and_not_changed(app: Flask, folder: Path) -> None:
    assert _run(folder)[1] == 0
    before = _counts()
    _edit(folder, 'name = "阳山县第一小学"', 'name = "阳山县第一小学校"')
    _edit(folder, 'name = "值班员"', 'name = "另一人"')
    _edit(folder, 'mode = "rehearsal"', 'mode = "real"')
    text, code = _run(folder)
    assert code == 1
    for key in ("school[1].name", "desk[1].login", "window.mode"):
        assert f"{key}: " in text, text
    assert _counts() == before
    school = db.session.get(School, (COUNTY, "4418230101"))
    assert school is not None
    assert school.name == "阳山县第一小学"


@pytest.mark.parametrize(
    "content", ["", "[window", "\ufeff[window]\n", "window = 3", "division = 4\n[window]\ncode = 1"]
)
def test_a_file_that_is_none_of_ours_is_refused_in_words(app: Flask, folder: Path, content: str) -> None:
    (folder / "county.toml").write_text(content, encoding="utf-8")
    text, code = _run(folder)
    assert code == 1
    assert "nothing was written" in text
    assert "Traceback" not in text


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_the_commands(settings: Settings, app: Flask, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "load", lambda *_: settings)
    runner = CliRunner()
    done = runner.invoke(cli.main, ["found", str(folder / "county.toml")])
    assert done.exit_code == 0, done.output
    assert "yangshan" in done.output
    new = runner.invoke(cli.main, ["password", "yangshan", "--generate"]).output.strip()
    token, _person = service.sign_in(
        login="yangshan",
        password=new,
        address="192.0.2.1",
        device_id="0" * 8 + "-0000-4000-8000-" + "0" * 12,
        label="t",
    )
    assert token
    refused = runner.invoke(cli.main, ["password", "nobody", "--generate"])
    assert refused.exit_code == 1
    assert "Nobody signs in" in refused.output
    short = runner.invoke(cli.main, ["password", "yangshan"], input="short\nshort\n")
    assert short.exit_code == 1
    assert "10 characters" in short.output


def test_a_city_code_that_is_a_school_is_no_place(app: Flask, folder: Path) -> None:
    """A duty at a level where the role is not held."""
    _edit(folder, 'place = "441823"', 'place = "441823/4418230101"')
    text, code = _run(folder)
    assert (code, "person[1]: " in text) == (1, True), text
    with writing():
        assert queries.place(COUNTY) is None
