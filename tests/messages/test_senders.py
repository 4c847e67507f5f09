"""Each sender against a provider that answers 200 with an error, asks for a pause, hangs, breaks off half-way."""

from __future__ import annotations

import socketserver
import threading
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from fieldops.messages import mail, net, robots, signatures, sms
from fieldops.messages.compose import Message
from fieldops.messages.net import Net, Unreachable
from fieldops.messages.senders import Outcome, Tools, Way
from tests.messages.provider import HALF, HANG, Provider, provider

__all__ = ["provider"]
NOW = datetime(2024, 5, 20, 0, 20, tzinfo=UTC)
MESSAGE = Message("0190a5b0-0000-4000-8000-000000000001", "标题", "甲小学 · 停电", ("甲小学", "停电", "县", "08:20"))
VALUES = {
    "corp_id": "ww123456",
    "agent_id": "1000002",
    "secret": "SEC-not-a-real-one",
    "to_users": "@all",
    "key": "not-a-real-key",
    "token": "not-a-real-token",
    "phones": "13800000001, 13800000002",
    "key_id": "not-a-key-id",
    "key_secret": "not-a-key-secret",
    "sign_name": "教育局",
    "template": "SMS_1",
    "app_id": "1400000000",
}
SENDERS = {
    "wecom_app": robots.wecom_app,
    "wecom_robot": robots.wecom_robot,
    "dingtalk": robots.dingtalk,
    "feishu": robots.feishu,
    "sms_aliyun": sms.aliyun,
    "sms_tencent": sms.tencent,
}
TOKEN = {"errcode": 0, "access_token": "a-token", "expires_in": 7200}


@pytest.fixture(autouse=True)
def _no_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(robots, "tokens", robots._Tokens())


def send(provider: Provider, kind: str, *answers: Any, time_s: float = 5.0) -> Outcome:
    provider.answers = list(answers)
    tools = Tools(Net(private=True, time_s=time_s), lambda: NOW)
    return SENDERS[kind](Way("c", kind, {**VALUES, "base": provider.url}), MESSAGE, tools)


def tencent(code: str) -> dict[str, Any]:
    return {"Response": {"SendStatusSet": [{"SerialNo": "9:1", "Code": code, "PhoneNumber": "+8613800000001"}]}}


@pytest.mark.parametrize(
    ("kind", "answers", "state"),
    [
        ("wecom_robot", [{"errcode": 0}], "sent"),
        ("wecom_robot", [{"errcode": 93000, "errmsg": "invalid webhook url"}], "refused"),
        ("wecom_robot", [{"errcode": 45009, "errmsg": "api freq out of limit"}], "later"),
        ("wecom_robot", [{}], "refused"),
        ("wecom_robot", [b"<html>proxy</html>"], "later"),
        ("wecom_robot", [(302, {"Location": "http://127.0.0.1:1/"}, b"")], "refused"),
        ("wecom_robot", [(503, {}, b"")], "later"),
        ("wecom_robot", [HALF], "later"),
        ("wecom_app", [TOKEN, {"errcode": 0, "msgid": "1"}], "sent"),
        ("wecom_app", [TOKEN, {"errcode": 0, "invaliduser": "a|b"}], "refused"),
        ("wecom_app", [{"errcode": 40001}], "refused"),
        ("wecom_app", [TOKEN, {"errcode": -1}], "later"),
        ("dingtalk", [{"errcode": 0}], "sent"),
        ("dingtalk", [{"errcode": 310000, "errmsg": "sign not match"}], "refused"),
        ("dingtalk", [{"errcode": 130101, "errmsg": "send too fast"}], "later"),
        ("dingtalk", [{"errcode": 410100}], "later"),
        ("feishu", [{"code": 0, "msg": "success"}], "sent"),
        ("feishu", [{"StatusCode": 0, "StatusMessage": "success"}], "sent"),
        ("feishu", [{"code": 19021, "msg": "sign match fail"}], "refused"),
        ("feishu", [{"code": 9499}], "later"),
        ("feishu", [{"code": 11232}], "later"),
        ("sms_aliyun", [{"Code": "OK", "BizId": "900^0"}], "sent"),
        ("sms_aliyun", [{"Code": "isv.BUSINESS_LIMIT_CONTROL"}], "later"),
        ("sms_aliyun", [(400, {}, {"Code": "SignatureDoesNotMatch"})], "refused"),
        ("sms_tencent", [tencent("Ok")], "sent"),
        ("sms_tencent", [tencent("LimitExceeded.PhoneNumberThirtySecondLimit")], "later"),
        ("sms_tencent", [tencent("FailedOperation.TemplateIncorrectOrUnapproved")], "refused"),
        ("sms_tencent", [{"Response": {"Error": {"Code": "AuthFailure.SecretIdNotFound"}}}], "refused"),
    ],
)
def test_only_the_code_in_the_body_says_sent(provider: Provider, kind: str, answers: list[Any], state: str) -> None:
    if HALF in answers:
        with pytest.raises(Unreachable):
            send(provider, kind, *answers)
        return
    outcome = send(provider, kind, *answers)
    assert outcome.state == state, outcome
    assert (outcome.error == "") == (state == "sent")
    assert not any(VALUES[name] in outcome.error for name in ("secret", "key", "token", "key_secret"))


def test_too_many_requests_names_the_pause(provider: Provider) -> None:
    outcome = send(provider, "feishu", (429, {"Retry-After": "77"}, b""))
    assert (outcome.state, outcome.after_s) == ("later", 77)


@pytest.mark.parametrize("kind", ["wecom_robot", "sms_tencent"])
def test_what_hangs_ends_with_its_time(provider: Provider, kind: str) -> None:
    begin = time.monotonic()
    with pytest.raises(Unreachable, match="timeout"):
        send(provider, kind, HANG, time_s=0.5)
    assert time.monotonic() - begin < 8


def test_what_drips_ends_with_its_time() -> None:
    """A byte now and then keeps every single read within its limit, and yet the whole must end."""
    ended = threading.Event()

    class Dripping(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            try:
                self.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n")
                while not ended.wait(0.05):
                    self.request.sendall(b" ")
            except OSError:
                pass

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Dripping) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        begin = time.monotonic()
        with pytest.raises(Unreachable, match="timeout"):
            Net(private=True, time_s=0.5).request("GET", f"http://127.0.0.1:{server.server_address[1]}/")
        ended.set()
        server.shutdown()
    assert time.monotonic() - begin < 8


def test_an_endless_answer_is_not_read(provider: Provider) -> None:
    provider.default = b"x" * (net.MAX_ANSWER_BYTES + 1)
    with pytest.raises(Unreachable, match="too_long"):
        Net(private=True).request("GET", provider.url)


def test_wecom_renews_its_token_once(provider: Provider) -> None:
    assert send(
        provider, "wecom_app", TOKEN, {"errcode": 42001}, {**TOKEN, "access_token": "b"}, {"errcode": 0}
    ).state == ("sent")
    assert [call.query.get("access_token") for call in provider.calls] == [None, ["a-token"], None, ["b"]]
    assert send(provider, "wecom_app", {"errcode": 40014}, TOKEN, {"errcode": 40014}, {"errcode": 0}).state == "later"
    assert len(provider.calls) == 7  # and not for ever


def test_wecom_keeps_its_token_and_checks_for_repeats(provider: Provider) -> None:
    for _ in range(2):
        assert send(provider, "wecom_app", *([TOKEN] if not provider.calls else []), {"errcode": 0}).state == "sent"
    assert [call.path for call in provider.calls] == ["/cgi-bin/gettoken"] + ["/cgi-bin/message/send"] * 2
    assert provider.calls[1].body["enable_duplicate_check"] == 1


def test_dingtalk_is_signed_with_its_time(provider: Provider) -> None:
    send(provider, "dingtalk", {"errcode": 0})
    query = provider.calls[0].query
    assert query["sign"] == [signatures.dingtalk(VALUES["secret"], int(query["timestamp"][0]))]


def test_an_sms_names_four_things_and_keeps_its_number(provider: Provider) -> None:
    outcome = send(provider, "sms_aliyun", {"Code": "OK", "BizId": "900^0"})
    call = provider.calls[0]
    assert outcome.numbers == ("900^0",)
    assert call.query["PhoneNumbers"] == ["13800000001,13800000002"]
    assert call.query["OutId"] == [MESSAGE.identity]
    assert call.query["TemplateParam"] == ['{"school":"甲小学","what":"停电","level":"县","time":"08:20"}']
    assert call.headers["authorization"].startswith("ACS3-HMAC-SHA256 Credential=not-a-key-id,")
    outcome = send(provider, "sms_tencent", tencent("Ok"))
    assert outcome.numbers == ("9:1",)
    assert provider.calls[1].body["TemplateParamSet"] == list(MESSAGE.variables)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "::1",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "224.0.0.1",
    ],
)
def test_addresses_inside_are_inside(address: str) -> None:
    assert not net.is_outside(address)


def test_addresses_outside_are_outside() -> None:
    assert net.is_outside("223.5.5.5")
    assert net.is_outside("2400:3200::1")


def test_no_request_goes_inside_unless_allowed(provider: Provider) -> None:
    with pytest.raises(Unreachable, match="forbidden_address"):
        Net(private=False).request("GET", provider.url)
    with pytest.raises(Unreachable, match="forbidden_address"):
        Net(private=False).request("GET", provider.url.replace("http://", "https://"))
    assert provider.calls == []


def test_a_name_with_one_address_inside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(2, 1, 6, "", ("223.5.5.5", 443)), (2, 1, 6, "", ("10.0.0.1", 443))]
    monkeypatch.setattr(net.socket, "getaddrinfo", lambda *_args, **_named: found)
    with pytest.raises(Unreachable, match="forbidden_address"):
        net.addresses("example.cn", 443, private=False)


def test_callbacks_name_what_was_delivered() -> None:
    aliyun = [{"biz_id": "1", "success": True}, {"biz_id": "2", "success": False}, {"success": True}, "x"]
    assert sms.delivered("sms_aliyun", aliyun) == ["1"]
    both = [{"sid": "1", "report_status": "SUCCESS"}, {"sid": "2", "report_status": "FAIL"}]
    assert sms.delivered("sms_tencent", both) == ["1"]
    assert sms.delivered("sms_tencent", {"sid": "1"}) == []


class Mailbox(socketserver.ThreadingTCPServer):
    """As much of SMTP as a message needs."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, answer_to_recipient: bytes = b"250 ok") -> None:
        self.mails: list[str] = []
        box = self

        class Talk(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(b"220 here\r\n")
                while line := self.rfile.readline():
                    verb = line[:4].upper()
                    if verb == b"DATA":
                        self.wfile.write(b"354 go\r\n")
                        lines = []
                        while (part := self.rfile.readline()) not in (b".\r\n", b""):
                            lines.append(part)
                        box.mails.append(b"".join(lines).decode())
                    if verb == b"RCPT":
                        self.wfile.write(answer_to_recipient + b"\r\n")
                    else:
                        self.wfile.write(b"250 ok\r\n")
                    if verb == b"QUIT":
                        return

        super().__init__(("127.0.0.1", 0), Talk)


@pytest.mark.parametrize(("answer", "state"), [(b"250 ok", "sent"), (b"550 nobody", "refused"), (b"451 busy", "later")])
def test_a_mail_has_our_number(answer: bytes, state: str) -> None:
    with Mailbox(answer) as box:
        threading.Thread(target=box.serve_forever, args=(0.05,), daemon=True).start()
        url = f"smtp://127.0.0.1:{box.server_address[1]}"
        tools = Tools(Net(private=False), lambda: NOW, smtp_url=url, mail_from="Fieldops <no-reply@example.cn>")
        outcome = mail.mail(Way("c", "mail", {"to": "a@example.cn, b@example.cn"}), MESSAGE, tools)
        box.shutdown()
    assert outcome.state == state, outcome
    assert len(box.mails) == (state == "sent")
    if box.mails:
        assert f"Message-ID: <{MESSAGE.identity}@example.cn>" in box.mails[0]


@pytest.mark.filterwarnings("ignore:.imghdr.:DeprecationWarning")  # apprise imports it
def test_apprise_sends_only_what_the_operator_allows(provider: Provider) -> None:
    way = Way("c", "other", {"url": provider.url.replace("http://", "json://")})
    tools = Tools(Net(private=False), lambda: NOW)
    assert mail.other(way, MESSAGE, tools).state == "refused"
    assert provider.calls == []
    allowed = tools._replace(apprise=frozenset({"json"}))
    assert mail.other(way, MESSAGE, allowed).state == "sent"
    assert provider.calls[0].body["message"] == MESSAGE.text
    provider.default = (500, {}, b"")
    assert mail.other(way, MESSAGE, allowed).state == "later"
