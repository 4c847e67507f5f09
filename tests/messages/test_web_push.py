"""Web push against a push service that decrypts what it got, checks who signed it, and answers as real ones do."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from flask.testing import FlaskClient

from fieldops.messages import web_push
from fieldops.messages.compose import Message
from fieldops.messages.kinds import KINDS, faults
from fieldops.messages.net import Net, Unreachable
from fieldops.messages.senders import Outcome, Tools, Way
from tests.support import field

NOW = datetime(2024, 5, 20, 0, 20, tzinfo=UTC)
SECRET = "only-for-tests-" + "0" * 32
LINK = "https://fieldops.example/c/441823/s/1/incidents/x?letter=1"
MESSAGE = Message("id", "[严重]甲小学 <b>{x} %s · 停电", f"甲小学 · 停电 · 08:20\n{LINK}", ("", "", "", ""), LINK)


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


class Browser:
    """A subscriber, who alone can read it (RFC 8291)."""

    def __init__(self) -> None:
        self._key, self._auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)

    def subscription(self, endpoint: str) -> str:
        keys = {"p256dh": b64(point(self._key.public_key())), "auth": b64(self._auth)}
        return json.dumps({"endpoint": endpoint, "keys": keys})

    def read(self, body: bytes) -> dict[str, str]:
        salt, size, theirs = body[:16], int.from_bytes(body[16:20], "big"), body[21 : 21 + body[20]]
        assert len(body) <= size
        shared = self._key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))
        info = b"WebPush: info\0" + point(self._key.public_key()) + theirs

        def derive(secret: bytes, salted: bytes, said: bytes, length: int) -> bytes:
            return HKDF(SHA256(), length, salt=salted, info=said).derive(secret)

        secret = derive(shared, self._auth, info, 32)
        key = derive(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
        nonce = derive(secret, salt, b"Content-Encoding: nonce\0", 12)
        plain = AESGCM(key).decrypt(nonce, body[21 + body[20] :], None)
        assert plain[-1:] == b"\x02"
        found: dict[str, str] = json.loads(plain[:-1])
        return found


class Service:
    """A push service on the loopback: keeps what it was sent, answers what a test says."""

    def __init__(self) -> None:
        self.status, self.headers = 201, {}
        self.calls: list[tuple[dict[str, str], bytes]] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.calls.append(({name.lower(): value for name, value in self.headers.items()}, body))
                if service.status == 0:
                    self.close_connection = True
                    return  # breaks off without a word
                self.send_response(service.status)
                for name, value in service.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.server.shutdown()
    made.server.server_close()


def send(service: Service, browser: Browser, **tools: Any) -> Outcome:
    way = Way("c", "web_push", {"subscription": browser.subscription(f"{service.url}/push/abc")})
    given = {"push_key": web_push.signing_key(SECRET), "push_subject": "https://fieldops.example", **tools}
    return web_push.push(way, MESSAGE, Tools(Net(private=True, time_s=5), lambda: NOW, **given))


def test_only_the_browser_can_read_it_and_the_service_knows_who_sends(service: Service) -> None:
    browser = Browser()
    assert send(service, browser) == Outcome("sent")
    ((headers, body),) = service.calls
    assert "甲小学".encode() not in body
    said = browser.read(body)
    assert said == {"title": MESSAGE.title, "body": "甲小学 · 停电 · 08:20", "url": LINK, "tag": LINK}
    assert (headers["ttl"], headers["urgency"], headers["content-encoding"]) == ("3600", "high", "aes128gcm")
    scheme, token, key = headers["authorization"].replace(",", "").split(" ")
    head, claims, signature = token.removeprefix("t=").split(".")
    told = json.loads(raw(claims))
    assert (scheme, told["aud"], told["sub"]) == ("vapid", service.url, "https://fieldops.example")
    assert 0 < told["exp"] - NOW.timestamp() <= 86_400
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw(key.removeprefix("k=")))
    r, s = (int.from_bytes(half, "big") for half in (raw(signature)[:32], raw(signature)[32:]))
    public.verify(utils.encode_dss_signature(r, s), f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
    assert key.removeprefix("k=") == web_push.public_key(SECRET) != web_push.public_key(SECRET + "1")


@pytest.mark.parametrize(
    ("status", "state", "error"),
    [
        (404, "refused", "push: gone"),
        (410, "refused", "push: gone"),
        (400, "refused", "http 400"),
        (413, "refused", "http 413"),
        (500, "later", "http 500"),
    ],
)
def test_each_answer_means_what_it_says(service: Service, status: int, state: str, error: str) -> None:
    service.status = status
    outcome = send(service, Browser())
    assert (outcome.state, outcome.error) == (state, error)


def test_a_pause_is_kept_and_a_cut_is_tried_again(service: Service) -> None:
    service.status, service.headers = 429, {"Retry-After": "120"}
    assert send(service, Browser()) == Outcome("later", "http 429", after_s=120.0)
    service.status = 0
    with pytest.raises(Unreachable):
        send(service, Browser())


def test_what_is_no_subscription_is_refused(service: Service) -> None:
    tools = Tools(Net(private=True), lambda: NOW, push_key=web_push.signing_key(SECRET))
    for text in ("{}", '{"endpoint": "x", "keys": {"p256dh": "AA", "auth": "AA"}}', "no json"):
        assert web_push.push(Way("c", "web_push", {"subscription": text}), MESSAGE, tools).state == "refused"
    assert send(service, Browser(), push_key=None).state == "refused"
    assert faults(KINDS["web_push"], {"subscription": Browser().subscription(service.url)}) == []
    assert faults(KINDS["web_push"], {"subscription": "https://elsewhere"}) == ["subscription"]


def test_addresses_of_the_own_network_are_never_asked(service: Service) -> None:
    way = Way("c", "web_push", {"subscription": Browser().subscription(f"{service.url}/push")})
    tools = Tools(Net(private=False), lambda: NOW, push_key=web_push.signing_key(SECRET))
    with pytest.raises(Unreachable, match="forbidden_address"):
        web_push.push(way, MESSAGE, tools)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_desk_sets_its_browser_up_and_the_subscription_never_comes_out(app: Flask, client: FlaskClient) -> None:
    field.make()
    token, _ = field.sign_in("desk", field.COUNTY)
    headers = {**field.bearer(token), "Accept-Language": "en"}
    page = client.get(f"/c/{field.COUNTY}/messages/new/web_push", headers=headers).text
    assert f'data-push="{web_push.public_key(app.config["SETTINGS"].secret_key)}"' in page
    assert "js/push.js" in page
    given = Browser().subscription("https://push.example/abc")
    form = {
        "name": "窗口 {x}",
        "set_subscription": given,
        "urgencies": ["serious"],
        "position": "1",
        "per_minute": "20",
    }
    answer = client.post(
        f"/c/{field.COUNTY}/messages/new/web_push", headers=headers, data={**form, "language": "zh", "enabled": "y"}
    )
    assert answer.status_code == 303, answer.text
    edit = client.get(answer.headers["Location"], headers=headers)
    assert edit.status_code == 200
    assert "push.example" not in edit.text
    empty = client.post(
        f"/c/{field.COUNTY}/messages/new/web_push", headers=headers, data={**form, "set_subscription": ""}
    )
    assert empty.status_code == 422


def test_the_worker_is_served_to_everybody_and_small(app: Flask, client: FlaskClient) -> None:
    answer = client.get("/push/worker.js")
    assert (answer.status_code, answer.mimetype) == (200, "text/javascript")
    assert "showNotification" in answer.text
    assert len(answer.data) < 4_000
