"""The shapes that values of a pack may have. A shape looks at one value and says, at its place, what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, time
from difflib import get_close_matches
from typing import Any
from zoneinfo import available_timezones

import opening_hours
from dateutil.rrule import rrulestr
from django.utils.translation import gettext as _

from maillage.directory.freshness import MONTHS
from maillage.packs.problems import Problems
from maillage.packs.reading import Listed, Mapped


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a value stands, and what its shape needs to know: `languages` that a label must and may have."""

    file: str
    problems: Problems
    compulsory: tuple[str, ...]
    languages: tuple[str, ...]
    line: int = 0
    key: str = ""

    def say(self, sentence: str, **values: object) -> None:
        self.problems.add(self.file, self.line, self.key, sentence % values if values else sentence)

    def at(self, parent: Mapped | Listed, key: str | int) -> Spot:
        if isinstance(parent, Mapped):
            return replace(self, line=parent.line_of(str(key)), key=f"{self.key}.{key}".lstrip("."))
        return replace(self, line=parent.lines[int(key)], key=f"{self.key}[{key}]")


Shape = Callable[[Spot, Any], None]
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
WORD_CODE = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*")  # criteria and facets are written with underscores
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
MARKUP = re.compile(r"<[a-zA-Z/!]")


def text(limit: int = 2000) -> Shape:
    def shape(spot: Spot, value: Any) -> None:
        if value is None:
            spot.say(_("is empty: write a text, or leave the key out"))
        elif isinstance(value, bool | int | float):
            spot.say(_("%(value)s is read as a number or as true/false: put it between quotes"), value=value)
        elif not isinstance(value, str):
            spot.say(_("must be a text"))
        elif not value.strip():
            spot.say(_("is empty: write a text, or leave the key out"))
        elif len(value) > limit:
            spot.say(_("is longer than %(n)s characters"), n=limit)
        elif MARKUP.search(value):
            spot.say(_("holds HTML: write plain text"))

    return shape


def matching(pattern: re.Pattern[str], sentence: Callable[[], str], limit: int = 80) -> Shape:
    plain = text(limit)

    def shape(spot: Spot, value: Any) -> None:
        if isinstance(value, str) and value.strip() and len(value) <= limit:
            if not pattern.fullmatch(value):
                spot.say(sentence(), value=value)
        else:
            plain(spot, value)

    return shape


code = matching(CODE, lambda: _("“%(value)s” is not a code: small letters, digits and hyphens only"))
word_code = matching(WORD_CODE, lambda: _("“%(value)s” is not a code: small letters, digits, hyphens, underscores"))
language_code = matching(LANGUAGE, lambda: _("“%(value)s” is not a language code of two or three letters"))
url = matching(re.compile(r"https?://[^\s<>\"]+"), lambda: _("“%(value)s” is not a web address"), 1000)
country = matching(re.compile(r"[A-Z]{2}"), lambda: _("“%(value)s” is not a country code of two capitals"))
year_date = matching(
    re.compile(r"\d{4}(-\d{2}(-\d{2})?)?"), lambda: _("“%(value)s” is not a date: write 2026, 2026-11 or 2026-11-22")
)


period = matching(  # ISO 8601, whole units
    re.compile(r"P(?=\d)(\d{1,3}Y)?(\d{1,3}M)?(\d{1,3}W)?(\d{1,4}D)?"),
    lambda: _("“%(value)s” is not a period: write P60D, P3M or P3Y"),
    20,
)


def day(spot: Spot, value: Any) -> None:
    """A year, a month or a day that exists. A bare year is read as a number: it is accepted as such."""
    if isinstance(value, int) and not isinstance(value, bool) and 1800 <= value <= 2200:
        return
    before = len(spot.problems)
    year_date(spot, value)
    if len(spot.problems) == before and len(value) > 4:
        try:
            date.fromisoformat(value if len(value) == 10 else f"{value}-01")
        except ValueError:
            spot.say(_("“%(value)s” is not a date that exists"), value=value)


def full_day(spot: Spot, value: Any) -> None:
    """A day, not a month or a year."""
    before = len(spot.problems)
    day(spot, value)
    if len(spot.problems) == before and len(str(value)) != 10:
        spot.say(_("“%(value)s” is not a day: write 2026-11-22"), value=value)


def number_of_year(spot: Spot, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 1400 <= value <= 2200:
        spot.say(_("“%(value)s” is not a year"), value=value)


def clock(spot: Spot, value: Any) -> None:
    try:
        time.fromisoformat(value if isinstance(value, str) and re.fullmatch(r"\d\d:\d\d", value) else "")
    except ValueError:
        spot.say(_("“%(value)s” is not a time: write it as 18:00"), value=value)


def timezone(spot: Spot, value: Any) -> None:
    if value not in available_timezones():
        spot.say(_("“%(value)s” is not a time zone of the IANA list, such as Europe/Paris"), value=value)


def hours(spot: Spot, value: Any) -> None:
    """Opening hours as OpenStreetMap writes them."""
    if not isinstance(value, str) or not value.strip():
        spot.say(_("must be opening hours, such as Mo-Fr 09:00-17:00"))
    elif len(value) > 1000 or not opening_hours.validate(value):
        spot.say(_("“%(value)s” cannot be read as OpenStreetMap opening hours"), value=value[:80])


def recurrence(spot: Spot, value: Any) -> None:
    """An iCalendar RRULE without its name, and without a start."""
    try:
        if not isinstance(value, str) or "\n" in value or len(value) > 400:
            raise ValueError
        rrulestr(value)
    except (ValueError, TypeError, AttributeError, KeyError, IndexError):
        spot.say(_("“%(value)s” cannot be read as a recurrence rule (RRULE)"), value=str(value)[:80])


def boolean(spot: Spot, value: Any) -> None:
    if not isinstance(value, bool):
        spot.say(_("“%(value)s” is neither true nor false: write true or false"), value=value)


def whole(lowest: int = 0, highest: int = 1_000_000) -> Shape:
    def shape(spot: Spot, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            spot.say(_("“%(value)s” is not a whole number"), value=value)
        elif not lowest <= value <= highest:
            spot.say(_("%(value)s is not between %(low)s and %(high)s"), value=value, low=lowest, high=highest)

    return shape


def months(spot: Spot, value: Any) -> None:
    """How long a record stays true: one of the promises that reminders know."""
    if isinstance(value, bool) or value not in MONTHS:
        choices = ", ".join(map(str, MONTHS))
        spot.say(_("“%(value)s” is not one of: %(choices)s"), value=value, choices=choices)


def number(lowest: float, highest: float) -> Shape:
    def shape(spot: Spot, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            spot.say(_("“%(value)s” is not a number"), value=value)
        elif not lowest <= value <= highest:
            spot.say(_("%(value)s is not between %(low)s and %(high)s"), value=value, low=lowest, high=highest)

    return shape


def one_of(*allowed: str | None) -> Shape:
    def shape(spot: Spot, value: Any) -> None:
        if not isinstance(value, str | None) or value not in allowed:
            choices = ", ".join(str(item) for item in allowed if item)
            spot.say(_("“%(value)s” is not one of: %(choices)s"), value=value, choices=choices)

    return shape


def anything(spot: Spot, value: Any) -> None:
    """Looked at elsewhere, where what it refers to is known."""


def list_of(item: Shape, *, least: int = 0) -> Shape:
    def shape(spot: Spot, value: Any) -> None:
        if not isinstance(value, Listed):
            spot.say(_("must be a list"))
            return
        if len(value) < least:
            spot.say(_("must hold at least %(n)s"), n=least)
        for index, entry in enumerate(value):
            item(spot.at(value, index), entry)

    return shape


def range_of(lowest: int, highest: int) -> Shape:
    pair = list_of(whole(lowest, highest))

    def shape(spot: Spot, value: Any) -> None:
        before = len(spot.problems)
        pair(spot, value)
        if len(spot.problems) == before and (len(value) != 2 or value[0] > value[1]):
            spot.say(_("must be two numbers, the smallest first: [10, 40]"))

    return shape


def map_of(item: Shape, key: Shape = word_code) -> Shape:
    def shape(spot: Spot, value: Any) -> None:
        if not isinstance(value, Mapped):
            spot.say(_("must hold keys and values"))
            return
        for name, entry in value.items():
            here = spot.at(value, name)
            key(here, name)
            item(here, entry)

    return shape


def by_language(item: Shape, *, all_compulsory: bool) -> Shape:
    """`language: value`, in languages of the pack; a label must have every compulsory one."""

    def shape(spot: Spot, value: Any) -> None:
        if not isinstance(value, Mapped):
            spot.say(_("must hold one text for each language: {fr: ..., nl: ..., en: ...}"))
            return
        for language in spot.compulsory if all_compulsory else ():
            if language not in value:
                spot.say(_("has no text in the language “%(language)s”"), language=language)
        for language, entry in value.items():
            here = spot.at(value, language)
            if language not in spot.languages:
                here.say(_("“%(language)s” is not one of the languages of the pack"), language=language)
            item(here, entry)

    return shape


labels = by_language(text(300), all_compulsory=True)
sentences = by_language(text(1500), all_compulsory=True)
words = by_language(list_of(text(120)), all_compulsory=False)
phrases = by_language(list_of(text(120), least=1), all_compulsory=True)
paired = by_language(list_of(text(1500), least=1), all_compulsory=False)
PROVENANCE: dict[str, Shape] = {"source": code, "assume": boolean, "note": text(4000)}


def record(needed: Mapping[str, Shape], may_have: Mapping[str, Shape] | None = None) -> Shape:
    """A mapping with all of `needed`, perhaps some of `may_have`, its source, and nothing else."""
    known = {**PROVENANCE, **needed, **(may_have or {})}

    def shape(spot: Spot, value: Any) -> None:
        if not isinstance(value, Mapped):
            spot.say(_("must hold keys and values"))
            return
        for name in needed:
            if name not in value:
                spot.say(_("the key “%(name)s” is missing"), name=name)
        for name, entry in value.items():
            here = spot.at(value, name)
            if name in known:
                known[name](here, entry)
            elif near := get_close_matches(name, known, n=1):
                here.say(_("this key is not known: did you mean “%(near)s”?"), near=near[0])
            else:
                here.say(_("this key is not known"))

    return shape
