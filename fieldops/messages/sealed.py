"""Secrets of channels at rest: encrypted with a key made from the app's secret key, never shown again, never logged."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

import msgspec
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class Unopened(Exception):
    """The secrets cannot be opened: `FIELDOPS_SECRET_KEY` is another one than when they were kept."""


def seal(values: Mapping[str, str], secret_key: str) -> str:
    """Secrets as text for the database."""
    return _box(secret_key).encrypt(msgspec.json.encode(dict(values))).decode()


def unseal(sealed: str, secret_key: str) -> dict[str, str]:
    """The secrets again.

    Raises:
        Unopened: with another key.
    """
    try:
        return msgspec.json.decode(_box(secret_key).decrypt(sealed.encode()), type=dict[str, str])
    except (InvalidToken, msgspec.DecodeError) as error:
        raise Unopened from error


def callback_token(channel: str, secret_key: str) -> str:
    """The part of a channel's callback address that nobody can guess."""
    return hmac.new(_key(secret_key, b"callback"), channel.encode(), hashlib.sha256).hexdigest()[:40]


def _box(secret_key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_key(secret_key, b"channel secrets")))


def _key(secret_key: str, use: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"fieldops/messages/" + use).derive(secret_key.encode())
