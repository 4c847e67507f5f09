"""Web push: a message to a browser that a person at the desk has subscribed (RFC 8030, 8291, 8292).

The push service of the browser's maker carries it, and cannot read it: it is encrypted for that browser. Who we are is
signed with a key that follows from the app's secret key, so that there is nothing more to keep.
"""

from __future__ import annotations

import base64
import os
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fieldops.messages.compose import Message
from fieldops.messages.senders import LATER, REFUSED, SENT, SLOW_DOWN_S, Outcome, Tools, Way

#: Seconds for which the push service keeps it for a browser that is away: after that somebody else was told.
TTL_S: Final = 3600
#: Life of a signature; RFC 8292 allows a day.
_SIGNED_FOR: Final = timedelta(hours=12)
_CURVE = ec.SECP256R1()
#: Order of the curve's group (NIST P-256).
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_RECORD: Final = 4096
#: What every push service takes, encryption included, is 4096 bytes.
_MOST_TEXT: Final = 600


class Keys(msgspec.Struct):
    """Of a browser, base64url."""

    p256dh: str
    auth: str


class Subscription(msgspec.Struct):
    """What the browser gave out (`PushSubscription.toJSON`)."""

    endpoint: str
    keys: Keys


def signing_key(secret_key: str) -> ec.EllipticCurvePrivateKey:
    """The key that names this server to push services: the same on every node, another with another secret key."""
    drawn = HKDF(SHA256(), 48, salt=None, info=b"fieldops/messages/web push").derive(secret_key.encode())
    return ec.derive_private_key(int.from_bytes(drawn, "big") % (_ORDER - 1) + 1, _CURVE)


def public_key(secret_key: str) -> str:
    """Its public half, as a browser wants it when somebody subscribes (base64url)."""
    return _text(_point(signing_key(secret_key).public_key()))


def push(way: Way, message: Message, tools: Tools) -> Outcome:
    """One notification to one browser. 404 and 410 mean that the subscription is over for good."""
    if tools.push_key is None:
        return Outcome(REFUSED, "push: no key")
    try:
        to = msgspec.json.decode(way.values["subscription"], type=Subscription)
        sealed = _sealed(_said(message), _bytes(to.keys.p256dh), _bytes(to.keys.auth))
    except (msgspec.DecodeError, ValueError):
        return Outcome(REFUSED, "push: no subscription")
    headers = {
        "TTL": str(TTL_S),
        "Urgency": "high",
        "Content-Type": "application/octet-stream",
        "Content-Encoding": "aes128gcm",
        "Authorization": _authorization(to.endpoint, tools.push_key, tools.push_subject, tools.now()),
    }
    answer = tools.net.request("POST", to.endpoint, headers, sealed)
    if answer.status in (200, 201, 202):
        return Outcome(SENT)
    if answer.status in (404, 410):
        return Outcome(REFUSED, "push: gone")
    if answer.status == 429 or answer.status >= 500:
        return Outcome(LATER, f"http {answer.status}", after_s=answer.retry_after_s or SLOW_DOWN_S / 6)
    return Outcome(REFUSED, f"http {answer.status}")


def _said(message: Message) -> bytes:
    text = message.text[:_MOST_TEXT]
    lines = [line for line in text.splitlines() if line.strip() and "://" not in line]
    said = {"title": message.title[:200], "body": "\n".join(lines), "url": message.link, "tag": message.link}
    return msgspec.json.encode(said)


def _sealed(content: bytes, theirs: bytes, auth: bytes) -> bytes:
    """RFC 8291: encrypted for one browser, with a key that is used once."""
    key = ec.generate_private_key(_CURVE)
    ours = _point(key.public_key())
    shared = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, theirs))
    secret = _derived(shared, auth, b"WebPush: info\0" + theirs + ours, 32)
    salt = os.urandom(16)
    content_key = _derived(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(secret, salt, b"Content-Encoding: nonce\0", 12)
    sealed = AESGCM(content_key).encrypt(nonce, content + b"\x02", None)
    return salt + _RECORD.to_bytes(4, "big") + bytes([len(ours)]) + ours + sealed


def _authorization(endpoint: str, key: ec.EllipticCurvePrivateKey, subject: str, now: datetime) -> str:
    """RFC 8292: who sends, for this push service and for some hours."""
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int((now + _SIGNED_FOR).timestamp()),
        "sub": subject,
    }
    head = _text(msgspec.json.encode({"typ": "JWT", "alg": "ES256"}))
    signed = f"{head}.{_text(msgspec.json.encode(claims))}"
    r, s = utils.decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(SHA256())))
    token = f"{signed}.{_text(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
    return f"vapid t={token}, k={_text(_point(key.public_key()))}"


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=salt, info=info).derive(secret)


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
