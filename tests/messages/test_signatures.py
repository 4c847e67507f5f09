"""Signatures against the providers' own documented examples."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

from fieldops.messages import signatures


def test_aliyun_as_in_its_documentation() -> None:
    query = signatures.aliyun_query(
        {"RegionId": "cn-shanghai", "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"}
    )
    headers = signatures.aliyun(
        "YourAccessKeyId",
        "YourAccessKeySecret",
        host="ecs.cn-shanghai.aliyuncs.com",
        action="RunInstances",
        version="2014-05-26",
        query=query,
        at=datetime(2023, 10, 26, 10, 22, 32, tzinfo=UTC),
        nonce="3156853299f313e23d1673dc12e1703d",
    )
    assert headers["authorization"] == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,"
        "SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,"
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def test_aliyun_quotes_after_rfc_3986() -> None:
    assert signatures.aliyun_query({"b": "停 电*~/", "a": "+"}) == "a=%2B&b=%E5%81%9C%20%E7%94%B5%2A~%2F"


def test_tencent_as_in_its_documentation() -> None:
    said = signatures.tencent(
        "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
        "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE",
        host="cvm.tencentcloudapi.com",
        service="cvm",
        body='{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}',
        at=datetime.fromtimestamp(1551113065, UTC),
    )
    assert said == (
        "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/tc3_request, "
        "SignedHeaders=content-type;host, "
        "Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
    )


def test_dingtalk_signs_time_and_secret_with_the_secret() -> None:
    # The documentation's own lines of Python.
    wanted = hmac.new(b"this is secret", b"1700000000000\nthis is secret", digestmod=hashlib.sha256).digest()
    assert signatures.dingtalk("this is secret", 1700000000000) == base64.b64encode(wanted).decode()


def test_feishu_signs_nothing_with_time_and_secret() -> None:
    wanted = hmac.new(b"1599360473\ndemo", digestmod=hashlib.sha256).digest()
    assert signatures.feishu("demo", 1599360473) == base64.b64encode(wanted).decode()
