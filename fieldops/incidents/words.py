"""What people read about incidents: levels, criteria, actions, refusals, ready sentences. Plain and blameless."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from fieldops.incidents.severity import CATEGORIES

#: Who holds it, in words.
LEVELS: Final[dict[str, Any]] = {
    "school": _l("the school (chief monitor)"),
    "county": _l("the county desk"),
    "city": _l("the city desk"),
    "province": _l("the province desk"),
}

SEVERITIES: Final[dict[str, Any]] = {"minor": _l("minor"), "moderate": _l("moderate"), "serious": _l("serious")}

#: The criterion that gave the severity.
BECAUSE: Final[dict[str, Any]] = {
    "materials_at_risk": _l("test materials are at risk"),
    "data_affected": _l("the data may no longer be true"),
    "order_affected:serious": _l("order is seriously disturbed"),
    "order_affected:slight": _l("order is slightly disturbed"),
    "beyond_school": _l("more than this school is concerned"),
    "severity_raised": _l("it was raised by a decision (see the timeline)"),
    "severity_lowered": _l("it was lowered by a decision (see the timeline)"),
    "joined": _l("another incident was joined to it (see the timeline)"),
    "": _l("order, data and materials are not affected, and only this school is concerned"),
}


class ActionWords(NamedTuple):
    """A button, its icon, and the label of the text that it needs."""

    button: Any
    icon: str
    text: Any
    #: What pressing it does, in a sentence.
    does: Any


ACTIONS: Final[dict[str, ActionWords]] = {
    "acknowledge": ActionWords(
        _l("Take it on"), "eye", None, _l("Everybody on the chain sees that your level has read it and is acting.")
    ),
    "instruct": ActionWords(
        _l("Give an instruction"), "message", _l("What should be done"), _l("The school sees it on its phones.")
    ),
    "escalate": ActionWords(
        _l("Pass to the level above"),
        "up",
        _l("What you ask for"),
        _l("The level above holds it from then on. Go on limiting the harm meanwhile."),
    ),
    "hand_back": ActionWords(
        _l("Hand back to the level below"),
        "return",
        _l("What should be done"),
        _l("The level below holds it from then on, with your instruction."),
    ),
    "resolve": ActionWords(
        _l("It is over"), "check", _l("How it was settled"), _l("Somebody who may confirm it looks at it next.")
    ),
    "verify": ActionWords(_l("Confirm that it is settled"), "double-check", None, _l("Then it can be closed.")),
    "close": ActionWords(_l("Close"), "lock", None, _l("Nothing more can be decided; facts can still be added.")),
    "raise_severity": ActionWords(
        _l("It is worse than reported"),
        "warning",
        _l("What makes it worse"),
        _l("A serious incident goes to the county desk at once."),
    ),
    "lower_severity": ActionWords(
        _l("It is less severe than reported"), "diamond", _l("Why it is less severe"), _l("The level does not change.")
    ),
    "withdraw": ActionWords(
        _l("It was a false alarm"),
        "undo",
        _l("How it turned out"),
        _l("It stays in the record as a false alarm. Reporting it was right."),
    ),
    "merge": ActionWords(
        _l("It is the same as another incident"),
        "return",
        _l("The incident in which it goes on"),
        _l("It goes on there, with the graver severity and the higher level of the two."),
    ),
    "realarm": ActionWords(
        _l("It happened again"),
        "bell",
        _l("What happened again"),
        _l("It is open again at the level that held it, and that level is told anew."),
    ),
    "see": ActionWords(
        _l("I have seen that it is over"), "eye", None, _l("It ended before your level took it on; it leaves the list.")
    ),
}
#: Taken back by its reporter within minutes: no reason is asked.
WITHDRAW_OWN: Final = ActionWords(
    _l("Take my report back"), "undo", None, _l("Possible for 5 minutes, without giving a reason.")
)

#: What happened, as the timeline says it.
HAPPENED: Final[dict[str, Any]] = {
    "reported": _l("Reported"),
    "noted": _l("Note"),
    "attached": _l("Photo or file"),
    "acknowledged": _l("Taken on"),
    "instructed": _l("Instruction"),
    "handed_back": _l("Handed back to the level below"),
    "escalated": _l("Passed to the level above"),
    "resolved": _l("Said to be over"),
    "verified": _l("Confirmed as settled"),
    "closed": _l("Closed"),
    "severity_raised": _l("Severity raised"),
    "severity_lowered": _l("Severity lowered"),
    "withdrawn": _l("Withdrawn: a false alarm"),
    "merged": _l("Goes on in another incident"),
    "realarmed": _l("It happened again"),
    "seen": _l("Seen that it is over"),
    "recurred": _l("The same fault as a moment ago: it goes on in that incident"),
    "joined": _l("Another report joined"),
    "gathered": _l("It goes on in the county's incident of several schools"),
    "declared": _l("Made one incident of several schools"),
    "clocked": _l("Nobody was on duty there"),
    "lapsed": _l("Not answered in time"),
    "repeated": _l("Told again"),
}
#: Why the engine took a step.
LAPSED: Final[dict[str, Any]] = {
    "unacknowledged": _l("Nobody took it on in time."),
    "no_word": _l("It was taken on, and then no word came."),
    "nobody_on_duty": _l("Nobody is on duty at that level."),
    "unverified": _l("It is said to be over, and nobody has confirmed it yet."),
    "unclosed": _l("It is settled, and nobody has closed it yet."),
}
#: Of a reminder before the time is over.
NOT_YET: Final = _l("Nobody has taken it on yet.")

#: The frozen values, as the page of an incident names them.
VALUES: Final[dict[str, Any]] = {
    "acknowledge_min": _l("Time to take it on"),
    "word_min": _l("Time to the next word"),
    "repeat_min": _l("Told again after"),
    "skip_level": _l("Levels passed over"),
}

#: Codes of a refusal: what the person reads.
REFUSED: Final[dict[str, Any]] = {
    "final": _l("This incident is over. A decision that comes later does not open it again; add a note instead."),
    "not_in_state": _l("The incident has moved on, so this step is not the next one."),
    "not_yours": _l("Another level has the next word, or the time to take a report back is over."),
    "words_missing": _l("Please write a few words first."),
    "unknown": _l("This incident is not known here."),
    "elsewhere": _l("This incident belongs to another school."),
    "no_target": _l("That incident is no longer under way. Choose another one."),
    "not_due": _l("The incident has moved on, so this step is not the next one."),
    "wrong_direction": _l("The incident has moved on, so this step is not the next one."),
}

#: Sentences ready to send, by category, in both languages: a file, because a county writes its own. Ours are typical
#: handling of exam practice (domain.md §6), proposals that the desk edits before sending; evacuation and medical help
#: never wait for approval.
READY_FILE: Final = Path(__file__).with_name("ready.json")


@cache
def _ready() -> dict[str, list[dict[str, str]]]:
    return msgspec.json.decode(READY_FILE.read_bytes(), type=dict[str, list[dict[str, str]]])


def ready_sentences(category: str, language: str) -> list[str]:
    """Sentences for a category in a language (`zh`, `en`)."""
    sentences = _ready()
    return [sentence[language] for sentence in sentences.get(category, sentences["other"])]


def category_name(code: str) -> Any:
    """What people call a category; one that this version does not know is something else."""
    return CATEGORIES.get(code, CATEGORIES["other"])


def because_words(because: list[str], order_affected: str) -> list[Any]:
    """The criteria that gave the severity, in words."""
    if not because:
        return [BECAUSE[""]]
    return [BECAUSE[f"{name}:{order_affected}" if name == "order_affected" else name] for name in because]


def value(name: str, number: int) -> str:
    """A frozen value with its unit."""
    return str(number) if name == "skip_level" else str(_("%(n)s min", n=number))
