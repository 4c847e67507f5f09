"""The desks' lists over HTTP: clocks, "I take it", filters and what they hide, files, the wall."""

from __future__ import annotations

import csv
import io
import re
import time
import uuid
from datetime import timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import insert, select, update

from fieldops.db import db, writing
from fieldops.incidents import service
from fieldops.incidents.models import IncidentRow
from fieldops.organisation.models import Person
from tests.incidents.conftest import CITY, COUNTY, NOW, OTHER_SCHOOL, SCHOOL, SERIOUS, World, page_of

DESK = f"/c/{COUNTY}/incidents"
ENGLISH = {"Accept-Language": "en"}
HTMX = {"HX-Request": "true"}
FORMULA = '=HYPERLINK("http://x","{x} %s <b>")'


def alarm(html: str) -> dict[str, int]:
    tag = re.search(r"<div hidden data-alarm [^>]*>", html)
    assert tag
    return {name: int(value) for name, value in re.findall(r'data-(waiting|ringing|newest)="(\d+)"', tag[0])}


def listed(html: str) -> list[str]:
    return re.findall(r'<li class="desk-row[^"]*" id="row-([0-9a-f-]{36})"', html)


def test_a_row_says_both_clocks_and_who_has_it(world: World) -> None:
    row = world.report(**SERIOUS)
    assert row.ack_due_at is not None
    html = world.get("county", DESK, **ENGLISH).text
    assert f'data-due="{int(row.ack_due_at.timestamp() * 1000)}"' in html
    assert f'data-elapsed="{int(NOW.timestamp() * 1000)}"' in html
    assert "Take on by" in html
    assert "Nobody has it yet; with the county desk" in html
    assert alarm(html) == {"waiting": 1, "ringing": 1, "newest": int(NOW.timestamp() * 1000)}
    service.acknowledge(incident=row, by=world.by("county2"), at=NOW, seen_version=row.version)
    for who in ("county", "supervisor", "chief"):
        path = f"/c/{COUNTY}/s/{SCHOOL}/incidents" if who == "chief" else DESK
        html = world.get(who, path, **ENGLISH).text
        assert "county2 has it since" in html, who
        assert "Next word by" in html
        assert alarm(html)["ringing"] == 0
    assert "You have it since" in world.get("county2", DESK, **ENGLISH).text


def test_it_rings_for_those_who_can_act(world: World) -> None:
    world.report(**SERIOUS)
    assert alarm(world.get("supervisor", DESK).text) == {"waiting": 0, "ringing": 0, "newest": 0}
    minor = world.report()
    assert alarm(world.get("county", DESK).text)["waiting"] == 1, "a minor one waits for the school"
    at_school = alarm(world.get("chief", f"/c/{COUNTY}/s/{SCHOOL}/incidents").text)
    assert at_school == {"waiting": 1, "ringing": 0, "newest": int(NOW.timestamp() * 1000)}
    assert minor.level == "school"


def test_i_take_it(world: World) -> None:
    row = world.report(**SERIOUS)
    seen = str(row.version)
    html = world.get("county", DESK, **ENGLISH).text
    target = f"{page_of(row)}/take"
    assert f'action="{target}"' in html
    assert world.post("county", target, {}).status_code == 303
    assert world.post("county", target, {}, **HTMX).status_code == 422
    assert world.post("supervisor", target, {"seen_version": "1"}).status_code == 403
    assert world.post("other_county", target, {"seen_version": "1"}).status_code == 404
    taken = world.post("county", target, {"seen_version": seen}, **HTMX, **ENGLISH)
    assert (taken.status_code, "You have it" in taken.text, "<html" in taken.text) == (200, True, False)
    assert world.fresh(row.id).state == "acknowledged"
    again = world.post("county", target, {"seen_version": seen, "next": DESK}, **ENGLISH)
    assert (again.status_code, again.location) == (303, DESK), "a second press of the same button is no error"
    late = world.post("county2", target, {"seen_version": seen}, **HTMX, **ENGLISH)
    assert late.status_code == 409
    assert "Meanwhile county decided: “Taken on”" in late.text
    assert f'action="{target}"' not in world.get("county2", DESK).text
    away = world.post("county", target, {"seen_version": "1", "next": "//evil.example"})
    assert away.location == "/"


def test_whom_to_call_is_one_tap_away(world: World) -> None:
    with writing():
        db.session.execute(update(Person).where(Person.name == "chief").values(telephone="138 0000 1234"))
    world.report(**SERIOUS)
    html = world.get("county", DESK, **ENGLISH).text
    assert 'href="tel:07637861234"' in html
    assert 'href="tel:13800001234"' in html
    assert "Call chief (chief monitor)" in html


def test_what_a_filter_hides_comes_back_when_something_happens(world: World) -> None:
    serious, minor = world.report(**SERIOUS), world.report()
    page = world.get("county", f"{DESK}?severity=serious", **ENGLISH).text
    assert listed(page) == [serious.id]
    assert "The filter hides 1 incident under way." in page
    live = re.search(r'data-live="([^"]+)"', page)
    assert live
    address = live[1].replace("&amp;", "&")
    assert "severity=serious" in address
    tag = world.get("county", address, **ENGLISH).headers["ETag"]
    assert "hidden-changed" not in world.get("county", address, **ENGLISH).text
    service.note(incident=minor, by=world.by("county"), at=NOW, text="mine")
    assert "hidden-changed" not in world.get("county", address).text, "what one says oneself is no news"
    service.note(incident=world.fresh(minor.id), by=world.by("chief"), at=NOW, text="worse now")
    html = world.get("county", address, **{"If-None-Match": tag}, **ENGLISH)
    assert html.status_code == 200
    assert "1 hidden by the filter has changed" in html.text
    show = re.search(r'id="show-changed"[^>]* href="([^"]+)"', html.text)
    assert show
    shown = world.get("county", show[1].replace("&amp;", "&"), **ENGLISH).text
    assert listed(shown) == [serious.id, minor.id]
    assert "Outside the filter; something happened to it" in shown


def test_search_finds_schools_and_words(world: World) -> None:
    row = world.report(**SERIOUS, note="试卷袋破损 O'Neil")
    for words, found in (("甲小学", True), (SCHOOL, True), ("破损", True), ("o'neil", True), ("乙小学", False)):
        assert (listed(world.get("county", f"{DESK}?q={words}").text) == [row.id]) == found, words
    assert listed(world.get("county", f"{DESK}?place={COUNTY}/{OTHER_SCHOOL}").text) == []
    assert world.get("county", f"{DESK}?state=nonsense&severity=9&more=x&since=%00&place='").status_code == 200


def test_files(world: World) -> None:
    row = world.report(**SERIOUS, note=FORMULA, students=["S7"])
    world.report(category="fire")
    raw = world.get("county", f"{DESK}/export.csv?severity=serious", **ENGLISH)
    assert raw.mimetype == "text/csv"
    assert f'filename="incidents-2024-{COUNTY}.csv"' in raw.headers["Content-Disposition"]
    table = list(csv.reader(io.StringIO(raw.data.decode("utf-8-sig"))))
    assert len(table) == 2
    assert dict(zip(*table, strict=True))["What is known"] == "'" + FORMULA
    assert dict(zip(*table, strict=True))["Happened"] == "2024-05-20 09:30:00"
    assert "欧阳" not in raw.text, "a file leaves the house, and no name of a student with it"
    book = load_workbook(io.BytesIO(world.get("county", f"{DESK}/export.xlsx", **ENGLISH).data))
    sheet = book.active
    assert sheet is not None
    cells = [cell for cells in sheet.iter_rows() for cell in cells]
    assert "f" not in {cell.data_type for cell in cells}
    assert all(cell.value is None or not str(cell.value).startswith("=") for cell in cells)
    assert sheet["A2"].value == row.id
    assert sheet.max_row == 3
    assert world.get("other_county", f"{DESK}/export.csv").status_code == 404
    assert world.get("city", f"/d/{CITY}/incidents/export.csv").status_code == 200
    assert world.get("chief", f"/c/{COUNTY}/s/{SCHOOL}/incidents/export.xlsx").status_code == 200


def test_the_wall_shows_and_offers_nothing_to_press(world: World) -> None:
    row = world.report(**SERIOUS)
    html = world.get("county", f"{DESK}?wall=1", **ENGLISH).text
    assert 'data-theme="dark"' in html
    assert row.id in html
    assert "data-due=" in html
    body = html[html.index('id="wall-body"') :]
    assert "<form" not in body[: body.index("</section>")]
    assert "tel:" not in html
    service.acknowledge(incident=row, by=world.by("county"), at=NOW, seen_version=row.version)
    assert "county has it since" in world.get("county", f"{DESK}?wall=1", **ENGLISH).text, "a wall is read by everybody"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_two_thousand_incidents(world: World) -> None:
    """As many as a bad day of a province: the page stays small, and an unchanged list costs next to nothing."""
    many(world, 2000)
    began = time.perf_counter()
    html = world.get("county", DESK).text
    took = time.perf_counter() - began
    assert len(listed(html)) <= 80
    assert alarm(html)["waiting"] > 1000
    assert len(html) < 400_000
    tag = world.get("county", f"{DESK}/list").headers["ETag"]
    began = time.perf_counter()
    assert world.get("county", f"{DESK}/list", **{"If-None-Match": tag}).status_code in (200, 304)
    again = time.perf_counter() - began
    print(f"2,000 incidents: page {took * 1000:.0f} ms, {len(html) // 1000} kB; unchanged {again * 1000:.0f} ms")
    assert took < 5, "a generous bound: the machine may be busy"


def many(world: World, count: int) -> None:
    """Copies of one incident's row: what the list costs, not how they came."""
    template = world.report(**SERIOUS)
    table = IncidentRow.__table__
    with writing():
        row = dict(db.session.execute(select(table).where(table.c.id == template.id)).one()._mapping)
        for number in range(count - 1):
            state = ("open", "acknowledged", "closed")[number % 10 // 4]
            row |= {"id": str(uuid.uuid4()), "occurred_at": NOW - timedelta(seconds=number), "state": state}
            row["ended_at"] = NOW if state == "closed" else None
            db.session.execute(insert(table).values(row))
    db.session.remove()
