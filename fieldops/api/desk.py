"""The county desk's page for a hand-over file that somebody brought on a stick or sent by other ways."""

from __future__ import annotations

from flask import Blueprint, g, render_template, request

from fieldops.api import envelope, hand_over
from fieldops.api.forms import FileForm
from fieldops.organisation.rules import rule
from fieldops.web.errors import Problem

blueprint = Blueprint("hand_over", __name__)


@blueprint.route("/c/<county>/hand-over", methods=["GET", "POST"])
@rule("hand_over.carry", at="county")
def desk_hand_over(county: str) -> tuple[str, int]:
    """Take in a file, and say what became of it."""
    request.max_content_length = 2 * envelope.MOST_SEALED
    form = FileForm()
    taken: hand_over.Taken | None = None
    problem: Problem | None = None
    if form.validate_on_submit():
        try:
            taken = hand_over.take(envelope.from_file(form.file.data.read()), g.actor)
        except envelope.Broken:
            problem = hand_over.NotOpened()
        except (hand_over.NotOpened, hand_over.NotHere, hand_over.OtherWindow) as error:
            problem = error
    page = render_template("api/hand_over.html", form=form, taken=taken, problem=problem, county=county)
    return page, 422 if problem or form.errors else 200
