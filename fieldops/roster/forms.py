"""Forms of the roster's import."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import MultipleFileField
from wtforms.validators import InputRequired, Length

from fieldops.roster.storage import MOST_FILES


class ReportsForm(FlaskForm):
    """One or more schools' reports."""

    files = MultipleFileField(
        _l("Reports of the schools (.xlsx or .csv)"),
        [
            InputRequired(_l("Choose at least one file.")),
            Length(max=MOST_FILES, message=_l("Choose at most %(max)d files.")),
        ],
        description=_l("Several files at once are checked together."),
        render_kw={"accept": ".xlsx,.csv", "required": True},
    )
