"""The form of the desk's hand-over page."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired


class FileForm(FlaskForm):
    """One file of a phone."""

    file = FileField(
        _l("Hand-over file of a phone"),
        validators=[FileRequired(_l("Choose the file."))],
        description=_l("Its name ends in .fieldops."),
    )
