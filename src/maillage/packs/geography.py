"""Areas and their links: read from the tables, and checked as a geography."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext as _

from maillage.packs.reading import Mapped
from maillage.packs.shapes import CODE, MARKUP, WORD_CODE

if TYPE_CHECKING:
    from maillage.packs.references import Checker

AREAS, LINKS = "areas.csv", "area_links.csv"
PART_OF, ADJACENT = "part_of", "adjacent"
NUMBERS: tuple[tuple[str, type, float, float], ...] = (
    ("latitude", float, -90, 90),
    ("longitude", float, -180, 180),
    ("tile_x", int, 0, 200),
    ("tile_y", int, 0, 200),
)
TRUE, FALSE = {"true"}, {"", "false"}


def several(cell: str) -> list[str]:
    """`a;b` in a cell."""
    return [part.strip() for part in cell.split(";") if part.strip()]


def is_assumed(row: Mapped) -> bool:
    return str(row["assume"]).lower() in TRUE


def decimal(cell: str) -> float | None:
    return float(cell) if cell else None


def integer(cell: str) -> int | None:
    return int(cell) if cell else None


def check(checker: Checker) -> None:
    areas = checker.pack.areas
    if checker.pack.head and not areas and not any(problem.file == AREAS for problem in checker.problems):
        checker.problems.add(AREAS, 0, "", _("holds no area"))
    levels = {row["code"]: row["level"] for row in areas}
    checker.unique(AREAS, [("", row) for row in areas])
    for row in areas:
        _area(checker, row, levels)
    _cycles(checker, areas)
    _tiles(checker, areas)
    _links(checker, levels)


def _area(checker: Checker, row: Mapped, levels: dict[str, str]) -> None:
    def say(key: str, sentence: str, **values: object) -> None:
        checker.say(AREAS, row, key, "", sentence, **values)

    for key, pattern in (("code", CODE), ("level", WORD_CODE)):
        if not pattern.fullmatch(row[key]):
            say(key, _("“%(value)s” is not a code: small letters, digits and hyphens only"), value=row[key])
    for language, _name in settings.LANGUAGES:
        if not row[f"name_{language}"]:
            say(f"name_{language}", _("has no text in the language “%(language)s”"), language=language)
    for key, cell in row.items():
        if MARKUP.search(cell):
            say(key, _("holds HTML: write plain text"))
    if row["parent"] and row["parent"] not in levels:
        say("parent", _("there is no %(what)s “%(code)s” in this pack"), what=_("area"), code=row["parent"])
    if not row["parent"] and row["code"] != checker.pack.head.get("root_area"):
        say("parent", _("only the root area has no parent"))
    for key, kind, low, high in NUMBERS:
        if sentence := _number(row[key], kind, low, high):
            say(key, sentence)
    for one, other in (("latitude", "longitude"), ("tile_x", "tile_y")):
        if bool(row[one]) != bool(row[other]):
            say(one, _("“%(one)s” and “%(other)s” go together"), one=one, other=other)
    _provenance(checker, AREAS, row)


def _number(cell: str, kind: type, low: float, high: float) -> str:
    """What is wrong with a number in a cell; an empty text when nothing is."""
    if not cell:
        return ""
    pattern = r"-?\d{1,9}" if kind is int else r"-?\d{1,9}(\.\d{1,17})?"
    if not re.fullmatch(pattern, cell, re.ASCII):
        return _("“%(value)s” is not a number") % {"value": cell}
    if not low <= float(cell) <= high:
        return _("%(value)s is not between %(low)s and %(high)s") % {"value": cell, "low": low, "high": high}
    return ""


def _provenance(checker: Checker, file: str, row: Mapped) -> None:
    if str(row["assume"]).lower() not in TRUE | FALSE:
        checker.say(
            file,
            row,
            "assume",
            "",
            _("“%(value)s” is neither true nor false: write true or false"),
            value=row["assume"],
        )
    checker.used.add(row["source"])
    if row["source"]:
        checker.known(file, row, "source", "", checker.sources, _("source"))
    elif not is_assumed(row):
        checker.say(file, row, "source", "", _("has no source: name one of the pack's sources, or write assume: true"))


def _cycles(checker: Checker, areas: list[Mapped]) -> None:
    parents = {row["code"]: row["parent"] for row in areas}
    for row in areas:
        seen, here = {row["code"]}, row["parent"]
        while here and here not in seen:
            seen.add(here)
            here = parents.get(here, "")
        if here == row["code"]:
            checker.say(AREAS, row, "parent", "", _("“%(code)s” would be its own ancestor"), code=row["code"])


def _tiles(checker: Checker, areas: list[Mapped]) -> None:
    """On one level, a tile holds one area."""
    taken: dict[tuple[str, str, str], str] = {}
    for row in areas:
        if not row["tile_x"]:
            continue
        place = (row["level"], row["tile_x"], row["tile_y"])
        if place in taken:
            checker.say(AREAS, row, "tile_x", "", _("this tile is already that of “%(code)s”"), code=taken[place])
        taken.setdefault(place, row["code"])
    level = checker.pack.head.get("tile_level")
    without = [row for row in areas if row["level"] == level and not row["tile_x"]]
    if taken and without:
        for row in without:
            checker.say(
                AREAS, row, "tile_x", "", _("has no tile, while the tile map shows the level “%(level)s”"), level=level
            )


def _links(checker: Checker, levels: dict[str, str]) -> None:
    shares: dict[tuple[str, str, str], list[tuple[Mapped, float]]] = defaultdict(list)
    seen: dict[tuple[str, ...], int] = {}
    for row in checker.pack.links:
        key = (row["from_code"], row["to_code"], row["kind"], row["vintage"])
        if key in seen:
            checker.say(LINKS, row, "from_code", "", _("this link already stands on line %(line)s"), line=seen[key])
        seen.setdefault(key, row.line)
        weight = _link(checker, row, levels)
        if row["kind"] == PART_OF and weight:
            shares[row["from_code"], levels.get(row["to_code"], ""), row["vintage"]].append((row, weight))
    for (code, level, _vintage), parts in shares.items():
        total = sum(weight for _row, weight in parts)
        if total > 1.005:
            sentence = _("the shares of “%(code)s” in areas of the level “%(level)s” add up to %(total)s, more than 1")
            checker.say(LINKS, parts[-1][0], "weight", "", sentence, code=code, level=level, total=round(total, 3))


def _link(checker: Checker, row: Mapped, levels: dict[str, str]) -> float | None:
    def say(key: str, sentence: str, **values: object) -> None:
        checker.say(LINKS, row, key, "", sentence, **values)

    for key in ("from_code", "to_code"):
        if row[key] not in levels:
            say(key, _("there is no %(what)s “%(code)s” in this pack"), what=_("area"), code=row[key])
    if row["from_code"] == row["to_code"]:
        say("to_code", _("an area is not linked to itself"))
    if row["kind"] not in {PART_OF, ADJACENT}:
        say("kind", _("“%(value)s” is not one of: %(choices)s"), value=row["kind"], choices=f"{PART_OF}, {ADJACENT}")
    _provenance(checker, LINKS, row)
    weight: Any = None
    if re.fullmatch(r"[01](\.\d{1,17})?", row["weight"], re.ASCII):
        weight = float(row["weight"])
    if weight is None or not 0 < weight <= 1:
        say("weight", _("“%(value)s” is not a share: write a number above 0 and at most 1"), value=row["weight"])
        return None
    if row["kind"] == ADJACENT and weight != 1:
        say("weight", _("the weight of a neighbourhood link is 1"))
    return float(weight)
