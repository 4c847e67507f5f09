"""What letters can be about. Packages above hand their topic in at the start; this one imports none of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class Said(NamedTuple):
    """A letter in words of the language in force. School, kind, severity, level and times: never a person's name."""

    #: Where: the name of the school, or of the county.
    school: str
    #: What happened to what: a few words.
    what: str
    #: How bad, in words; empty where that says nothing.
    severity: str
    #: Whose turn it is: the name of the level.
    level: str
    #: Wall clock of the place, `08:20`.
    time: str
    #: Path of the page that it is about.
    path: str


#: (county, subject, what, place of the desk).
Asked = tuple[str, str, str, str]


@dataclass(frozen=True, kw_only=True)
class Topic:
    """How a package answers for its letters."""

    #: Whether the desk still has to be told: asked again just before it leaves.
    still_due: Callable[[str, str, str, str], bool]
    #: The letter in words; None when the thing is not there any more.
    text: Callable[[str, str, str, str], Said | None]
    #: When somebody of the desk took the matter on, the window's clock; None as long as nobody did. (county, subject,
    #: place).
    acknowledged_at: Callable[[str, str, str], datetime | None]


#: The topics of this process, filled by `init_app` of the packages that have one.
topics: dict[str, Topic] = {}
