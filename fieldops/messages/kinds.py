"""What kinds of channels there are and which settings each needs. Pure."""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from flask_babel import lazy_gettext as _l

#: Numbers of mobile telephones as they are dialled at home, or with a country code.
NUMBERS = r"\+?\d{6,15}"


class Setting(NamedTuple):
    """One setting of a kind."""

    name: str
    label: Any
    #: Kept encrypted, never shown again.
    secret: bool = False
    needed: bool = True
    hint: Any = ""
    #: What the whole of it must look like.
    pattern: str = r".{1,300}"


class Kind(NamedTuple):
    """One kind of channel."""

    name: str
    label: Any
    settings: tuple[Setting, ...]
    #: Messages a minute that the provider surely takes.
    per_minute: int
    #: Whether the provider calls us back when a message was delivered.
    calls_back: bool = False


_URL = r"https?://[^\s/?#]+(/[^\s?#]*)?"
_BASE = Setting(
    "base",
    _l("Address of the server"),
    needed=False,
    hint=_l("Only when your organisation runs its own. Empty: the provider's."),
    pattern=_URL,
)
_PEOPLE = _l("Numbers or names, divided by commas.")
_PHONES = Setting(
    "phones",
    _l("Mobile numbers"),
    hint=_PEOPLE,
    pattern=rf"\s*{NUMBERS}(\s*[,，;；\s]\s*{NUMBERS}){{0,49}}\s*",
)
_TOKEN = r"[\w-]{8,200}"  # noqa: S105 - what one looks like

KINDS: Final[dict[str, Kind]] = {
    kind.name: kind
    for kind in (
        Kind(
            "wecom_app",
            _l("WeCom application message"),
            (
                Setting("corp_id", _l("Corp ID"), pattern=r"[\w-]{4,64}"),
                Setting("agent_id", _l("Agent ID"), pattern=r"\d{1,12}"),
                Setting("secret", _l("Secret"), secret=True, pattern=_TOKEN),
                Setting(
                    "to_users", _l("Members"), hint=_l("Account names, divided by |; @all is everybody."), needed=False
                ),
                Setting("to_parties", _l("Departments"), hint=_l("Numbers, divided by |."), needed=False),
                _BASE,
            ),
            20,
        ),
        Kind(
            "wecom_robot",
            _l("WeCom group robot"),
            (
                Setting("key", _l("Key (the end of the webhook address)"), secret=True, pattern=_TOKEN),
                _BASE,
            ),
            15,
        ),
        Kind(
            "dingtalk",
            _l("DingTalk group robot"),
            (
                Setting("token", _l("access_token (the end of the webhook address)"), secret=True, pattern=_TOKEN),
                Setting(
                    "secret", _l("Signing secret (SEC…)"), secret=True, hint=_l("Security setting: signed (加签).")
                ),
                _BASE,
            ),
            15,
        ),
        Kind(
            "feishu",
            _l("Feishu group robot"),
            (
                Setting("token", _l("Token (the end of the webhook address)"), secret=True, pattern=_TOKEN),
                Setting(
                    "secret", _l("Signing secret"), secret=True, hint=_l("Security setting: signature (签名校验).")
                ),
                _BASE,
            ),
            60,
        ),
        Kind(
            "sms_aliyun",
            _l("SMS (Aliyun)"),
            (
                _PHONES,
                Setting("key_id", _l("AccessKey ID"), pattern=_TOKEN),
                Setting("key_secret", _l("AccessKey secret"), secret=True, pattern=_TOKEN),
                Setting("sign_name", _l("Signature of the SMS"), pattern=r".{2,30}"),
                Setting(
                    "template",
                    _l("Template code"),
                    hint=_l("A template with the variables school, what, level and time."),
                    pattern=r"[\w-]{3,40}",
                ),
                _BASE,
            ),
            # An operator lets one number have one message of a template a minute.
            1,
            calls_back=True,
        ),
        Kind(
            "sms_tencent",
            _l("SMS (Tencent Cloud)"),
            (
                _PHONES,
                Setting("key_id", _l("SecretId"), pattern=_TOKEN),
                Setting("key_secret", _l("SecretKey"), secret=True, pattern=_TOKEN),
                Setting("app_id", _l("SMS application (SdkAppId)"), pattern=r"\d{5,20}"),
                Setting("sign_name", _l("Signature of the SMS"), pattern=r".{2,30}"),
                Setting(
                    "template",
                    _l("Template ID"),
                    hint=_l("A template with four variables: school, what, level, time."),
                    pattern=r"\d{1,20}",
                ),
                _BASE,
            ),
            2,
            calls_back=True,
        ),
        Kind(
            "mail",
            _l("E-mail"),
            (
                Setting(
                    "to",
                    _l("Addresses"),
                    hint=_l("Divided by commas."),
                    pattern=r"\s*[^\s@,]+@[^\s@,]+(\s*,\s*[^\s@,]+@[^\s@,]+){0,49}\s*",
                ),
            ),
            10,
        ),
        Kind(
            "web_push",
            _l("This browser (push)"),
            (
                Setting(
                    "subscription",
                    _l("What this browser gave out"),
                    secret=True,
                    hint=_l("Filled in by the button."),
                    pattern=r"\{.{20,1500}\}",
                ),
            ),
            20,
        ),
        Kind(
            "other",
            _l("Something else (apprise)"),
            (
                Setting(
                    "url",
                    _l("Address as apprise writes it"),
                    secret=True,
                    hint=_l("Only services that the operator has allowed."),
                    pattern=r"[a-z0-9]+://\S{1,400}",
                ),
            ),
            10,
        ),
    )
}


def faults(kind: Kind, values: dict[str, str]) -> list[str]:
    """Names of the settings that are missing or not as they must be."""
    wrong = [
        setting.name
        for setting in kind.settings
        if (values.get(setting.name) or setting.needed)
        and not re.fullmatch(setting.pattern, values.get(setting.name, ""))
    ]
    if kind.name == "wecom_app" and not values.get("to_users") and not values.get("to_parties"):
        wrong.append("to_users")
    return wrong
