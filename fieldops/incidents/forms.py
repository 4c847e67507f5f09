"""Forms of incidents: a report made at a desk, a decision, a note."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    FieldList,
    HiddenField,
    IntegerField,
    RadioField,
    SelectChoice,
    SelectField,
    TextAreaField,
)
from wtforms.validators import UUID, DataRequired, InputRequired, Length, Optional
from wtforms.widgets import HiddenInput

from fieldops.incidents.severity import CATEGORIES, SEVERITIES

#: As the facts declare it.
LONGEST = 2000
#: Minutes offered for an instruction.
WITHIN = (5, 10, 15, 30, 60)


def _minutes(said: str | None) -> int | None:
    return int(said) if said else None


class ReportForm(FlaskForm):
    """An incident that a school told by telephone, or that a desk saw itself."""

    school = SelectField(_l("School"), validators=[DataRequired()])
    category = SelectField(
        _l("What happened"),
        choices=[SelectChoice(code, name) for code, name in CATEGORIES.items()],
        validators=[DataRequired()],
    )
    order_affected = RadioField(
        _l("Is order affected?"),
        choices=[
            SelectChoice("no", _l("No")),
            SelectChoice("slight", _l("Slightly")),
            SelectChoice("serious", _l("Seriously")),
        ],
        default="no",
        validators=[InputRequired()],
    )
    data_affected = BooleanField(_l("The data may no longer be true"))
    materials_at_risk = BooleanField(_l("Test materials are at risk"))
    beyond_school = BooleanField(_l("More than this school is concerned"))
    room = SelectField(_l("Room"), validators=[Optional()], validate_choice=True)
    occurred = DateTimeLocalField(
        _l("When it happened"),
        description=_l("The school's time. Leave it empty for: just now."),
        validators=[Optional()],
    )
    note = TextAreaField(
        _l("What is known"),
        description=_l("No names of students, please."),
        validators=[Optional(), Length(max=LONGEST)],
    )
    handled = TextAreaField(_l("What was done at once"), validators=[Optional(), Length(max=LONGEST)])


class DecisionForm(FlaskForm):
    """A decision with the version that the person saw. Which words it needs, the table of transitions says."""

    seen_version = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
    text = TextAreaField(validators=[Optional(), Length(max=LONGEST)])
    #: A ready sentence; what is written in `text` follows it.
    ready = HiddenField()
    severity = SelectField(choices=[SelectChoice(name, name) for name in SEVERITIES], validators=[Optional()])
    #: Minutes from now within which an instruction wants to be carried out.
    within = SelectField(
        choices=[SelectChoice(each, each) for each in WITHIN], coerce=_minutes, validators=[Optional()]
    )
    #: Id of the incident in which it goes on.
    into = HiddenField(validators=[Optional(), UUID()])


class AreaForm(FlaskForm):
    """The desk's answer to the area detector: what it was given to."""

    seen_version = IntegerField(validators=[InputRequired()])
    incident = FieldList(HiddenField(validators=[UUID()]), min_entries=0)
    into = HiddenField(validators=[Optional(), UUID()])
    reason = TextAreaField(validators=[Optional(), Length(max=LONGEST)])


class TakeForm(FlaskForm):
    """An incident is taken on in the list: the version that the person saw there."""

    seen_version = IntegerField(validators=[InputRequired()])


class NoteForm(FlaskForm):
    """A fact for the timeline."""

    text = TextAreaField(
        _l("Add to the timeline"),
        description=_l("What happened or was done since. No names of students, please."),
        validators=[DataRequired(), Length(max=LONGEST)],
    )
