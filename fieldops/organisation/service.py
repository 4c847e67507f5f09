"""Verbs of the organisation.

They are called inside `with writing():`, except `sign_in` and `people_listing`, which open their own.
"""

from __future__ import annotations

import secrets
import uuid
import zoneinfo
from datetime import timedelta
from functools import cache
from typing import Any, Final

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from uuid6 import uuid7

from fieldops.db import db, must_be_writing, utcnow, writing
from fieldops.journal import service as journal
from fieldops.organisation import codes, facts, passwords, queries, throttle
from fieldops.organisation.actors import token_hash
from fieldops.organisation.models import Device, Division, Duty, Person, School, SignInCode
from fieldops.organisation.places import level_of
from fieldops.organisation.problems import (
    CodeExpired,
    CodeUnknown,
    CodeUsed,
    DeviceTaken,
    Invalid,
    SignInRefused,
)
from fieldops.organisation.rights import ROLE_LEVELS
from fieldops.organisation.telling import tell

#: How long a device that came by link stays signed in: training a week before, the days of the test, the reports after.
DEVICE_LIFE: Final = timedelta(days=45)
#: How long a desk's browser stays signed in by password: one long day.
DESK_LIFE: Final = timedelta(hours=16)
#: How long a one-time code waits to be used.
CODE_LIFE: Final = timedelta(hours=24)

_devices = Device.__table__


# --- the tree ---------------------------------------------------------------------------------------------------------


def add_division(*, code: str, name: str, level: str, parent: str | None, telephone: str | None = None) -> Division:
    """Add a province, city or county; a county's journal begins.

    Raises:
        Invalid: no such parent above it, or the code is no division code, or there already.
    """
    must_be_writing()
    above = {"province": (), "city": ("province",), "county": ("city", "province")}.get(level)
    if above is None or not (len(code) == 6 and code.isascii() and code.isdigit()):
        raise Invalid(_l("A division has a code of six digits and is a province, a city or a county."))
    if db.session.get(Division, code) is not None:
        raise Invalid(_l("This division is there already."))
    upper = db.session.get(Division, parent) if parent else None
    if (upper.level if upper else None) not in (above or (None,)):
        raise Invalid(_l("A city lies in a province, a county in a city or a province."))
    division = Division(code=code, name=clean_name(name), level=level, parent=parent, telephone=telephone)
    db.session.add(division)
    db.session.flush()
    if level == "county":
        journal.add_county(code)
    return division


@cache
def _timezones() -> frozenset[str]:
    """IANA names that this machine knows; it looks through hundreds of files for them."""
    return frozenset(zoneinfo.available_timezones())


def add_school(
    *, county: str, code: str, name: str, timezone: str = "Asia/Shanghai", telephone: str | None = None
) -> School:
    """Add a school. `timezone`: IANA name; the timetable's wall-clock times are read in it.

    Raises:
        Invalid: no such county or zone, or the code is none, or there already.
    """
    must_be_writing()
    division = db.session.get(Division, county)
    if division is None or division.level != "county":
        raise Invalid(_l("There is no such county."))
    if timezone not in _timezones():
        raise Invalid(_l("There is no such time zone."))
    if not queries.is_school_code(code):
        raise Invalid(_l("A school's code has 1 to 32 letters, digits and hyphens."))
    if db.session.get(School, (county, code)) is not None:
        raise Invalid(_l("This school is there already."))
    school = School(county=county, code=code, name=clean_name(name), timezone=timezone, telephone=telephone)
    db.session.add(school)
    db.session.flush()
    journal.reference_changed(county)
    return school


# --- people -----------------------------------------------------------------------------------------------------------


def clean_name(text: str) -> str:
    """A name as it is kept: one line, without spaces around it.

    Raises:
        Invalid: empty, longer than 60 characters, or with characters that are no text.
    """
    name = " ".join(text.split())
    if not 0 < len(name) <= 60 or not name.isprintable():
        raise Invalid(_l("A name has 1 to 60 characters."))
    return name


def add_person(
    *,
    home: str,
    name: str,
    telephone: str | None = None,
    login: str | None = None,
    password_hash: str | None = None,
    locale: str | None = None,
) -> Person:
    """Add a person whom a division keeps. `password_hash`: from `passwords.hashed`, made before `writing()`.

    Raises:
        Invalid: the name cannot be kept, there is no such division, or the sign-in name is taken.
    """
    must_be_writing()
    if db.session.get(Division, home) is None:
        raise Invalid(_l("There is no such division."))
    key = queries.login_key(login) if login else None
    if key is not None and (len(key) > 40 or not key.isprintable()):
        raise Invalid(_l("A sign-in name has 1 to 40 characters."))
    if telephone is not None and (len(telephone) > 32 or not telephone.isprintable()):
        raise Invalid(_l("A telephone number has at most 32 characters."))
    person = Person(
        id=str(uuid7()),
        home=home,
        name=clean_name(name),
        telephone=telephone or None,
        login=key or None,
        password_hash=password_hash,
        locale=locale,
    )
    try:
        with db.session.begin_nested():  # the unique key decides, not a look before it
            db.session.add(person)
    except IntegrityError:
        raise Invalid(_l("This sign-in name is taken.")) from None
    return person


def set_password(*, person: str, password_hash: str) -> None:
    """Keep a password's hash (`passwords.hashed`, made before `writing()`)."""
    must_be_writing()
    db.session.execute(update(Person).where(Person.id == person).values(password_hash=password_hash))


def give_duty(*, person: str, role: str, place: str, window: str, by: str | None) -> None:
    """Give a person a duty. The same again changes nothing. `by`: who gives it; None for an operator's command.

    Raises:
        Invalid: no such role, person or place, or a role that is not held at that level.
    """
    must_be_writing()
    found = queries.place(place)
    if found is None:
        raise Invalid(_l("There is no such place."))
    if found.level not in ROLE_LEVELS.get(role, ()):
        raise Invalid(_l("This role is not held at this place."))
    if db.session.get(Person, person) is None:
        raise Invalid(_l("There is no such person."))
    if not 0 < len(window) <= 32:
        raise Invalid(_l("There is no such window."))
    inserted = db.session.execute(
        _insert(Duty.__table__)
        .values(person=person, role=role, place=place, window=window)
        .on_conflict_do_nothing()
        .returning(Duty.person)
    ).one_or_none()
    if inserted is not None:
        tell(facts.DUTY_GIVEN, found, window, {"person": person, "role": role, "place": place, "by": by})


def withdraw_duty(*, person: str, role: str, place: str, window: str, by: str | None) -> bool:
    """Withdraw a duty; whether there was one. `by` as in `give_duty`."""
    must_be_writing()
    gone = db.session.execute(
        delete(Duty)
        .where(Duty.person == person, Duty.role == role, Duty.place == place, Duty.window == window)
        .returning(Duty.person)
    ).one_or_none()
    found = queries.place(place)
    if gone is not None and found is not None:
        tell(facts.DUTY_WITHDRAWN, found, window, {"person": person, "role": role, "place": place, "by": by})
    return gone is not None


# --- signing in -------------------------------------------------------------------------------------------------------


def new_sign_in_code(*, person: str, life: timedelta = CODE_LIFE) -> str:
    """A new one-time code for a person; only its hash is kept. Codes of theirs that ended are cleared away."""
    must_be_writing()
    now = utcnow()
    ended = SignInCode.expires_at < now - timedelta(days=30)  # kept a while, to say "too old" and not "not known"
    db.session.execute(delete(SignInCode).where(SignInCode.person == person, ended))
    code = codes.new_code()
    db.session.add(SignInCode(code_hash=codes.code_hash(code), person=person, created_at=now, expires_at=now + life))
    db.session.flush()
    return code


def withdraw_codes(*, person: str) -> None:
    """End all codes of a person that were not used: a link that went to the wrong chat is worthless after this."""
    must_be_writing()
    now = utcnow()
    statement = update(SignInCode).where(SignInCode.person == person, SignInCode.used_at.is_(None))
    db.session.execute(statement.where(SignInCode.expires_at > now).values(expires_at=now))


def code_holder(code: str) -> Person:
    """Whose code it is, without using it: a chat's link preview must not burn it.

    Raises:
        CodeUnknown, CodeUsed, CodeExpired
    """
    person = db.session.get(Person, _usable(code).person)
    assert person is not None
    return person


def holder_of_used(code: str) -> str | None:
    """Person whose code it was or is."""
    row = db.session.get(SignInCode, codes.code_hash(codes.read(code) or ""))
    return row.person if row else None


def enrol(*, code: str, device_id: str, label: str) -> tuple[str, Person]:
    """Sign a device in by a one-time code: its token, and whose it is. However many try at once, one gets it.

    Raises:
        CodeUnknown, CodeUsed, CodeExpired: nothing was changed.
        DeviceTaken: the device is another person's; the code stays usable once the transaction is rolled back.
        Invalid: the device's id is no UUID.
    """
    must_be_writing()
    now = utcnow()
    digest = codes.code_hash(codes.read(code) or "")
    person = db.session.execute(
        update(SignInCode)
        .where(SignInCode.code_hash == digest, SignInCode.used_at.is_(None), SignInCode.expires_at > now)
        .values(used_at=now)
        .returning(SignInCode.person)
    ).scalar_one_or_none()
    if person is None:
        _usable(code)
        raise CodeUsed  # it became unusable between the two statements
    token = _bind(device_id, person, label, DEVICE_LIFE)
    holder = db.session.get(Person, person)
    assert holder is not None
    return token, holder


def sign_in(*, login: str, password: str, address: str, device_id: str, label: str) -> tuple[str, Person]:
    """Sign a desk in by name and password: its token, and whose it is. Call outside `writing()`.

    Args:
        address: where it comes from, for the throttle.
        device_id: of the browser; a device of another person is refused.

    Raises:
        SignInRefused: name or password is wrong.
        throttle.TooManyTries: the name or the address has to wait.
        passwords.Busy: too many at once.
        DeviceTaken: as in `enrol`.
    """
    key = queries.login_key(login)
    login_key, address_key = throttle.login_key(key), throttle.address_key(address)
    with writing():
        throttle.count([login_key, address_key], utcnow())
    person = queries.person_by_login(login) if queries.is_text(key) else None
    identity, kept = (person.id, person.password_hash) if person else (None, None)
    db.session.rollback()  # no connection is held while the password is computed
    if not passwords.is_right(password, kept) or identity is None or kept is None:
        raise SignInRefused
    renewed = passwords.hashed(password) if passwords.is_outdated(kept) else None
    with writing():
        throttle.take_back(login=login_key, address=address_key, now=utcnow())
        throttle.forget(utcnow())
        if renewed is not None:
            set_password(person=identity, password_hash=renewed)
        token = _bind(device_id, identity, label, DESK_LIFE)
    person = queries.person(identity)
    assert person is not None
    return token, person


def sign_out(*, device_id: str) -> None:
    """End a device's sign-in at its own wish."""
    must_be_writing()
    statement = update(Device).where(Device.id == device_id, Device.revoked_at.is_(None))
    db.session.execute(statement.values(revoked_at=utcnow()))


def revoke_device(*, device_id: str, by: str | None) -> bool:
    """End a device's sign-in; whether there was one. Told to each county where its person is on duty.

    `by`: who does it; None for an operator's command.
    """
    must_be_writing()
    person = db.session.execute(
        update(Device)
        .where(Device.id == device_id, Device.revoked_at.is_(None))
        .values(revoked_at=utcnow())
        .returning(Device.person)
    ).scalar_one_or_none()
    if person is None:
        return False
    told: set[tuple[str, str]] = set()
    # In the order of counties: two who lock several heads never wait for each other in a circle.
    for duty in sorted(queries.duties_of(person), key=lambda duty: (duty.place, duty.window)):
        found = queries.place(duty.place)
        if found is not None and found.county is not None and (found.county, duty.window) not in told:
            told.add((found.county, duty.window))
            tell(facts.DEVICE_REVOKED, found, duty.window, {"device": device_id, "person": person, "by": by})
    return True


def people_listing(window: str | None, public_url: str, fresh_codes: bool) -> list[dict[str, str | None]]:
    """What `fieldops people --json` prints: one entry a duty of the window, or of every open window.

    Call outside `writing()`: all fresh codes are made in one transaction. `public_url`: without a slash at the end.
    """
    entries = []
    with writing():
        for row in queries.open_duties(window):
            code = new_sign_in_code(person=row.person) if fresh_codes else None
            entries.append(
                {
                    "person": row.name,
                    "role": row.role,
                    "place": row.place,
                    "level": level_of(row.place),
                    "sign_in_url": sign_in_url(public_url, code) if code else None,
                    "enrol_code": codes.grouped(code) if code else None,
                }
            )
    return entries


def sign_in_url(public_url: str, code: str) -> str:
    """The link that a code stands in."""
    return f"{public_url.rstrip('/')}/enter/{code}"


# --- within -----------------------------------------------------------------------------------------------------------


def _usable(code: str) -> SignInCode:
    """The code's row when it can be used now; else says why not."""
    row = db.session.get(SignInCode, codes.code_hash(codes.read(code) or ""), populate_existing=True)
    if row is None:
        raise CodeUnknown
    if row.used_at is not None:
        raise CodeUsed
    if row.expires_at <= utcnow():
        raise CodeExpired
    return row


def _bind(device_id: str, person: str, label: str, life: timedelta) -> str:
    """Give the device a new token, when it is new or the person's already; also a revoked one, with a new code."""
    try:
        device_id = str(uuid.UUID(device_id))
    except ValueError:
        raise Invalid(_l("The device's id is not a UUID.")) from None
    token, now = secrets.token_urlsafe(32), utcnow()
    values = {
        "token_hash": token_hash(token),
        "label": "".join(c for c in label if c.isprintable()).strip()[:80] or "?",
        "enrolled_at": now,
        "expires_at": now + life,
        "revoked_at": None,
    }
    statement = _insert(_devices).values(id=device_id, person=person, last_seen_at=None, **values)
    bound = db.session.execute(
        statement.on_conflict_do_update(
            index_elements=["id"], set_=values, where=_devices.c.person == statement.excluded.person
        ).returning(_devices.c.id)
    ).scalar_one_or_none()
    if bound is None:
        raise DeviceTaken
    return token


def _insert(table: Any) -> Any:
    dialect = postgresql if db.session.connection().dialect.name == "postgresql" else sqlite
    return dialect.insert(table)
