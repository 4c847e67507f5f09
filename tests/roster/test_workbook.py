"""Files of every kind as sheets, and files that are refused before they do harm."""

from __future__ import annotations

import contextlib
import io
import time
import zipfile
from dataclasses import replace
from typing import Any

import pytest
from openpyxl import Workbook

from fieldops.roster.faults import WORKBOOK_MESSAGES, WorkbookError, message
from fieldops.roster.workbook import DEFAULT_LIMITS, Sheet, read_workbook
from tests.roster.sheets import xlsx

TEXT = "样本名单\n\n姓名,座号\n陈𠮷,01\n"


def texts(sheet: Sheet) -> list[tuple[int, list[str]]]:
    return [(row.number, [cell.text for cell in row.cells if cell.text]) for row in sheet.rows if not row.is_blank]


def reason_of(data: bytes, **limits: int) -> WorkbookError:
    with pytest.raises(WorkbookError) as caught:
        read_workbook(data, "名单.xlsx", replace(DEFAULT_LIMITS, **limits))
    assert message(caught.value.fault)
    return caught.value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_csv_of_every_kind(encoding: str, delimiter: str, ending: str) -> None:
    data = TEXT.replace(",", delimiter).replace("\n", ending).encode(encoding)
    (sheet,) = read_workbook(data, "C:\\报送\\第一小学.csv")
    assert sheet.name == "第一小学"
    assert texts(sheet) == [(1, ["样本名单"]), (3, ["姓名", "座号"]), (4, ["陈𠮷", "01"])]


def test_csv_written_by_excel() -> None:
    (sheet,) = read_workbook('="0101","张 ""三""","两\n行"\n'.encode(), "a.csv")
    assert texts(sheet) == [(1, ["0101", '张 "三"', "两\n行"])]


def test_numbers_and_kinds() -> None:
    def format_code(sheet: Any) -> None:
        sheet["C1"].number_format = "0000"

    (sheet,) = read_workbook(xlsx([[12.0, 4418230101, 7, "#N/A", True, 1.5]], format_code), "a.xlsx")
    (row,) = sheet.rows
    assert [(cell.text, cell.kind) for cell in row.cells] == [
        ("12", "number"),
        ("4418230101", "number"),
        ("0007", "number"),
        ("#N/A", "error"),
        ("1", "text"),
        ("1.5", "number"),
    ]


def test_merged_cells_are_filled_and_marked() -> None:
    (sheet,) = read_workbook(xlsx([["校", None, "a"], [None, None, "b"]], lambda s: s.merge_cells("A1:B2")), "a.xlsx")
    assert [[(cell.text, cell.merged) for cell in row.cells] for row in sheet.rows] == [
        [("校", ""), ("校", "across"), ("a", "")],
        [("校", "down"), ("校", "across"), ("b", "")],
    ]


def test_a_range_merged_over_the_whole_grid_costs_nothing() -> None:
    (sheet,) = read_workbook(xlsx([["a", "b"]], lambda s: s.merged_cells.add("A1:XFD1048576")), "a.xlsx")
    assert len(sheet.rows) == 1


def test_styled_cells_far_away_do_not_count() -> None:
    def style(sheet: Any) -> None:
        sheet["XFD1048576"].number_format = "0"

    (sheet,) = read_workbook(xlsx([["a", "b"]], style), "a.xlsx")
    assert texts(sheet) == [(1, ["a", "b"])]


def test_hidden_and_empty_sheets() -> None:
    workbook = Workbook()
    workbook.create_sheet("列表").sheet_state = "hidden"
    stream = io.BytesIO()
    workbook.save(stream)
    sheets = read_workbook(stream.getvalue(), "a.xlsx")
    assert [(sheet.name, sheet.rows, sheet.hidden) for sheet in sheets] == [("Sheet", (), False), ("列表", (), True)]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b" \n", "empty_file"),
        (b"\xd0\xcf\x11\xe0old", "old_or_protected"),
        (b"PK\x03\x04cut off", "damaged"),
        (b"<html><table>", "not_a_table"),
        (b"%PDF-1.7", "not_a_table"),
        (b"a\0b", "not_a_table"),
        (b"\xff\xff\xff", "unknown_encoding"),
    ],
)
def test_what_is_no_table(data: bytes, reason: str) -> None:
    assert reason_of(data).reason == reason


def test_limits_name_the_place() -> None:
    assert reason_of(b"a,b", file_bytes=2).reason == "file_too_large"
    error = reason_of(b"a\nb\nc", rows=2)
    assert (error.reason, error.sheet, error.row) == ("too_many_rows", "名单", 3)
    error = reason_of(b"a,b,c", columns=2)
    assert (error.reason, error.sheet, error.column) == ("too_many_columns", "名单", "C")
    error = reason_of(b"a,bbbb", cell_characters=3)
    assert (error.reason, error.row, error.column) == ("cell_too_long", 1, "B")
    book = xlsx([["a"], ["b", "c"]])
    assert reason_of(book, rows=1).row == 2
    assert reason_of(book, columns=1).column == "B"
    assert reason_of(book, cells=2).reason == "too_many_cells"
    assert reason_of(book, sheets=0).reason == "too_many_sheets"
    assert reason_of(book, unpacked_bytes=1_000).reason == "content_too_large"


def test_content_beyond_a_gap_is_not_lost_in_silence() -> None:
    def write_far(sheet: Any) -> None:
        sheet["A30000"] = "李四"

    assert reason_of(xlsx([["a"]], write_far)).reason == "too_many_rows"


def rewritten(data: bytes, part: str, content: bytes | None = None, *, old: bytes = b"", new: bytes = b"") -> bytes:
    """A workbook with one part replaced, or a piece of it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            body = source.read(entry)
            if entry.filename == part:
                body = content if content is not None else body.replace(old, new, 1)
            target.writestr(entry.filename, body)
    return stream.getvalue()


def test_a_zip_bomb_is_refused_unread() -> None:
    bomb = rewritten(xlsx([["a"]]), "docProps/app.xml", b" " * 50_000_000)
    assert len(bomb) < 200_000
    assert reason_of(bomb).reason == "content_too_large"


def test_declarations_of_entities_are_refused() -> None:
    book = xlsx([["a"]])
    doctype = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet'
    assert reason_of(rewritten(book, "xl/worksheets/sheet1.xml", old=b"<worksheet", new=doctype)).reason == "damaged"
    utf16 = "<?xml version='1.0' encoding='utf-16'?><!DOCTYPE x>".encode("utf-16")
    assert reason_of(rewritten(book, "docProps/app.xml", utf16)).reason == "damaged"


def test_a_row_number_beyond_reason_does_not_hang() -> None:
    book = rewritten(xlsx([["a"]]), "xl/worksheets/sheet1.xml", old=b'<row r="1"', new=b'<row r="99999999999"')
    assert read_workbook(book, "a.xlsx")[0].rows == ()


@pytest.mark.parametrize("tag", [b"<c ", b"<mergeCell ref ", b"<row "])
def test_a_part_of_open_tags_costs_no_more_than_its_length(tag: bytes) -> None:
    book = rewritten(xlsx([["a"]]), "docProps/app.xml", tag * 1_000_000)
    started = time.monotonic()
    with contextlib.suppress(WorkbookError):
        read_workbook(book, "a.xlsx")
    assert time.monotonic() - started < 10


def test_every_reason_has_a_sentence() -> None:
    assert all(text % {"size": 1, "limit": 2} for text in WORKBOOK_MESSAGES.values())
