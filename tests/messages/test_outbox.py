"""The outbox on both engines: told once, later, elsewhere or no more; and never a student's name."""

from __future__ import annotations

import contextvars
import dataclasses
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from fieldops.db import db, utcnow, writing
from fieldops.incidents import service as incidents
from fieldops.messages import post, sealed, sending, service
from fieldops.messages.models import Channel, Letter, Sending
from fieldops.organisation.models import School
from fieldops.roster.models import Student
from tests.incidents.conftest import COUNTY, NOW, SCHOOL, SERIOUS, World, page_of, world
from tests.messages.provider import HANG, Provider, provider

__all__ = ["provider", "world"]
AT = datetime(2026, 5, 20, 0, 20, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _allowed(world: World) -> None:
    settings = world.app.config["SETTINGS"]
    world.app.config["SETTINGS"] = dataclasses.replace(settings, messages_private=True)


def channel(
    provider: Provider, *, kind: str = "wecom_robot", position: int = 1, place: str = COUNTY, **more: Any
) -> str:
    values = {"base": provider.url, "key": "not-a-real-key", "token": "not-a-real-token", "secret": "SEC-not-real"}
    values |= {"phones": "13800000001", "key_id": "key-id-8", "key_secret": "key-secret", "sign_name": "教育局"}
    values |= {"template": "SMS_1"}
    given: dict[str, Any] = {
        "name": f"{kind} {position}",
        "values": values,
        "urgencies": ("serious", "moderate", "minor"),
        "position": position,
        "per_minute": 60,
        "language": "zh",
        "enabled": True,
    }
    with writing():
        return service.add(place=place, kind=kind, wanted=service.Wanted(**{**given, **more}))


def sendings(channel: str | None = None) -> list[Sending]:
    db.session.rollback()
    found = select(Sending).order_by(Sending.created_at, Sending.id)
    return list(db.session.scalars(found if channel is None else found.where(Sending.channel == channel)))


def later(**span: float) -> datetime:
    return AT + timedelta(**span)


def letter_to(place: str) -> Letter:
    db.session.rollback()
    found = db.session.scalar(select(Letter).where(Letter.place == place))
    assert found is not None
    return found


def test_a_serious_report_is_told_to_the_county_once(world: World, provider: Provider) -> None:
    channel(provider)
    row = world.report(**SERIOUS)
    assert sending.round(AT) == 1
    assert sending.round(later(minutes=5)) == 0
    (text,) = provider.texts
    assert "甲小学" in text
    assert "演练" in text
    assert "09:30" in text  # when it happened, on the school's clock
    (sent,) = sendings()
    assert (sent.state, sent.attempts, sent.sent_at) == ("sent", 1, AT)
    assert f"/m/{sent.id}" in text
    assert sent.delivered_at is sent.seen_at is sent.acknowledged_at is None
    # The link of the message says that it was seen, and by whom first; taking it on is another mark.
    answer = world.get("county", f"/m/{sent.id}")
    assert (answer.status_code, answer.headers["Location"]) == (302, page_of(row))
    (sent,) = sendings()
    assert sent.seen_at is not None
    assert sent.seen_by == world.actor("county").person_id
    assert sent.acknowledged_at is None
    incidents.acknowledge(incident=world.fresh(row.id), by=world.by("county"), at=NOW, seen_version=row.version)
    assert sending.follow(later(minutes=6)) == 1
    assert sendings()[0].acknowledged_at == NOW


def test_who_is_not_of_the_desk_marks_nothing(world: World, provider: Provider) -> None:
    channel(provider)
    world.report(**SERIOUS)
    sending.round(AT)
    assert world.get("other_county", f"/m/{sendings()[0].id}").status_code == 302
    assert sendings()[0].seen_at is None


def test_a_desk_without_a_channel_is_told_nowhere_and_it_says_so(world: World) -> None:
    world.report(**SERIOUS)
    sending.round(AT)
    assert letter_to(COUNTY).state == "nowhere"
    assert sendings() == []


def test_what_was_taken_on_before_it_left_does_not_leave(world: World, provider: Provider) -> None:
    channel(provider)
    row = world.report(**SERIOUS)
    sending.take_up(AT)
    incidents.acknowledge(incident=row, by=world.by("county"), at=NOW, seen_version=row.version)
    sending.round(later(seconds=1))
    assert provider.calls == []
    assert sendings()[0].state == "dropped"


def test_an_error_in_a_200_is_tried_again_and_goes_to_the_next_channel(world: World, provider: Provider) -> None:
    first, second = channel(provider), channel(provider, kind="feishu", position=2)
    world.report(**SERIOUS)
    provider.answers = [{"errcode": 45009, "errmsg": "api freq out of limit"}, {"code": 0}, {"errcode": 0}]
    sending.round(AT)
    (failed,) = sendings(first)
    assert (failed.state, failed.last_error) == ("waiting", "wecom 45009")
    assert failed.next_try_at >= later(seconds=60)
    sending.round(later(seconds=1))
    assert [row.state for row in sendings(second)] == ["sent"]
    assert len(provider.calls) == 2
    sending.round(later(seconds=59))
    assert len(provider.calls) == 2  # it asked for a minute
    sending.round(later(minutes=2))
    assert sendings(first)[0].state == "sent"


def test_a_lesser_one_has_patience_with_its_channel(world: World, provider: Provider) -> None:
    first, second = channel(provider), channel(provider, kind="feishu", position=2)
    world.report(**SERIOUS)
    with writing():
        db.session.execute(update(Letter).values(urgency="moderate"))
    provider.default = {"errcode": -1}
    for number in range(sending.PATIENCE):
        assert sendings(second) == []
        sending.round(later(minutes=10 * number))
    assert len(sendings(first)) == len(sendings(second)) == 1


def test_refused_for_good_is_given_up_at_once(world: World, provider: Provider) -> None:
    first, second = channel(provider), channel(provider, kind="dingtalk", position=2)
    world.report(**SERIOUS)
    provider.answers = [{"errcode": 93000}]
    sending.round(AT)
    sending.round(later(seconds=2))
    assert [row.state for row in sendings(first)] == ["failed"]
    assert [row.state for row in sendings(second)] == ["sent"]
    db.session.rollback()
    made = db.session.get(Channel, first)
    assert made is not None
    assert (made.failing_since, made.last_error) == (AT, "wecom 93000")


def test_it_is_not_tried_for_ever(world: World, provider: Provider) -> None:
    channel(provider)
    world.report(**SERIOUS)
    provider.default = {"errcode": -1}
    for number in range(sending.MAX_ATTEMPTS + 3):
        sending.round(later(minutes=15 * number))
    assert len(provider.calls) == sending.MAX_ATTEMPTS
    assert sendings()[0].state == "failed"


def test_the_distance_grows_and_is_spread() -> None:
    tries = [[sending.retry_after(number) for _ in range(40)] for number in range(1, 12)]
    assert all(4 <= wait <= 6 for wait in tries[0])
    assert max(tries[-1]) <= 720
    assert len(set(tries[3])) > 1


def test_many_due_at_once_are_one_message(world: World, provider: Provider) -> None:
    channel(provider, per_minute=1)
    for _ in range(7):
        world.report(**SERIOUS)
    assert sending.round(AT) == 1
    (text,) = provider.texts
    assert len(text.encode()) <= 2048
    assert text.count("/m/") == 4
    assert "另有 3 条" in text
    assert {row.state for row in sendings()} == {"sent"}
    assert len({row.batch for row in sendings()}) == 1
    world.report(**SERIOUS)
    assert sending.round(later(seconds=30)) == 0  # one a minute
    assert sending.round(later(seconds=61)) == 1


def test_a_lease_that_ran_out_is_taken_over(world: World, provider: Provider) -> None:
    """An engine that died between leasing and sending, or between sending and marking: at least once."""
    channel(provider)
    world.report(**SERIOUS)
    sending.take_up(AT)
    (job,) = sending.claim(AT, limit=5)
    assert sending.claim(later(seconds=5), limit=5) == []
    sending.round(later(seconds=sending.LEASE.total_seconds() + 1))
    (row,) = sendings()
    assert (row.state, row.attempts) == ("sent", 2)
    # The one that was thought dead comes back with a failure: what was sent stays sent.
    sending.settle(job, sending.Outcome("later", "timeout"), later(minutes=3))
    assert sendings()[0].state == "sent"


def test_two_engines_send_once(world: World, provider: Provider) -> None:
    for number in range(4):
        channel(provider, kind="feishu", position=1, name=f"群 {number}")
    provider.default = {"code": 0}
    provider.takes_s = 0.05
    for _ in range(5):
        world.report(**SERIOUS)
    db.session.rollback()
    start = threading.Barrier(3)
    faults: list[BaseException] = []

    def engine() -> None:
        with world.app.app_context():
            start.wait()
            try:
                sending.round(AT)
            except BaseException as error:  # noqa: BLE001 - looked at below
                faults.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=contextvars.Context().run, args=(engine,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    sending.round(later(minutes=2))
    assert [row.attempts for row in sendings()] == [1] * 20
    links = [part for text in provider.texts for part in text.split() if "/m/" in part]
    assert len(links) == len(set(links))


@pytest.mark.slow
def test_a_channel_that_hangs_holds_up_no_other(world: World, provider: Provider) -> None:
    hanging = Provider()
    hanging.default = HANG
    stuck, fast = channel(hanging), channel(provider, kind="feishu", position=1)
    provider.default = {"code": 0}
    world.report(**SERIOUS)
    db.session.rollback()
    with post.at_work(world.app, look_every_s=0.05):
        begin = time.monotonic()
        while not provider.calls and time.monotonic() - begin < 8:
            time.sleep(0.05)
        assert provider.calls
        assert len(hanging.calls) <= 1
        begin = time.monotonic()
        while sendings(fast)[0].state != "sent" and time.monotonic() - begin < 8:
            time.sleep(0.05)
        assert [row.state for row in sendings(fast)] == ["sent"]
        assert [row.state for row in sendings(stuck)] == ["leased"]
        hanging.end()  # it lets go; else the block would wait as long as a request may take
    assert [row.state for row in sendings(stuck)] == ["waiting"]


def test_repeated_callbacks_are_harmless(world: World, provider: Provider) -> None:
    sms = channel(provider, kind="sms_aliyun")
    provider.default = {"Code": "OK", "BizId": "900^0"}
    world.report(**SERIOUS)
    sending.round(AT)
    token = sealed.callback_token(sms, world.app.config["SETTINGS"].secret_key)
    report = [{"biz_id": "900^0", "success": True, "err_code": "DELIVERED"}, {"biz_id": "unknown", "success": True}]
    address = f"/messages/callback/{sms}/{token}"
    assert sendings()[0].delivered_at is None
    marks = []
    for _ in range(2):
        answer = world.app.test_client().post(address, json=report)
        assert (answer.status_code, answer.json) == (200, {"code": 0, "msg": "接收成功"})
        marks.append(sendings()[0].delivered_at)
    assert marks[0] is not None
    assert marks[0] == marks[1]
    wrong = world.app.test_client().post(f"/messages/callback/{sms}/{token[:-1]}x", json=report)
    assert wrong.status_code == 404
    assert world.app.test_client().post(address, data=b"{").status_code == 400


def test_switched_off_means_the_next_one(world: World, provider: Provider) -> None:
    first, second = channel(provider), channel(provider, kind="feishu", position=2)
    provider.default = {"code": 0}
    world.report(**SERIOUS)
    sending.take_up(AT)
    with writing():
        made = db.session.get(Channel, first)
        assert made is not None
        service.remove(made)
    sending.round(utcnow())
    assert [row.state for row in sendings(first)] == ["failed"]
    assert [row.state for row in sendings(second)] == ["sent"]


HOSTILE = ("{x}", "%s %(name)s", "<b>欧阳</b>", "O'Neil", "㐂𠮷䶮", "长" * 60)


def test_no_students_name_ever_leaves(world: World, provider: Provider) -> None:
    """Whatever people write into a report, and whatever students are called."""
    kinds = ("wecom_robot", "dingtalk", "feishu", "sms_aliyun")
    for kind in kinds:
        channel(provider, kind=kind)
    with writing():
        db.session.execute(update(School).where(School.code == SCHOOL).values(name="%(first)s{x}\n<b>小学"))
        pupil = db.session.scalars(select(Student)).one()
        for number, name in enumerate(HOSTILE):
            db.session.add(
                Student(
                    county=COUNTY,
                    window=pupil.window,
                    school=SCHOOL,
                    room="01",
                    seat=20 + number,
                    code=f"S2{number}",
                    name=name,
                    card_token=f"F2AAAAAAAAAAAAAA{number:03}",
                )
            )
    for number, name in enumerate(HOSTILE):
        world.report(**SERIOUS, note=f"{name} 摔倒", handled=f"{name} 已送医", students=[f"S2{number}"])
    assert sending.round(AT) == len(kinds)
    sent = "\n".join(f"{call.query} {call.body}" for call in provider.calls)
    for name in (*HOSTILE[2:], "欧阳", "摔倒", "送医", "%s %(name)s", *(f"S2{number}" for number in range(6))):
        assert name not in sent, name
    assert any("<b>小学" in text for text in provider.texts)  # the school's own name, and on one line
    assert all("\n<b>" not in text for text in provider.texts)
    db.session.rollback()
    letters = str(
        [
            {column.name: getattr(row, column.name) for column in Letter.__table__.columns}
            for row in db.session.scalars(select(Letter))
        ]
    )
    assert not any(name in letters for name in ("摔倒", "送医", "欧阳", "O'Neil"))


def test_secrets_are_kept_encrypted(world: World, provider: Provider) -> None:
    made = channel(provider, kind="dingtalk")
    db.session.rollback()
    row = db.session.get(Channel, made)
    assert row is not None
    kept = str([getattr(row, column.name) for column in Channel.__table__.columns])
    assert "not-a-real" not in kept
    assert "SEC-not-real" not in kept
    key = world.app.config["SETTINGS"].secret_key
    assert sealed.unseal(row.secret, key) == {"token": "not-a-real-token", "secret": "SEC-not-real"}
    with pytest.raises(sealed.Unopened):
        sealed.unseal(row.secret, key + "x")


def test_old_letters_are_forgotten(world: World, provider: Provider) -> None:
    channel(provider)
    world.report(**SERIOUS)
    sending.round(utcnow())
    with writing():
        sending.clean(utcnow())
    assert len(sendings()) == 1
    with writing():
        sending.clean(utcnow() + sending.KEEP + timedelta(days=1))
    assert sendings() == []
    assert db.session.scalar(select(Letter)) is None
