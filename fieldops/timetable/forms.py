"""Forms of the timetable, its policies and the rehearsal's clock."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import DateField, HiddenField, IntegerField, RadioField, StringField, TimeField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange

from fieldops.timetable.policies import Policy

_NEEDED = _l("Please fill this in.")
_ORIGIN = _l("Where it comes from")


class UploadForm(FlaskForm):
    """A corrected timetable of one grade."""

    grade = RadioField(
        _l("Grade"),
        [InputRequired(_NEEDED)],
        choices=[SelectChoice(4, _l("Grade 4")), SelectChoice(8, _l("Grade 8"))],
        coerce=int,
    )
    file = FileField(
        _l("Timetable (.xlsx or .csv)"), [FileRequired(_NEEDED)], render_kw={"accept": ".xlsx,.csv", "required": True}
    )
    origin = StringField(
        _ORIGIN,
        [InputRequired(_NEEDED), Length(max=200)],
        description=_l("The document and its page, shown beside the timetable."),
        render_kw={"autocomplete": "off"},
    )


class PublishForm(FlaskForm):
    """What was looked at, handed back to be published."""

    grade = HiddenField(validators=[InputRequired()])
    origin = HiddenField(validators=[InputRequired()])
    seen_version = HiddenField(validators=[InputRequired()])
    rows = HiddenField(validators=[InputRequired(), Length(max=100_000)])


class ClockForm(FlaskForm):
    """A day and a time of day for the rehearsal's clock."""

    day = DateField(_l("Day"), [InputRequired(_NEEDED)])
    time = TimeField(_l("Time"), [InputRequired(_NEEDED)])


def policy_form(policy: Policy, **values: Any) -> FlaskForm:
    """A form for one policy, with its bounds."""

    class PolicyForm(FlaskForm):
        value = IntegerField(
            _l("Value"),
            [InputRequired(_NEEDED), NumberRange(policy.low, policy.high)],
            render_kw={"min": policy.low, "max": policy.high, "inputmode": "numeric"},
        )
        origin = StringField(
            _ORIGIN,
            [InputRequired(_NEEDED), Length(max=200)],
            description=_l("Handbook and page, or the number of a letter."),
            render_kw={"autocomplete": "off"},
        )

    return PolicyForm(**values)
