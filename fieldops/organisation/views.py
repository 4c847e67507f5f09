"""Signing in and out, and the way from `/` to one's place. The pages of people on duty are in `people_views`."""

from __future__ import annotations

import uuid
from datetime import timedelta

from flask import Blueprint, abort, current_app, flash, g, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from fieldops.db import utcnow, writing
from fieldops.organisation import codes, password_views, passwords, people_views, queries, rules, service, throttle
from fieldops.organisation.actors import Actor, token_hash
from fieldops.organisation.forms import CodeForm, SignInForm
from fieldops.organisation.models import Device
from fieldops.organisation.places import level_of
from fieldops.organisation.problems import CodeUsed, SignInRefused
from fieldops.organisation.rights import ROLES
from fieldops.organisation.rules import rule
from fieldops.web.preferences import local_path
from fieldops.web.rules import public

blueprint = Blueprint("organisation", __name__)
people_views.register(blueprint)
password_views.register(blueprint)

#: What a person on duty opens first, by what the duty allows and the level it is held at.
_HOMES = (
    ("phone.use", ("room", "school"), "/phone"),
    ("school.view", ("school",), "/c/{county}/s/{school}/board"),
    ("county.view", ("county",), "/c/{county}/board"),
    ("division.view", ("city", "province"), "/d/{county}/board"),
)


def home_of(actor: Actor) -> str:
    """The path of the page that a person needs first; `/me` for somebody without a duty in an open window."""
    for action, levels, path in _HOMES:
        for duty in actor.duties:
            if action in ROLES.get(duty.role, ()) and level_of(duty.place) in levels:
                county, school, *_rest = [*duty.place.split("/"), ""]
                return path.format(county=county, school=school)
    return "/me"


@blueprint.get("/")
@rule(None, at="own")
def home() -> Response:
    """Each to their place."""
    return redirect(home_of(g.actor), 302)


# --- signing in -------------------------------------------------------------------------------------------------------


@blueprint.get("/sign-in")
@public
def sign_in() -> Response | str:
    """Name and password for a desk, a code for a phone."""
    if g.actor is not None:
        return redirect(local_path(request.args.get("next")), 302)
    return _sign_in_page(SignInForm(formdata=None), CodeForm(formdata=None))


@blueprint.post("/sign-in")
@public
def sign_in_by_password() -> Response | str | tuple[str, int]:
    """Check name and password; a wrong one shows the form again and says no more than that."""
    form = SignInForm()
    if not form.validate():
        return _sign_in_page(form, CodeForm(formdata=None)), 422
    try:
        token, _person = service.sign_in(
            login=form.login.data or "",
            password=form.password.data or "",
            address=request.remote_addr or "",
            device_id=str(uuid.uuid4()),
            label=_label(),
        )
    except (SignInRefused, throttle.TooManyTries, passwords.Busy) as problem:
        flash(f"{problem.title}. {problem.words}", "error")
        return _sign_in_page(form, CodeForm(formdata=None)), problem.status
    return _entered(token, service.DESK_LIFE, local_path(request.form.get("next")))


@blueprint.post("/sign-in/code")
@public
def sign_in_by_code() -> Response | str | tuple[str, int]:
    """A typed code leads to the same page as a link."""
    form = CodeForm()
    code = codes.read(form.code.data or "") if form.validate() else None
    if code is None:
        if not form.code.errors:
            form.code.errors = [_("This is not a sign-in code: it has 13 letters and digits.")]
        return _sign_in_page(SignInForm(formdata=None), form), 422
    return redirect(url_for("organisation.enter", code=code), 303)


def _sign_in_page(form: SignInForm, code_form: CodeForm) -> str:
    there = local_path(request.values.get("next"))
    return render_template("organisation/sign_in.html", form=form, code_form=code_form, next=there)


@blueprint.get("/enter/<code>")
@public
def enter(code: str) -> Response | str:
    """Whose sign-in a link is. Looking uses nothing up: chat apps open links before people do."""
    try:
        person = service.code_holder(code)
    except CodeUsed:
        return _entered_already(code)
    duties = queries.duties_of(person.id)
    names = queries.names({duty.place for duty in duties})
    other = g.actor if g.actor is not None and g.actor.person_id != person.id else None
    g.person_locale = person.locale or g.get("person_locale")
    return render_template("organisation/enter.html", holder=person, duties=duties, names=names, code=code, other=other)


@blueprint.post("/enter/<code>")
@public
def enter_now(code: str) -> Response:
    """Use the link: bind this browser to its person, once."""
    try:
        person = service.code_holder(code)
        device = _device_for(person.id)
        with writing():
            token, _person = service.enrol(code=code, device_id=device, label=_label())
    except CodeUsed:
        return _entered_already(code)
    return _entered(token, service.DEVICE_LIFE, "/")


def _entered_already(code: str) -> Response:
    """A second press of the button, or going back to the link, is no mistake of somebody who is in."""
    holder = service.holder_of_used(code)
    if g.actor is not None and holder == g.actor.person_id:
        return redirect("/", 303)
    raise CodeUsed


def _entered(token: str, life: timedelta, there: str) -> Response:
    before = _browsers_device()
    if before is not None and before.revoked_at is None and before.token_hash != token_hash(token):
        with writing():  # what this browser was signed in as until now ends with it
            service.sign_out(device_id=before.id)
    session.clear()  # what the earlier person's forms were bound to
    response = redirect(there, 303)
    rules.set_cookie(response, token, life)
    return response


def _browsers_device() -> Device | None:
    """The device that this browser's cookie names, also when it is expired or revoked."""
    token = request.cookies.get(rules.cookie_name())
    return queries.device_by_token_hash(token_hash(token)) if token else None


def _device_for(person: str) -> str:
    """This browser's device when it is the person's already, so that facts waiting on it stay theirs; else a new id."""
    known = _browsers_device()
    if known is not None and known.person == person and known.revoked_at is None:
        return known.id
    return str(uuid.uuid4())


def _label() -> str:
    """What a device is called in the list of devices: the browser's kind, which people can tell their phone by."""
    agent = request.headers.get("User-Agent", "")
    kinds = (
        ("MicroMessenger", "WeChat"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("HarmonyOS", "HarmonyOS"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Macintosh", "Mac"),
        ("Linux", "Linux"),
    )
    return " · ".join([name for mark, name in kinds if mark in agent][:2]) or "Web"


@blueprint.post("/sign-out")
@rule(None, at="own")
def sign_out() -> Response:
    """End this device's sign-in."""
    with writing():
        service.sign_out(device_id=g.actor.device_id)
    g.actor = None
    session.clear()
    response = redirect(url_for("organisation.sign_in"), 303)
    rules.clear_cookie(response)
    return response


# --- oneself ----------------------------------------------------------------------------------------------------------


@blueprint.get("/me")
@rule(None, at="own")
def me() -> str:
    """My duties and my devices."""
    now = utcnow()
    duties = queries.duties_of(g.actor.person_id)
    myself = queries.person(g.actor.person_id)
    return render_template(
        "organisation/me.html",
        by_password=myself is not None and myself.password_hash is not None,
        duties=duties,
        names=queries.names({duty.place for duty in duties}),
        devices=queries.devices_of(g.actor.person_id, now),
        now=now,
        home=home_of(g.actor),
    )


@blueprint.post("/me/devices/<uuid:device>/revoke")
@rule(None, at="own")
def revoke_mine(device: uuid.UUID) -> Response:
    """End the sign-in of one of my devices."""
    mine = {found.id for found in queries.devices_of(g.actor.person_id, utcnow())}
    if str(device) not in mine:
        abort(404)
    with writing():
        service.revoke_device(device_id=str(device), by=g.actor.person_id)
    current_app.logger.info("device revoked by its person")
    flash(_("The device is signed out."), "success")
    return redirect(url_for("organisation.me"), 303)
