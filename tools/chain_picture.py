"""Draw docs/pictures/escalation.svg from the table of transitions, the fold and the policies: what the code does.

    .venv/bin/python tools/chain_picture.py            # write it
    .venv/bin/python tools/chain_picture.py --check    # say whether it is current

Where an action leads is not written here: each row of the table is applied to an incident in each of its states, and
the state that comes out is the arrow's end. A new arrow without a way to draw it stops the tool.
"""

from __future__ import annotations

import sys
import uuid
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from fieldops.incidents import clocks, transitions
from fieldops.incidents.apply import APPLY
from fieldops.incidents.incident import Incident
from fieldops.journal.events import Event
from fieldops.timetable.policies import POLICIES

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "pictures" / "escalation.svg"
WIDTH, HEIGHT = 1400, 860
NOW = datetime(2024, 5, 20, 1, 30, tzinfo=UTC)
ID = "0190b1f0-0000-7000-8000-000000000001"
#: Left upper corner of each state's box.
AT = {
    "open": (40, 190),
    "acknowledged": (430, 190),
    "resolved": (820, 190),
    "closed": (1210, 190),
    "merged": (265, 510),
    "cancelled": (690, 510),
}
BOX = (150, 56)
WHO = {
    transitions.Who.HOLDER: "holder",
    transitions.Who.HOLDER_OR_ABOVE: "holder or above",
    transitions.Who.HOLDER_OR_BELOW: "holder or below",
    transitions.Who.DESK_HOLDER: "holder, from county up",
    transitions.Who.DESK: "desk of the area",
    transitions.Who.CHAIN: "anybody on the chain",
    transitions.Who.VERIFIER: "level above",
    transitions.Who.REPORTER: "reporter, 5 min",
}
#: Way of each arrow (points), and where its words begin.
WAYS: dict[tuple[str, str], tuple[list[tuple[int, int]], tuple[int, int]]] = {
    ("open", "acknowledged"): ([(190, 205), (430, 205)], (200, 178)),
    ("acknowledged", "open"): ([(430, 232), (190, 232)], (200, 250)),
    ("acknowledged", "resolved"): ([(580, 205), (820, 205)], (590, 195)),
    ("resolved", "acknowledged"): ([(820, 232), (580, 232)], (590, 250)),
    ("resolved", "closed"): ([(970, 218), (1210, 218)], (980, 190)),
    ("open", "resolved"): ([(115, 190), (115, 60), (860, 60), (860, 190)], (330, 50)),
    ("resolved", "open"): ([(900, 190), (900, 100), (75, 100), (75, 190)], (330, 90)),
    ("closed", "open"): ([(1285, 190), (1285, 20), (55, 20), (55, 190)], (330, 14)),
    ("open", "merged"): ([(170, 246), (330, 330), (330, 510)], (165, 460)),
    ("acknowledged", "merged"): ([(440, 246), (390, 330), (390, 510)], (398, 400)),
    ("open", "cancelled"): ([(186, 246), (358, 320), (358, 455), (690, 530)], (500, 462)),
    ("acknowledged", "cancelled"): ([(572, 246), (715, 330), (715, 510)], (552, 400)),
    ("resolved", "cancelled"): ([(828, 246), (790, 330), (790, 510)], (798, 400)),
}
#: Where the words about what leaves the state as it is begin.
STAYS = {
    "open": (40, 290),
    "acknowledged": (430, 290),
    "resolved": (820, 290),
    "closed": (1210, 266),
    "cancelled": (860, 535),
}


_HEAD = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="14">',
    "<title>States and clocks of an incident</title>",
    '<defs><marker id="end" markerWidth="10" markerHeight="8" refX="9" refY="4" orient="auto">',
    '<path d="M0,0 L10,4 L0,8 z" fill="#444"/></marker></defs>',
    f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
)


def main() -> None:
    drawn = picture()
    if "--check" in sys.argv:
        if not PICTURE.exists() or PICTURE.read_text(encoding="utf-8") != drawn:
            sys.exit("docs/pictures/escalation.svg is not what the code does: run tools/chain_picture.py")
        return
    PICTURE.write_text(drawn, encoding="utf-8")


def arrows() -> dict[tuple[str, str], list[str]]:
    """From state to state: what leads there, as the code does it."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in transitions.TABLE:
        for source in sorted(row.sources, key=transitions.STATES.index):
            for target in sorted(_outcomes(row, source), key=transitions.STATES.index):
                words = f"{row.action.replace('_', ' ')} ({WHO[row.who]})"
                lines = found.setdefault((source, target), [])
                if words not in lines:
                    lines.append(words)
    for source, words in (("open", "ENGINE: not taken on in time, one level up"), ("open", "ENGINE: told again")):
        found.setdefault((source, "open"), []).append(words)
    found.setdefault(("acknowledged", "open"), []).append("ENGINE: no word; 2nd time up")
    found.setdefault(("resolved", "resolved"), []).append("ENGINE: told again")
    return found


def _outcomes(row: transitions.Transition, source: str) -> set[str]:
    """States that come out when somebody of the holder's level, or of another one, takes the action."""
    outcomes = set()
    for levels in (("county",), ("city",)):
        for taken in (None, NOW):
            if row.action == "instruct" and source == "acknowledged" and taken is None:
                continue
            state = _incident(source, taken)
            if row.who in (transitions.Who.HOLDER, transitions.Who.DESK_HOLDER) and levels != ("county",):
                continue
            APPLY[row.kind](state, _event(row, levels))
            outcomes.add(state.state)
    return outcomes


def _incident(state: str, taken: datetime | None) -> Incident:
    return Incident(
        county="441823",
        id=ID,
        school="s",
        state=state,
        level="county",
        severity="moderate",
        told_at=NOW,
        reminded_at=NOW,
        acknowledged_at=taken if state != "open" else None,
        resolved_at=NOW if state in ("resolved", "closed") else None,
    )


def _event(row: transitions.Transition, levels: tuple[str, ...]) -> Event:
    to_level = {"escalate": "city", "hand_back": "school"}.get(row.action)
    severity = {"raise_severity": "serious", "lower_severity": "minor"}.get(row.action)
    data: dict[str, Any] = {"incident": ID, "text": "t", "reason": "r", "into": ID, "to_level": to_level}
    blank = {"offset_ms": 0, "device_seq": None, "room": None, "session": None, "student": None, "device": None}
    return Event(
        county="441823",
        window="w",
        seq=2,
        id=str(uuid.UUID(int=2)),
        kind=row.kind,
        entity=f"incident/{ID}",
        occurred_at=NOW,
        recorded_at=NOW,
        received_at=NOW,
        school="s",
        person="p",
        flags=(),
        data={**data, "severity": severity},
        levels=levels,
        **blank,
    )


def picture() -> str:
    """The whole file."""
    lines: list[str] = []
    words: list[str] = []
    for (source, target), said in arrows().items():
        if source == target:
            words += _lines(*STAYS[source], ["stays so:", *said], fill="#555")
            continue
        points, (x, y) = WAYS[source, target]
        way = " ".join(f"{px},{py}" for px, py in points)
        lines.append(f'<polyline points="{way}" fill="none" stroke="#444" stroke-width="1.5" marker-end="url(#end)"/>')
        # Words above an arrow grow upwards, words beside or below it downwards.
        words += _lines(x, y if y > 230 else y - 17 * (len(said) - 1), said)
    parts = [*_HEAD, *lines]
    for state, (x, y) in AT.items():
        fill = "#eee" if state in transitions.FINAL else "#fde9c8" if state == "open" else "#dcebf9"
        parts.append(f'<rect x="{x}" y="{y}" width="{BOX[0]}" height="{BOX[1]}" rx="8" fill="{fill}" stroke="#222"/>')
        middle = f'x="{x + BOX[0] // 2}" y="{y + 34}" text-anchor="middle"'
        parts.append(f'<text {middle} font-size="18" font-weight="bold">{state}</text>')
    return "\n".join([*parts, *words, *_clocks(), "</svg>", ""])


def _lines(x: int, y: int, words: list[str], *, fill: str = "#000") -> list[str]:
    halo = f'fill="{fill}" stroke="#fff" stroke-width="4" paint-order="stroke"'
    return [f'<text x="{x}" y="{y + 17 * row}" {halo}>{escape(line)}</text>' for row, line in enumerate(words)]


def _clocks() -> list[str]:
    """The defaults: what each severity's clock says, and the way up."""
    rows = [["default", "goes first to", "told again every", "taken on within", "next word within"]]
    for severity in reversed(list(clocks.BEFORE)):
        minutes = [POLICIES[f"{name}_{severity}_min"].default for name in ("repeat", "acknowledge", "word")]
        rows.append([severity, transitions.start_level(severity), *(f"{value} min" for value in minutes)])
    parts = []
    for number, row in enumerate(rows):
        weight = ' font-weight="bold"' if number == 0 else ""
        for column, cell in enumerate(row):
            parts.append(f'<text x="{40 + 170 * column}" y="{640 + 24 * number}"{weight}>{escape(cell)}</text>')
    nobody = POLICIES["nobody_up_min"].default
    way = " -> ".join(transitions.CHAIN)
    parts += _lines(
        40,
        760,
        [
            f"Way up: {way}. Nobody on duty at a level: one level up after {nobody} min, and the timeline says so.",
            "Clock of escalation: from the moment a level was really told.",
            "Official clock: from the moment it happened; it never stops.",
            "At the top there is nobody above: it is told again at growing distances until somebody takes it on.",
            "Deadlines only move earlier. Final: "
            + ", ".join(s for s in transitions.STATES if s in transitions.FINAL)
            + " (closed: again within 30 min is a re-alarm).",
        ],
        fill="#333",
    )
    return parts


if __name__ == "__main__":
    main()
