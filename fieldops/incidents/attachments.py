"""Photos and files of incidents: what a fact announced is taken in, checked, and handed out along the chain.

The fact `incident.attached` comes first and names what follows: type, size and SHA-256. The bytes come after it, as
often as it takes, and are kept in the database, so that every node has them, a backup holds them and they end with the
county's other data (decision 19).
"""

from __future__ import annotations

import hashlib
import io
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from flask_babel import lazy_gettext as _l
from PIL import Image, ImageOps
from sqlalchemy import select

from fieldops.db import db, upsert, writing
from fieldops.incidents.models import Attachment, IncidentRow
from fieldops.journal import queries as journal
from fieldops.journal.events import Event, derived_id, make
from fieldops.journal.service import SYSTEM, record
from fieldops.web.errors import Problem

ATTACHED: Final = "incident.attached"
ARRIVED: Final = "incident.attachment_arrived"
#: Formats of Pillow by media type; a PDF is known by its beginning.
IMAGES: Final = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
PDF: Final = "application/pdf"
TYPES: Final = (*IMAGES, PDF)
#: Bytes; as base64 below what a request may carry. A phone sends photos of at most 400 kB.
MOST_BYTES: Final = 2 * 1024 * 1024
#: Pixels: more is no photo of a phone that was scaled, but something made to fill a memory.
MOST_PIXELS: Final = 12_000_000
#: Of a picture that is packed anew.
_QUALITY: Final = 85
#: Of one incident: a person looks at them.
MOST_OF_ONE: Final = 20


class NotAnnounced(Problem):
    """No fact of this id, or none that announces an attachment, or nothing that the sender has to do with."""

    status, slug, title = 404, "attachment-unknown", _l("This photo or file was not announced")
    detail = _l("Send the fact that names it first.")


class NotAsAnnounced(Problem):
    """Other bytes than those that the fact names."""

    status, slug, title = 409, "attachment-differs", _l("This is not the photo or file that was announced")
    detail = _l("Take or choose it again.")


class NotTaken(Problem):
    """It is no whole picture or PDF. `reason`: `type`, `pixels`, `number`."""

    status, slug, title = 422, "attachment-refused", _l("This photo or file cannot be kept")
    detail = _l("Send a JPEG, PNG or WebP picture, or a PDF.")


class Shown(NamedTuple):
    """An attachment as a timeline shows it."""

    id: str
    type: str
    size: int
    #: SHA-256, hexadecimal.
    sha256: str
    #: Whether its bytes have arrived; until then they are on the phone.
    here: bool

    @property
    def picture(self) -> bool:
        return self.type in IMAGES


def take(*, county: str, identity: str, content: bytes, person: str, schools: Sequence[str], at: datetime) -> bool:
    """Keep the bytes of an attachment; whether they are new here.

    Args:
        identity: of the fact that announced it.
        person: who sends; anybody on duty in the school may bring what another noted there.
        schools: codes of the schools of the county in which the sender is on duty.
        at: now, window clock.

    Raises:
        NotAnnounced, NotAsAnnounced, NotTaken: nothing was kept.
    """
    fact = journal.event(county, identity)
    db.session.rollback()
    if fact is None or fact.kind != ATTACHED or (fact.person != person and fact.school not in schools):
        raise NotAnnounced
    said = fact.data
    if len(content) != said["size"] or hashlib.sha256(content).hexdigest() != said["sha256"]:
        raise NotAsAnnounced
    kept = cleaned(content, said["type"])
    incident = str(uuid.UUID(str(said["incident"])))
    row = {"county": county, "id": identity, "incident": incident, "type": said["type"], "content": kept}
    with writing():
        about = db.session.get(IncidentRow, (county, incident))
        # A fact of another school that names this incident is no part of it, and neither are its pictures.
        if about is None or (about.school, about.window) != (fact.school, fact.window) or about.state == "awaited":
            raise NotAnnounced
        if db.session.scalar(select(Attachment.id).where(Attachment.county == county, Attachment.id == identity)):
            return False
        others = select(Attachment.id).where(Attachment.county == county, Attachment.incident == incident)
        if len(db.session.scalars(others).all()) >= MOST_OF_ONE:
            raise NotTaken(_l("This incident has as many photos and files as it can hold."), reason="number")
        upsert(Attachment.__table__, [row])
        arrived = make(
            ARRIVED,
            at=at,
            identity=derived_id(identity, ARRIVED),
            school=fact.school,
            room=fact.room,
            data={"incident": incident, "attachment": identity},
        )
        record(county=county, window=fact.window, author=SYSTEM, events=[arrived], received_at=at)
    return True


def cleaned(content: bytes, kind: str) -> bytes:
    """The bytes as they are kept: a picture unpacked and packed anew, so that its points stay and nothing else does.

    A comment, a place, a maker's name and whatever was hung on behind go; a PDF stays as it is, and is only ever handed
    over to be saved.

    Raises:
        NotTaken: they are something else than they are said to be, cut off, or too many pixels.
    """
    if kind == PDF:
        if not content.startswith(b"%PDF-"):
            raise NotTaken(reason="type")
        return content
    try:
        with Image.open(io.BytesIO(content), formats=[IMAGES[kind]]) as picture:
            if picture.width * picture.height > MOST_PIXELS:  # the head says so; nothing was unpacked yet
                raise NotTaken(reason="pixels")
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise NotTaken(reason="type") from None
    bare = Image.frombytes("RGB", upright.size, upright.tobytes())
    packed = io.BytesIO()
    bare.save(packed, IMAGES[kind], quality=_QUALITY)
    return packed.getvalue()


def content_of(*, county: str, incident: str, identity: str) -> tuple[bytes, str] | None:
    """Bytes and type of an attachment of this incident; None without."""
    row = db.session.get(Attachment, (county, identity))
    return (row.content, row.type) if row is not None and row.incident == incident else None


def here(county: str, incident: str) -> frozenset[str]:
    """Ids of those whose bytes have arrived."""
    found = select(Attachment.id).where(Attachment.county == county, Attachment.incident == incident)
    return frozenset(db.session.scalars(found))


def shown(event: Event, arrived: frozenset[str]) -> Shown | None:
    """What a timeline shows of an event that announces one; None of any other."""
    if event.kind != ATTACHED:
        return None
    data: dict[str, Any] = event.data
    return Shown(event.id, data["type"], data["size"], data["sha256"], event.id in arrived)
