"""How providers want their requests signed. Pure: time and nonce are handed in; each is held to its documented example.

DingTalk: custom robot, "加签". Feishu: custom bot, "签名校验". Aliyun: request signature V3 (`ACS3-HMAC-SHA256`).
Tencent Cloud: API signature v3 (`TC3-HMAC-SHA256`).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote


def dingtalk(secret: str, timestamp_ms: int) -> str:
    """The `sign` of a DingTalk robot, not yet quoted for the address."""
    return base64.b64encode(_hmac(secret.encode(), f"{timestamp_ms}\n{secret}")).decode()


def feishu(secret: str, timestamp_s: int) -> str:
    """The `sign` of a Feishu robot: the text to be signed is the *key*, and nothing is signed with it."""
    return base64.b64encode(_hmac(f"{timestamp_s}\n{secret}".encode(), "")).decode()


def aliyun_query(parameters: Mapping[str, str]) -> str:
    """The canonical query string: sorted, quoted after RFC 3986. It is also what is sent."""
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in sorted(parameters.items()))


def aliyun(
    key_id: str, secret: str, *, host: str, action: str, version: str, query: str, at: datetime, nonce: str
) -> dict[str, str]:
    """Headers of a signed POST without a body. `at`: UTC, within 15 minutes of the provider's clock."""
    empty = hashlib.sha256(b"").hexdigest()
    headers = {
        "host": host,
        "x-acs-action": action,
        "x-acs-content-sha256": empty,
        "x-acs-date": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
        "x-acs-version": version,
    }
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    request = f"POST\n/\n{query}\n{lines}\n{names}\n{empty}"
    signature = _hmac(secret.encode(), f"ACS3-HMAC-SHA256\n{_sha256(request)}").hex()
    headers["authorization"] = f"ACS3-HMAC-SHA256 Credential={key_id},SignedHeaders={names},Signature={signature}"
    return headers


def tencent(key_id: str, secret: str, *, host: str, service: str, body: str, at: datetime) -> str:
    """The `Authorization` of a POST of JSON. `at`: UTC; its seconds are also `X-TC-Timestamp`."""
    date, names = at.strftime("%Y-%m-%d"), "content-type;host"
    headers = f"content-type:application/json; charset=utf-8\nhost:{host}\n"
    request = f"POST\n/\n\n{headers}\n{names}\n{_sha256(body)}"
    scope = f"{date}/{service}/tc3_request"
    key = _hmac(_hmac(_hmac(f"TC3{secret}".encode(), date), service), "tc3_request")
    signature = _hmac(key, f"TC3-HMAC-SHA256\n{int(at.timestamp())}\n{scope}\n{_sha256(request)}").hex()
    return f"TC3-HMAC-SHA256 Credential={key_id}/{scope}, SignedHeaders={names}, Signature={signature}"


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
