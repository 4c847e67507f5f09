"""What can go wrong when people are added or sign in, in words that say what to do next."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from fieldops.web.errors import Problem


class Invalid(Problem):
    """An entry that cannot be kept; the detail says which and why."""

    status, slug, title = 422, "invalid", _l("Some entries are not right")


class CodeUnknown(Problem):
    """No such code."""

    status, slug, title = 404, "code-unknown", _l("This code is not known")
    detail = _l("Check each character, or ask the chief monitor or your county desk for a new link.")


class CodeUsed(Problem):
    """A code works once."""

    status, slug, title = 410, "code-used", _l("This link was already used")
    detail = _l("A link signs in one device, once. Ask the chief monitor or your county desk for a new one.")


class CodeExpired(Problem):
    """A code waits for a limited time."""

    status, slug, title = 410, "code-expired", _l("This link is too old")
    detail = _l("Ask the chief monitor or your county desk for a new one.")


class DeviceTaken(Problem):
    """A device belongs to one person for ever: facts already on it must not change their author."""

    status, slug, title = 409, "device-taken", _l("This device is signed in for somebody else")
    detail = _l("Send what waits on it, remove the app's data, and open your own link again.")


class SignInRefused(Problem):
    """Name or password is wrong; which of them is not said."""

    status, slug, title = 401, "sign-in-refused", _l("Name or password is not right")
    detail = _l("Check both, and whether capital letters are on.")
