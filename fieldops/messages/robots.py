"""WeCom, DingTalk, Feishu. All three answer HTTP 200 with an error in the body: only the body's code says `sent`.

Sources: WeCom developer centre (发送应用消息, 群机器人, 全局错误码); DingTalk open platform (自定义机器人); Feishu open
platform (自定义机器人使用指南).
"""

from __future__ import annotations

import hashlib
import threading
import time
from typing import Any
from urllib.parse import quote

from fieldops.messages import signatures
from fieldops.messages.compose import Message
from fieldops.messages.net import Net
from fieldops.messages.senders import REFUSED, SENT, Outcome, Tools, Way, base, judged, post_json, read

#: WeCom: busy; too many calls; too many at once.
_WECOM_AGAIN: frozenset[object] = frozenset({-1})
_WECOM_SLOW: frozenset[object] = frozenset({45009, 45033, 45011})
#: WeCom: the access token is not valid, or not any more.
_WECOM_TOKEN = (40014, 42001, 41001)
_DINGTALK_AGAIN: frozenset[object] = frozenset({-1})
_DINGTALK_SLOW: frozenset[object] = frozenset({130101, 410100, 90018})
_FEISHU_AGAIN: frozenset[object] = frozenset({11231})
_FEISHU_SLOW: frozenset[object] = frozenset({9499, 11232, 99991400})
#: How long WeCom takes the same text for a repeat and lets it go: a message sent twice after a crash arrives once.
_SAME_WITHIN_S = 600


class _Tokens:
    """WeCom's access tokens of this process, until shortly before they end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[str, float]] = {}

    def get(self, key: str) -> str | None:
        with self._lock:
            token, until = self._kept.get(key, ("", 0.0))
            return token if until > time.monotonic() else None

    def put(self, key: str, token: str, life_s: float) -> None:
        with self._lock:
            self._kept[key] = (token, time.monotonic() + max(0.0, life_s - 120))

    def drop(self, key: str) -> None:
        with self._lock:
            self._kept.pop(key, None)


tokens = _Tokens()


def wecom_app(way: Way, message: Message, tools: Tools) -> Outcome:
    """A message of an application of the organisation's WeCom to members or departments."""
    where = base(way, "https://qyapi.weixin.qq.com")
    values = way.values
    kept = f"{where}/{values['corp_id']}/{hashlib.sha256(values['secret'].encode()).hexdigest()}"
    body = {
        "touser": values.get("to_users", ""),
        "toparty": values.get("to_parties", ""),
        "msgtype": "text",
        "agentid": int(values["agent_id"]),
        "text": {"content": message.text},
        "enable_duplicate_check": 1,
        "duplicate_check_interval": _SAME_WITHIN_S,
    }
    found: dict[str, Any] | Outcome = {}
    for last in (False, True):
        token = tokens.get(kept) or _new_token(tools.net, where, values["corp_id"], values["secret"], kept)
        if isinstance(token, Outcome):
            return token
        found = post_json(tools.net, f"{where}/cgi-bin/message/send?access_token={quote(token)}", body)
        if isinstance(found, dict) and found.get("errcode") in _WECOM_TOKEN and not last:
            tokens.drop(kept)  # ended before its time: once more with a new one
            continue
        break
    if isinstance(found, Outcome):
        return found
    if found.get("errcode") == 0:
        nobody = not found.get("msgid") and (found.get("invaliduser") or found.get("invalidparty"))
        return Outcome(REFUSED, "wecom: nobody of these") if nobody else Outcome(SENT)
    return judged(found.get("errcode"), slow=_WECOM_SLOW, again=_WECOM_AGAIN | {*_WECOM_TOKEN}, prefix="wecom")


def _new_token(net: Net, where: str, corp: str, secret: str, kept: str) -> str | Outcome:
    url = f"{where}/cgi-bin/gettoken?corpid={quote(corp)}&corpsecret={quote(secret)}"
    found = read(net.request("GET", url))
    if isinstance(found, Outcome):
        return found
    if found.get("errcode") != 0 or not isinstance(found.get("access_token"), str):
        return judged(found.get("errcode"), slow=_WECOM_SLOW, again=_WECOM_AGAIN, prefix="wecom token")
    token = str(found["access_token"])
    tokens.put(kept, token, float(found.get("expires_in") or 7200))
    return token


def wecom_robot(way: Way, message: Message, tools: Tools) -> Outcome:
    """A robot in a WeCom group: 20 messages a minute at most."""
    url = f"{base(way, 'https://qyapi.weixin.qq.com')}/cgi-bin/webhook/send?key={quote(way.values['key'])}"
    body = {"msgtype": "text", "text": {"content": message.text, "mentioned_list": ["@all"]}}
    found = post_json(tools.net, url, body)
    if isinstance(found, Outcome):
        return found
    if found.get("errcode") == 0:
        return Outcome(SENT)
    return judged(found.get("errcode"), slow=_WECOM_SLOW, again=_WECOM_AGAIN, prefix="wecom")


def dingtalk(way: Way, message: Message, tools: Tools) -> Outcome:
    """A robot in a DingTalk group, signed: 20 messages a minute at most, else it is silent for ten."""
    at_ms = int(tools.now().timestamp() * 1000)
    sign = quote(signatures.dingtalk(way.values["secret"], at_ms), safe="")
    where = base(way, "https://oapi.dingtalk.com")
    url = f"{where}/robot/send?access_token={quote(way.values['token'])}&timestamp={at_ms}&sign={sign}"
    body = {"msgtype": "text", "text": {"content": message.text}, "at": {"isAtAll": True}}
    found = post_json(tools.net, url, body)
    if isinstance(found, Outcome):
        return found
    if found.get("errcode") == 0:
        return Outcome(SENT)
    return judged(found.get("errcode"), slow=_DINGTALK_SLOW, again=_DINGTALK_AGAIN, prefix="dingtalk")


def feishu(way: Way, message: Message, tools: Tools) -> Outcome:
    """A robot in a Feishu group, signed: 100 messages a minute and 5 a second at most."""
    at_s = int(tools.now().timestamp())
    url = f"{base(way, 'https://open.feishu.cn')}/open-apis/bot/v2/hook/{quote(way.values['token'])}"
    body = {
        "timestamp": str(at_s),
        "sign": signatures.feishu(way.values["secret"], at_s),
        "msg_type": "text",
        "content": {"text": message.text},
    }
    found = post_json(tools.net, url, body)
    if isinstance(found, Outcome):
        return found
    code = found.get("code", found.get("StatusCode"))  # older servers have the second one alone
    if code == 0:
        return Outcome(SENT)
    return judged(code, slow=_FEISHU_SLOW, again=_FEISHU_AGAIN, prefix="feishu")
