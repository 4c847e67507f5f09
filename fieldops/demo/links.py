"""What `serve` prints at the end: where it runs and, in a demo, a one-tap sign-in link for each kind of duty."""

from __future__ import annotations

import io

import qrcode
from sqlalchemy import select

from fieldops.config import Settings
from fieldops.db import db, writing
from fieldops.demo.install import WINDOW, password
from fieldops.organisation.models import Duty, Person
from fieldops.organisation.service import new_sign_in_code, sign_in_url
from fieldops.timetable.models import Window

#: The duties shown, in the order of a first look; those held on a phone also as a QR for the terminal.
SHOWN = (
    ("monitor", "监测员 · monitor", True),
    ("chief_monitor", "主监测员 · chief monitor", True),
    ("timekeeper", "司时员 · timekeeper", False),
    ("subject_monitor", "测试监测员 · subject monitor", False),
    ("principal", "校长 · principal", False),
    ("information_officer", "信息员 · information officer", False),
    ("custodian", "保密员 · custodian", False),
    ("inspector", "责任督学 · inspector", False),
    ("county", "区县值守 · county desk", False),
    ("city", "市级值守 · city desk", False),
    ("province", "省级值守 · province desk", False),
    ("supervisor", "视导员 · supervisor (city)", False),
)


def page(settings: Settings) -> str:
    """The text, with fresh one-time codes."""
    address = settings.public_url
    lines = ["", f"Fieldops 质量监测现场: {address}", ""]
    if db.session.get(Window, WINDOW) is None:
        lines.append("Sign-in links for everybody on duty: fieldops people")
        return "\n".join(lines)
    with writing():
        for name, label, on_phone in SHOWN:
            person = _somebody(name)
            if person is None:
                continue
            url = sign_in_url(address, new_sign_in_code(person=person.id))
            lines += [f"{label}  {person.name}", f"  {url}"]
            if on_phone:
                lines += ["", *(f"  {row}" for row in qr(url)), ""]
    lines += [
        "",
        f"Desks also sign in by name: yangshan, qingyuan, guangdong · password {password()}",
        "Each link works once; links for all duties: .venv/bin/fieldops people · stop with ctrl-C",
    ]
    return "\n".join(lines)


def qr(text: str) -> list[str]:
    """A QR code in half blocks for a terminal."""
    code = qrcode.QRCode(border=1)
    code.add_data(text)
    out = io.StringIO()
    code.print_ascii(out=out, invert=True)
    return out.getvalue().splitlines()


def _somebody(name: str) -> Person | None:
    """The first holder of a role; of a desk at a level when `name` is one."""
    statement = select(Person).join(Duty, Duty.person == Person.id).where(Duty.window == WINDOW)
    if name in ("county", "city", "province"):
        ending = {"province": "%0000", "city": "%00", "county": "%"}[name]
        statement = statement.where(Duty.role == "desk", Duty.place.like(ending))
        if name != "province":
            statement = statement.where(Duty.place.not_like("%0000"))
        if name == "county":
            statement = statement.where(Duty.place.not_like("%00"))
    else:
        statement = statement.where(Duty.role == name)
        if name == "supervisor":
            statement = statement.where(Duty.place.not_like("%0000"))
    return db.session.scalars(statement.order_by(Duty.place).limit(1)).first()
