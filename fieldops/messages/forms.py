"""The form of a channel: the settings of its kind, and when it is used."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, PasswordField, RadioField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange
from wtforms.validators import Optional as Empty
from wtforms.widgets import CheckboxInput, ListWidget

from fieldops.messages.kinds import Kind
from fieldops.messages.words import URGENCIES

_NEEDED = _l("Please fill this in.")
#: Names of the fields of settings begin with this, so that none is taken for one of the channel's own.
PREFIX = "set_"


def channel_form(kind: Kind, *, has_secrets: bool, **values: Any) -> FlaskForm:
    """A form for a channel of this kind. `has_secrets`: they are kept already, and an empty field leaves them."""

    class ChannelForm(FlaskForm):
        name = StringField(
            _l("Name of the channel"),
            [InputRequired(_NEEDED), Length(max=60)],
            description=_l("As the desk calls it, such as the group's name."),
        )
        urgencies = SelectMultipleField(
            _l("For"),
            [InputRequired(_NEEDED)],
            choices=[SelectChoice(name, label) for name, label in URGENCIES.items()],
            widget=ListWidget(prefix_label=False),
            option_widget=CheckboxInput(),
        )
        position = IntegerField(
            _l("Order"),
            [InputRequired(_NEEDED), NumberRange(1, 9)],
            description=_l(
                "1 is used first. Channels of the same number are used together; the next number when one fails."
            ),
            render_kw={"min": 1, "max": 9, "inputmode": "numeric"},
        )
        per_minute = IntegerField(
            _l("Messages a minute, at most"),
            [InputRequired(_NEEDED), NumberRange(1, 60)],
            description=_l("What is due meanwhile goes out as one message."),
            render_kw={"min": 1, "max": 60, "inputmode": "numeric"},
        )
        language = RadioField(
            _l("Language"), choices=[SelectChoice("zh", "中文"), SelectChoice("en", "English")], default="zh"
        )
        enabled = BooleanField(_l("In use"))

    for setting in kind.settings:
        needed = setting.needed and not (setting.secret and has_secrets)
        field = PasswordField if setting.secret else StringField
        hint = _l("Kept encrypted. Leave it empty to keep what is there.") if has_secrets else setting.hint
        setattr(
            ChannelForm,
            PREFIX + setting.name,
            field(
                setting.label,
                [InputRequired(_NEEDED) if needed else Empty(), Length(max=1500)],
                description=hint if setting.secret else setting.hint,
                render_kw={"autocomplete": "new-password" if setting.secret else "off", "spellcheck": "false"},
            ),
        )
    return ChannelForm(**values)
