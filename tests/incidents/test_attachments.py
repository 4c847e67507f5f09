"""Photos and files of incidents: announced by a fact, checked by their bytes, seen along the chain alone."""

from __future__ import annotations

import base64
import hashlib
import io
import uuid
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from fieldops.db import db, writing
from fieldops.incidents import attachments
from fieldops.incidents.queries import timeline
from fieldops.journal.queries import head
from fieldops.journal.verify import verify
from fieldops.organisation import service
from tests.support import field
from tests.testday import build

SCHOOL = f"{field.COUNTY}/{field.SCHOOL}"
AT = build.minutes(-10).isoformat()


def picture(kind: str = "JPEG", size: tuple[int, int] = (64, 48), **options: Any) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(made, kind, **options)
    return made.getvalue()


def located() -> bytes:
    """A photo that says where it was taken."""
    exif = Image.Exif()
    exif[0x010F] = "maker of the phone"
    exif.get_ifd(0x8825)[2] = (23.0, 7.0, 0.0)
    return picture(exif=exif)


def with_text() -> bytes:
    """A PNG with words in it."""
    said = PngInfo()
    said.add_text("GPSLatitude", "hidden")
    return picture("PNG", pnginfo=said)


class Sender:
    """A monitor with an incident of theirs."""

    def __init__(self, client: FlaskClient, role: str = "monitor", place: str = f"{SCHOOL}/01") -> None:
        self.client = client
        self.token, self.device = field.sign_in(role, place)
        self.headers = field.bearer(self.token)

    def send(self, kind: str, data: dict[str, Any], school: str = field.SCHOOL) -> str:
        identity = str(uuid.uuid4())
        event = {"id": identity, "device_seq": 1, "kind": kind, "occurred_at": AT, "recorded_at": AT, "data": data}
        body = {"device": self.device, "sent_at": AT, "events": [{**event, "school": school, "room": "01"}]}
        answer = self.client.post("/api/v1/events", json=body, headers=self.headers).json
        assert answer["results"][0]["outcome"] == "accepted", answer
        return identity

    def report(self) -> str:
        answers = {"order_affected": "slight", "data_affected": False, "materials_at_risk": False}
        return self.send("incident.reported", {"category": "power", "beyond_school": False, **answers})

    def announce(self, incident: str, content: bytes, kind: str = "image/jpeg", **more: Any) -> str:
        said = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "type": kind, **more}
        return self.send("incident.attached", {"incident": incident, **said})

    def bring(self, identity: str, content: bytes) -> Any:
        body = {"content": base64.b64encode(content).decode()}
        return self.client.put(f"/api/v1/attachments/{identity}", json=body, headers=self.headers)


@pytest.fixture
def monitor(app: Flask, client: FlaskClient) -> Sender:
    field.make()
    return Sender(client)


def test_the_fact_comes_first_then_the_bytes_once(monitor: Sender, client: FlaskClient) -> None:
    incident, content = monitor.report(), picture()
    photo = monitor.announce(incident, content, caption="{x} %s <b> O'Neil 𠮷")
    entry = next(entry for entry in timeline(field.COUNTY, incident) if entry.attachment)
    assert entry.attachment is not None
    assert (entry.attachment.here, entry.text) == (False, "{x} %s <b> O'Neil 𠮷")
    url = f"/c/{SCHOOL.replace('/', '/s/')}/incidents/{incident}"
    desk, _ = field.sign_in("desk", field.COUNTY)
    assert "still on the phone" in client.get(url, headers={**field.bearer(desk), "Accept-Language": "en"}).text

    first = monitor.bring(photo, content)
    assert (first.status_code, first.json["id"]) == (201, photo)
    seq = head(field.COUNTY)
    again = monitor.bring(photo, content)
    assert again.status_code == 200
    assert head(field.COUNTY) == seq  # the same again changes nothing
    shown = client.get(url, headers=field.bearer(desk)).text
    assert f"{url}/attachments/{photo}" in shown
    assert "&lt;b&gt;" in shown
    answer = client.get(f"{url}/attachments/{photo}", headers=field.bearer(desk))
    assert answer.mimetype == "image/jpeg"
    with Image.open(io.BytesIO(answer.data)) as kept:
        assert kept.size == (64, 48)
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert not list(verify(field.COUNTY))


@pytest.mark.parametrize(
    ("content", "kind", "reason"),
    [
        (b"<svg onload=alert(1)>", "image/png", "type"),
        (b"<!doctype html><script>", "application/pdf", "type"),
        (picture("PNG"), "image/jpeg", "type"),
        (picture()[:-40], "image/png", "type"),
        (picture(size=(640, 480))[:-400], "image/jpeg", "type"),
        (picture("PNG", (5000, 4000)), "image/png", "pixels"),
    ],
    ids=["svg", "html", "png-as-jpeg", "jpeg-as-png", "cut", "bomb"],
)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_bytes_that_are_not_what_they_are_said_to_be_are_refused(
    monitor: Sender, content: bytes, kind: str, reason: str
) -> None:
    incident = monitor.report()
    answer = monitor.bring(monitor.announce(incident, content, kind), content)
    assert (answer.status_code, answer.json["reason"]) == (422, reason)
    assert attachments.here(field.COUNTY, incident) == frozenset()


@pytest.mark.parametrize(
    ("content", "kind"),
    [(picture("PNG"), "image/png"), (picture("WEBP"), "image/webp"), (b"%PDF-1.7 \n%%EOF", "application/pdf")],
)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_pictures_and_pdfs_are_kept(monitor: Sender, content: bytes, kind: str, client: FlaskClient) -> None:
    incident = monitor.report()
    photo = monitor.announce(incident, content, kind)
    assert monitor.bring(photo, content).status_code == 201
    url = f"/c/{SCHOOL.replace('/', '/s/')}/incidents/{incident}/attachments/{photo}"
    chief, _ = field.sign_in("chief_monitor", SCHOOL)
    answer = client.get(url, headers=field.bearer(chief))
    assert answer.headers["Content-Disposition"].startswith("inline" if kind != "application/pdf" else "attachment")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_other_bytes_and_unknown_facts_are_refused(monitor: Sender) -> None:
    incident, content = monitor.report(), picture()
    photo = monitor.announce(incident, content)
    assert monitor.bring(photo, picture(size=(65, 48))).status_code == 409
    assert monitor.bring(str(uuid.uuid4()), content).status_code == 404
    assert monitor.bring(incident, content).status_code == 404  # a fact, and none that announces anything
    too_much = monitor.client.put(f"/api/v1/attachments/{photo}", data=b"[" + b" " * 5_000_000, headers=monitor.headers)
    assert too_much.status_code == 413
    assert attachments.here(field.COUNTY, incident) == frozenset()


def test_nobody_outside_the_chain_brings_or_sees_it(monitor: Sender, client: FlaskClient) -> None:
    incident, content = monitor.report(), picture()
    photo = monitor.announce(incident, content)
    elsewhere = Sender(client, place=f"{field.COUNTY}/{field.OTHER_SCHOOL}/01")
    assert elsewhere.bring(photo, content).status_code == 404
    colleague = Sender(client, "monitor", f"{SCHOOL}/02")
    assert colleague.bring(photo, content).status_code == 201
    url = f"/c/{SCHOOL.replace('/', '/s/')}/incidents/{incident}/attachments/{photo}"
    for role, place in (
        ("desk", field.OTHER_COUNTY),
        ("desk", field.OTHER_CITY),
        ("chief_monitor", f"{field.COUNTY}/{field.OTHER_SCHOOL}"),
    ):
        stranger, _ = field.sign_in(role, place)
        assert client.get(url, headers=field.bearer(stranger)).status_code == 404
    other = monitor.report()
    mine, _ = field.sign_in("desk", field.CITY)
    assert client.get(url, headers=field.bearer(mine)).status_code == 200
    assert client.get(url.replace(incident, other), headers=field.bearer(mine)).status_code == 404
    with writing():
        service.revoke_device(device_id=monitor.device, by=None)
    db.session.remove()
    assert monitor.bring(photo, content).status_code == 401


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_an_incident_holds_so_many_and_no_more(monitor: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "MOST_OF_ONE", 2)
    incident = monitor.report()
    for number, status in enumerate((201, 201, 422)):
        content = picture(size=(10 + number, 10))
        assert monitor.bring(monitor.announce(incident, content), content).status_code == status


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (located(), "image/jpeg"),
        (picture(comment=b"hidden: 23N 113E"), "image/jpeg"),
        (picture() + b"<script>hidden</script>", "image/jpeg"),
        (with_text(), "image/png"),
    ],
    ids=["exif", "comment", "appended", "png-text"],
)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_picture_keeps_its_points_and_nothing_else(monitor: Sender, content: bytes, kind: str) -> None:
    incident = monitor.report()
    photo = monitor.announce(incident, content, kind)
    assert monitor.bring(photo, content).status_code == 201
    kept = attachments.content_of(county=field.COUNTY, incident=incident, identity=photo)
    assert kept is not None
    assert not [word for word in (b"hidden", b"maker", b"GPS", b"Exif") if word in kept[0]]
    with Image.open(io.BytesIO(kept[0])) as picture_:
        assert (picture_.size, dict(picture_.getexif())) == ((64, 48), {})


def test_a_picture_of_another_schools_incident_is_nobodys(monitor: Sender, client: FlaskClient) -> None:
    incident, content = monitor.report(), picture()
    elsewhere = Sender(client, place=f"{field.COUNTY}/{field.OTHER_SCHOOL}/01")
    said = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "type": "image/jpeg"}
    for named in (incident, str(uuid.uuid4())):
        photo = elsewhere.send("incident.attached", {"incident": named, **said}, school=field.OTHER_SCHOOL)
        assert elsewhere.bring(photo, content).status_code == 404
    assert attachments.here(field.COUNTY, incident) == frozenset()
