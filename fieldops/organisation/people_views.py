"""People on duty: a county's desk manages its people, a chief monitor helps those of the school.

Whoever gives somebody a new link could use it himself: so only for people whose every duty lies where the giver may do
so. A chief monitor never signs in as the desk that also has a duty in the school.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from flask import Blueprint, abort, current_app, flash, g, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response
from wtforms import SelectChoice

from fieldops.db import utcnow, writing
from fieldops.organisation import codes, queries, service
from fieldops.organisation.forms import DutyForm, PersonForm
from fieldops.organisation.models import Person
from fieldops.organisation.places import path_of
from fieldops.organisation.problems import Invalid
from fieldops.organisation.queries import PersonAt
from fieldops.organisation.rights import HeldDuty
from fieldops.organisation.rules import rule
from fieldops.organisation.sign_in_qr import sign_in_qr

Page = str | Response | tuple[str, int]
Form = TypeVar("Form", bound=DutyForm)


class Group(NamedTuple):
    """People of one place of the list."""

    path: str
    name: str
    people: Sequence[PersonAt]


def register(blueprint: Blueprint) -> None:
    """Add the pages of people: the county's with everything, the school's without adding and giving duties."""
    county, school = "/c/<county>/people", "/c/<county>/s/<school>/people"
    one = "/<uuid:identity>"
    for method, url, view in (
        ("GET", county, county_people),
        ("POST", county, county_add),
        ("GET", county + one, county_person),
        ("POST", county + one + "/link", county_link),
        ("POST", county + one + "/devices/<uuid:device>/revoke", county_revoke),
        ("POST", county + one + "/duties", county_give),
        ("POST", county + one + "/duties/withdraw", county_withdraw),
        ("GET", school, school_people),
        ("GET", school + one, school_person),
        ("POST", school + one + "/link", school_link),
        ("POST", school + one + "/devices/<uuid:device>/revoke", school_revoke),
    ):
        blueprint.add_url_rule(url, view_func=view, methods=[method])


# --- the county's desk ------------------------------------------------------------------------------------------------


@rule("people.manage", at="county")
def county_people(county: str) -> Page:
    """Everybody of the county by school, and a form for a new person."""
    return _list(_with_places(PersonForm(formdata=None), county))


@rule("people.manage", at="county")
def county_add(county: str) -> Page:
    """Add a person with a first duty."""
    form = _with_places(PersonForm(), county)
    if not form.validate():
        return _list(form), 422
    try:
        with writing():
            person = service.add_person(home=county, name=form.name.data or "", telephone=form.telephone.data).id
            _give(form, county, person)
    except Invalid as problem:
        flash(str(problem.words), "error")
        return _list(form), problem.status
    flash(_("Added. Now give them their link."), "success")
    return redirect(f"/c/{county}/people/{person}", 303)


@rule("people.manage", at="county")
def county_person(county: str, identity: uuid.UUID) -> Page:
    """One person: duties, devices, a new link."""
    return _person_page(_helped(identity), _with_places(DutyForm(formdata=None), county))


@rule("people.manage", at="county")
def county_link(county: str, identity: uuid.UUID) -> Page:  # noqa: ARG001 - the gate read the county
    """A new one-time link, on a page to print or to show."""
    return _new_link(_helped(identity))


@rule("people.manage", at="county")
def county_revoke(county: str, identity: uuid.UUID, device: uuid.UUID) -> Page:  # noqa: ARG001
    """End a device's sign-in."""
    return _revoke(_helped(identity), device)


@rule("people.manage", at="county")
def county_give(county: str, identity: uuid.UUID) -> Page:
    """Give one more duty."""
    person = _helped(identity)
    form = _with_places(DutyForm(), county)
    if not form.validate():
        return _person_page(person, form), 422
    try:
        with writing():
            _give(form, county, str(identity))
    except Invalid as problem:
        flash(str(problem.words), "error")
        return _person_page(_helped(identity), form), problem.status
    return redirect(f"{_here()}/{identity}", 303)


@rule("people.manage", at="county")
def county_withdraw(county: str, identity: uuid.UUID) -> Page:
    """Withdraw a duty of this county."""
    _helped(identity)
    duty = HeldDuty(request.form.get("role", ""), request.form.get("place", ""), request.form.get("window", ""))
    if duty not in queries.duties_of(str(identity)) or duty.place.split("/")[0] != county:
        abort(404)
    with writing():
        service.withdraw_duty(
            person=str(identity), role=duty.role, place=duty.place, window=duty.window, by=g.actor.person_id
        )
    flash(_("The duty is withdrawn."), "success")
    return redirect(f"{_here()}/{identity}", 303)


# --- the school's chief monitor ---------------------------------------------------------------------------------------


@rule("people.view", at="school")
def school_people(county: str, school: str) -> Page:  # noqa: ARG001
    """Everybody of the school."""
    return _list(None)


@rule("people.view", at="school")
def school_person(county: str, school: str, identity: uuid.UUID) -> Page:  # noqa: ARG001
    """One person: duties, devices, a new link."""
    return _person_page(_helped(identity), None)


@rule("people.sign_in", at="school")
def school_link(county: str, school: str, identity: uuid.UUID) -> Page:  # noqa: ARG001
    """A new one-time link, on a page to print or to show."""
    return _new_link(_helped(identity))


@rule("device.revoke", at="school")
def school_revoke(county: str, school: str, identity: uuid.UUID, device: uuid.UUID) -> Page:  # noqa: ARG001
    """End a device's sign-in."""
    return _revoke(_helped(identity), device)


# --- for both ---------------------------------------------------------------------------------------------------------


def _here() -> str:
    """The path of the list of people of this page's place."""
    place = g.place
    return f"/c/{place.county}/s/{place.school}/people" if place.school else f"/c/{place.county}/people"


def _list(form: PersonForm | None) -> str:
    rows = queries.people_at(g.place.path, g.actor.window)
    if g.place.school is None:
        rows += queries.people_without_duty(g.place.path, g.actor.window)
    grouped: dict[str, list[PersonAt]] = {}
    for row in rows:
        grouped.setdefault("/".join(row.place.split("/")[:2]), []).append(row)
    names = queries.names(grouped)
    groups = [Group(path, names.get(path, path), people) for path, people in sorted(grouped.items())]
    return render_template(
        "organisation/people.html",
        groups=groups,
        elsewhere=queries.people_also_elsewhere(g.place.path, {row.person for row in rows}),
        form=form,
        people_url=_here(),
        now=utcnow(),
    )


def _helped(identity: uuid.UUID) -> Person:
    """The person of the URL, when they belong to the page's place and the actor may sign them in; else 404."""
    person = queries.person(str(identity))
    if person is None:
        abort(404)
    duties = queries.duties_of(person.id)
    places = [queries.place(duty.place) for duty in duties]
    here = any(place is not None and g.place.path in place.within for place in places)
    if not here and not (not duties and person.home == g.place.path):
        abort(404)
    if not all(place is not None and g.actor.may("people.sign_in", place) for place in places):
        abort(404)
    return person


def _person_page(person: Person, form: DutyForm | None) -> str:
    now = utcnow()
    duties = queries.duties_of(person.id)
    return render_template(
        "organisation/person.html",
        somebody=person,
        duties=duties,
        names=queries.names({duty.place for duty in duties}),
        devices=queries.devices_of(person.id, now),
        form=form,
        people_url=_here(),
        now=now,
    )


def _new_link(person: Person) -> str:
    identity = person.id
    with writing():
        service.withdraw_codes(person=identity)
        code = service.new_sign_in_code(person=identity)
    settings = current_app.config.get("SETTINGS")
    url = service.sign_in_url(getattr(settings, "public_url", request.host_url), code)
    duties = queries.duties_of(identity)
    return render_template(
        "organisation/link.html",
        somebody=queries.person(identity),
        duties=duties,
        names=queries.names({duty.place for duty in duties}),
        url=url,
        code=codes.grouped(code),
        qr=sign_in_qr(url),
        people_url=_here(),
    )


def _revoke(person: Person, device: uuid.UUID) -> Response:
    identity = person.id
    if str(device) not in {found.id for found in queries.devices_of(identity, utcnow())}:
        abort(404)
    with writing():
        service.revoke_device(device_id=str(device), by=g.actor.person_id)
    flash(_("The device is signed out."), "success")
    return redirect(f"{_here()}/{identity}", 303)


def _with_places(form: Form, county: str) -> Form:
    schools = (SelectChoice(school.code, school.name) for school in queries.schools(county))
    form.school.choices = [SelectChoice("", g.place_name), *schools]
    return form


def _give(form: DutyForm, county: str, person: str) -> None:
    """Give the duty of the form, in the actor's window; inside `writing()`."""
    place = path_of(county, form.school.data or None, (form.room.data or "").strip() or None)
    service.give_duty(person=person, role=form.role.data, place=place, window=g.actor.window, by=g.actor.person_id)
