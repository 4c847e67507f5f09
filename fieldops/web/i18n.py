"""Chinese first, English complete: which language a person gets, and how dates, times and numbers look in it.

The source language of the messages is English; Chinese lies in ``fieldops/translations/zh``. Times are stored in UTC
and shown in the school's zone, which the caller names: a time of day without a zone is never shown.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent
from flask import Flask, g, has_request_context, request
from flask_babel import Babel, get_locale, gettext, ngettext
from jinja2 import pass_context
from jinja2.runtime import Context

from fieldops.web import preferences, statuses
from fieldops.web.preferences import LOCALE_COOKIE, LOCALES

#: The value of ``<html lang>``: without the region, browsers may draw Japanese forms of Chinese characters.
_TAGS: Final = {"zh": "zh-CN", "en": "en"}


def init_app(app: Flask) -> None:
    """Choose a language for each request and give templates the format filters."""
    app.config.setdefault("BABEL_DEFAULT_LOCALE", LOCALES[0])
    app.config.setdefault("BABEL_DEFAULT_TIMEZONE", "UTC")
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", str(Path(__file__).resolve().parents[1] / "translations"))
    Babel(app, locale_selector=choose)
    app.jinja_env.globals.update(locale=language, language_tag=lambda: _TAGS[language()])
    filters = (
        local_time,
        local_datetime,
        day,
        full_date,
        zone_name,
        room_name,
        number,
        percent,
        deviation,
        ago,
        duration,
    )
    app.jinja_env.filters.update({shown.__name__: _not_constant(shown) for shown in filters})
    preferences.init_app(app)
    statuses.init_app(app)


def _not_constant(shown: Callable[..., str]) -> Callable[..., str]:
    """Keep Jinja from working out ``{{ 5|duration }}`` once for all, in the language of whoever came first."""

    @pass_context
    def filter_(_context: Context, *values: Any) -> str:
        return shown(*values)

    return filter_


def choose() -> str:
    """The language of this request: the account's, else the cookie's, else the browser's best match, else Chinese.

    ``g.person_locale`` is read when the first text of the request is translated, so it is set before any view runs.
    """
    for wanted in (g.get("person_locale"), request.cookies.get(LOCALE_COOKIE) if has_request_context() else None):
        if wanted in LOCALES:
            return str(wanted)
    return request.accept_languages.best_match(LOCALES, default=LOCALES[0]) or LOCALES[0]


def language() -> str:
    """``zh`` or ``en``: the language in use."""
    return str(getattr(get_locale(), "language", LOCALES[0]))


def local_time(moment: datetime, zone: str) -> str:
    """``08:25``: hours and minutes of an aware ``moment`` on the clocks of ``zone`` (an IANA name)."""
    return f"{_there(moment, zone):%H:%M}"


def local_datetime(moment: datetime, zone: str) -> str:
    """``5月20日 08:25`` or ``20 May 08:25``, on the clocks of ``zone``."""
    there = _there(moment, zone)
    return f"{_date(there.date(), 'M月d日', 'd MMM')} {there:%H:%M}"


def day(value: date) -> str:
    """``5月20日 周一`` or ``Mon 20 May``."""
    return _date(value, "M月d日 EEE", "EEE d MMM")


def full_date(value: date) -> str:
    """``2024年5月20日`` or ``20 May 2024``."""
    return _date(value, "y年M月d日", "d MMM y")


def zone_name(zone: str) -> str:
    """What people call the zone: shown beside times where a county has more than one."""
    names = {"Asia/Shanghai": _("Beijing time"), "Asia/Urumqi": _("Xinjiang time")}
    return names.get(zone, zone)


def room_name(code: str) -> str:
    """``考场 1`` or ``Room 1`` for a room that has nothing but a number, like ``roomName`` of the phone."""
    # Without a request there is no reader, and so no language: the code says enough.
    plain = code.isascii() and code.isdecimal() and has_request_context()
    return str(_("Room %(room)s", room=code.lstrip("0") or "0")) if plain else code


def number(value: float) -> str:
    """With the thousands of the language."""
    return format_decimal(value, locale=language())


def percent(value: float) -> str:
    """``0.9`` as ``90%``."""
    return format_percent(value, format="#,##0.#%", locale=language())


def deviation(minutes: int | None) -> str:
    """Minutes off the plan: ``+3 min``, ``−2 min``, ``on time``; a dash when nothing is known yet."""
    if minutes is None:
        return "–"
    if minutes == 0:
        return _("on time")
    sign = "+" if minutes > 0 else "−"
    return _("%(sign)s%(count)s min", sign=sign, count=abs(minutes))


def ago(seconds: float | None) -> str:
    """How long since something was heard: ``just now``, ``12 s ago``, ``3 min ago``, ``2 h ago``."""
    if seconds is None:
        return _("nothing heard yet")
    whole = max(0, int(seconds))
    if whole < 5:
        return _("just now")
    if whole < 60:
        return _("%(count)s s ago", count=whole)
    if whole < 3600:
        return _("%(count)s min ago", count=whole // 60)
    if whole < 86400:
        return _("%(count)s h ago", count=whole // 3600)
    return str(ngettext("%(num)s day ago", "%(num)s days ago", whole // 86400))


def duration(minutes: int) -> str:
    """``45 min``, ``1 h 20 min``."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return _("%(count)s min", count=rest)
    if not rest:
        return _("%(count)s h", count=hours)
    return _("%(hours)s h %(minutes)s min", hours=hours, minutes=rest)


def _(message: str, **values: Any) -> str:
    return str(gettext(message, **values))


def _there(moment: datetime, zone: str) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a time to show must carry its zone")
    return moment.astimezone(ZoneInfo(zone))


def _date(value: date, chinese: str, english: str) -> str:
    code = language()
    shown: Any = format_date(value, chinese if code == "zh" else english, locale=code)
    return str(shown)
