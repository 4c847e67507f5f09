"""Short messages by Aliyun and by Tencent Cloud: a template that the operator of the network approved, four variables.

Sources: Aliyun, SendSms (Dysmsapi 2017-05-25), SmsReport; Tencent Cloud, SendSms (sms 2021-01-11), callback of states.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import msgspec

from fieldops.messages import signatures
from fieldops.messages.compose import Message
from fieldops.messages.kinds import NUMBERS
from fieldops.messages.senders import LATER, REFUSED, SENT, SLOW_DOWN_S, Outcome, Tools, Way, base, post_json, read

#: Codes of "not now": the beginning of each.
_ALIYUN_SLOW = ("isv.BUSINESS_LIMIT_CONTROL", "isv.DAY_LIMIT_CONTROL", "Throttling", "ServiceUnavailable")
_ALIYUN_AGAIN = ("isp.SYSTEM_ERROR", "isp.RAM", "InternalError", "isv.SYSTEM", "SignatureNonceUsed")
_TENCENT_SLOW = ("LimitExceeded", "RequestLimitExceeded")
_TENCENT_AGAIN = (
    "InternalError",
    "ResourceUnavailable",
    "FailedOperation.FailResolvePacket",
    "AuthFailure.SignatureExpire",
)


def numbers(text: str) -> list[str]:
    """The telephone numbers of a setting."""
    return re.findall(NUMBERS, text)


def aliyun(way: Way, message: Message, tools: Tools) -> Outcome:
    """One request for all numbers; `OutId` is our number of it, and `BizId` theirs."""
    where = base(way, "https://dysmsapi.aliyuncs.com")
    school, what, level, at = message.variables
    query = signatures.aliyun_query(
        {
            "PhoneNumbers": ",".join(number.removeprefix("+86") for number in numbers(way.values["phones"])),
            "SignName": way.values["sign_name"],
            "TemplateCode": way.values["template"],
            "TemplateParam": msgspec.json.encode({"school": school, "what": what, "level": level, "time": at}).decode(),
            "OutId": message.identity,
        }
    )
    headers = signatures.aliyun(
        way.values["key_id"],
        way.values["key_secret"],
        host=urlsplit(where).netloc,
        action="SendSms",
        version="2017-05-25",
        query=query,
        at=tools.now(),
        # New for each try: the same one twice is refused as a replay.
        nonce=f"{message.identity}-{int(tools.now().timestamp() * 1000)}",
    )
    answer = tools.net.request("POST", f"{where}/?{query}", headers)
    found = read(answer) if answer.status >= 500 or answer.status == 429 else _object(answer.body)
    if isinstance(found, Outcome):
        return found
    code = str(found.get("Code"))
    if code == "OK":
        return Outcome(SENT, numbers=(str(found.get("BizId")),) if found.get("BizId") else ())
    return _by_beginning(code, _ALIYUN_SLOW, _ALIYUN_AGAIN, "aliyun")


def _object(body: bytes) -> dict[str, Any] | Outcome:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, msgspec.ValidationError):
        return Outcome(LATER, "aliyun: unreadable")


def tencent(way: Way, message: Message, tools: Tools) -> Outcome:
    """One request for all numbers; each has a state and a number (`SerialNo`) of its own in the answer."""
    where = base(way, "https://sms.tencentcloudapi.com")
    body = msgspec.json.encode(
        {
            "PhoneNumberSet": [f"+86{n}" if not n.startswith("+") else n for n in numbers(way.values["phones"])],
            "SmsSdkAppId": way.values["app_id"],
            "SignName": way.values["sign_name"],
            "TemplateId": way.values["template"],
            "TemplateParamSet": list(message.variables),
            "SessionContext": message.identity,
        }
    )
    at = tools.now()
    headers = {
        "X-TC-Action": "SendSms",
        "X-TC-Version": "2021-01-11",
        "X-TC-Region": "ap-guangzhou",
        "X-TC-Timestamp": str(int(at.timestamp())),
        "Authorization": signatures.tencent(
            way.values["key_id"],
            way.values["key_secret"],
            host=urlsplit(where).netloc,
            service="sms",
            body=body.decode(),
            at=at,
        ),
    }
    found = post_json(tools.net, f"{where}/", msgspec.Raw(body), headers)
    if isinstance(found, Outcome):
        return found
    said = found.get("Response")
    if not isinstance(said, dict):
        return Outcome(LATER, "tencent: unreadable")
    if "Error" in said:
        return _by_beginning(str(said["Error"].get("Code")), _TENCENT_SLOW, _TENCENT_AGAIN, "tencent")
    states = [state for state in said.get("SendStatusSet", []) if isinstance(state, dict)]
    taken = tuple(str(state["SerialNo"]) for state in states if state.get("Code") == "Ok" and state.get("SerialNo"))
    if any(state.get("Code") == "Ok" for state in states):
        # Some number of several may be wrong: the desk sees the mark of those that were reached.
        return Outcome(SENT, numbers=taken)
    code = str(states[0].get("Code")) if states else "empty"
    return _by_beginning(code, _TENCENT_SLOW, _TENCENT_AGAIN, "tencent")


def _by_beginning(code: str, slow: tuple[str, ...], again: tuple[str, ...], prefix: str) -> Outcome:
    error = f"{prefix} {code}"[:200]
    if code.startswith(slow):
        return Outcome(LATER, error, after_s=SLOW_DOWN_S)
    return Outcome(LATER if code.startswith(again) else REFUSED, error)


def delivered(kind: str, reports: object) -> list[str]:
    """The provider's numbers of messages that a callback says were delivered; anything else in it is let be."""
    if not isinstance(reports, list):
        return []
    found = [report for report in reports if isinstance(report, dict)]
    if kind == "sms_aliyun":
        return [str(report["biz_id"]) for report in found if report.get("success") is True and report.get("biz_id")]
    return [str(report["sid"]) for report in found if report.get("report_status") == "SUCCESS" and report.get("sid")]
