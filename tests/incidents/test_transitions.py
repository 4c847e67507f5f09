"""The table over every state, level, severity and role; and that screens and guard read the same table."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from fieldops.config import ROOT
from fieldops.incidents import transitions, words
from fieldops.incidents.facts import KINDS
from fieldops.incidents.severity import SEVERITIES
from fieldops.incidents.state import Incident
from fieldops.incidents.transitions import CHAIN, FINAL, STATES, TABLE

NOW = datetime(2024, 5, 20, 1, 30, tzinfo=UTC)


def an_incident(**fields: object) -> Incident:
    given = {"school": "s", "state": "open", "level": "county", "severity": "moderate", "reporter": "r"}
    return Incident(county="441823", id="x", **{"written_at": NOW, **given, **fields})  # type: ignore[arg-type]


def offered(incident: Incident, *levels: str, person: str = "p", at: datetime = NOW) -> set[str]:
    return {row.action for row in transitions.offers(incident, levels=levels, person=person, at=at)}


@pytest.mark.parametrize("level", CHAIN)
@pytest.mark.parametrize("state", ["open", "acknowledged"])
def test_who_may_do_what_while_it_runs(state: str, level: str) -> None:
    incident = an_incident(state=state, level=level)
    rank = CHAIN.index(level)
    for own in CHAIN:
        there, higher, lower = own == level, CHAIN.index(own) > rank, CHAIN.index(own) < rank
        expected = {"raise_severity"}
        if there and state == "open":
            expected.add("acknowledge")
        if there or higher:
            expected.add("instruct")
        if there or lower:
            expected.add("resolve")
        if (there or higher) and own != "school":
            expected.add("merge")
        if there:
            expected.add("withdraw")
            expected |= {"escalate"} if level != "province" else set()
            expected |= {"hand_back", "lower_severity"} if level != "school" else set()
        assert offered(incident, own) == expected, own
    assert offered(incident) == set()


@pytest.mark.parametrize(("level", "resolved", "severity"), list(product(CHAIN, CHAIN, SEVERITIES)))
def test_the_level_above_verifies_and_a_minor_one_the_school(level: str, resolved: str, severity: str) -> None:
    if CHAIN.index(resolved) > CHAIN.index(level):
        return  # nobody above the holder resolves
    incident = an_incident(state="resolved", level=level, resolved_level=resolved, severity=severity)
    for own in CHAIN:
        distance = CHAIN.index(own) - CHAIN.index(resolved)
        may = distance > 0 or (distance == 0 and (severity == "minor" or resolved == "province"))
        assert ("verify" in offered(incident, own)) == may, own
        assert ("instruct" in offered(incident, own)) == may, own
        assert "close" not in offered(incident, own)
    assert transitions.verifying_level(incident) in CHAIN
    incident.verified_at = NOW
    assert transitions.verifying_level(incident) is None
    for own in CHAIN:
        assert "verify" not in offered(incident, own)
        if CHAIN.index(own) >= CHAIN.index(level):
            assert "close" in offered(incident, own)


@pytest.mark.parametrize(("state", "level", "own"), list(product(sorted(FINAL), CHAIN, CHAIN)))
def test_nothing_reopens_what_is_over(state: str, level: str, own: str) -> None:
    incident = an_incident(state=state, level=level)
    assert offered(incident, own, person="r") == set()
    for action in transitions.ACTIONS:
        code = transitions.refusal(action, incident, levels=[own], person="r", at=NOW, words="x")
        assert code == "final"


@pytest.mark.parametrize("state", ["resolved", "closed"])
def test_the_same_fault_again_within_half_an_hour_opens_it_for_anybody_on_the_chain(state: str) -> None:
    ended = {"resolved_at": NOW} if state == "resolved" else {"resolved_at": NOW, "ended_at": NOW}
    incident = an_incident(state=state, resolved_level="school", **ended)
    for own in CHAIN:
        for minutes, offers in ((0, True), (30, True), (30.1, False)):
            assert ("realarm" in offered(incident, own, at=NOW + timedelta(minutes=minutes))) == offers
    assert "realarm" not in offered(incident)


@pytest.mark.parametrize(("state", "own"), list(product(("closed", "cancelled"), CHAIN)))
def test_what_ended_unseen_is_seen_by_the_level_that_held_it_or_one_above(state: str, own: str) -> None:
    incident = an_incident(state=state, level="county", unacknowledged_end=True)
    assert offered(incident, own) == ({"see"} if own != "school" else set())


def test_a_reporter_takes_back_within_five_minutes_and_nobody_else() -> None:
    incident = an_incident()
    assert offered(incident, person="r") == {"withdraw"}
    assert offered(incident, person="r", at=NOW + timedelta(minutes=5)) == {"withdraw"}
    assert offered(incident, person="r", at=NOW + timedelta(minutes=5, seconds=1)) == set()
    assert offered(incident, person="somebody else") == set()
    code = transitions.refusal("withdraw", incident, levels=["county"], person="p", at=NOW, words=" ")
    assert code == "words_missing"


def test_guard_and_buttons_are_one_table() -> None:
    for state, level, severity, own in product(STATES, CHAIN, SEVERITIES, CHAIN):
        incident = an_incident(state=state, level=level, severity=severity, resolved_level=level)
        buttons = offered(incident, own)
        for action in transitions.ACTIONS:
            refused = transitions.refusal(action, incident, levels=[own], person="p", at=NOW, words="words")
            assert (refused is None) == (action in buttons)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.action}-{row.who}")
def test_a_row_that_needs_words_refuses_none(row: transitions.Transition) -> None:
    assert row.sources <= set(STATES)
    assert row.action in words.ACTIONS
    assert row.kind in {kind.name for kind in KINDS}


def test_the_picture_of_the_chain_is_current() -> None:
    tool = ROOT / "tools" / "chain_picture.py"
    done = subprocess.run([sys.executable, str(tool), "--check"], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr


def test_chain_without_a_city() -> None:
    chain = ("school", "county", "province")
    assert transitions.above("county", chain) == "province"
    assert transitions.below("province", chain) == "county"
    assert transitions.above("province") is None
    assert transitions.below("school") is None


def test_a_serious_one_goes_to_the_county_at_once() -> None:
    assert [transitions.start_level(severity) for severity in SEVERITIES] == ["school", "school", "county"]
