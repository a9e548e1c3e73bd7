"""A count of people on one night: what may be told, who is the same person twice, and the totals. Pure.

The methods are the pack's (ETHOS Light, or a city's own categories); two methods are never added up. The total without double
counting is the least that all that was told allows: one person met twice is one, and two teams in one street saw the same people.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from maillage.people.rules import gettext_noop

STREET, SERVICE = "street", "service"
BOTH: Final = "both"
MOST_STREET, MOST_SERVICE = 50, 2_000  # people of one line: more is a slip of the finger
OLDEST: Final = 110
SERVICE_ZONE: Final = "service:"  # what a service tells stands under its own name, not under a street


class NotCounted(Exception):
    """A line that cannot be written, as a sentence that can be shown."""


@dataclass(frozen=True, slots=True)
class Told:
    """One line of a count. `teller`: who wrote it (a pair with one telephone); `mark`: of what a person said, "" of nobody."""

    zone: str
    source: str
    category: str
    people: int
    mark: str
    teller: str
    public: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """`told`: everybody, counted as often as somebody told them; `people`: without double counting."""

    told: int = 0
    people: int = 0

    def __add__(self, other: Cell) -> Cell:
        return Cell(self.told + other.told, self.people + other.people)


@dataclass(frozen=True, slots=True)
class Total:
    all: Cell
    cells: Mapping[tuple[str, str, str], Cell]  # zone, source, category
    met_twice: int  # lines of somebody who had been counted already

    def by(self, *axes: int) -> dict[tuple[str, ...], Cell]:
        """Added up over some of zone (0), source (1), category (2)."""
        found: dict[tuple[str, ...], Cell] = defaultdict(Cell)
        for key, cell in self.cells.items():
            found[tuple(key[axis] for axis in axes)] += cell
        return dict(found)


def total(lines: Sequence[Told]) -> Total:
    """Both totals of a count, from its lines in the order in which they were told.

    A mark counts once, where it was told first. Of the others, in each zone, source and category: what one teller told adds up
    (they walk on), what several tellers told does not (they saw the same people): the largest counts, and never less than the
    different marks found there. So a form that is sent again by somebody else adds nobody, one line more never lowers a total,
    and who walks alone is believed.
    """
    owner: dict[str, tuple[str, str, str]] = {}
    told: dict[tuple[str, str, str], int] = defaultdict(int)
    by_teller: dict[tuple[str, str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    seen: set[tuple[str, str]] = set()  # teller, mark: one who notes somebody twice has met one person
    met_twice = 0
    for line in lines:
        cell = (line.zone, line.source, line.category)
        told[cell] += line.people
        if not line.mark:
            by_teller[cell][line.teller] += line.people
            continue
        met_twice += line.mark in owner
        if owner.setdefault(line.mark, cell) == cell and (line.teller, line.mark) not in seen:
            by_teller[cell][line.teller] += 1
        seen.add((line.teller, line.mark))
    marks: dict[tuple[str, str, str], int] = defaultdict(int)
    for cell in owner.values():
        marks[cell] += 1
    cells = {cell: Cell(n, max([marks[cell], *by_teller[cell].values()])) for cell, n in told.items()}
    return Total(sum(cells.values(), Cell()), cells, met_twice)


def said(initials: str, birth_year: int | None, gender: str) -> str:
    """What a person said of themselves, in one form, to be hashed; "" when it is too little to know them again.

    First letter of the first name, first letter of the family name, year of birth, gender. Accents, case and points do not matter.
    """
    plain = unicodedata.normalize("NFKD", initials).casefold()
    letters = "".join(letter for letter in plain if letter.isalpha())
    return f"{letters[:3]}|{birth_year}|{gender}" if len(letters) >= 2 and birth_year and gender else ""


def check_said(initials: str, birth_year: int | None, gender: str, people: int, *, on: date) -> None:
    """Raises what is wrong with what was typed of one person; nothing typed is nothing wrong."""
    if not (initials or birth_year or gender):
        return
    if people != 1:
        raise NotCounted(gettext_noop("Initials are of one person: write a line for each, or leave them empty."))
    if not said(initials, birth_year, gender):
        raise NotCounted(
            gettext_noop("To know somebody again it takes all three: two initials, the year of birth, the gender.")
        )
    if birth_year is None or not on.year - OLDEST <= birth_year <= on.year:
        raise NotCounted(gettext_noop("This year of birth cannot be right."))


def categories(method: Mapping[str, Any], source: str) -> list[Mapping[str, Any]]:
    """The categories of a method that may be told by this source."""
    return [one for one in method.get("categories") or () if one.get("where", BOTH) in {BOTH, source}]


def check_line(method: Mapping[str, Any], source: str, category: str, people: int) -> None:
    if category not in {str(one["code"]) for one in categories(method, source)}:
        raise NotCounted(gettext_noop("Choose a category of this count."))
    if not 1 <= people <= (MOST_STREET if source == STREET else MOST_SERVICE):
        raise NotCounted(gettext_noop("How many people? Write a number, from 1."))


def method_of(content: Mapping[str, Any], code: str) -> Mapping[str, Any] | None:
    """The method of the pack with this code."""
    return next((one for one in methods(content) if one.get("code") == code), None)


def methods(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The ways to count that the pack knows."""
    found = content.get("places")
    return list(found.get("count_methods") or ()) if isinstance(found, Mapping) else []


def zones_typed(lines: Iterable[str]) -> list[dict[str, str]]:
    """Zones typed one a line, with codes that an address can hold: "z1", "z2" ... in their order; the same name is one zone."""
    names = dict.fromkeys(name for line in lines if (name := " ".join(line.split())[:80]))
    return [{"code": f"z{number}", "label": name} for number, name in enumerate(names, 1)]
