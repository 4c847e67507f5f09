"""The page on which a desk changes its own password."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, g, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from fieldops.organisation import own_password, passwords, throttle
from fieldops.organisation.forms import PasswordForm
from fieldops.organisation.problems import Invalid
from fieldops.organisation.rules import rule

URL = "/me/password"


def register(blueprint: Blueprint) -> None:
    """Add the page."""
    blueprint.add_url_rule(URL, view_func=my_password, methods=["GET"])
    blueprint.add_url_rule(URL, view_func=change_my_password, methods=["POST"])


@rule(None, at="own")
def my_password() -> str:
    """The form."""
    return _page(PasswordForm(formdata=None))


@rule(None, at="own")
def change_my_password() -> Response | tuple[str, int]:
    """Change it, when the present one is right."""
    form = PasswordForm()
    if not form.validate():
        return _page(form), 422
    try:
        own_password.change(
            person=g.actor.person_id,
            old=form.old.data or "",
            new=form.new.data or "",
            address=request.remote_addr or "",
        )
    except (Invalid, passwords.PasswordRefused) as problem:
        field = form.old if isinstance(problem, Invalid) else form.new
        field.errors = [str(problem.words)]
        return _page(form), problem.status
    except (throttle.TooManyTries, passwords.Busy) as problem:
        flash(f"{problem.title}. {problem.words}", "error")
        return _page(form), problem.status
    current_app.logger.info("password changed by its person")
    flash(_("The password is changed."), "success")
    return redirect("/me", 303)


def _page(form: PasswordForm) -> str:
    return render_template("organisation/password.html", form=form)
