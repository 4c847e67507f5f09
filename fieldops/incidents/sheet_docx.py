"""The report form as .docx: A4 upright, the same content as the page, a place for each signature and seal."""

from __future__ import annotations

import io
import re
import struct
import zlib
from typing import Any, Final

import qrcode
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from flask_babel import gettext as _
from qrcode.constants import ERROR_CORRECT_M

from fieldops.incidents.sheet import Sheet

TYPE: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
#: Signs that XML cannot hold.
_ILLEGAL: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TEXT_WIDTH_MM: Final = 180


def docx(sheet: Sheet, *, check_url: str) -> bytes:
    """The file. `check_url`: what the code opens."""
    document: Any = Document()
    _paper(document)
    title = document.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _write(title, sheet.title, size=16, bold=True)
    _table(document, [40, 140], [list(fact) for fact in sheet.facts])
    for level, steps in sheet.levels:
        _write(document.add_paragraph(), f"{_('Handled by')}: {level}", size=11, bold=True)
        headings = [_("No."), _("Time"), _("Step"), _("By"), _("Text")]
        rows = [[str(step.number), step.when, step.what, step.who, step.text] for step in steps]
        _table(document, [10, 32, 38, 30, 70], [headings, *rows])
    document.add_paragraph()
    _table(document, [90, 90], [[f"{name}\n\n\n"] for name in sheet.signatures], columns=2)
    _write(document.add_paragraph(), f"{_('Version of the record')}: {sheet.version}", size=9)
    document.add_picture(io.BytesIO(_png(check_url)), width=Mm(30))
    _write(document.add_paragraph(), str(_("Scan to check whether this paper is the current version.")), size=9)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _paper(document: Any) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(15)
    section.top_margin = section.bottom_margin = Mm(15)
    style = document.styles["Normal"]
    style.font.name, style.font.size = "SimSun", Pt(10)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), "SimSun")
    style.paragraph_format.space_after = Pt(4)


def _table(document: Any, widths: list[int], rows: list[list[str]], columns: int | None = None) -> None:
    """A ruled table of fixed widths in mm: a long word breaks inside its cell and never widens it."""
    assert sum(widths) == _TEXT_WIDTH_MM
    if columns:  # cells one after the other
        cells = [cell for row in rows for cell in row]
        rows = [cells[at : at + columns] for at in range(0, len(cells), columns)]
    table = document.add_table(rows=len(rows), cols=len(widths), style="Table Grid")
    table.autofit = False
    for line, row in zip(table.rows, rows, strict=True):
        for cell, width, text in zip(line.cells, widths, row, strict=True):
            cell.width = Mm(width)
            _write(cell.paragraphs[0], str(text), size=10)


def _write(paragraph: Any, text: str, *, size: int, bold: bool = False) -> None:
    run = paragraph.add_run(_ILLEGAL.sub("", text))
    run.font.size, run.bold = Pt(size), bold


def _png(url: str) -> bytes:
    """The code as grey PNG, written here: no library for pictures is needed for black squares."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=4)
    code.add_data(url)
    scale = 8
    matrix = code.get_matrix()
    side = len(matrix) * scale
    lines = b"".join((b"\0" + b"".join((b"\0" if dark else b"\xff") * scale for dark in row)) * scale for row in matrix)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines, 9)) + chunk(b"IEND", b"")
