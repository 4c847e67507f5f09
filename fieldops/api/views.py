"""The JSON API's routes. Thin: each reads its request by `shapes`, asks a service, writes its answer by `shapes`."""

from __future__ import annotations

import json
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from flask import Blueprint, Response, g, request
from flask_babel import lazy_gettext as _l

from fieldops.api import envelope, openapi, receiving, shapes
from fieldops.api import hand_over as hand_overs
from fieldops.api import snapshot as snapshots
from fieldops.api.receiving import NotFound, NoWindow, answered, county_code
from fieldops.api.snapshot import wire
from fieldops.board import stream as streams
from fieldops.db import db, writing
from fieldops.incidents import attachments
from fieldops.organisation import queries as organisation
from fieldops.organisation import service as organisation_service
from fieldops.organisation.actors import Actor, actor_by_token, senders
from fieldops.organisation.models import Device, Division
from fieldops.organisation.places import Place
from fieldops.organisation.rules import rule
from fieldops.timetable import clock
from fieldops.timetable import queries as timetable
from fieldops.timetable.models import Window
from fieldops.web.compression import gzipped
from fieldops.web.errors import Problem
from fieldops.web.rules import public

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

T = TypeVar("T")


class NotUnderstood(Problem):
    """The request's body is not as declared."""

    status = 422
    slug = "not-understood"
    title = _l("The body is not as the API declares it")


class NotJson(Problem):
    """The request's body is no JSON."""

    status = 400
    slug = "not-json"
    title = _l("The body is no JSON")
    detail = _l("Send one JSON object, in UTF-8.")


def _body(shape: type[T]) -> T:
    raw = request.get_data(cache=False)
    try:
        decoded = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        try:  # what the strict reader refuses (half a surrogate pair) may still hold facts to be kept
            decoded = json.loads(raw)
        except (ValueError, RecursionError):
            raise NotJson from None
    try:
        return msgspec.convert(decoded, shape)
    except msgspec.ValidationError as error:
        raise NotUnderstood(str(error)) from None


def _answer(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, mimetype="application/json")


def _window(actor: Actor) -> Window:
    window = timetable.window(actor.window) if actor.window else None
    if window is None:
        raise NoWindow
    return window


def _county(actor: Actor, wanted: str | None) -> Place:
    """As `receiving.county_code`, with the places that it lies in."""
    place = organisation.place(county_code(actor, wanted))
    if place is None or place.level != "county":
        raise NotFound
    return place


def _school(actor: Actor, county: Place, wanted: str | None) -> Place:
    """The school that the actor asks for or works in; the county itself for a desk that names none."""
    if wanted is None:
        schools = sorted(duty.place for duty in actor.duties if duty.place.startswith(county.path + "/"))
        if not schools:
            if actor.may("county.view", county):
                return county
            raise NotFound
        wanted = schools[0].split("/")[1]
    place = organisation.place(f"{county.path}/{wanted}")
    if place is None or not _has_duty(actor, place):
        raise NotFound
    return place


def _has_duty(actor: Actor, school: Place) -> bool:
    """Whether the actor has a duty at the school, in one of its rooms, or above it."""
    return any(duty.place in school.within or duty.place.startswith(school.path + "/") for duty in actor.duties)


@blueprint.after_request
def _tell_the_time(response: Response) -> Response:
    """Every answer carries the window's clock, so that a device can measure its offset on a 304 too."""
    now = g.get("window_now")
    if now is not None:
        response.headers["X-Fieldops-Time"] = wire(now) or ""
    return response


@blueprint.post("/enrol")
@public
def enrol() -> Response:
    """Bind a device to a person by a one-time code."""
    wanted = _body(shapes.Enrolment)
    with writing():
        token, _ = organisation_service.enrol(code=wanted.code, device_id=wanted.device, label=wanted.label)
    actor = actor_by_token(token)
    if actor is None:
        raise NotFound  # revoked in this very moment
    return _answer(shapes.Enrolled(token, snapshots.person(actor), snapshots.duties(actor)), 201)


@blueprint.get("/snapshot")
@rule(None, at="own")
def snapshot() -> Response:
    """What this device may see."""
    actor: Actor = g.actor
    window = _window(actor)
    county = _county(actor, request.args.get("county"))
    place = _school(actor, county, request.args.get("school"))
    g.window_now = clock.now(window)
    tag = snapshots.etag(actor, window, place, g.window_now)
    if request.if_none_match.contains_weak(tag):
        response = Response(status=304)
    else:
        device = db.session.get(Device, actor.device_id)
        division = db.session.get(Division, county.path)
        shot = _answer(
            snapshots.build(
                actor=actor,
                window=window,
                place=place,
                county_name=division.name if division else county.path,
                county_telephone=division.telephone if division else None,
                device_label=device.label if device else "",
                server_time=g.window_now,
            )
        )
        response = gzipped(shot)
    response.set_etag(tag, weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.update(("Authorization", "Cookie"))
    return response


@blueprint.post("/events")
@rule(None, at="own")
def events() -> Response:
    """Take a device's facts in; each is answered by its id."""
    actor: Actor = g.actor
    received, g.window_now = receiving.take(_body(shapes.Sending), actor, request.args.get("county"))
    senders().remember(actor)
    return _answer(received)


@blueprint.post("/hand-over")
@rule("hand_over.carry", at="own")
def hand_over() -> Response:
    """Take in what another device sealed and this one carried."""
    actor: Actor = g.actor
    carried = _body(shapes.HandOver)
    if actor.clock is not None:
        g.window_now = clock.now(actor.clock)
    try:
        sealed = envelope.from_text(carried.sealed)
        if envelope.head_of(sealed).device != carried.device.lower():
            raise hand_overs.NotOpened
    except envelope.Broken:
        raise hand_overs.NotOpened from None
    taken = hand_overs.take(sealed, actor)
    return _answer(
        shapes.HandedOver(
            str(wire(g.window_now)),
            actor.epoch,
            taken.device,
            taken.by,
            shapes.HandOverSummary(*(taken.count(name) for name in shapes.HandOverSummary.__struct_fields__)),
            [answered(result) for result in taken.results],
        )
    )


@blueprint.put("/attachments/<uuid:identity>")
@rule("incident.report", at="own")
def attachment(identity: UUID) -> Response:
    """Take in the bytes of a photo or a file that a fact announced. The same again changes nothing."""
    actor: Actor = g.actor
    window = _window(actor)
    g.window_now = clock.now(window)
    county = county_code(actor, request.args.get("county"))
    schools = [duty.place.split("/")[1] for duty in actor.duties if duty.place.startswith(county + "/")]
    new = attachments.take(
        county=county,
        identity=str(identity),
        content=_body(shapes.AttachmentContent).content,
        person=actor.person_id,
        schools=schools,
        at=g.window_now,
    )
    answer = shapes.AttachmentTaken(str(identity), str(wire(g.window_now)), actor.epoch)
    return _answer(answer, 201 if new else 200)


@blueprint.get("/stream")
@rule(None, at="own")
def stream() -> Response:
    """Server-sent events of a county after `since` (or `Last-Event-ID`), as far as the actor may see."""
    actor: Actor = g.actor
    county = _county(actor, request.args.get("county"))
    if actor.may("county.view", county):
        return streams.respond(county.path, schools=None)
    schools = frozenset(duty.place.split("/")[1] for duty in actor.duties if duty.place.startswith(county.path + "/"))
    return streams.respond(county.path, schools=schools)


@blueprint.get("/openapi.json")
@public
def openapi_document() -> Response:
    """The document that describes all this."""
    return _answer(openapi.document())
