"""One service in full: everything anyone may know of it, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils.formats import date_format, number_format
from django.utils.timesince import timesince
from django.utils.translation import gettext, gettext_lazy, ngettext

from maillage.directory.models import Accreditation
from maillage.directory.search.types import Card, CardCapacity, CardRule
from maillage.web.presenters import hours
from maillage.web.presenters import words as say
from maillage.web.presenters.vocabulary import Vocabulary

OPS = {"eq": "", "ne": "≠ ", "gte": "≥ ", "lte": "≤ "}


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    lines: tuple[say.Said, ...]


@dataclass(frozen=True, slots=True)
class Place:
    address: str
    is_confidential: bool
    wheelchair: str
    week: tuple[hours.Day, ...]
    hours_note: str
    raw_hours: str
    phones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServicePage:
    uuid: str
    name: say.Said
    organization: str
    description: say.Said
    alert: say.Said
    status: str
    closure: say.Said  # what the service says of it
    needs: tuple[tuple[str, str], ...]
    phones: tuple[str, ...]
    email: str
    url: str
    places: tuple[Place, ...]
    facts: tuple[Fact, ...]
    room: tuple[str, ...]
    lifts: tuple[str, ...]
    confirmed: str
    checked: str
    overdue: str
    source: str
    is_fictional: bool


def line(text: object) -> say.Said:
    return say.Said(str(text))


def in_all(maximum: int) -> str:
    return ngettext("%(n)s place in all", "%(n)s places in all", maximum) % {"n": number_format(maximum)}


def room(capacity: CardCapacity, *, at: datetime) -> str:
    """Places and their age; after its expiry nobody knows."""
    age = gettext("said %(age)s ago") % {"age": timesince(capacity.updated_at, at, depth=1)}
    if capacity.expires_at is not None and capacity.expires_at <= at:
        known = gettext("Room not known: what was said has expired")
        return known if capacity.maximum is None else f"{known}. {in_all(capacity.maximum)}"
    status = str(say.ROOM.get(capacity.status, say.ROOM[""]))
    if capacity.available is not None and capacity.maximum is not None:
        count = gettext("%(n)s of %(max)s free") % {"n": capacity.available, "max": capacity.maximum}
        return f"{status} – {count}, {age}"
    if capacity.available is not None:
        return f"{status} – {gettext('%(n)s free') % {'n': capacity.available}}, {age}"
    if not capacity.status and capacity.maximum is not None:
        return f"{in_all(capacity.maximum)}. {gettext('How many are free is not known')}"
    return f"{status}, {age}" if capacity.status else status


def value_words(rule: CardRule, words: Vocabulary) -> str:
    def one(value: object) -> str:
        if isinstance(value, bool):
            return gettext("yes") if value else gettext("no")
        if isinstance(value, int | float):
            return number_format(value, 0 if float(value).is_integer() else 1)
        return words.fact_value(rule.criterion, str(value))

    if isinstance(rule.value, list):
        if rule.op == "between" and len(rule.value) == 2:
            return gettext("from %(low)s to %(high)s") % {"low": one(rule.value[0]), "high": one(rule.value[1])}
        return ", ".join(one(value) for value in rule.value)
    return f"{OPS.get(rule.op, '')}{one(rule.value)}"


def rule_words(rule: CardRule, words: Vocabulary) -> str:
    """A condition in one line: its own text, else made from the criterion and its value."""
    if rule.text:
        return rule.text
    name, value = words.criterion_name(rule.criterion), value_words(rule, words)
    shape = {
        "require": gettext("Required – %(name)s: %(value)s"),
        "exclude": gettext("Not for – %(name)s: %(value)s"),
        "prefer": gettext("First for – %(name)s: %(value)s"),
    }.get(rule.effect, "%(name)s: %(value)s")
    return shape % {"name": name, "value": value}


def place(card: Card, words: Vocabulary, *, on: date) -> Place:
    territory = words.territory
    days = hours.week(card.osm_hours, words.holidays_country, territory.timezone, on=on, closures=card.closures)
    note = ""
    if not days:
        note = gettext("Hours not known") if not card.raw_hours else gettext("Hours as the service wrote them:")
    elif card.hours_parse == "partly":
        note = gettext("We could read only part of what the service wrote:")
    return Place(
        say.place(card, words),
        card.is_confidential,
        say.wheelchair(card.wheelchair),
        tuple(days),
        note,
        card.raw_hours if note else "",
        tuple(card.phones),
    )


def facts(card: Card, words: Vocabulary) -> list[Fact]:
    """What to know before going; a fact that is not known says so."""
    unknown = line(gettext("Not known"))
    cost = [line(say.COSTS.get(card.cost, card.cost)), say.said(card, "fees_description", words)]
    conditions = [line(rule_words(rule, words)) for rule in card.rules]
    conditions.append(say.said(card, "eligibility_description", words))
    access = [line(gettext("How: %(ways)s") % {"ways": say.labels(card.access, say.ACCESS)})] if card.access else []
    access += [say.said(card, "application_process", words), say.said(card, "access", words)]
    served = ", ".join(filter(None, (words.area_name(code) for code in card.served)))
    rows = [
        (gettext("Cost"), cost),
        (gettext("Who may come"), conditions),
        (gettext("How to come in"), access),
        (gettext("Where it is given"), [line(say.labels(card.delivery, say.DELIVERY))] if card.delivery else []),
        (gettext("Languages"), [line(say.spoken(card, words))]),
        (gettext("Papers to bring"), [line(document) for document in card.documents]),
        (gettext("For people living in"), [line(served)] if served else []),
    ]
    return [Fact(label, tuple(said for said in lines if said.text) or (unknown,)) for label, lines in rows]


def service_page(cards: tuple[Card, ...], words: Vocabulary, *, at: datetime) -> ServicePage:
    """From the cards of one service, one for each place."""
    card = cards[0]
    today = at.astimezone(ZoneInfo(words.territory.timezone)).date()
    status = str(say.STATUSES.get(card.status, "")) or say.closure(card, words, at=at)
    return ServicePage(
        uuid=card.service,
        name=say.said(card, "name", words),
        organization=card.organization_name,
        description=say.said(card, "description", words),
        alert=say.said(card, "alert", words),
        status=status,
        closure=say.closure_message(card, words, at=at),
        needs=tuple((code, words.need_name(code)) for code in card.needs if code in words.needs),
        phones=tuple(dict.fromkeys(phone for one in cards for phone in one.phones)),
        email=card.email,
        url=card.url,
        places=tuple(place(one, words, on=today) for one in cards),
        facts=tuple(facts(card, words)),
        room=tuple(room(capacity, at=at) for capacity in card.capacities) or (str(say.ROOM[""]),),
        lifts=tuple(words.obstacles[code].name() for code in card.lifts if code in words.obstacles),
        confirmed=say.confirmed(card.confirmed_on),
        checked=say.checked(card.months),
        overdue=say.overdue(card.confirmed_on, card.months, today=today),
        source=say.source(card, words),
        is_fictional=card.is_fictional,
    )


FIGURES = {
    "consultations": gettext_lazy("consultations"),
    "files": gettext_lazy("files followed"),
    "people-reached": gettext_lazy("people reached"),
    "people-received": gettext_lazy("people received"),
}


def standing(
    recognitions: Iterable[Accreditation], funding: Iterable[str], figures: Iterable[tuple[str, str]]
) -> list[Fact]:
    """Who recognises it, who pays for it, and figures, as their sources give them."""
    known = [
        ", ".join(part for part in (one.authority, one.scheme, one.number) if part)
        + (f" ({gettext('until %(day)s') % {'day': date_format(one.valid_to)}})" if one.valid_to else "")
        for one in recognitions
    ]
    counted = []
    for label, value in figures:
        code, _, year = label.partition(" ")
        number = (
            number_format(int(value), force_grouping=True)
            if value.isascii() and value.isdecimal() and len(value) < 19
            else value
        )
        counted.append(f"{number} {FIGURES.get(code, code)}" + (f" ({year})" if year else ""))
    rows = [(gettext("Recognised by"), known), (gettext("Funded by"), list(funding)), (gettext("Figures"), counted)]
    return [Fact(label, tuple(line(one) for one in lines)) for label, lines in rows if lines]
