"""Places as paths of codes. Pure."""

from __future__ import annotations

from dataclasses import dataclass

#: Levels from the bottom up (domain.md §1).
LEVELS = ("room", "school", "county", "city", "province")


@dataclass(frozen=True, slots=True)
class Place:
    """A place with all the places that it lies in."""

    path: str
    level: str
    #: Paths from itself up: `441823/x/01`, `441823/x`, `441823`, `441800`, `440000`.
    within: tuple[str, ...]

    @property
    def county(self) -> str | None:
        """Division code of its county; None for a city or a province."""
        return self.path.split("/")[0] if self.level in ("room", "school", "county") else None

    @property
    def school(self) -> str | None:
        parts = self.path.split("/")
        return parts[1] if len(parts) > 1 else None

    @property
    def room(self) -> str | None:
        parts = self.path.split("/")
        return parts[2] if len(parts) > 2 else None


def path_of(county: str, school: str | None = None, room: str | None = None) -> str:
    """`county`, `county/school` or `county/school/room`."""
    return "/".join(part for part in (county, school, school and room) if part)


def level_of(path: str) -> str:
    """The level of a place by its path; a division's by its official code (GB/T 2260: `440000`, `441800`, `441823`)."""
    depth = path.count("/")
    if depth:
        return "school" if depth == 1 else "room"
    if path.endswith("0000"):
        return "province"
    return "city" if path.endswith("00") else "county"
