"""A situation from what somebody typed, chose or sent: the same reading for the pages, the API and the command line."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from maillage.directory.search import paging
from maillage.directory.search.types import FactValue
from maillage.orientation.places import find_area
from maillage.orientation.queries import Vocabulary, vocabulary
from maillage.orientation.types import Situation
from maillage.territory.models import Territory

LONGEST_TEXT = 2_000  # characters
MOST = 40  # items of a list
MOST_SHOWN = 100
OLDEST = 130
WIDEST_KM = 20_000
YES = frozenset({"true", "yes", "1", "on", "oui", "ja"})
NO = frozenset({"false", "no", "0", "off", "non", "nee"})
FACT = "fact."


class SituationError(ValueError):
    """What was sent cannot be read. `messages`: (field, sentence) for each thing wrong."""

    def __init__(self, messages: Iterable[tuple[str, str]]) -> None:
        self.messages = tuple(messages)
        super().__init__(" ".join(f"{field}: {sentence}" for field, sentence in self.messages))


def from_mapping(given: Mapping[str, Any], territory: Territory, language: str) -> Situation:
    """Read `given` (keys as the fields of Situation; facts in `facts` or as "fact.<criterion>"; `near`: a place by its
    name or postal code instead of `area`). Values may be texts, as forms send them. Raises SituationError with every
    problem at once: an unknown field or code, an impossible coordinate, a number that is none, a text too long."""
    reader = _Reader(given, vocabulary(territory))
    fields = reader.read()
    if reader.problems:
        raise SituationError(reader.problems)
    return Situation(territory=territory.code, language=language, **fields)


def to_mapping(situation: Situation) -> dict[str, Any]:
    """What `from_mapping` reads back as the same situation; only what was said."""
    found: dict[str, Any] = {}
    empty = Situation(situation.territory)
    for name in FIELDS:
        value = getattr(situation, name)
        if value != getattr(empty, name):
            found[name] = _plain(value)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value


class _Reader:
    """One reading: the fields that could be read, and the problems met."""

    def __init__(self, given: Mapping[str, Any], words: Vocabulary) -> None:
        self.given, self.words = given, words
        self.problems: list[tuple[str, str]] = []

    def read(self) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        facts: dict[str, FactValue] = {}
        for name, value in self.given.items():
            if name.startswith(FACT):
                self.fact(name.removeprefix(FACT), value, facts)
            elif name == "facts":
                self.facts(value, facts)
            elif name == "near":
                if (area := self.near(value)) and not self.given.get("area"):
                    fields["area"] = area
            elif name in FIELDS:
                if not _is_absent(value):
                    fields[name] = FIELDS[name](self, name, value)
            elif name not in {"language", "territory"}:
                self.problem(str(name)[:60], _("There is no such field."))
        return fields | {"facts": facts}

    def problem(self, field: str, sentence: str) -> None:
        self.problems.append((field, sentence))

    # each reader below says what is wrong and gives an empty value, so that every problem is told at once

    def text(self, name: str, value: Any) -> str:
        if not isinstance(value, str):
            self.problem(name, _("Write a text."))
            return ""
        if len(value) > LONGEST_TEXT:
            self.problem(name, _("This is too long: at most %(n)s characters.") % {"n": LONGEST_TEXT})
            return ""
        return " ".join(value.replace("\x00", " ").split())

    def codes(self, known: Iterable[str]) -> Callable[[str, Any], tuple[str, ...]]:
        allowed = frozenset(known)

        def read(name: str, value: Any) -> tuple[str, ...]:
            found = self.listed(name, value)
            for code in found:
                if code not in allowed:
                    self.unknown(name, code)
            return found

        return read

    def listed(self, name: str, value: Any) -> tuple[str, ...]:
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list | tuple | set | frozenset) or not all(isinstance(item, str) for item in items):
            self.problem(name, _("Write a list of codes."))
            return ()
        if len(items) > MOST:
            self.problem(name, _("This is too long: at most %(n)s codes.") % {"n": MOST})
            return ()
        return tuple(dict.fromkeys(item.strip() for item in items if item.strip()))

    def unknown(self, name: str, code: str) -> None:
        self.problem(name, _("“%(code)s” is not known here.") % {"code": code[:80]})

    def needs(self, name: str, value: Any) -> tuple[str, ...]:
        return self.codes(self.words.needs)(name, value)

    def publics(self, name: str, value: Any) -> tuple[str, ...]:
        return self.codes(self.words.publics)(name, value)

    def declined(self, name: str, value: Any) -> frozenset[str]:
        return frozenset(self.codes([*self.words.criteria, *self.words.needs, ROOT])(name, value))

    def languages(self, name: str, value: Any) -> tuple[str, ...]:
        if self.words.languages:
            return self.codes(self.words.languages)(name, value)
        found = self.listed(name, value)
        for code in found:
            if not (2 <= len(code) <= 3 and code.isascii() and code.isalpha() and code.islower()):
                self.unknown(name, code)
        return found

    def area(self, name: str, value: Any) -> str:
        return self.one(name, value, self.words.areas)

    def window(self, name: str, value: Any) -> str:
        return self.one(name, value, [*self.words.windows, "now"])

    def cost(self, name: str, value: Any) -> str:
        return self.one(name, value, ["free"])

    def one(self, name: str, value: Any, known: Iterable[str]) -> str:
        code = self.text(name, value)
        if code and code not in known:
            self.unknown(name, code)
        return code

    def after(self, name: str, value: Any) -> str:
        cursor = self.text(name, value)
        try:
            if cursor:
                paging.read(cursor)
        except paging.BadCursor:
            self.problem(name, _("This page of the list cannot be read: start from the first."))
            return ""
        return cursor

    def near(self, value: Any) -> str:
        place = self.text("near", value)
        found = find_area(self.words, place) if place else None
        if place and found is None:
            self.problem("near", _("No place called “%(place)s” is known here.") % {"place": place[:80]})
        return found.code if found else ""

    def point(self, name: str, value: Any) -> tuple[float, float] | None:
        if isinstance(value, Mapping):
            value = [value.get("latitude"), value.get("longitude")]
        pair = value.split(",") if isinstance(value, str) else value
        numbers = [_number(part) for part in pair] if isinstance(pair, list | tuple) else []
        if len(numbers) != 2 or numbers[0] is None or numbers[1] is None:
            self.problem(name, _("Write a latitude and a longitude, as 50.85, 4.35."))
            return None
        if abs(numbers[0]) > 90 or abs(numbers[1]) > 180:
            self.problem(name, _("These coordinates are not on earth: latitude -90 to 90, longitude -180 to 180."))
            return None
        return numbers[0], numbers[1]

    def radius(self, name: str, value: Any) -> float | None:
        return self.number(name, value, 0, WIDEST_KM)

    def limit(self, name: str, value: Any) -> int:
        found = self.number(name, value, 1, MOST_SHOWN)
        if found is not None and found != int(found):
            self.problem(name, _("Write a whole number."))
        return int(found or 1)

    def number(self, name: str, value: Any, low: float, high: float) -> float | None:
        found = _number(value)
        if found is None or not low <= found <= high:
            self.problem(name, _("Write a number from %(low)s to %(high)s.") % {"low": low, "high": high})
            return None
        return found

    def flag(self, name: str, value: Any) -> bool:
        found = _boolean(value)
        if found is None:
            self.problem(name, _("Write true or false."))
        return bool(found)

    def facts(self, value: Any, facts: dict[str, FactValue]) -> None:
        if not isinstance(value, Mapping):
            self.problem("facts", _("Write facts as criterion and value."))
            return
        for criterion, said in value.items():
            self.fact(str(criterion), said, facts)

    def fact(self, criterion: str, value: Any, facts: dict[str, FactValue]) -> None:
        """An empty value, or "unknown", says nothing: unknown is not no."""
        name = f"{FACT}{criterion[:60]}"
        item = self.words.criteria.get(criterion)
        if item is None:
            self.unknown("facts", criterion)
        elif not (_is_absent(value) or value == "unknown"):
            if item.get("kind") == "number":
                said: FactValue | None = self.number(name, value, 0, OLDEST if item.get("unit") == "years" else 1e9)
            elif item.get("kind") == "choice":
                said = self.one(name, value, [str(option.get("code")) for option in item.get("options") or ()])
            else:
                said = self.flag(name, value)
            if said is not None:
                facts[criterion] = said


ROOT = "needs"  # in `declined`: the person prefers not to choose among the first questions

FIELDS: dict[str, Callable[[_Reader, str, Any], Any]] = {
    "text": _Reader.text,
    "needs": _Reader.needs,
    "facts": lambda reader, name, value: value,  # read apart
    "declined": _Reader.declined,
    "publics": _Reader.publics,
    "area": _Reader.area,
    "point": _Reader.point,
    "radius_km": _Reader.radius,
    "languages": _Reader.languages,
    "window": _Reader.window,
    "cost": _Reader.cost,
    "wheelchair": _Reader.flag,
    "remote": _Reader.flag,
    "has_room": _Reader.flag,
    "limit": _Reader.limit,
    "after": _Reader.after,
}


def _is_absent(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, list | tuple | dict) and not value)


def _number(value: Any) -> float | None:
    """A finite number, from a number or from a text with a point or a comma; `True` is none."""
    if isinstance(value, str):
        text = value.strip().replace(",", ".")
        try:
            value = float(text) if len(text) <= 40 else None
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def _boolean(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else ""
    return True if word in YES else False if word in NO else None
