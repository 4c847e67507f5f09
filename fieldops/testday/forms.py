"""Forms of the room's page."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import IntegerField
from wtforms.validators import InputRequired, NumberRange


class FreezeForm(FlaskForm):
    """Makes the absences final: which version of the sitting was seen. The students shown come as `absent`."""

    seen_version = IntegerField(validators=[InputRequired(), NumberRange(0, 1_000_000)])
