"""The desk's page of channels: set up, tried, changed, taken away; secrets go in and never come out."""

from __future__ import annotations

import dataclasses
import re

import pytest

from fieldops.db import db
from fieldops.messages import queries, sealed
from tests.incidents.conftest import CITY, COUNTY, SERIOUS, World, world
from tests.messages.provider import Provider, provider

__all__ = ["provider", "world"]
SECRET = "SEC-secret-of-nobody"


@pytest.fixture
def engine() -> str:
    """The statements behind the pages are held to both engines by the outbox's tests."""
    return "sqlite"


@pytest.fixture(autouse=True)
def _allowed(world: World) -> None:
    settings = world.app.config["SETTINGS"]
    world.app.config["SETTINGS"] = dataclasses.replace(settings, messages_private=True)


def wanted(provider: Provider, **more: object) -> dict[str, object]:
    return {
        "name": "值班群 <b>{x}",
        "urgencies": ["serious"],
        "position": 1,
        "per_minute": 10,
        "language": "zh",
        "enabled": "y",
        "set_token": "token-of-nobody",
        "set_secret": SECRET,
        "set_base": provider.url,
        **more,
    }


def set_up(world: World, provider: Provider) -> str:
    answer = world.post("county", f"/c/{COUNTY}/messages/new/dingtalk", wanted(provider))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def test_a_channel_is_set_up_tried_and_taken_away(world: World, provider: Provider) -> None:
    address = set_up(world, provider)
    page = world.get("county", address).text
    assert "值班群 &lt;b&gt;{x}" in page
    assert SECRET not in page
    assert "token-of-nobody" not in page
    provider.answers = [{"errcode": 310000, "errmsg": "sign not match"}, {"errcode": 0}]
    for state in ("310000", None):
        assert world.post("county", f"{address}/test", {}).status_code == 303
        (channel,) = queries.channels(COUNTY)
        assert (state or "") in (channel.last_error or "")
        assert (channel.failing_since is None) == (state is None)
        db.session.rollback()
    assert "测试消息" in provider.texts[-1]
    world.report(**SERIOUS)
    assert world.get("county", f"/c/{COUNTY}/messages").status_code == 200
    assert world.post("county", f"{address}/remove", {}).status_code == 303
    db.session.rollback()
    assert queries.channels(COUNTY) == []


def test_an_empty_secret_keeps_what_is_there_but_not_for_another_server(world: World, provider: Provider) -> None:
    """Else whoever may change a channel could have its secret sent to a server of their own."""
    address = set_up(world, provider)
    kept = wanted(provider, name="新名称", set_token="", set_secret="")
    assert world.post("county", address, kept).status_code == 303
    (channel,) = queries.channels(COUNTY)
    assert channel.name == "新名称"
    values = sealed.unseal(channel.secret, world.app.config["SETTINGS"].secret_key)
    assert values == {"token": "token-of-nobody", "secret": SECRET}
    db.session.rollback()
    elsewhere = {**kept, "set_base": "https://elsewhere.example.cn"}
    assert world.post("county", address, elsewhere).status_code == 422
    (channel,) = queries.channels(COUNTY)
    assert channel.settings["base"] == provider.url


@pytest.mark.parametrize(
    ("field", "value"),
    [("set_token", ""), ("set_token", "a/b?c=d&e"), ("position", 0), ("urgencies", []), ("set_base", "file:///etc/x")],
)
def test_what_cannot_work_is_said_at_the_field(world: World, provider: Provider, field: str, value: object) -> None:
    answer = world.post("county", f"/c/{COUNTY}/messages/new/dingtalk", wanted(provider, **{field: value}))
    assert answer.status_code == 422
    assert re.search(r'aria-invalid="true"|field--invalid', answer.text)
    assert queries.channels(COUNTY) == []


def test_plain_http_only_where_the_operator_allows(world: World, provider: Provider) -> None:
    settings = world.app.config["SETTINGS"]
    world.app.config["SETTINGS"] = dataclasses.replace(settings, messages_private=False)
    assert world.post("county", f"/c/{COUNTY}/messages/new/dingtalk", wanted(provider)).status_code == 422


def test_what_the_operator_has_not_set_up_is_not_offered(world: World) -> None:
    assert world.get("county", f"/c/{COUNTY}/messages/new/mail").status_code == 404
    assert world.get("county", f"/c/{COUNTY}/messages/new/other").status_code == 404
    assert world.get("county", f"/c/{COUNTY}/messages/new/feishu").status_code == 200


def test_each_desk_has_its_own(world: World, provider: Provider) -> None:
    address = set_up(world, provider)
    identity = address.rsplit("/", 1)[1]
    assert world.get("city", f"/d/{CITY}/messages").status_code == 200
    assert world.get("city", f"/d/{CITY}/messages/{identity}").status_code == 404
    assert world.post("city", f"/d/{CITY}/messages/{identity}/remove", {}).status_code == 404
    for nobody in ("supervisor", "chief", "other_county"):
        assert world.get(nobody, f"/c/{COUNTY}/messages").status_code == 404
    assert len(queries.channels(COUNTY)) == 1
