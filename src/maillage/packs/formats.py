"""The shape of every file of a pack, version 1 of the format (docs/reference/packs.md explains it to people)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from maillage.packs.reading import Mapped
from maillage.packs.shapes import (
    Shape,
    Spot,
    anything,
    boolean,
    clock,
    code,
    country,
    day,
    full_day,
    hours,
    labels,
    language_code,
    list_of,
    map_of,
    months,
    number,
    number_of_year,
    one_of,
    paired,
    period,
    phrases,
    range_of,
    record,
    recurrence,
    sentences,
    text,
    timezone,
    url,
    whole,
    word_code,
    words,
)

AREA_COLUMNS = (
    "code", "level", "parent", "alt_names", "postal_codes", "latitude", "longitude", "tile_x", "tile_y", "vintage", "source",
    "assume", "note",
)  # fmt: skip
LINK_COLUMNS = ("from_code", "to_code", "kind", "weight", "vintage", "source", "assume", "note")
RANKING = ("text", "distance", "open", "language", "freshness", "capacity", "quality")
ACCESS = ("walk_in", "phone", "appointment", "referral", "online")
DELIVERY = ("on_site", "remote", "home", "outreach")
COST = ("free", "means-tested", "paid", "unknown")
RELATIONS = ("exact", "close", "broad", "narrow")
OPERATORS = ("eq", "ne", "in", "gte", "lte", "between")
EFFECTS = ("require", "exclude", "prefer")
THREE = ("yes", "no", "unknown")

rule = record(
    {"criterion": word_code, "op": one_of(*OPERATORS), "value": anything},
    {"effect": one_of(*EFFECTS), "text": sentences},
)
source = record(
    {"id": code, "title": text()}, {"publisher": text(), "url": url, "date": day, "licence": text(), "note": text(4000)}
)
spoken = record({"code": language_code, "labels": labels}, {"synonyms": words, "rtl": boolean})
reminders = record({}, {name: whole(1, 10_000) for name in ("again_days", "escalate_days", "link_days", "most_mails")})
window = record({"labels": labels}, {"from": clock, "to": clock, "synonyms": words})
pack = record(
    {
        "code": code,
        "version": text(40),
        "names": labels,
        "country": country,
        "timezone": timezone,
        "default_language": language_code,
        "languages": list_of(language_code, least=1),
        "spoken_languages": list_of(spoken, least=1),
        "smallest_cell": whole(1, 1000),
        "root_area": code,
        "windows": map_of(window),
        "ranking": record({name: number(0, 100) for name in RANKING}, {"preference": number(0, 100)}),
        "ranking_half_distance_km": number(0.01, 1000),
        "freshness_months": map_of(months),
        "organisation_cap": whole(1, 100),
        "sources": list_of(source, least=1),
    },
    {
        "region_code": text(40),
        "holidays_country": country,
        "quick_exit_url": url,
        "tile_level": word_code,
        "identifier_schemes": list_of(text(40)),
        "reminders": reminders,
        "membership_months": whole(1, 120),
        "capacity_needs": list_of(code),
    },
)

criterion_option = record({"code": word_code, "labels": labels}, {"synonyms": words})
criterion = record(
    {
        "code": word_code,
        "kind": one_of("boolean", "number", "choice"),
        "labels": labels,
        "question": sentences,
        "why": sentences,
    },
    {"unit": word_code, "options": list_of(criterion_option, least=2), "sensitive": boolean, "synonyms": words},
)
public = record(
    {"code": code, "labels": labels},
    {"synonyms": words, "facts": map_of(anything), "rules": list_of(rule)},
)
criteria = record({"criteria": list_of(criterion, least=1)}, {"version": text(40), "publics": list_of(public)})

mapping = record({"scheme": text(80), "code": text(120), "relation": one_of(*RELATIONS)})


def need(spot: Spot, value: Any) -> None:
    """A node of the tree. Its children are looked at from here: a shape cannot hold itself."""
    _need_itself(spot, value)
    if isinstance(value, Mapped) and "children" in value:
        list_of(need, least=1)(spot.at(value, "children"), value["children"])
        if "question" not in value and len(value["children"] or ()) > 1:
            spot.say(_("has children: the key “question” must ask which of them it is"))


_need_itself = record(
    {"code": code, "labels": labels},
    {
        "hint": labels,
        "icon": code,
        "synonyms": words,
        "question": sentences,
        "ask": list_of(word_code),
        "window": word_code,
        "red_flag": code,
        "mappings": list_of(mapping),
        "also": list_of(code),
        "children": anything,
    },
)
needs = record({"version": text(40), "needs": list_of(need, least=1)})

facets = record(
    {},
    {
        "distance_over_km": number(0.01, 10_000),
        "wheelchair": list_of(one_of(*THREE), least=1),
        "cost": list_of(one_of(*COST), least=1),
        "language": one_of("not_spoken"),
        "access": list_of(one_of(*ACCESS), least=1),
        "open_in_window": one_of("no"),
        "childcare": list_of(one_of(*THREE), least=1),
        "delivery": list_of(one_of(*DELIVERY), least=1),
    },
)
lifting = record({"need": code}, {"sentence": sentences})
obstacle = record(
    {
        "code": code,
        "labels": labels,
        "sentence": sentences,
        "when": record({"service": facets}, {"person": map_of(anything)}),
    },
    {"lifted_by": list_of(lifting)},
)
obstacles = record({"obstacles": list_of(obstacle)}, {"version": text(40)})

contact = record(
    {"name": labels},
    {
        "number": text(60),
        "url": url,
        "hours": hours,
        "languages": list_of(language_code),
        "note": sentences,
        "source": code,
    },
)
red_flag = record(
    {"code": code, "labels": labels, "message": sentences, "words": phrases, "contacts": list_of(contact)}
)
red_flags = record({"red_flags": list_of(red_flag)}, {"version": text(40)})

test_of_a_right = record(
    {"criterion": word_code, "op": one_of(*OPERATORS), "value": anything}, {"text": sentences, "supports": boolean}
)
words_of_a_right = record({"words": sentences})


def test(spot: Spot, value: Any) -> None:
    """Something about the person: a criterion, or in words only what nobody is asked."""
    (words_of_a_right if isinstance(value, Mapped) and "words" in value else test_of_a_right)(spot, value)


one_of_several = record({"any": list_of(test, least=2)})


def condition(spot: Spot, value: Any) -> None:
    """A test, or several of which one must hold."""
    (one_of_several if isinstance(value, Mapped) and "any" in value else test)(spot, value)


page = record({"title": text(), "url": url}, {"publisher": text(), "date": day})
law = record({"title": text()}, {"article": text(120), "url": url, "date": day})
right = record(
    {
        "code": code,
        "labels": labels,
        "gives": sentences,
        "needs": list_of(code, least=1),
        "conditions": list_of(condition, least=1),
        "claim": record({"at": labels}, {"need": code, "organization": code, "url": url, "phone": text(60)}),
        "pages": list_of(page, least=1),
        "checked_on": day,
    },
    {
        "always": boolean,
        "ask": list_of(word_code),
        "used_when": list_of(record({"criterion": word_code, "op": one_of(*OPERATORS), "value": anything})),
        "documents": list_of(labels),
        "time_limit": record({"period": period, "text": sentences}),
        "answer": record({"text": sentences}, {"period": period}),
        "law": list_of(law),
        "amounts": list_of(record({"text": sentences, "date": day, "url": url})),
        "valid_from": day,
    },
)
rights = record({"rights": list_of(right)}, {"version": text(40)})

capacity = record({"unit": word_code}, {"maximum": whole(0, 100_000)})
INDICATORS = ("consultations", "files", "people-reached", "people-received")
accreditation = record(
    {"authority": text(400)},
    {"scheme": text(400), "number": text(80), "valid_from": full_day, "valid_to": full_day},
)
funding = record({"by": text(200), "amount": whole(1, 10_000_000_000)}, {"year": number_of_year, "for": text(120)})
indicator = record({"code": one_of(*INDICATORS), "value": whole(0, 1_000_000_000)}, {"year": number_of_year})
real_service = record(
    {"code": code, "names": labels, "needs": list_of(code, least=1)},
    {
        "description": sentences,
        "publics": list_of(code),
        "rules": list_of(rule),
        "area": code,
        "served": list_of(code),
        "capacity": capacity,
        "accreditations": list_of(accreditation),
        "funding": list_of(funding),
        "indicators": list_of(indicator),
        "hours": hours,
        "website": url,
        "cost": one_of(*COST),
        "access": list_of(one_of(*ACCESS)),
        "delivery": list_of(one_of(*DELIVERY)),
        "languages": list_of(language_code),
        "phone": text(60),
        "confidential": boolean,
        "lifts": list_of(code),
    },
)
organization = record(
    {"code": code, "names": labels},
    {"kind": text(80), "area": code, "website": url, "phone": text(60), "services": list_of(real_service)},
)
organizations = record({"organizations": list_of(organization)}, {"version": text(40)})

demo_capacity = record({"unit": word_code, "maximum": range_of(0, 10_000)})


def perhaps(shape: Shape) -> Shape:
    """null says “none, and on purpose”."""

    def look(spot: Spot, value: Any) -> None:
        if value is not None:
            shape(spot, value)

    return look


activity = record({"rrule": recurrence, "at": clock, "minutes": whole(5, 1440)})
demo_offer = record(
    {"need": code, "weight": number(0.001, 1_000_000), "names": paired, "descriptions": paired},
    {
        "publics": list_of(list_of(code)),
        "rules": list_of(list_of(rule)),
        "hours": list_of(hours),
        "capacity": perhaps(demo_capacity),
        "cost": list_of(one_of(*COST)),
        "access": list_of(one_of(*ACCESS)),
        "delivery": list_of(one_of(*DELIVERY)),
        "languages": list_of(language_code),
        "confidential": boolean,
        "lifts": list_of(code),
        "activity": perhaps(activity),
    },
)
demo = record(
    {"streets": paired, "org_names": paired, "offers": list_of(demo_offer, least=1)},
    {"version": text(40), "phone": text(40)},
)
