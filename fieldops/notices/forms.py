"""The form of a notice."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, SelectField, SelectMultipleField, TextAreaField, TimeField
from wtforms.validators import UUID, DataRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from fieldops.notices.facts import LONGEST


class Checks(SelectMultipleField):
    """Boxes to tick; the macro of fields knows it by its name."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class NoticeForm(FlaskForm):
    """What is told to whom."""

    #: Made with the form: pressed twice, it is sent once.
    notice = HiddenField(validators=[DataRequired(), UUID()])
    about = HiddenField(validators=[Optional(), UUID()])
    replaces = HiddenField(validators=[Optional(), UUID()])
    ready = SelectField(_l("Ready sentence"), validators=[Optional()])
    text = TextAreaField(_l("Notice"), validators=[Length(max=LONGEST)])
    must_confirm = BooleanField(
        _l("Must be confirmed"), description=_l("It stays on top of each phone until the person confirms it.")
    )
    confirm_by = TimeField(_l("Confirm by"), description=_l("Today, by the window's clock."), validators=[Optional()])
    #: Schools of a county, counties of a city or province.
    places = Checks(validators=[Optional()])
    roles = Checks(_l("Only these duties"), description=_l("None chosen: everybody on duty."), validators=[Optional()])
