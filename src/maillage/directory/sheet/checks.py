"""What may stand in each field, and the sentence that says what is wrong. Pure: values in, values or sentences out."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from maillage.directory import hours
from maillage.directory.sheet.fields import Field, base_of, field_of
from maillage.methods.text import typed

MOST_ROWS = 60  # phones, documents, recognitions of one service
OLDEST = 130
_EMAIL = re.compile(r"[^\s@<>,;:\"'()\[\]\\]{1,64}@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", re.IGNORECASE)
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", re.IGNORECASE)
_SIGNS = re.compile(r"[+0-9 ().,/x#*-]*", re.IGNORECASE)


class SheetError(Exception):
    """Some fields cannot be written: field -> sentence, in the language of whoever asked."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        self.errors = dict(errors)
        super().__init__(" ".join(self.errors.values()))


@dataclass(frozen=True, slots=True)
class Known:
    """The codes that a territory has: base name of a field -> its codes."""

    codes: Mapping[str, frozenset[str]] = field(default_factory=dict)


def clean(values: Mapping[str, Any], present: Mapping[str, Any], known: Known) -> dict[str, Any]:
    """`values` as the sheet holds them. What stands already (`present`) is never refused, whatever a source wrote.

    Raises SheetError with a sentence for each field that is wrong.
    """
    cleaned: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name, value in values.items():
        if value == present.get(name) and name in present:
            cleaned[name] = value
            continue
        try:
            one = field_of(name)
            cleaned[name] = _KINDS[one.kind](value, present.get(name), one, known)
        except KeyError:
            errors[name] = _("There is no such field.")
        except _WrongError as wrong:
            errors[name] = str(wrong)
    errors |= _together(cleaned, present)
    if errors:
        raise SheetError(errors)
    if cleaned.get("served") and "served_words" in present and "served_words" not in cleaned:
        cleaned["served_words"] = ""  # the areas are told now: the words of a source would leave them in doubt
    return cleaned


class _WrongError(ValueError):
    pass


def _together(cleaned: Mapping[str, Any], present: Mapping[str, Any]) -> dict[str, str]:
    """What only two fields together can tell."""
    after = {**present, **cleaned}
    names = [name for name in after if base_of(name) == "name"]
    given = [name for name in cleaned if base_of(name) == "name"]
    if given and not any(after[name] for name in names):
        return {given[0]: _("A service needs a name in at least one language.")}
    youngest, oldest = after.get("minimum_age"), after.get("maximum_age")
    asked = [name for name in ("minimum_age", "maximum_age") if name in cleaned]
    if asked and youngest is not None and oldest is not None and youngest > oldest:
        return {asked[-1]: _("The highest age is below the lowest one.")}
    return {}


def _text(value: Any, one: Field) -> str:
    text = typed(str(value or ""), max(one.longest, 1) + 1)
    if len(text) > one.longest:
        raise _WrongError(_("At most %(number)s characters.") % {"number": one.longest})
    return text


def _line(value: Any, present: Any, one: Field, known: Known) -> str:
    return " ".join(_text(value, one).split())


def _long(value: Any, present: Any, one: Field, known: Known) -> str:
    return _text(value, one)


def _email(value: Any, present: Any, one: Field, known: Known) -> str:
    text = _line(value, present, one, known)
    if text and not _EMAIL.fullmatch(text):
        raise _WrongError(_("This is not an e-mail address."))
    return text


def _url(value: Any, present: Any, one: Field, known: Known) -> str:
    text = _line(value, present, one, known)
    if not text:
        return ""
    if "://" not in text.split("?")[0]:
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    if parts.scheme not in ("http", "https") or "@" in parts.netloc or not _HOST.fullmatch(host) or " " in text:
        raise _WrongError(_("This is not a web address: it looks like www.example.org."))
    return _text(text, one)


def _phones(value: Any, present: Any, one: Field, known: Known) -> list[dict[str, str]]:
    kept = {row["number"] for row in present or ()}
    rows: list[dict[str, str]] = []
    for row in _list(value):
        said = row if isinstance(row, Mapping) else {"number": row}
        number = " ".join(_text(said.get("number"), one).split())
        description = " ".join(typed(str(said.get("description") or ""), 400).split())
        if not number and not description:
            continue
        if number not in kept and not (_SIGNS.fullmatch(number) and 3 <= sum(c.isdigit() for c in number) <= 24):
            raise _WrongError(_("“%(number)s” is not a telephone number.") % {"number": number})
        if number not in (known_row["number"] for known_row in rows):
            rows.append({"number": number, "description": description})
    return rows


def _hours(value: Any, present: Any, one: Field, known: Known) -> dict[str, str] | None:
    """Read by machine when they can be; what cannot be read is kept as it was told, and flagged (`parse`: unread)."""
    said = value if isinstance(value, Mapping) else {"raw": value}
    raw, osm = _text(said.get("raw"), one), _text(said.get("osm"), one)
    if present and raw and raw == present["raw"] and osm in ("", present["osm"]):
        return dict(present)
    if not raw and not osm:
        return None
    if osm and not hours.is_osm(osm):
        osm, raw = "", raw or osm
    if osm and raw in ("", osm):
        return {"osm": osm, "raw": osm, "parse": "parsed"}
    found = hours.read(raw)
    return {"osm": found.osm, "raw": raw, "parse": found.parse}


def _age(value: Any, present: Any, one: Field, known: Known) -> float | None:
    if value is None or value == "":
        return None
    try:
        age = float(value.strip().replace(",", ".") if isinstance(value, str) else value)
    except (TypeError, ValueError):
        raise _WrongError(_("This is not a number.")) from None
    if not math.isfinite(age) or not 0 <= age <= OLDEST:
        raise _WrongError(_("An age lies between 0 and 130."))
    return age


def _choice(value: Any, present: Any, one: Field, known: Known) -> str:
    code = str(value or "")
    if code not in one.options:
        raise _WrongError(_("There is no such choice."))
    return code


def _codes(value: Any, present: Any, one: Field, known: Known) -> list[str]:
    codes = {str(code) for code in _list(value) if code}
    allowed = known.codes.get(one.name, frozenset(one.options)) | set(present or ())
    if unknown := sorted(codes - allowed):
        raise _WrongError(_("There is no such choice: %(codes)s.") % {"codes": ", ".join(unknown)[:200]})
    return sorted(codes)


def _yes_no(value: Any, present: Any, one: Field, known: Known) -> bool | None:
    answers = {True: True, "yes": True, "true": True, False: False, "no": False, "false": False, None: None, "": None}
    try:
        return answers[value]
    except (KeyError, TypeError):
        raise _WrongError(_("There is no such choice.")) from None


def _lines(value: Any, present: Any, one: Field, known: Known) -> list[str]:
    lines = [_line(line, None, one, known) for line in _list(value.splitlines() if isinstance(value, str) else value)]
    return list(dict.fromkeys(filter(None, lines)))


def _accreditations(value: Any, present: Any, one: Field, known: Known) -> list[dict[str, str]]:
    rows = []
    for row in _list(value):
        if not isinstance(row, Mapping):
            raise _WrongError(_("There is no such choice."))
        said = {name: " ".join(_text(row.get(name), one).split()) for name in ACCREDITATION}
        if not any(said.values()):
            continue
        if not said["authority"]:
            raise _WrongError(_("Say which authority recognises the service."))
        if len(said["number"]) > 80:
            raise _WrongError(_("At most %(number)s characters.") % {"number": 80})
        days = [_day(said[name]) for name in ("valid_from", "valid_to")]
        if days[0] and days[1] and days[0] > days[1]:
            raise _WrongError(_("It ends before it begins."))
        rows.append(said)
    return rows


def _address(value: Any, present: Any, one: Field, known: Known) -> dict[str, Any] | None:
    """Somewhere else: where exactly it lies on the map is no longer known."""
    said = value if isinstance(value, Mapping) else {}
    cleaned = {name: " ".join(_text(said.get(name), one).split()) for name in ADDRESS}
    if not any(cleaned.values()):
        return None
    if not cleaned["street"]:
        raise _WrongError(_("Say the street and the number."))
    for name, longest in (("postal_code", 20), ("city", 200)):
        if len(cleaned[name]) > longest:
            raise _WrongError(_("At most %(number)s characters.") % {"number": longest})
    if present and all(cleaned[name] == present[name] for name in ADDRESS):
        return dict(present)
    return cleaned | {"latitude": None, "longitude": None}


ADDRESS = ("street", "postal_code", "city")
ACCREDITATION = ("authority", "scheme", "number", "valid_from", "valid_to", "source")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise _WrongError(_("This is not a date: write it as 2026-12-31.")) from None


def _list(value: Any) -> list[Any]:
    if value is None or value == "":
        return []
    if not isinstance(value, list | tuple):
        raise _WrongError(_("There is no such choice."))
    if len(value) > MOST_ROWS and not all(isinstance(one, str) for one in value):
        raise _WrongError(_("At most %(number)s lines.") % {"number": MOST_ROWS})
    return list(value)


_KINDS: dict[str, Callable[[Any, Any, Field, Known], Any]] = {
    "line": _line,
    "long": _long,
    "email": _email,
    "url": _url,
    "phones": _phones,
    "hours": _hours,
    "age": _age,
    "choice": _choice,
    "codes": _codes,
    "yes_no": _yes_no,
    "lines": _lines,
    "accreditations": _accreditations,
    "address": _address,
}
