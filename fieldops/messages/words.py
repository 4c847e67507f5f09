"""What people read about channels and what was sent through them."""

from __future__ import annotations

from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

URGENCIES: Final[dict[str, Any]] = {
    "serious": _l("serious incidents"),
    "moderate": _l("moderate incidents"),
    "minor": _l("minor incidents"),
    "normal": _l("everything else"),
}

#: States of a sending.
STATES: Final[dict[str, Any]] = {
    "waiting": _l("waiting"),
    "leased": _l("on its way"),
    "sent": _l("sent"),
    "failed": _l("not sent"),
    "dropped": _l("no longer needed"),
}

#: What came of a letter that no channel took.
NOWHERE: Final[dict[str, Any]] = {
    "new": _l("waiting"),
    "nowhere": _l("no channel for it"),
    "dropped": _l("no longer needed"),
    "under_way": "",
}

_ERRORS: Final[dict[str, Any]] = {
    "timeout": _l("The provider did not answer in time."),
    "connection": _l("The provider could not be reached, or broke off."),
    "no_address": _l("There is no server of this name."),
    "tls": _l("The provider's certificate is not in order."),
    "forbidden_address": _l("The address lies in the server's own network. The operator can allow that."),
    "too_long": _l("The answer was no answer of this provider."),
    "push: gone": _l("This browser no longer takes messages. Ask it again, or take the channel away."),
    "switched off": _l("The channel was switched off."),
    "the secrets cannot be opened: set the channel up again": _l(
        "The server's secret key was changed. Enter the secrets again."
    ),
}


def error(code: str | None) -> str:
    """What went wrong, in words; a provider's own code is shown as it is, to be looked up there."""
    if not code:
        return ""
    if code in _ERRORS:
        return str(_ERRORS[code])
    if code.startswith("http 429"):
        return str(_("The provider asks for a pause."))
    return str(_("The provider says: %(code)s", code=code))
