"""Founds or completes what a file asks for, through the verbs of each part: all of it or nothing."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import select

from fieldops.db import db, writing
from fieldops.founding.form import Entry, Fault, Founding, role_of
from fieldops.organisation import queries
from fieldops.organisation import service as organisation
from fieldops.organisation.models import Division, Duty, Person, School
from fieldops.organisation.passwords import hashed
from fieldops.timetable import service as timetable
from fieldops.timetable.models import Window
from fieldops.timetable.words import sentence
from fieldops.web.errors import Problem

#: Characters of a first password: none that is mistaken for another on paper.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who was added: the way in, shown once. `password` only of a desk."""

    name: str
    role: str
    place: str
    code: str
    login: str | None = None
    password: str | None = None


@dataclass(slots=True)
class Outcome:
    """What was made and what stood already, by kind; who came new; or what is wrong, and then nothing was made."""

    faults: list[Fault] = field(default_factory=list)
    made: Counter[str] = field(default_factory=Counter)
    stood: Counter[str] = field(default_factory=Counter)
    newcomers: list[Newcomer] = field(default_factory=list)


class _Undone(Exception):
    """Rolls the transaction back."""


def new_password() -> str:
    """A password for a sheet of paper: four groups of four, about 79 random bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))


def found(asked: Founding, *, dry_run: bool) -> Outcome:
    """Make what is asked for and not there yet. Call outside `writing()`.

    What is there must say the same: a name that differs is a fault, for nothing is changed behind somebody's back.
    With a fault, or with `dry_run`, nothing is written; everything is tried in a transaction that is rolled back.
    """
    passwords = {}
    for desk in asked.desks:  # slow on purpose, so before the transaction
        login = queries.login_key(str(desk.values["login"]))
        if queries.is_text(login) and queries.person_by_login(login) is None:
            password = new_password()
            passwords[login] = (password, hashed(password))
    db.session.rollback()
    founder = _Founder(asked, passwords)
    try:
        with writing():
            founder.run()
            if founder.outcome.faults or dry_run:
                raise _Undone
    except _Undone:
        founder.outcome.newcomers.clear()
    return founder.outcome


class _Founder:
    def __init__(self, asked: Founding, passwords: dict[str, tuple[str, str]]) -> None:
        self.asked = asked
        self.outcome = Outcome(faults=list(asked.faults))
        self._passwords = passwords
        self._window: str | None = None
        #: Divisions and schools that cannot be made: what lies in them is not told again.
        self._without = set(asked.without)
        #: People of this file, by home, name and telephone or school.
        self._people: dict[tuple[str, str, str], str] = {}

    def run(self) -> None:
        if self.asked.window is not None:
            with self._at(self.asked.window.key):
                self._make_window(self.asked.window)
        levels = ("province", "city", "county")
        rank = {level: number for number, level in enumerate(levels)}
        for division in sorted(self.asked.divisions, key=lambda each: rank.get(str(each.values["level"]), 0)):
            with self._at(division.key, of=str(division.values["code"])):
                self._make_division(division)
        for school in self.asked.schools:
            path = f"{school.values['county']}/{school.values['code']}"
            if school.values["county"] not in self._without:
                with self._at(school.key, of=path):
                    self._make_school(school)
        if self._window is None:
            return  # said already; everything below belongs to it
        self._set_timetables(self._window)
        for policy in self.asked.policies:
            with self._at(policy.key):
                new = timetable.set_policy(
                    window=self._window,
                    name=str(policy.values["name"]),
                    value=int(policy.values["value"]),
                    origin=str(policy.values["origin"]),
                    by=None,
                )
                self._count("policy values", is_new=new)
        for desk in self.asked.desks:
            if desk.values["division"] not in self._without:
                with self._at(desk.key):
                    self._make_desk(desk, self._window)
        for person in self.asked.people:
            if not self._without & {str(person.values["place"])[:6], _school_of(str(person.values["place"]))}:
                with self._at(person.key):
                    self._make_person(person, self._window)

    @contextmanager
    def _at(self, key: str, *, of: str | None = None) -> Iterator[None]:
        """Take down what is refused within, by its key; `of`: the place that is then missing."""
        before = len(self.outcome.faults)
        try:
            yield
        except timetable.TimetableRefused as refused:
            self.outcome.faults += [
                Fault(f"{key} row {each.row} {each.column}".rstrip() if each.row else key, sentence(each))
                for each in refused.problems
            ]
        except Problem as problem:
            of_it = problem.members.get("field")
            self.outcome.faults.append(Fault(f"{key}.{of_it}" if of_it else key, str(problem.words)))
        if of is not None and len(self.outcome.faults) > before:
            self._without.add(of)

    def _count(self, what: str, *, is_new: bool) -> None:
        (self.outcome.made if is_new else self.outcome.stood)[what] += 1

    def _same(self, entry: Entry, row: object, names: tuple[str, ...]) -> None:
        """Say each thing that stands otherwise in the database."""
        for name in names:
            asked, stands = entry.values.get(name) or None, getattr(row, name)
            if isinstance(asked, str) and name == "name":
                asked = organisation.clean_name(asked)
            if asked != stands and not (asked is None and name in ("telephone", "timezone")):
                reason = f"stands as {stands!s} and is not changed by this command"
                self.outcome.faults.append(Fault(f"{entry.key}.{name}", reason))

    # --- each kind ----------------------------------------------------------------------------------------------------

    def _make_window(self, entry: Entry) -> None:
        values = entry.values
        window = db.session.get(Window, values["code"])
        if window is None:
            fields = ("code", "name", "mode", "first_day", "last_day")
            timetable.create_window(**{name: values[name] for name in fields})
        elif window.closed_at is not None:
            raise timetable.WindowClosed
        else:
            self._same(entry, window, ("name", "mode", "first_day", "last_day"))
        self._count("windows", is_new=window is None)
        self._window = str(values["code"])

    def _make_division(self, entry: Entry) -> None:
        code = str(entry.values["code"])
        division = db.session.get(Division, code)
        if division is None:
            organisation.add_division(
                code=code,
                name=str(entry.values["name"]),
                level=str(entry.values["level"]),
                parent=entry.text("parent"),
                telephone=entry.text("telephone"),
            )
        else:
            self._same(entry, division, ("name", "level", "parent", "telephone"))
        self._count("divisions", is_new=division is None)

    def _make_school(self, entry: Entry) -> None:
        county, code = str(entry.values["county"]), str(entry.values["code"])
        school = db.session.get(School, (county, code))
        if school is None:
            organisation.add_school(
                county=county,
                code=code,
                name=str(entry.values["name"]),
                timezone=entry.text("timezone") or "Asia/Shanghai",
                telephone=entry.text("telephone"),
            )
        else:
            self._same(entry, school, ("name", "timezone", "telephone"))
        self._count("schools", is_new=school is None)

    def _set_timetables(self, window: str) -> None:
        for plan in self.asked.timetables:
            with self._at(plan.key):
                done = timetable.publish(window=window, grade=plan.grade, rows=plan.rows, origin=plan.origin, by=None)
                self._count("timetables", is_new=done.is_new)

    def _make_desk(self, entry: Entry, window: str) -> None:
        home, login = str(entry.values["division"]), queries.login_key(str(entry.values["login"]))
        name = organisation.clean_name(str(entry.values["name"]))
        person = queries.person_by_login(login) if queries.is_text(login) else None
        if person is not None and (person.home, person.name) != (home, name):
            reason = f"the sign-in name belongs to {person.name} of {person.home}"
            self.outcome.faults.append(Fault(f"{entry.key}.login", reason))
            return
        if person is None:
            password, kept = self._passwords.get(login, (None, None))
            added = organisation.add_person(
                home=home, name=name, telephone=entry.text("telephone"), login=login, password_hash=kept
            )
            organisation.give_duty(person=added.id, role="desk", place=home, window=window, by=None)
            self._welcome(added.id, Newcomer(name, "desk", home, "", login, password))
        else:
            organisation.give_duty(person=person.id, role="desk", place=home, window=window, by=None)
        self._count("desks", is_new=person is None)

    def _make_person(self, entry: Entry, window: str) -> None:
        place, role = str(entry.values["place"]), role_of(str(entry.values["role"]))
        name, telephone = organisation.clean_name(str(entry.values["name"])), entry.text("telephone")
        standing = db.session.scalars(
            select(Person.id)
            .join(Duty, Duty.person == Person.id)
            .where(Person.name == name, Duty.role == role, Duty.place == place, Duty.window == window)
        ).first()
        if standing is not None:
            self._people[place[:6], name, telephone or _school_of(place)] = standing
            self._count("duties", is_new=False)
            return
        key = (place[:6], name, telephone or _school_of(place))
        identity = self._people.get(key) or self._known(place[:6], name, telephone)
        is_new = identity is None
        if identity is None:
            identity = organisation.add_person(home=place[:6], name=name, telephone=telephone).id
        self._people[key] = identity
        organisation.give_duty(person=identity, role=role, place=place, window=window, by=None)
        self._count("duties", is_new=True)
        if is_new:
            self._count("people", is_new=True)
            self._welcome(identity, Newcomer(name, role, place, ""))

    def _known(self, home: str, name: str, telephone: str | None) -> str | None:
        """Somebody of an earlier window or list: the same division, name and telephone."""
        if telephone is None:
            return None
        statement = select(Person.id).where(Person.home == home, Person.name == name, Person.telephone == telephone)
        return db.session.scalars(statement.order_by(Person.id)).first()

    def _welcome(self, person: str, newcomer: Newcomer) -> None:
        code = organisation.new_sign_in_code(person=person)
        self.outcome.newcomers.append(
            Newcomer(newcomer.name, newcomer.role, newcomer.place, code, newcomer.login, newcomer.password)
        )


def _school_of(place: str) -> str:
    """County and school of a place's path."""
    return "/".join(place.split("/")[:2])
