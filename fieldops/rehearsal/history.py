"""What each phone noted, sent and was told, line by line on disk: the checker's one side of the truth."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any


class History:
    """Of one rehearsal, in the file `path` as JSON lines."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8")
        self._began = time.monotonic()
        self.noted: dict[str, Mapping[str, Any]] = {}
        self.told: dict[str, list[str]] = defaultdict(list)
        #: Seconds since the beginning and latency in ms of each answered call, and seconds of each unknown one.
        self.answered: list[tuple[float, float]] = []
        self.unknown: list[float] = []
        self.marks: list[tuple[float, str]] = []

    def _write(self, **line: Any) -> float:
        at_s = time.monotonic() - self._began
        self._file.write(json.dumps({"at_s": round(at_s, 3), **line}, ensure_ascii=False) + "\n")
        return at_s

    def note(self, event: Mapping[str, Any]) -> None:
        """A fact that a phone wrote."""
        self.noted[event["id"]] = event
        self._write(did="note", event=event)

    def ok(self, device: str, results: Sequence[Mapping[str, Any]], latency_ms: float) -> None:
        """An answer that the phone has read."""
        for result in results:
            self.told[result["id"]].append(result["outcome"])
        outcomes = [[result["id"], result["outcome"]] for result in results]
        self.answered.append((self._write(did="ok", device=device, results=outcomes, ms=latency_ms), latency_ms))

    def lost(self, device: str, ids: Collection[str], why: str) -> None:
        """A call of which the phone cannot know whether it arrived."""
        self.unknown.append(self._write(did="unknown", device=device, ids=list(ids), why=why))

    def mark(self, what: str) -> None:
        """Something done to the server."""
        self.marks.append((self._write(did="chaos", what=what), what))

    def close(self) -> None:
        self._file.close()
