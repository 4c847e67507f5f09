"""A small day on both databases, with losses and kills; and a fault planted in it makes the command fail.

`make soak` plays all 35 schools, more slowly and with more kills (docs/rehearsal.md).
"""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import delete, select

from fieldops import cli
from fieldops.db import db
from fieldops.journal.models import EventRow
from fieldops.rehearsal import commands
from tests.support import postgres

SOAK = os.environ.get("FIELDOPS_SOAK") == "1"
SCHOOLS, SPEED, KILLS = (35, 120, 60) if SOAK else (2, 3000, 2)


def rehearse(folder: Path, *options: str) -> Result:
    said = [
        "rehearse",
        "--schools",
        str(SCHOOLS),
        "--speed",
        str(SPEED),
        "--seed",
        "7",
        "--into",
        str(folder),
        *options,
    ]
    return CliRunner().invoke(cli.main, said)


@pytest.mark.slow
@pytest.mark.timeout(1800 if SOAK else 180)
def test_a_day_with_kills_loses_nothing(engine: str, tmp_path: Path) -> None:
    name = f"rehearse_{uuid.uuid4().hex[:12]}"
    url = "" if engine == "sqlite" else postgres.fresh_database(name)
    try:
        result = rehearse(tmp_path, "--chaos", "--kills", str(KILLS), "--database", url)
    finally:
        if url:
            postgres.drop_database(name)
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["passed"]
    assert report["noted"] == report["settled"] > 100
    assert report["calls"]["unknown"] > 0
    assert len(report["chaos"]) == KILLS
    assert any("killed" in mark["what"] for mark in report["chaos"])
    assert "Nothing was lost" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.timeout(1800 if SOAK else 180)
def test_a_fact_taken_out_of_the_journal_fails_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = commands.check

    def robbed(app, history, phones):  # type: ignore[no-untyped-def]
        with app.app_context():
            kinds = select(EventRow.id).where(EventRow.kind == "attendance.checked_in").limit(1)
            identity = db.session.scalar(kinds)
            db.session.execute(delete(EventRow).where(EventRow.id == identity))
            db.session.commit()
        return real(app, history, phones)

    monkeypatch.setattr(commands, "check", robbed)
    result = rehearse(tmp_path)
    assert result.exit_code == 1, result.output
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["findings"]["lost"] == 1
    assert report["findings"]["unequal"] > 0  # the chain, the projection and the board say so too
