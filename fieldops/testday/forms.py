"""Forms of the room's page."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, StringField
from wtforms.validators import InputRequired, Length, NumberRange


class FreezeForm(FlaskForm):
    """Makes the absences final: which version of the sitting was seen. The students shown come as `absent`."""

    seen_version = IntegerField(validators=[InputRequired(), NumberRange(0, 1_000_000)])


class SpokenForm(FlaskForm):
    """A code read out over the telephone; `confirm` says that what it says was read back."""

    code = StringField(_l("Ten digits"), validators=[InputRequired(), Length(max=40)])
    confirm = BooleanField()
