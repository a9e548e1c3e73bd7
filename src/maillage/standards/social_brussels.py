"""The REST record of social.brussels: one organisation with everything in French and Dutch, free-text hours, no service of its own.

A record becomes an organisation, its place, and one service that carries what the organisation does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ijson

from maillage.directory.hours import read
from maillage.directory.identifiers import BELGIAN, check
from maillage.directory.ingest import Child, Extra, Placing, Record, Report, Thing, given_uuid
from maillage.standards.hsds.reading import Reading
from maillage.standards.hsds.words import access_of
from maillage.standards.reading.files import NOT_JSON, Refused, members, open_bytes, open_json
from maillage.standards.reading.values import Fields, storable

if TYPE_CHECKING:
    from maillage.standards.imports import Progress

LANGUAGES = (("Fr", "fr"), ("Nl", "nl"))
KEPT = (
    "websiteUnofficial",
    "websiteBelgianOfficialJournal",
    "websiteInfo",
    "otherAgreement",
    "subvention",
    "publication",
    "nameFormer",
)
EXPECTED = (
    "id", "legalStatus", "isInterpreting", "address", "nameOfficialFr", "nameOfficialNl", "descriptionFr", "descriptionNl", "activitiesFr",
    "activitiesNl", "accessFr", "accessNl", "permanencyFr", "permanencyNl", "publicFr", "publicNl", "pmRp", "langStatus", "lastUpdate",
    "telFr", "telNl", "emailFr", "emailNl", "websiteOfficialFr", "websiteOfficialNl",
)  # fmt: skip


def records(path: Path, reading: Reading, report: Report, progress: Progress) -> Iterator[Record]:
    report.expect("organization", EXPECTED)
    count = 0
    for member in members(path):
        if not member.name.lower().endswith((".json", ".ndjson", ".jsonl")):
            continue
        done = 0

        def tick(number: int, size: int = member.size) -> None:
            nonlocal done
            done += number
            progress("write", done, size)

        try:
            with open_bytes(member, tick) as file:
                is_list = file.read(64).lstrip(b" \r\n\t\xef\xbb\xbf").startswith(b"[")
            with open_json(member, tick) as text:
                for item in ijson.items(text, "item" if is_list else "", use_float=True, multiple_values=True):
                    count += 1
                    yield from _records(item, f"{member.name} {count}", reading, report)
        except NOT_JSON as trouble:
            report.at("file", f"{member.name}, after record {count}")
            report.remark("file-broken", value=str(trouble), rejected=count == 0)
    if not count:
        raise Refused("file-unknown", path.name)


def _records(item: Any, row: str, reading: Reading, report: Report) -> Iterator[Record]:
    report.at("organization", row)
    if not isinstance(item, dict):
        report.count("organization", "read")
        report.remark("record-not-an-object", value=str(item)[:200], rejected=True)
        return
    report.fill("organization", item)
    known = str(item.get("id") or "").strip()[:200]
    if not known:
        report.remark("id-missing", "id", item.get("nameOfficialFr"), rejected=True)
        return
    yield Record("organization", known, storable(item), row, partial(things, item, reading=reading))


def things(item: Mapping[str, Any], report: Report, *, reading: Reading) -> list[Thing]:
    f = Fields(item, report)
    known = str(item["id"]).strip()[:200]
    organization = _organization(known, f)
    place = _location(known, f)
    service = _service(known, f, reading)
    if place is not None:
        service.placings.append(Placing(place.id))
    return [organization, *([place] if place else []), service]


def _organization(known: str, f: Fields) -> Thing:
    thing = Thing("organization", known, given_uuid(known))
    _names(thing, f)
    legal = f.object("legalStatus")
    values = {
        "legal_status": legal.line("labelFr", 200) if legal else "", "website": _first(f, "websiteOfficial", "url"),
        "email": _first(f, "email", "email"),
        "last_modified": f.moment("lastUpdate"),
    }  # fmt: skip
    thing.values.update({name: value for name, value in values.items() if value})
    _both(thing, f, "description", "description")
    numbers = []
    for text in dict.fromkeys(_words(f, "pmRp")):
        scheme, number, valid = check(BELGIAN, text)
        if not valid:
            f.remark("identifier-invalid", "pmRp", text)
        numbers.append(Child({"scheme": scheme, "identifier": number, "is_valid": valid}))
    if numbers:
        thing.children["identifiers"] = numbers
    for name in KEPT:
        for suffix, _ in LANGUAGES:
            thing.extras += [
                Extra(value=text, label=f"{name}{suffix}", link_type=f"social.brussels:{name}")
                for text in _words(f, f"{name}{suffix}")
            ]
    return thing


def _location(known: str, f: Fields) -> Thing | None:
    a = f.object("address")
    if a is None:
        return None
    thing = Thing("location", f"address:{known}", organization=known)
    latitude, longitude = a.coordinates("lat", "lon")
    sector = a.line("statisticsCode", 80)
    values = {
        "latitude": latitude, "longitude": longitude, "external_identifier": sector,
        "external_identifier_type": "statistical-sector" if sector else "",
        "name": a.line("statisticsNameFr", 400),
    }  # fmt: skip
    thing.values.update({name: value for name, value in values.items() if value not in (None, "")})
    thing.values.pop("name", None)  # the sector's name is not the place's
    postal = a.line("zipCode", 20)
    number = " ".join(filter(None, (a.line("number", 40), a.line("numberBuilding", 40))))
    box = a.line("postalBox", 40)
    rows = []
    for suffix, _ in LANGUAGES:
        street, city = a.line(f"street{suffix}", 300), a.line(f"municipality{suffix}", 200).title()
        if street or city:
            line = " ".join(filter(None, (street, number))) + (f" / {box}" if box else "")
            rows.append(
                {
                    "address_1": line,
                    "address_2": a.line(f"remark{suffix}", 400),
                    "city": city,
                    "postal_code": postal,
                    "country": "BE",
                }
            )
    if rows:
        thing.children["addresses"] = [Child(row) for row in {tuple(row.items()): row for row in rows}.values()]
    # a sector's code begins with the code of its commune
    thing.hints = (
        sector,
        sector.rstrip("-"),
        sector[:5],
        postal,
        a.line("municipalityFr", 200),
        a.line("municipalityNl", 200),
    )
    return thing


def _service(known: str, f: Fields, reading: Reading) -> Thing:
    thing = Thing("service", f"service:{known}", organization=known)
    _names(thing, f)
    _both(thing, f, "activities", "description")
    if not thing.texts.keys() & {("description", code) for _, code in LANGUAGES}:
        _both(thing, f, "description", "description")
    _both(thing, f, "public", "eligibility_description")
    access: set[str] = set()
    for suffix, code in LANGUAGES:
        told = _words(f, f"access{suffix}")
        if told:
            thing.texts["access", code] = ", ".join(told)
            access |= {found for text in told for found in access_of(text)}
    on = f.day("lastUpdate")
    values = {
        "url": _first(f, "websiteOfficial", "url"), "email": _first(f, "email", "email"), "confirmed_on": on, "confirmed_by": reading.source[:200],
        "last_modified": f.moment("lastUpdate"), "access": sorted(access), "has_interpreter": True if f.data.get("isInterpreting") is True else None,
    }  # fmt: skip
    thing.values.update({name: value for name, value in values.items() if value not in (None, "", [])})
    phones = [
        (text, kind)
        for name, kind in (("tel", "voice"), ("fax", "fax"))
        for suffix, _ in LANGUAGES
        for text in _words(f, f"{name}{suffix}")
    ]
    if phones:
        thing.children["phones"] = [Child({"number": text[:200], "type": kind}) for text, kind in dict.fromkeys(phones)]
    if hours := _hours(f):
        thing.children["schedules"] = hours
    spoken = [code for suffix, code in LANGUAGES if suffix.upper() in f.line("langStatus", 40).upper().split("-")]
    if spoken:
        thing.children["languages"] = [Child({"code": code, "name": ""}) for code in spoken]
    return thing


def _hours(f: Fields) -> list[Child]:
    """The two languages say the same hours: what one does not let read, the other may."""
    texts = [text for suffix, _ in LANGUAGES if (text := f.text(f"permanency{suffix}"))]
    if not texts:
        return []
    readings = [read(text) for text in texts]
    best = min(readings, key=lambda hours: ("parsed", "partly", "unread").index(hours.parse))
    parsed = {hours.osm for hours in readings if hours.parse == "parsed"}
    if len(parsed) > 1:
        f.remark("value-contradicts", "permanencyNl", " / ".join(sorted(parsed)))
    if best.parse != "parsed":
        f.remark(f"hours-{best.parse}", "permanencyFr", texts[0])
    return [Child({"osm": best.osm, "parse": best.parse, "raw": "\n".join(texts)})]


def _names(thing: Thing, f: Fields) -> None:
    _both(thing, f, "nameOfficial", "name")
    for suffix, code in LANGUAGES:
        if other := _words(f, f"nameAlternative{suffix}"):
            thing.texts["alternate_name", code] = ", ".join(other)
    name = next((thing.texts[key] for key in (("name", "fr"), ("name", "nl")) if key in thing.texts), "")
    if not name:
        f.remark("name-missing", "nameOfficialFr")
    thing.values["name"] = name[:400] or "?"


def _both(thing: Thing, f: Fields, name: str, field: str) -> None:
    for suffix, code in LANGUAGES:
        if text := f.text(f"{name}{suffix}"):
            thing.texts[field, code] = text


def _words(f: Fields, name: str) -> list[str]:
    """A list of texts, or one text: a comma inside belongs to it."""
    value = f.data.get(name)
    if isinstance(value, list):
        return f.words(name)
    text = f.text(name)
    return [text] if text else []


def _first(f: Fields, name: str, kind: str) -> str:
    for suffix, _ in LANGUAGES:
        for text in _words(f, f"{name}{suffix}"):
            one = Fields({f"{name}{suffix}": text}, f.report)
            found = one.url(f"{name}{suffix}") if kind == "url" else one.email(f"{name}{suffix}")
            if found:
                return found
    return ""
