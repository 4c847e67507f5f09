"""Puts the demo county into an empty database, through the same doors as a real county.

Its rosters are workbooks that go through the importer, its timetable is the seed's data file, its window is a rehearsal
whose clock starts at 08:15 of day 1, so that whoever tries it at night can still play. Every step may be repeated: an
installation that was interrupted is finished by the next start.
"""

from __future__ import annotations

import secrets
import tempfile
from datetime import time
from pathlib import Path

from flask import current_app
from sqlalchemy import func, select

from fieldops.db import db, writing
from fieldops.demo.county import SHANGHAI, DemoCounty, demo_county
from fieldops.demo.workbooks import write_workbooks
from fieldops.organisation import service as organisation
from fieldops.organisation.models import Division, Duty, School
from fieldops.organisation.passwords import hashed
from fieldops.roster.commands import import_files
from fieldops.roster.models import Student
from fieldops.timetable import seed
from fieldops.timetable import service as timetable
from fieldops.timetable.clock import instant
from fieldops.timetable.models import Window

#: Code of the demo's window.
WINDOW = "demo-2024"
#: What the window's clock shows when the demo begins: five minutes before check-in at a school on Beijing time.
BEGINS_AT = time(8, 15)


def _data_file(name: str) -> Path:
    folder: Path = current_app.config["SETTINGS"].data_dir
    return folder / name


def unfinished() -> bool:
    """Whether an installation began here and was interrupted."""
    return _data_file("demo-unfinished").exists()


def password() -> str | None:
    """The demo desks' password, made at installation; None where there is no demo."""
    path = _data_file("demo-password")
    return path.read_text(encoding="ascii").strip() if path.exists() else None


def install() -> dict[str, int]:
    """Make the demo county; returns what was made, by name.

    Raises:
        RuntimeError: the importer refused the demo's own workbooks.
    """
    mark = _data_file("demo-unfinished")
    mark.touch()
    made = demo_county()
    plan = seed.read()
    with writing():
        if db.session.get(Window, WINDOW) is None:
            timetable.create_window(
                code=WINDOW,
                name="2024年国家义务教育质量监测（演练）",
                mode="rehearsal",
                first_day=plan.first_day,
                last_day=plan.last_day,
            )
        _add_places(made)
    with writing():
        for grade in plan.timetables:
            timetable.publish(window=WINDOW, grade=grade.grade, rows=grade.rows, origin=grade.origin, by=None)
    _import_rosters(made)
    _add_people(made)
    with writing():
        shows = instant(plan.first_day, BEGINS_AT, SHANGHAI)
        timetable.set_clock(window=WINDOW, shows=shows, by=None)
    mark.unlink(missing_ok=True)
    return {
        "schools": db.session.scalar(select(func.count()).select_from(School)) or 0,
        "students": db.session.scalar(select(func.count()).select_from(Student)) or 0,
        "duties": db.session.scalar(select(func.count()).select_from(Duty)) or 0,
    }


def _add_places(made: DemoCounty) -> None:
    parent = None
    for number, place in enumerate((made.province, made.city, made.county)):
        if db.session.get(Division, place.code) is None:
            # No exchange begins with 0000: whoever taps it reaches nobody.
            organisation.add_division(
                code=place.code, name=place.name, level=place.level, parent=parent, telephone=f"0763-000000{number}"
            )
        parent = place.code
    for number, school in enumerate(made.schools, 1):
        if db.session.get(School, (made.county.code, school.code)) is None:
            organisation.add_school(
                county=made.county.code,
                code=school.code,
                name=school.name,
                timezone=school.timezone,
                telephone=f"0763-00001{number:02d}",
            )


def _import_rosters(made: DemoCounty) -> None:
    with tempfile.TemporaryDirectory(prefix="fieldops-demo-") as folder:
        paths = write_workbooks(Path(folder), made)
        text, code = import_files(window=WINDOW, county=made.county.code, paths=paths, dry_run=False)
    if code:
        raise RuntimeError(f"the demo's workbooks were refused:\n{text}")


def _add_people(made: DemoCounty) -> None:
    if db.session.scalar(select(func.count()).select_from(Duty)):
        return  # all of them are added in one transaction
    secret = password() or "-".join(secrets.token_hex(2) for _ in range(3))
    _data_file("demo-password").write_text(secret + "\n", encoding="ascii")
    _data_file("demo-password").chmod(0o600)
    kept = hashed(secret)
    with writing():
        for who in made.people:
            person = organisation.add_person(
                home=who.place.split("/")[0],
                name=who.name,
                login=who.login,
                password_hash=kept if who.login else None,
            )
            organisation.give_duty(person=person.id, role=who.role, place=who.place, window=WINDOW, by=None)
