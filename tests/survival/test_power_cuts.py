"""Power cuts: what was answered is there, whatever the disk did with what it was not told to keep.

A process records every write and sync that the product's check-ins cause (`recorded_day`); then the power goes away at
random steps, and each time the database is opened as the disk may have left it. The same with `synchronous=NORMAL` must
lose answered facts, or this test could not see a loss.
"""

from __future__ import annotations

import os
import pickle
import random
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from fieldops import create_app
from fieldops.backup.service import opened
from fieldops.config import ROOT, load
from fieldops.db import db
from fieldops.journal.models import EventRow
from fieldops.journal.queries import heads
from fieldops.journal.verify import verify
from tests.support.disk import Image, Step

pytestmark = pytest.mark.slow

SOAK = os.environ.get("FIELDOPS_SOAK") == "1"
COMMITS, CUTS = (600, 600) if SOAK else (150, 30)
SEED = 20240520


def record(folder: Path, synchronous: str) -> tuple[dict[str, bytes], list[Step]]:
    folder.mkdir()
    # pysqlite3 has its library linked into it, which could not be watched: without it the standard module serves.
    code = (
        "import sys; sys.modules['pysqlite3'] = None; from tests.survival.recorded_day import main; main(*sys.argv[1:])"
    )
    command = [sys.executable, "-c", code, str(folder), synchronous, str(COMMITS)]
    subprocess.run(command, check=True, cwd=ROOT, timeout=170, stderr=subprocess.DEVNULL)
    return pickle.loads((folder / "recorded.pickle").read_bytes())


def cuts(steps: list[Step], chance: random.Random) -> list[int]:
    """Half of them anywhere, half just after somebody was told: where a missing sync shows."""
    told = [number + 1 for number, step in enumerate(steps) if step.kind == "told"]
    anywhere = [chance.randrange(1, len(steps)) for _ in range(CUTS - CUTS // 2)]
    return sorted([*anywhere, *(chance.choice(told) for _ in range(CUTS // 2))])


def after_cuts(folder: Path, synchronous: str) -> tuple[int, int, list[str]]:
    """Answered facts that were missing over all cuts, cuts at which any was, and what `verify` said of the rest."""
    before, steps = record(folder / "day", synchronous)
    assert sum(step.kind == "told" for step in steps) >= COMMITS
    assert any(step.kind == "write" and not step.name.endswith("-wal") for step in steps), "no checkpoint was recorded"
    chance, image, here = random.Random(SEED), Image(before), 0
    lost = bad = 0
    faults: list[str] = []
    for number, cut in enumerate(cuts(steps, chance)):
        image.forward(steps[here:cut])
        here = cut
        place = folder / f"cut-{number}"
        place.mkdir()
        for name, content in image.after_a_cut(chance):
            (place / name).write_bytes(content)
        told = {step.name for step in steps[:cut] if step.kind == "told"}
        missing, said = look(place, told)
        lost, bad = lost + missing, bad + bool(missing)
        faults += said
    return lost, bad, faults


def look(place: Path, told: set[str]) -> tuple[int, list[str]]:
    """Open a database as the program would after the power came back."""
    settings = load({"FIELDOPS_DATA_DIR": str(place), "FIELDOPS_SECRET_KEY": "only-for-tests-" + "0" * 32})
    with opened(create_app, settings):
        there = set(db.session.scalars(select(EventRow.id)))
        whole = db.session.connection().exec_driver_sql("PRAGMA integrity_check").scalar()
        said = [] if whole == "ok" else [str(whole)]
        for county in heads():
            said += verify(county)
    return len(told - there), said


def test_no_answered_fact_is_lost_when_the_power_goes_away(tmp_path: Path) -> None:
    lost, bad, faults = after_cuts(tmp_path, "FULL")
    print(f"\nsynchronous=FULL: {CUTS} power cuts over {COMMITS} commits: {lost} answered facts lost at {bad} cuts")
    assert (lost, faults) == (0, [])


def test_without_the_sync_of_each_commit_the_same_cuts_lose_facts(tmp_path: Path) -> None:
    lost, bad, faults = after_cuts(tmp_path, "NORMAL")
    print(f"\nsynchronous=NORMAL: {CUTS} power cuts over {COMMITS} commits: {lost} answered facts lost at {bad} cuts")
    assert lost > 0
    assert faults == []  # what is there is whole, whatever is missing: the log's checksums see to that
