"""A demo county of its own, served on the loopback, and a day played in it through the public doors.

Sign-in links, the API, the rehearsal clock's page: what stands in the pictures came in as it does in the field.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, BrowserContext, Page

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.support.browser import desk  # noqa: E402 - the path above leads to it

COUNTY = "441823"
#: The school whose pictures are taken: two rooms of fifteen.
SCHOOL = f"{COUNTY}0104"
DAY = "2024-05-20"
START_WITHIN_S = 120


# --- the demo ---------------------------------------------------------------------------------------------------------


class Demo:
    """A served demo county, and who is on duty in it."""

    def __init__(self, url: str, environment: dict[str, str]) -> None:
        self.url = url
        self._environment = environment
        self._devices: dict[tuple[str, str], Device] = {}
        self.people = self._listing()

    def _listing(self) -> list[dict[str, str]]:
        command = [sys.executable, "-m", "fieldops.cli", "people", "--json"]
        found = subprocess.run(command, env=self._environment, cwd=ROOT, check=True, capture_output=True)
        listing: list[dict[str, str]] = json.loads(found.stdout)
        return listing

    def link(self, role: str, place: str) -> str:
        """A sign-in link that was not used yet."""
        for again in (False, True):
            if again:
                self.people = self._listing()
            for row in self.people:
                if (row["role"], row["place"]) == (role, place):
                    self.people.remove(row)
                    return row["sign_in_url"]
        raise SystemExit(f"nobody is {role} at {place}")

    def device(self, role: str, place: str) -> Device:
        """A device of the API's, enrolled once."""
        if (role, place) not in self._devices:
            self._devices[role, place] = Device(self.url, self.link(role, place).rsplit("/", 1)[1])
        return self._devices[role, place]


class Device:
    """A client of the API with a token of its own."""

    def __init__(self, url: str, code: str) -> None:
        self._url = url
        self.id = str(uuid.uuid4())
        self._seq = 0
        self._token = ""
        answer = self.call("POST", "/api/v1/enrol", {"code": code, "device": self.id, "label": "Screenshots"})
        self._token = answer["token"]

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One call; what is answered."""
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(self._url + path, data, headers, method=method)  # noqa: S310 - our own server
        with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310
            return json.load(answer)

    def send(self, *events: dict[str, Any], outcome: str = "accepted") -> None:
        """Facts of the field; of each that must become.

        Raises:
            SystemExit: one was not.
        """
        whole = []
        for event in events:
            self._seq += 1
            at = event.pop("at")
            whole.append(
                {"id": str(uuid.uuid4()), "device_seq": self._seq, "occurred_at": at, "recorded_at": at, **event}
            )
        answer = self.call(
            "POST", "/api/v1/events", {"device": self.id, "sent_at": whole[-1]["recorded_at"], "events": whole}
        )
        for result in answer["results"]:
            if result["outcome"] != outcome:
                raise SystemExit(f"not {outcome}: {result}")


@contextlib.contextmanager
def demo() -> Iterator[Demo]:
    """A demo for as long as the block runs."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FIELDOPS_")}
    with tempfile.TemporaryDirectory(prefix="fieldops-screenshots-") as folder:
        ours = {"FIELDOPS_DATA_DIR": folder, "FIELDOPS_DEMO": "1", "HOST": "127.0.0.1", "PORT": str(port)}
        environment = {**kept, **ours, "FIELDOPS_WORKERS": "1"}
        log = Path(folder) / "screenshots.log"
        with log.open("wb") as out:
            command = [sys.executable, "-m", "fieldops.cli", "serve"]
            server = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=out, stderr=out)
        try:
            wait_until_well(url, server, log)
            yield Demo(url, environment)
        finally:
            server.terminate()
            server.wait(60)


def wait_until_well(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Until `/healthz` says that all is well."""
    ends = time.monotonic() + START_WITHIN_S
    while True:
        with contextlib.suppress(OSError), urllib.request.urlopen(url + "/healthz", timeout=5):  # noqa: S310
            return
        if server.poll() is not None or time.monotonic() > ends:
            raise SystemExit(f"the demo did not start:\n{log.read_text(errors='replace')[-3000:]}")
        time.sleep(0.3)


def sign_in(context: BrowserContext, running: Demo, role: str, place: str) -> Page:
    """A page of somebody who opened their link and pressed the button."""
    page = context.new_page()
    page.goto(running.link(role, place))
    page.locator("form[action^='/enter/'] button").click()
    page.wait_for_url(lambda url: "/enter/" not in url)
    return page


def set_clock(browser: Browser, running: Demo, clock: str) -> None:
    """Let the rehearsal's clock show a time of day 1, by the page of the county's desk."""
    context = desk(browser)
    page = sign_in(context, running, "desk", COUNTY)
    page.goto(f"{running.url}/c/{COUNTY}/clock")
    page.fill("input[name=day]", DAY)
    page.fill("input[name=time]", clock)
    page.locator("form:has(input[name=day]) button[type=submit]").click()
    page.wait_for_load_state()
    context.close()


# --- what is played ---------------------------------------------------------------------------------------------------


def at(clock: str, seconds: float = 0) -> str:
    """A time of day 1 on Beijing's clocks, as the API takes it."""
    moment = datetime.fromisoformat(f"{DAY}T{clock}").replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    return (moment + timedelta(seconds=seconds)).astimezone(ZoneInfo("UTC")).isoformat(timespec="milliseconds")


def schools(running: Demo) -> list[str]:
    """Codes of the schools that have a monitor, in order."""
    return sorted({row["place"].split("/")[1] for row in running.people if row["role"] == "chief_monitor"})


def rooms(running: Demo, school: str) -> dict[str, list[dict[str, Any]]]:
    """Students of each room of a school, by seat."""
    found: dict[str, list[dict[str, Any]]] = {}
    snapshot = running.device("chief_monitor", f"{COUNTY}/{school}").call("GET", "/api/v1/snapshot")
    for student in sorted(snapshot["students"], key=lambda student: student["seat"]):
        found.setdefault(student["room"], []).append(student)
    return found


def play_check_in(running: Demo) -> None:
    """Check-in as it stands at 08:34 in the school of the pictures: some are in, seat 11 of room 01 comes next."""
    for room, students in rooms(running, SCHOOL).items():
        check_in(running, SCHOOL, room, students[: 10 if room == "01" else 8], "08:24")


def check_in(running: Demo, school: str, room: str, students: list[dict[str, Any]], clock: str) -> None:
    """Students checked in, one every twenty seconds."""
    session = "g4-chinese" if school[6:8] == "01" else "g8-chinese"
    place = {"school": school, "room": room, "session": session}
    facts = [
        {
            "kind": "attendance.checked_in",
            **place,
            "student": one["code"],
            "at": at(clock, 20 * n),
            "data": {"method": "scan"},
        }
        for n, one in enumerate(students)
        if not one["exempt"]
    ]
    running.device("monitor", f"{COUNTY}/{school}/{room}").send(*facts)


def play_session(running: Demo) -> str:
    """The county at 09:14: most sessions run, one school is silent, one is late, incidents. Path of the serious one."""
    chance = random.Random(7)  # noqa: S311 - what the pictures show, no secret
    codes = schools(running)
    silent, late = codes[9], codes[6]
    for code in codes:
        if code == silent or code == codes[-1]:  # the last one is on Xinjiang time: its morning has not begun
            continue
        for room, students in rooms(running, code).items():
            play_room(running, code, room, students, chance, late=code == late)
    chief = running.device("chief_monitor", f"{COUNTY}/{SCHOOL}")
    place = {"school": SCHOOL, "room": "02", "session": "g4-chinese"}
    note = "耳机一副无声，已换备用"
    chief.send({"kind": "anomaly.noted", **place, "at": at("09:08"), "data": {"category": "audio", "note": note}})
    answers = {"order_affected": "slight", "data_affected": False, "materials_at_risk": False, "beyond_school": False}
    power = {
        "category": "power",
        **answers,
        "note": "02考场停电约3分钟，现已恢复",
        "handled": "启用备用照明，学生留在座位",
    }
    chief.send({"kind": "incident.reported", **place, "at": at("09:10"), "data": power})
    other = codes[2]
    answers |= {"order_affected": "serious", "materials_at_risk": True}
    wrong = {"category": "materials_fault", **answers, "note": "开封后发现试卷科目不符，已重新封存，学生在座位等候"}
    where = {"school": other, "room": "01", "session": "g4-chinese"}
    device = running.device("chief_monitor", f"{COUNTY}/{other}")
    identity = str(uuid.uuid4())
    device.send({"kind": "incident.reported", "id": identity, **where, "at": at("09:11"), "data": wrong})
    return f"/c/{COUNTY}/s/{other}/incidents/{identity}"


def play_set_aside(running: Demo) -> None:
    """Facts that the journal sets aside: a kind of tomorrow's version, and a right that the sender has not."""
    device = running.device("monitor", f"{COUNTY}/{SCHOOL}/01")
    place = {"school": SCHOOL, "room": "01", "session": "g4-chinese"}
    device.send(
        {"kind": "room.inspected", **place, "at": at("09:12"), "data": {}},
        {"kind": "sitting.frozen", **place, "at": at("09:13"), "data": {"seen_version": 1}},
        outcome="quarantined",
    )


def play_room(
    running: Demo, school: str, room: str, students: list[dict[str, Any]], chance: random.Random, *, late: bool
) -> None:
    """A room from check-in to the start of its first session."""
    coming = [one for one in students if chance.random() > 0.03]
    done = 0 if school != SCHOOL else 10 if room == "01" else 8
    check_in(running, school, room, [one for one in coming if one not in students[:done]], "08:36")
    session = "g4-chinese" if school[6:8] == "01" else "g8-chinese"
    place = {"school": school, "room": room, "session": session}
    facts: list[dict[str, Any]] = [
        {"kind": "attendance.absent", **place, "student": one["code"], "at": at("09:02"), "data": {"reason": "ill"}}
        for one in students[done:]
        if one not in coming and not one["exempt"]
    ]
    if late:
        reason = {"reason": "等待试卷送达"}
        facts.append({"kind": "sitting.started", **place, "at": at("09:09"), "data": reason})
    else:
        facts.append({"kind": "sitting.started", **place, "at": at("09:00", chance.randrange(90)), "data": {}})
    running.device("monitor", f"{COUNTY}/{school}/{room}").send(*facts)
