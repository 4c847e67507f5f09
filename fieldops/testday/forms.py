"""Forms of the room's page, and of what was set aside."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, RadioField, SelectChoice, StringField
from wtforms.validators import InputRequired, Length, NumberRange, ValidationError

from fieldops.testday.quarantine import HOW


class FreezeForm(FlaskForm):
    """Makes the absences final: which version of the sitting was seen. The students shown come as `absent`."""

    seen_version = IntegerField(validators=[InputRequired(), NumberRange(0, 1_000_000)])


class SpokenForm(FlaskForm):
    """A code read out over the telephone; `confirm` says that what it says was read back."""

    code = StringField(_l("Ten digits"), validators=[InputRequired(), Length(max=40)])
    confirm = BooleanField()


class SettleForm(FlaskForm):
    """What became of something that was set aside."""

    how = RadioField(
        _l("What became of it?"),
        choices=[SelectChoice(code, words) for code, words in HOW.items()],
        validators=[InputRequired()],
    )
    note = StringField(_l("In a few words"), validators=[Length(max=500)])

    def validate_note(self, field: StringField) -> None:
        """Nothing to be done is a judgement: it needs its reason.

        Raises:
            ValidationError: there is none.
        """
        if self.how.data == "nothing" and not (field.data or "").strip():
            raise ValidationError(_("Say in a few words why nothing needs to be done."))
