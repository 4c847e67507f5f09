"""The desk's page of its channels and of what was sent; the link of a message; the providers' callbacks."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from flask import Blueprint, abort, current_app, flash, g, jsonify, make_response, redirect, render_template, request
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response

from fieldops.db import db, utcnow, writing
from fieldops.messages import kinds, queries, sealed, sending, service, sms, web_push, words
from fieldops.messages.forms import PREFIX, channel_form
from fieldops.messages.models import Channel
from fieldops.messages.senders import SENT
from fieldops.messages.topics import topics
from fieldops.organisation import queries as organisation
from fieldops.organisation.rules import rule
from fieldops.timetable.context import COMMON_ZONE
from fieldops.web.rules import public

blueprint = Blueprint("messages", __name__)
#: What providers send by themselves: no browser, so no form token.
callbacks = Blueprint("message_callbacks", __name__)

Page = str | Response | tuple[str, int]
_MAX_CALLBACK_BYTES = 262_144


# --- the desk's page --------------------------------------------------------------------------------------------------


@blueprint.get("/c/<county>/messages")
@rule("messages.manage", at="county")
def county_list(county: str) -> Page:
    """A county desk's channels and what was sent."""
    return _list(county)


@blueprint.get("/d/<division>/messages")
@rule("messages.manage", at="division")
def division_list(division: str) -> Page:
    """The same of a city or a province."""
    return _list(division)


@blueprint.route("/c/<county>/messages/new/<kind>", methods=["GET", "POST"])
@rule("messages.manage", at="county")
def county_add(county: str, kind: str) -> Page:
    """Set a channel up."""
    return _add(county, kind)


@blueprint.route("/d/<division>/messages/new/<kind>", methods=["GET", "POST"])
@rule("messages.manage", at="division")
def division_add(division: str, kind: str) -> Page:
    """Set a channel up."""
    return _add(division, kind)


@blueprint.route("/c/<county>/messages/<uuid:identity>", methods=["GET", "POST"])
@rule("messages.manage", at="county")
def county_edit(county: str, identity: UUID) -> Page:
    """Change a channel."""
    return _edit(county, identity)


@blueprint.route("/d/<division>/messages/<uuid:identity>", methods=["GET", "POST"])
@rule("messages.manage", at="division")
def division_edit(division: str, identity: UUID) -> Page:
    """Change a channel."""
    return _edit(division, identity)


@blueprint.post("/c/<county>/messages/<uuid:identity>/<any(test, remove):act>")
@rule("messages.manage", at="county")
def county_act(county: str, identity: UUID, act: str) -> Page:
    """Try a channel, or take it away."""
    return _act(county, identity, act)


@blueprint.post("/d/<division>/messages/<uuid:identity>/<any(test, remove):act>")
@rule("messages.manage", at="division")
def division_act(division: str, identity: UUID, act: str) -> Page:
    """Try a channel, or take it away."""
    return _act(division, identity, act)


@blueprint.get("/push/worker.js")
@public
def push_worker() -> Response:
    """The service worker that shows push messages: small, apart from the phone's, and the same for everybody."""
    root = Path(current_app.config["STATIC_ROOT"])
    response = make_response((root / "js" / "push-worker.js").read_text(encoding="utf-8"))
    response.mimetype = "text/javascript"
    response.headers["Cache-Control"] = "no-cache"
    return response


def _list(place: str) -> Page:
    return render_template(
        "messages/list.html",
        channels=queries.channels(place),
        sent=queries.sent(place),
        waiting=queries.waiting(place),
        available=service.available(current_app.config["SETTINGS"]),
        **_common(),
    )


def _common() -> dict[str, Any]:
    return {"base": _base(), "kinds": kinds.KINDS, "words": words, "zone": COMMON_ZONE}


def _base() -> str:
    return f"{request.path[:3]}{g.place.path}/messages"


def _add(place: str, name: str) -> Page:
    kind = service.available(current_app.config["SETTINGS"]).get(name)
    if kind is None:
        abort(404)
    given = {"urgencies": ["serious", "moderate"], "position": 1, "per_minute": kind.per_minute, "enabled": True}
    form = channel_form(kind, has_secrets=False, **given)
    if not form.validate_on_submit():
        return _form(kind, form, None, 422 if request.method == "POST" else 200)
    try:
        with writing():
            identity = service.add(place=place, kind=name, wanted=_wanted(kind, form))
    except service.Invalid as invalid:
        return _form(kind, form, None, 422, wrong=invalid)
    flash(_("The channel is set up. Send a test message now."), "success")
    return redirect(f"{_base()}/{identity}", 303)


def _edit(place: str, identity: UUID) -> Page:
    channel = _channel(place, identity)
    kind = kinds.KINDS[channel.kind]
    given = {name: getattr(channel, name) for name in ("name", "urgencies", "position", "per_minute", "enabled")}
    given["language"] = channel.language
    given |= {PREFIX + name: value for name, value in channel.settings.items()}
    form = channel_form(kind, has_secrets=True, **given)
    if not form.validate_on_submit():
        return _form(kind, form, channel, 422 if request.method == "POST" else 200)
    try:
        with writing():
            service.change(channel=_channel(place, identity), wanted=_wanted(kind, form))
    except service.Invalid as invalid:
        return _form(kind, form, _channel(place, identity), 422, wrong=invalid)
    flash(_("Saved."), "success")
    return redirect(f"{_base()}/{identity}", 303)


def _wanted(kind: kinds.Kind, form: FlaskForm) -> service.Wanted:
    values = {s.name: str(form[PREFIX + s.name].data or "").strip() for s in kind.settings}
    return service.Wanted(
        name=str(form["name"].data).strip(),
        values=values,
        urgencies=tuple(form["urgencies"].data),
        position=int(form["position"].data),
        per_minute=int(form["per_minute"].data),
        language=str(form["language"].data),
        enabled=bool(form["enabled"].data),
    )


def _form(
    kind: kinds.Kind, form: FlaskForm, channel: Channel | None, status: int, *, wrong: service.Invalid | None = None
) -> Page:
    for name in wrong.names if wrong else ():
        if name == "full":
            flash(_("There are enough channels. Take one away first."), "warning")
        elif channel is not None and not form[PREFIX + name].data:
            form[PREFIX + name].errors = [_("With another server this has to be entered anew.")]
        else:
            form[PREFIX + name].errors = [_("This does not look right. Compare it with the provider's page.")]
    callback = None
    if channel is not None and kind.calls_back:
        settings = current_app.config["SETTINGS"]
        token = sealed.callback_token(channel.id, settings.secret_key)
        callback = f"{settings.public_url}/messages/callback/{channel.id}/{token}"
    body = render_template(
        "messages/channel.html",
        kind=kind,
        form=form,
        prefix=PREFIX,
        channel=channel,
        callback=callback,
        push_key=web_push.public_key(current_app.config["SETTINGS"].secret_key) if kind.name == "web_push" else None,
        **_common(),
    )
    return body, status


def _act(place: str, identity: UUID, act: str) -> Page:
    channel = _channel(place, identity)
    if act == "remove":
        with writing():
            service.remove(_channel(place, identity))
        flash(_("The channel was taken away, with its secrets."), "success")
        return redirect(_base(), 303)
    outcome = service.test(channel, desk=str(g.place_name), path=_base())
    if outcome.state == SENT:
        flash(_("The provider took the test message. Look whether it arrived."), "success")
    else:
        flash(f"{_('The test message was not sent.')} {words.error(outcome.error)}", "warning")
    return redirect(f"{_base()}/{identity}", 303)


def _channel(place: str, identity: UUID) -> Channel:
    found = queries.channel(place, str(identity))
    if found is None:
        abort(404)
    return found


# --- from outside -----------------------------------------------------------------------------------------------------


@blueprint.get("/m/<uuid:sending_id>")
@rule(None, at="own")
def opened(sending_id: UUID) -> Response:
    """The link in a message: says that the desk saw it, and leads to the thing itself, whose own page asks who may."""
    letter = queries.of_sending(str(sending_id))
    topic = topics.get(letter.topic) if letter else None
    said = topic.text(letter.county, letter.subject, letter.what, letter.place) if letter and topic else None
    if letter is None or said is None:
        abort(404)
    desk = organisation.place(letter.place)
    if desk is not None and g.actor.may("incident.view", desk):
        sending.mark_seen(str(sending_id), g.actor.person_id, utcnow())
    return redirect(said.path, 302)


@callbacks.post("/messages/callback/<uuid:identity>/<token>")
@public
def callback(identity: UUID, token: str) -> Any:
    """A provider says what became of messages. Repeats and numbers that nobody knows change nothing."""
    wanted = sealed.callback_token(str(identity), current_app.config["SETTINGS"].secret_key)
    if not hmac.compare_digest(wanted.encode(), token.encode()):
        abort(404)
    channel = db.session.get(Channel, str(identity))
    if channel is None or not kinds.KINDS[channel.kind].calls_back:
        abort(404)
    try:
        reports = msgspec.json.decode(request.stream.read(_MAX_CALLBACK_BYTES))
    except msgspec.DecodeError:
        abort(400)
    kind = channel.kind
    sending.mark_delivered(channel.id, sms.delivered(kind, reports)[:500], _moment())
    # Each provider asks again until it reads its own kind of yes.
    return jsonify({"code": 0, "msg": "接收成功"} if kind == "sms_aliyun" else {"result": 0, "errmsg": "OK"})


def _moment() -> datetime:
    return datetime.now(UTC)
