"""What changed in a record, as a person reads it: texts by words, lists by what came and went, hours as a week."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext, pgettext

from maillage.directory import sheet
from maillage.web.presenters import hours
from maillage.web.presenters.vocabulary import Vocabulary

A_MONDAY = date(2024, 1, 1)  # an ordinary week: hours are compared without the holidays of this or that country
AROUND = 16  # words and spaces that stay on each side of a change; what lies between is an ellipsis
MOST_WORDS = 6_000  # of one text that is compared word by word
SAME, GONE, NEW, SKIPPED = "same", "gone", "new", "skipped"


@dataclass(frozen=True, slots=True)
class Piece:
    kind: str  # same, gone, new, skipped
    text: str


@dataclass(frozen=True, slots=True)
class Day:
    name: str
    old: str
    new: str
    changed: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One field. `shape`: text (pieces), list (removed, added, kept), week (days, the words as they were told), value."""

    name: str
    label: str
    shape: str
    language: str = ""
    old: str = ""
    new: str = ""
    pieces: tuple[Piece, ...] = ()
    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    days: tuple[Day, ...] = ()
    note: str = ""
    meanwhile: str = ""  # what the record says now, when it is no longer what the proposal was made on


def lines(
    fields: Mapping[str, Mapping[str, Any]], words: Vocabulary, *, now: Mapping[str, Any] | None = None
) -> list[Line]:
    """One line for each field of a proposal (field -> {"old", "new"}), in the order of the sheet. `now`: what stands today."""
    order = {name: number for number, name in enumerate(sheet.field_names(words.territory))}
    return [
        line(name, change.get("old"), change.get("new"), words, now=now)
        for name, change in sorted(fields.items(), key=lambda pair: order.get(pair[0], len(order)))
    ]


def hushed(value: Any) -> Any:
    """Hours without the words in which they were written: at a confidential place, those may hold its address."""
    if isinstance(value, dict) and "street" in value:
        return None  # what is confidential today may not have been when this was written
    if isinstance(value, dict) and "raw" in value:
        return value | {"raw": value["osm"]} if value.get("osm") else None
    return value


def hush(fields: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """A proposal, with `hushed` values."""
    return {name: {side: hushed(value) for side, value in change.items()} for name, change in fields.items()}


def line(name: str, old: Any, new: Any, words: Vocabulary, *, now: Mapping[str, Any] | None = None) -> Line:
    found = replace(_line(name, old, new, words), language=sheet.language_of(name))
    if now is None or name not in now or now[name] in (old, new):
        return found
    return replace(found, meanwhile="; ".join(items(name, now[name], words)) or gettext("nothing"))


def _line(name: str, old: Any, new: Any, words: Vocabulary) -> Line:
    kind, head = kind_of(name), label(name, words)
    if kind == "hours":
        days = week_difference(old, new, words)
        return Line(name, head, "week", days=days, old=told(old), new=told(new), note=reading_note(new))
    if kind in ("phones", "codes", "lines", "accreditations"):
        gone, came = items(name, old, words), items(name, new, words)
        return Line(
            name,
            head,
            "list",
            removed=tuple(one for one in gone if one not in came),
            added=tuple(one for one in came if one not in gone),
            kept=tuple(one for one in came if one in gone),
        )
    before, after = one_value(name, old, words), one_value(name, new, words)
    if kind in ("line", "long") and before and after:
        return Line(name, head, "text", pieces=by_words(before, after))
    return Line(name, head, "value", old=before, new=after)


def kind_of(name: str) -> str:
    """Of a field of an older version: text."""
    try:
        return sheet.field_of(name).kind
    except KeyError:
        return "long"


def label(name: str, words: Vocabulary) -> str:
    """The field, with its language in words: "What you do (French)"."""
    language = sheet.language_of(name)
    if not language:
        return sheet.label(name)
    try:
        return f"{sheet.field_of(name).label} ({words.language_name(language)})"
    except KeyError:
        return name


def items(name: str, value: Any, words: Vocabulary) -> list[str]:
    """A value as a list of short texts; empty when there is nothing."""
    kind = kind_of(name)
    if kind == "hours":
        return [told(value)] if value else []
    if not isinstance(value, list | tuple):
        said = one_value(name, value, words)
        return [said] if said else []
    if kind == "phones":
        return [" – ".join(filter(None, (row.get("number", ""), row.get("description", "")))) for row in value]
    if kind == "accreditations":
        return [recognition(row) for row in value]
    if kind == "codes":
        return sorted((code_name(name, str(code), words) for code in value), key=str.casefold)
    return [str(one) for one in value]


def recognition(row: Mapping[str, str]) -> str:
    said = [row.get("authority", ""), row.get("scheme", ""), row.get("number", "")]
    if row.get("valid_from"):
        said.append(gettext("from %(day)s") % {"day": row["valid_from"]})
    if row.get("valid_to"):
        said.append(gettext("until %(day)s") % {"day": row["valid_to"]})
    return ", ".join(filter(None, said))


def code_name(name: str, code: str, words: Vocabulary) -> str:
    base = sheet.base_of(name)
    if base == "needs":
        return words.need_name(code)
    if base == "served":
        return words.area_name(code) or code
    if base == "languages":
        return words.language_name(code)
    return str(sheet.field_of(name).options.get(code, code))


def one_value(name: str, value: Any, words: Vocabulary) -> str:
    kind = kind_of(name)
    if kind == "yes_no":
        return {True: gettext("yes"), False: gettext("no")}.get(value, pgettext("yes or no", "not known"))
    if value is None or value == "":
        return code_name(name, "", words) if kind == "choice" else ""
    if kind == "age" and isinstance(value, int | float):
        return number_format(value, 0 if float(value).is_integer() else 1)
    if kind == "choice":
        return code_name(name, str(value), words)
    if kind == "address":
        town = " ".join(filter(None, (value.get("postal_code"), value.get("city"))))
        return ", ".join(filter(None, (value.get("street"), town)))
    return str(value)


# --- texts ------------------------------------------------------------------------------------------------------------------------


def by_words(old: str, new: str) -> tuple[Piece, ...]:
    """The new text with what went struck and what came marked. Joined, all but GONE is `new`, all but NEW is `old`, where
    nothing is skipped."""
    before, after = split(old), split(new)
    if max(len(before), len(after)) > MOST_WORDS:
        return (Piece(GONE, old), Piece(NEW, new))
    pieces: list[Piece] = []
    found = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    for number, (verb, i, j, m, n) in enumerate(found):
        if verb == "equal":
            pieces += shortened(before[i:j], is_first=number == 0, is_last=number == len(found) - 1)
            continue
        if i < j:
            pieces.append(Piece(GONE, "".join(before[i:j])))
        if m < n:
            pieces.append(Piece(NEW, "".join(after[m:n])))
    return tuple(pieces)


def split(text: str) -> list[str]:
    """Words, and what stands between them; joined again they are the text."""
    return re.findall(r"\s+|\S+", text)


def shortened(same: Sequence[str], *, is_first: bool, is_last: bool) -> list[Piece]:
    head, tail = (0 if is_first else AROUND), (0 if is_last else AROUND)
    if len(same) <= head + tail + AROUND:
        return [Piece(SAME, "".join(same))]
    kept = [Piece(SAME, "".join(same[:head]))] if head else []
    kept.append(Piece(SKIPPED, " … "))
    return [*kept, Piece(SAME, "".join(same[len(same) - tail :]))] if tail else kept


# --- hours ------------------------------------------------------------------------------------------------------------------------


def told(value: Any) -> str:
    """The hours as somebody wrote them; an OpenStreetMap text as words."""
    if not value:
        return ""
    raw = str(value.get("raw") or value.get("osm") or "")
    return hours.readable(raw) if raw == value.get("osm") else raw


def week(value: Any, words: Vocabulary) -> tuple[tuple[str, str], ...]:
    """(day, "09:00 to 12:00, 14:00 to 17:00") for each day of an ordinary week; nothing when they cannot be read."""
    osm = str((value or {}).get("osm") or "")
    days = hours.week(osm, "", words.territory.timezone, on=A_MONDAY) if osm else []
    return tuple((weekday(number), ", ".join(day.spans) or gettext("closed")) for number, day in enumerate(days))


def weekday(number: int) -> str:
    name = date_format(A_MONDAY.replace(day=1 + number), "l")
    return name[:1].upper() + name[1:]


def week_difference(old: Any, new: Any, words: Vocabulary) -> tuple[Day, ...]:
    """Days that follow each other and say the same stand in one line: "Monday – Thursday"."""
    before, after = dict(week(old, words)), dict(week(new, words))
    if not before and not after:
        return ()
    unknown = pgettext("hours", "not known")
    runs: list[tuple[list[str], str, str]] = []
    for name in (weekday(number) for number in range(7)):
        one, other = before.get(name, unknown), after.get(name, unknown)
        if runs and runs[-1][1:] == (one, other):
            runs[-1][0].append(name)
        else:
            runs.append(([name], one, other))
    return tuple(
        Day(" – ".join(dict.fromkeys((days[0], days[-1]))), one, other, one != other) for days, one, other in runs
    )


def reading_note(value: Any) -> str:
    """What to tell somebody whose hours a machine could not read whole."""
    parse = (value or {}).get("parse")
    if parse == "partly":
        return gettext("We could read only a part: check the week, or write it more simply.")
    if parse == "unread":
        return gettext(
            "We could not read these hours: they are shown as you wrote them, and search does not know when it is open."
        )
    return ""
