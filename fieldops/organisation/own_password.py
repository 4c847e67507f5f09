"""Changing a desk's password: by oneself, with the old one, or by an operator's command. Call outside `writing()`."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from fieldops.db import db, utcnow, writing
from fieldops.organisation import passwords, queries, service, throttle
from fieldops.organisation.problems import Invalid


def change(*, person: str, old: str, new: str, address: str) -> None:
    """Change one's own password. Devices that are signed in stay so.

    Args:
        address: where it comes from, for the throttle; wrong old ones count like failed sign-ins.

    Raises:
        Invalid: the old password is wrong, or the person signs in by link only. `field` is `old`.
        PasswordRefused: the new one is too short or too long.
        throttle.TooManyTries, passwords.Busy: as in signing in.
    """
    found = queries.person(person)
    login, kept = (found.login, found.password_hash) if found else (None, None)
    db.session.rollback()  # no connection is held while the password is computed
    if login is None or kept is None:
        raise Invalid(_l("You sign in by link; there is no password to change."), field="old")
    login_key, address_key = throttle.login_key(login), throttle.address_key(address)
    with writing():
        throttle.count([login_key, address_key], utcnow())
    if not passwords.is_right(old, kept):
        raise Invalid(_l("This is not your present password."), field="old")
    # Right, so the try is taken back; whatever is wrong with the new one is no guessing.
    with writing():
        throttle.take_back(login=login_key, address=address_key, now=utcnow())
    renewed = passwords.hashed(new)
    with writing():
        service.set_password(person=person, password_hash=renewed)


def reset(*, login: str, new: str) -> None:
    """Set the password of a sign-in name by an operator's command; a running series of failed tries ends.

    Raises:
        Invalid: nobody signs in with this name.
        PasswordRefused: too short or too long.
    """
    found = queries.person_by_login(login) if queries.is_text(login) else None
    if found is None:
        raise Invalid(_l("Nobody signs in with this name."))
    person, series = found.id, throttle.login_key(queries.login_key(login))
    db.session.rollback()
    kept = passwords.hashed(new)
    with writing():
        throttle.end_series(series)
        service.set_password(person=person, password_hash=kept)
