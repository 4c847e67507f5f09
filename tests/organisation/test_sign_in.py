"""One-time codes, devices, passwords, throttling."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta

import pytest
from flask import Flask

from fieldops.db import db, utcnow, writing
from fieldops.journal import queries as journal
from fieldops.organisation import codes, passwords, queries, service, throttle
from fieldops.organisation.actors import actor_by_token
from fieldops.organisation.models import Device, SignInCode, SignInFailure
from fieldops.organisation.problems import CodeExpired, CodeUnknown, CodeUsed, DeviceTaken, Invalid, SignInRefused
from tests.organisation.conftest import COUNTY, SCHOOL, World

PASSWORD = "correct horse battery"


def _enrol(code: str, device: str | None = None) -> str:
    with writing():
        return service.enrol(code=code, device_id=device or str(uuid.uuid4()), label="phone")[0]


def _sign_in(password: str, login: str = "desk", address: str = "192.0.2.1") -> str:
    device = str(uuid.uuid4())
    return service.sign_in(login=login, password=password, address=address, device_id=device, label="desk")[0]


# --- codes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed", ["7q2mk9zd4xw0b", "7Q2M-K9ZD-4XW0B", " 7q2m k9zd 4xwob ", "７Ｑ２ＭＫ９ＺＤ４ＸＷ０Ｂ", "7Q2M–K9ZD–4XWOB"]
)
def test_a_code_is_read_however_it_is_typed(typed: str) -> None:
    assert codes.read(typed) == "7Q2MK9ZD4XW0B"


@pytest.mark.parametrize("typed", ["", "7Q2MK9ZD4XW0", "7Q2MK9ZD4XW0BB", "7Q2MK9ZD4XW0U", "7" * 10_000, "\0" * 13])
def test_what_is_no_code_is_none(typed: str) -> None:
    assert codes.read(typed) is None


def test_a_new_code_survives_grouping() -> None:
    code = codes.new_code()
    assert len(code) == 13
    assert codes.read(codes.grouped(code)) == code


def test_a_code_works_once_and_only_its_hash_is_kept(world: World) -> None:
    person = world.person("monitor", f"{COUNTY}/{SCHOOL}")
    code = world.code(person)
    assert code.encode() not in b"".join(db.session.scalars(db.select(SignInCode.code_hash)))
    actor = actor_by_token(_enrol(codes.grouped(code)))
    assert actor is not None
    assert actor.person_id == person
    with pytest.raises(CodeUsed):
        _enrol(code)
    with pytest.raises(CodeUnknown):
        _enrol(codes.new_code())


def test_a_code_ends(world: World) -> None:
    person = world.person("monitor", f"{COUNTY}/{SCHOOL}")
    with writing():
        old = service.new_sign_in_code(person=person, life=timedelta(seconds=-1))
        withdrawn = service.new_sign_in_code(person=person)
        service.withdraw_codes(person=person)
    for code in (old, withdrawn):
        with pytest.raises(CodeExpired):
            _enrol(code)


def test_of_many_who_try_one_code_at_once_one_gets_in(world: World, app: Flask) -> None:
    code = world.code(world.person("monitor", f"{COUNTY}/{SCHOOL}"))
    start, outcomes = threading.Barrier(8), []

    def attempt() -> None:
        with app.app_context():
            start.wait()
            try:
                outcomes.append(_enrol(code))
            except CodeUsed:
                outcomes.append("")

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 8
    assert sum(map(bool, outcomes)) == 1


# --- devices ----------------------------------------------------------------------------------------------------------


def test_a_device_stays_its_persons(world: World) -> None:
    device = str(uuid.uuid4())
    first, second = world.person("monitor", f"{COUNTY}/{SCHOOL}"), world.person("principal", f"{COUNTY}/{SCHOOL}")
    token = world.token(first, device)
    code = world.code(second)
    with pytest.raises(DeviceTaken):
        _enrol(code, device)
    assert actor_by_token(token) is not None
    assert _enrol(code), "a refused device leaves the code usable"
    renewed = world.token(first, device.upper())
    assert actor_by_token(token) is None, "a new token ends the one before it"
    assert actor_by_token(renewed) is not None
    with pytest.raises(Invalid):
        _enrol(world.code(first), "no uuid")


def test_a_revoked_device_is_out_and_told_to_the_county(world: World) -> None:
    person, device = world.person("monitor", f"{COUNTY}/{SCHOOL}"), str(uuid.uuid4())
    token = world.token(person, device)
    with writing():
        assert service.revoke_device(device_id=device, by=person)
        assert not service.revoke_device(device_id=device, by=person)
    assert actor_by_token(token) is None
    told = [event for event in journal.since(COUNTY, 0, limit=10) if event.kind == "device.revoked"]
    assert [event.data for event in told] == [{"device": device, "person": person, "by": person}]
    assert actor_by_token(world.token(person, device)) is not None, "a new code lets the phone that was found in again"


def test_tokens_that_are_none(world: World) -> None:
    token = world.token(world.person("monitor", f"{COUNTY}/{SCHOOL}"))
    for wrong in ("", "x", token[:-1], token + "x", "x" * 10_000, "\ud800", "\0"):
        assert actor_by_token(wrong) is None
    with writing():
        db.session.execute(db.update(Device).values(expires_at=utcnow() - timedelta(seconds=1)))
    assert actor_by_token(token) is None


# --- passwords --------------------------------------------------------------------------------------------------------


def test_a_desk_signs_in_by_name_and_password(world: World) -> None:
    person = world.desk("Desk-1")
    actor = actor_by_token(_sign_in(PASSWORD, " ＤＥＳＫ-1 "))
    assert actor is not None
    assert actor.person_id == person
    assert not db.session.scalars(db.select(SignInFailure).where(SignInFailure.key.startswith("login:"))).all()


@pytest.mark.parametrize("login", ["desk", "nobody", "\0", "\ud800", "x" * 500])
def test_a_wrong_password_and_an_unknown_name_are_one_answer(world: World, login: str) -> None:
    world.desk()
    with pytest.raises(SignInRefused):
        _sign_in("wrong password", login)


def test_a_person_without_a_password_cannot_use_an_empty_one(world: World) -> None:
    with writing():
        service.add_person(home=COUNTY, name="李雷", login="lilei")
    with pytest.raises(SignInRefused):
        _sign_in("", "lilei")


def test_the_hash_is_the_one_that_owasp_advises() -> None:
    kept = passwords.hashed(PASSWORD)
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.is_right(PASSWORD, kept)
    assert not passwords.is_right(PASSWORD, None)
    assert not passwords.is_outdated(kept)
    for refused in ("short", "x" * 201):
        with pytest.raises(passwords.PasswordRefused):
            passwords.hashed(refused)


def test_a_name_is_held_back_after_five_tries_however_right_the_sixth(world: World) -> None:
    world.desk()
    for count in range(5):
        with pytest.raises(SignInRefused):
            _sign_in("wrong password", address=f"192.0.2.{count}")
    with pytest.raises(throttle.TooManyTries) as told:
        _sign_in(PASSWORD, address="192.0.2.99")
    assert 0 < told.value.members["retry_after_s"] <= 31
    with writing():
        db.session.execute(db.update(SignInFailure).values(blocked_until=utcnow() - timedelta(seconds=1)))
    assert _sign_in(PASSWORD)


def test_an_address_is_held_back_across_names(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(throttle.FREE_TRIES, "address", 3)
    for name in ("a", "b", "c"):
        with pytest.raises(SignInRefused):
            _sign_in("wrong password", name, "2001:db8::1")
    with pytest.raises(throttle.TooManyTries):
        _sign_in("wrong password", "d", "2001:db8::2")  # the same /64
    with pytest.raises(SignInRefused):
        _sign_in("wrong password", "d", "2001:db8:0:1::2")


def test_of_many_guesses_at_once_no_more_are_looked_at_than_counted(world: World, app: Flask) -> None:
    world.desk()
    start, outcomes = threading.Barrier(8), []

    def guess() -> None:
        with app.app_context():
            start.wait()
            try:
                _sign_in("wrong password")
            except (SignInRefused, throttle.TooManyTries) as problem:
                outcomes.append(type(problem))

    threads = [threading.Thread(target=guess) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(SignInRefused) == 5
    assert outcomes.count(throttle.TooManyTries) == 3


def test_no_address_or_name_is_kept_in_the_clear(world: World) -> None:
    with pytest.raises(SignInRefused):
        _sign_in("wrong password", "secretname", "192.0.2.77")
    kept = " ".join(db.session.scalars(db.select(SignInFailure.key)))
    assert "secretname" not in kept
    assert "192.0.2.77" not in kept


def test_too_many_hashes_at_once_wait_their_turn_and_then_give_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_WAIT_S", 0.01)
    monkeypatch.setattr(passwords, "_slots", threading.BoundedSemaphore(1))
    with passwords._turn(), pytest.raises(passwords.Busy):
        passwords.is_right(PASSWORD, None)


def test_a_taken_sign_in_name_is_refused(world: World) -> None:
    world.desk("desk")
    with pytest.raises(Invalid), writing():
        service.add_person(home=COUNTY, name="李雷", login="DESK")
    assert queries.person_by_login("Desk") is not None
