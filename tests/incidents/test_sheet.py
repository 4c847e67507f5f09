"""The report form: filled from the timeline, the same as .docx, and a paper that can be checked against the record."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from docx import Document

from fieldops.incidents import queries, service, sheet
from fieldops.incidents.models import IncidentRow
from tests.incidents.conftest import COUNTY, NOW, SERIOUS, World, page_of

ENGLISH = {"Accept-Language": "en"}
HOSTILE = ("<b>{x}%s O'Neil 𠮷" * 10)[:60].strip()


def handled(world: World) -> IncidentRow:
    """A serious incident, taken on and instructed by the county, with a student concerned."""
    row = world.report("chief", **SERIOUS, note=HOSTILE, students=("S7",))
    seen = {"by": world.by("county"), "at": NOW + timedelta(minutes=2)}
    service.decide("acknowledge", incident=row, seen_version=row.version, **seen)
    row = world.fresh(row.id)
    service.decide("instruct", incident=row, seen_version=row.version, **seen, text=HOSTILE)
    return world.fresh(row.id)


def version_on(html: str) -> str:
    found = re.search(r'class="sheet__version">([0-9A-F-]+)<', html)
    assert found is not None
    return found[1]


def test_page_and_file_hold_every_step(world: World) -> None:
    row = handled(world)
    html = world.get("county", f"{page_of(row)}/form", **ENGLISH).text
    assert html.count("<li value=") == len(queries.timeline(COUNTY, row.id))
    assert "<b>{x}" not in html
    assert "&lt;b&gt;{x}%s" in html
    answer = world.get("county", f"{page_of(row)}/form.docx", **ENGLISH)
    assert answer.headers["Cache-Control"] == "private, no-store"
    document = Document(io.BytesIO(answer.data))
    texts = [cell.text for table in document.tables for line in table.rows for cell in line.cells]
    for text in ("甲小学 (4418230101)", "阳山县", "Taken on", "Instruction", HOSTILE):
        assert text in texts or any(text in each for each in texts), text
    assert any(version_on(html) in line.text for line in document.paragraphs)


def test_names_only_for_those_with_the_roster(world: World) -> None:
    row = handled(world)
    with_names = world.get("chief", f"{page_of(row)}/form", **ENGLISH).text
    without = world.get("city", f"{page_of(row)}/form", **ENGLISH).text
    assert "欧阳" in with_names
    assert "Room 1, seat 7" in with_names
    assert "欧阳" not in without
    assert "Room 1, seat 7" in without
    file = Document(io.BytesIO(world.get("city", f"{page_of(row)}/form.docx", **ENGLISH).data))
    assert not any("欧阳" in cell.text for table in file.tables for line in table.rows for cell in line.cells)


@pytest.mark.parametrize(
    ("name", "status"), [("chief", 200), ("city", 200), ("monitor", 404), ("other_chief", 404), ("other_county", 404)]
)
def test_who_reads_it(world: World, name: str, status: int) -> None:
    row = world.report(**SERIOUS)
    for part in ("form", "form.docx", "check"):
        assert world.get(name, f"{page_of(row)}/{part}").status_code == status


def test_a_paper_is_checked_against_the_record(world: World) -> None:
    row = handled(world)
    paper = version_on(world.get("county", f"{page_of(row)}/form", **ENGLISH).text)
    check = f"{page_of(row)}/check?form="
    assert "as it stands" in world.get("chief", check + paper, **ENGLISH).text
    assert "as it stands" in world.get("chief", check + sheet.plain(paper), **ENGLISH).text
    assert "never had that version" in world.get("chief", check + "0000-0000-0000-0000", **ENGLISH).text
    service.note(incident=row, by=world.by("chief"), at=NOW + timedelta(minutes=9), text="the spare lamp works")
    world.fresh(row.id)
    changed = world.get("chief", check + paper, **ENGLISH).text
    assert "1 entry came later" in changed
    assert "the spare lamp works" in changed
    assert version_on(world.get("county", f"{page_of(row)}/form", **ENGLISH).text) != paper


def test_a_version_covers_all_before_it(world: World) -> None:
    row = handled(world)
    events = queries.record(COUNTY, row.id)
    assert sheet.versions(events[:-1]) == sheet.versions(events)[:-1]
    other = [*events[:1], *events[2:]]
    assert sheet.versions(other)[-1] != sheet.versions(events)[-1]
    assert sheet.since(events, sheet.versions(events)[0]) == list(events[1:])
    assert sheet.since(events, "") is None
