"""Group commit: senders that arrive at the same time share one hold of the county's lock and one commit.

A commit that survives a power cut costs a turn of the disk. While one is under way the next senders line up; whoever
gets the turn takes all of them along. Nobody is answered before the commit that holds their facts.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from flask import Flask, current_app

from fieldops.db import writing
from fieldops.journal.service import Result, Submission, record_all

#: Events that one commit takes along at the most: bounds how long a sender waits for the others.
MOST_EVENTS = 1000


@dataclass
class _Waiting:
    submission: Submission
    results: list[Result] | None = None
    error: BaseException | None = None


@dataclass
class _Line:
    """Those who wait for one county and window."""

    turn: threading.Lock = field(default_factory=threading.Lock)
    waiting: list[_Waiting] = field(default_factory=list)


class Intake:
    """The lines of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: dict[tuple[str, str], _Line] = defaultdict(_Line)

    def submit(self, *, county: str, window: str, submission: Submission) -> list[Result]:
        """Record a submission, with those that wait beside it; returns after the commit. Not inside `writing()`.

        Raises:
            UnknownCounty: no such county here.
            Outdated: the sender was remembered; read who it is and submit again.
        """
        mine = _Waiting(submission)
        with self._lock:
            line = self._lines[county, window]
            line.waiting.append(mine)
        with line.turn:
            if mine.results is None and mine.error is None:
                _commit(county, window, self._take(line))
        if mine.error is not None:
            raise mine.error
        if mine.results is None:
            raise RuntimeError("a submission was left without an answer")
        return mine.results

    def _take(self, line: _Line) -> list[_Waiting]:
        """The first in line, at least one, as many as one commit takes along."""
        with self._lock:
            count = events = 0
            for waiting in line.waiting:
                events += len(waiting.submission.events)
                if count and events > MOST_EVENTS:
                    break
                count += 1
            taken, line.waiting = line.waiting[:count], line.waiting[count:]
        return taken


def _commit(county: str, window: str, taken: Sequence[_Waiting]) -> None:
    try:
        with writing():
            results = record_all(county=county, window=window, submissions=[one.submission for one in taken])
    except Exception as error:  # noqa: BLE001 - handed to the sender that it belongs to
        if len(taken) == 1:
            taken[0].error = error
            return
        for one in taken:  # one of them is at fault, and the others must not suffer for it
            _commit(county, window, [one])
        return
    for one, answer in zip(taken, results, strict=True):
        one.results = answer


def init_app(app: Flask) -> None:
    """Give the app its intake."""
    app.extensions["intake"] = Intake()


def submit(*, county: str, window: str, submission: Submission) -> list[Result]:
    """`Intake.submit` of this app."""
    intake: Intake = current_app.extensions["intake"]
    return intake.submit(county=county, window=window, submission=submission)
