"""What hangs on HSDS objects, row by row: phones, hours, languages, addresses, costs, documents, room."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from maillage.directory.identifiers import check
from maillage.directory.ingest import Child, Thing, given_uuid
from maillage.standards.hsds import schedules, words
from maillage.standards.reading.languages import code_of, spoken
from maillage.standards.reading.values import Fields

if TYPE_CHECKING:
    from maillage.standards.hsds.reading import Reading


def collect(thing: Thing, f: Fields, names: Iterable[str], reading: Reading) -> None:
    """Read these lists of the object into the children of the thing; lists that are absent or empty leave it as it is."""
    for name in names:
        rows: list[Child]
        if name == "schedules":
            rows = hours(f)
        elif name == "rules":
            rows = rules(f)
        elif name == "activities":
            rows = activities(f)
        else:
            rows = [row for item in f.items(name) for row in READERS[name](item, reading)]
            if name == "capacities" and (own := f.object(words.PROFILE)):  # those that HSDS cannot hold
                rows += [row for item in own.items(name) for row in capacity(item, reading)]
        if rows:
            thing.children[name] = rows


def _uuid(item: Fields) -> Any:
    value = item.data.get("id")
    return given_uuid(value) if isinstance(value, str) else None


def phone(item: Fields, reading: Reading) -> list[Child]:
    number = item.line("number", 200).strip('"')
    if not number:
        item.remark("phone-missing", "number")
        return []
    values = {
        "number": number, "extension": item.line("extension", 40), "type": item.line("type", 40), "description": item.line("description", 400),
    }  # fmt: skip
    return [Child(values, _uuid(item))]


def contact(item: Fields, reading: Reading) -> list[Child]:
    """A function. The name of a person stays out unless the operator asks for it (`with_names`)."""
    name = item.line("name", 200)
    if name and not reading.with_names:
        item.remark("person-left-out", "name")
        name = ""
    values = {
        "name": name,
        "title": item.line("title", 200),
        "department": item.line("department", 200),
        "email": item.email("email"),
    }
    phones = [row for nested in item.items("phones") for row in phone(nested, reading)]
    return [Child(values, _uuid(item), phones)] if any(values.values()) or phones else []


def language(item: Fields, reading: Reading) -> list[Child]:
    note, name, code = item.line("note", 400), item.line("name", 200), item.line("code", 20)
    own = item.object(words.PROFILE)
    level = own.choice("level", {"fluent", "limited", "on-request"}) if own else ""
    known = code_of(code) or (
        code.lower() if re.fullmatch(r"[A-Za-z]{3}", code) else ""
    )  # of ISO 639-3 no list is at hand
    if known:
        return [Child({"code": known, "name": name, "note": note, "level": level}, _uuid(item))]
    if code:
        item.remark("language-unknown", "code", code)
    rows: list[Child] = []
    for one in spoken(item.text("name", 2_000) or code):
        if not one.code:
            item.remark("language-unknown", "name", one.note)
        elif one.is_inferred:
            item.remark("language-inferred", "name", one.note)
        values = {"code": one.code, "name": one.name, "note": note or one.note, "level": level or one.level}
        rows.append(Child(values, _uuid(item) if not rows else None))
    if not rows and note:
        rows.append(Child({"note": note, "level": level}, _uuid(item)))
    return rows


def address(item: Fields, reading: Reading) -> list[Child]:
    country = item.line("country", 60)
    if len(country) == 2 and country.isalpha():
        country = country.upper()
    elif country:
        item.remark("country-unknown", "country", country)
        country = ""
    values = {
        "attention": item.line("attention", 400), "address_1": item.line("address_1", 400), "address_2": item.line("address_2", 400),
        "city": item.line("city", 200), "region": item.line("region", 200), "state_province": item.line("state_province", 80),
        "postal_code": item.line("postal_code", 20),
    }  # fmt: skip
    if not any(values.values()):
        return []
    kind = item.choice("address_type", words.LOCATION_TYPES) or "physical"
    return [Child(values | {"country": country or reading.country, "address_type": kind}, _uuid(item))]


def accessibility(item: Fields, reading: Reading) -> list[Child]:
    values = {"description": item.line("description", 400), "details": item.text("details"), "url": item.url("url")}
    return [Child(values, _uuid(item))] if any(values.values()) else []


def funding(item: Fields, reading: Reading) -> list[Child]:
    source = item.line("source", 400)
    return [Child({"source": source}, _uuid(item))] if source else []


def program(item: Fields, reading: Reading) -> list[Child]:
    name = item.line("name", 400)
    return [Child({"name": name, "description": item.text("description")}, _uuid(item))] if name else []


def cost(item: Fields, reading: Reading) -> list[Child]:
    amount, currency = item.number("amount"), item.line("currency", 40).upper()
    if currency and not (len(currency) == 3 and currency.isalpha()):
        item.remark("currency-unknown", "currency", currency)
        currency = ""
    cents = round(amount * 100) if amount is not None and abs(amount) < 1e12 else None
    values: dict[str, Any] = {
        "valid_from": item.day("valid_from"), "valid_to": item.day("valid_to"), "option": item.line("option", 400), "currency": currency,
        "amount_cents": cents, "amount_description": item.text("amount_description"),
    }  # fmt: skip
    return [Child(values, _uuid(item))] if any(value not in (None, "") for value in values.values()) else []


def document(item: Fields, reading: Reading) -> list[Child]:
    name, uri = item.line("document", 400), item.url("uri")
    return [Child({"document": name or uri[:400], "uri": uri}, _uuid(item))] if name or uri else []


def capacity(item: Fields, reading: Reading) -> list[Child]:
    unit, own = item.object("unit"), item.object(words.PROFILE) or Fields({}, item.report)
    values: dict[str, Any] = {
        "unit": (unit.line("name", 60) if unit else "") or "?", "description": item.text("description"), "updated_at": item.moment("updated"),
        "status": own.choice("status", {"capacity", "no-capacity", "waitlist", "additional-assessment-required"}),
        "population": own.line("population", 200), "expires_at": own.moment("expires"),
    }  # fmt: skip
    for name in ("available", "maximum"):
        number = item.number(name)
        if number is not None and (number < 0 or not number.is_integer() or number > 2_000_000_000):
            item.remark("capacity-invalid", name, number)
            number = None
        values[name] = None if number is None else int(number)
    if values["updated_at"] is None:
        values.pop("updated_at")
    return [Child(values, _uuid(item))]


READERS: dict[str, Callable[[Fields, Reading], list[Child]]] = {
    "phones": phone, "contacts": contact, "languages": language, "addresses": address, "accessibility": accessibility,
    "funding": funding, "programs": program, "cost_options": cost, "required_documents": document, "capacities": capacity,
}  # fmt: skip


def rules(f: Fields) -> list[Child]:
    """* Eligibility rules, from our own property only."""
    own = f.object(words.PROFILE)
    result = []
    for item in own.items("rules") if own else []:
        values = {
            "criterion": item.line("criterion", 40), "op": item.choice("op", {"eq", "ne", "in", "gte", "lte", "between"}),
            "value": item.data.get("value"), "effect": item.choice("effect", {"require", "exclude", "prefer"}) or "require",
            "source_text": item.text("text"), "checked_on": item.day("checked_on"),
        }  # fmt: skip
        if values["criterion"] and values["op"] and _is_value(values["value"]):
            result.append(Child(values))
        else:
            item.remark("value-unknown", "", json.dumps(item.data, default=str)[:200])
    return result


def _is_value(value: object) -> bool:
    if isinstance(value, list):
        return 0 < len(value) <= 200 and all(isinstance(v, (str, int, float)) for v in value)
    return isinstance(value, (bool, str, int, float))


def activities(f: Fields) -> list[Child]:
    """* Dated activities, from our own property only; their place is the service's."""
    own = f.object(words.PROFILE)
    result = []
    for item in own.items("activities") if own else []:
        starts, minutes = item.moment("starts_at"), item.integer("minutes", 1, 100_000)
        if starts and minutes:
            excluded = [text for text in item.words("excluded") if _is_day(text)]
            values = {
                "starts_at": starts, "minutes": minutes, "rrule": item.line("rrule", 400), "until": item.day("until"), "excluded": excluded,
                "is_cancelled": item.data.get("is_cancelled") is True,
            }  # fmt: skip
            result.append(Child(values, _uuid(item)))
    return result


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def hours(f: Fields) -> list[Child]:
    """One schedule for each period of validity: what all rows of the period say together."""
    rows = f.items("schedules")
    if not rows:
        return []
    result = []
    for schedule in schedules.read_schedules(rows):
        if schedule.hours.parse != "parsed":
            f.remark(f"hours-{schedule.hours.parse}", "schedules", schedule.raw)
        values = {
            "osm": schedule.hours.osm, "parse": schedule.hours.parse, "raw": schedule.raw, "valid_from": schedule.valid_from,
            "valid_to": schedule.valid_to, "description": schedule.description,
        }  # fmt: skip
        result.append(Child(values, schedule.uuid))
    return result


def identifiers(f: Fields, reading: Reading) -> list[Child]:
    """Numbers in official registers, each checked the way its register publishes."""
    found: dict[tuple[str, str], Child] = {}
    for item in f.items("organization_identifiers"):
        scheme = item.line("identifier_scheme", 40) or item.line("identifier_type", 40)
        number = item.line("identifier", 80)
        if not scheme or not number:
            continue
        scheme, number, valid = check(scheme, number)
        if valid is False:
            item.remark("identifier-invalid", "identifier", number)
        elif valid is None:
            item.remark("identifier-unchecked", "identifier_scheme", scheme)
        found.setdefault((scheme, number), Child({"scheme": scheme, "identifier": number, "is_valid": valid}))
    return list(found.values())
