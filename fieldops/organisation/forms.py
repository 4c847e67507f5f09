"""Forms of signing in and of people on duty."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import EqualTo, InputRequired, Length

from fieldops.organisation.words import ROLE_NAMES

_NEEDED = _l("Please fill this in.")


class SignInForm(FlaskForm):
    """A desk's name and password."""

    login = StringField(
        _l("Sign-in name"),
        [InputRequired(_NEEDED), Length(max=100)],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = PasswordField(
        _l("Password"), [InputRequired(_NEEDED), Length(max=1000)], render_kw={"autocomplete": "current-password"}
    )


class PasswordForm(FlaskForm):
    """A desk's own password: the present one, and the new one twice. How long it must be says `passwords.hashed`."""

    old = PasswordField(
        _l("Present password"),
        [InputRequired(_NEEDED), Length(max=1000)],
        render_kw={"autocomplete": "current-password"},
    )
    new = PasswordField(
        _l("New password"),
        [InputRequired(_NEEDED), Length(max=1000)],
        description=_l("At least 10 characters; three or four words that do not belong together are good."),
        render_kw={"autocomplete": "new-password"},
    )
    again = PasswordField(
        _l("New password once more"),
        [InputRequired(_NEEDED), EqualTo("new", _l("The two are not the same."))],
        render_kw={"autocomplete": "new-password"},
    )


class CodeForm(FlaskForm):
    """A one-time code, typed."""

    code = StringField(
        _l("Sign-in code"),
        [InputRequired(_NEEDED), Length(max=60)],
        description=_l("13 letters and digits from your sheet; capitals and hyphens do not matter."),
        render_kw={"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"},
    )


class DutyForm(FlaskForm):
    """A duty for somebody: the view sets the places of `school`."""

    role = SelectField(_l("Role"), choices=[SelectChoice(role, name) for role, name in ROLE_NAMES.items()])
    school = SelectField(_l("Place"))
    room = StringField(
        _l("Room"), [Length(max=16)], description=_l("Only for a monitor of one room: the room's code, for example 01.")
    )


class PersonForm(DutyForm):
    """A new person with a first duty."""

    name = StringField(_l("Name"), [InputRequired(_NEEDED), Length(max=60)], render_kw={"autocomplete": "off"})
    telephone = StringField(_l("Telephone"), [Length(max=32)], render_kw={"autocomplete": "off", "inputmode": "tel"})
