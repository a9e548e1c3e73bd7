"""One page to print for a person: what they need, where to go, what to claim. It says nothing about who they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.text import Truncator

from maillage.directory.search.types import Card, FactValue
from maillage.methods.eligibility import TRUE, holds, signature
from maillage.orientation import sentences
from maillage.orientation.queries import Vocabulary as Words
from maillage.orientation.types import Orientation, RightSaid, Situation
from maillage.web.presenters import emergency, hours
from maillage.web.presenters import results as present
from maillage.web.presenters import words as say
from maillage.web.presenters.vocabulary import Vocabulary

MOST_SERVICES = 5
MOST_RIGHTS = 6
MOST_NEEDS = 6
MOST_REASONS = 2
MOST_CALLS = 6
# characters, so that five services and six rights fit one sheet
NAME, SHORT, LONG = 80, 90, 105
FEW_SERVICES = 3  # more are printed smaller


@dataclass(frozen=True, slots=True)
class Place:
    name: say.Said
    organization: str
    phones: str
    where: str
    way: say.Said
    hours: str
    why: str
    bring: str
    told: str  # when it was confirmed, and by which source: a paper lives longer than a page


@dataclass(frozen=True, slots=True)
class RightLine:
    label: str
    at: str
    phone: str
    time_limit: str
    bring: str


@dataclass(frozen=True, slots=True)
class Summary:
    needs: tuple[str, ...]
    told: tuple[str, ...]
    places: tuple[Place, ...]
    rights: tuple[RightLine, ...]
    calls: tuple[emergency.Contact, ...]
    date: str
    is_dense: bool


def sensitive(words: Words) -> frozenset[str]:
    """The criteria that the pack calls sensitive."""
    return frozenset(code for code, item in words.criteria.items() if item.get("sensitive"))


def without_sensitive(situation: Situation, words: Words) -> Situation:
    """What may stand on a paper that others may find: no free text, no sensitive fact, no public that implies one."""
    hidden = sensitive(words)
    publics = [code for code in situation.publics if hidden.isdisjoint(words.publics.get(code, {}).get("facts") or {})]
    facts = {code: value for code, value in situation.facts.items() if code not in hidden}
    return replace(situation, text="", publics=tuple(publics), facts=facts)


def summary(
    found: Orientation,
    cards: Iterable[Card],
    rights: Iterable[RightSaid],
    words: Vocabulary,
    known: Words,
    facts: Mapping[str, FactValue],
    *,
    tells: bool,
    at: datetime,
) -> Summary:
    """`facts`: those that may be told. `tells`: say what was said of the person, and the dangers read in it."""
    situation = found.situation
    shared = emergency.first_calls(emergency.flags(words))
    raised = emergency.raised(found.red_flags, words) if tells else []
    places = tuple(place(card, words, known, facts) for card in cards)[:MOST_SERVICES]
    calls: dict[str, emergency.Contact] = {}
    for one in (*(contact for flag in raised for contact in flag.contacts), *shared):
        calls.setdefault(one.number or one.url, one)
    return Summary(
        needs=tuple(words.need_name(code) for code in situation.needs)[:MOST_NEEDS],
        told=tuple(present.fact_label(code, plain(value), words) for code, value in facts.items()) if tells else (),
        places=places,
        rights=tuple(right(one) for one in rights)[:MOST_RIGHTS],
        calls=tuple(calls.values())[:MOST_CALLS],
        date=date_format(at.astimezone(ZoneInfo(words.territory.timezone)), "DATE_FORMAT"),
        is_dense=len(places) > FEW_SERVICES,
    )


def plain(value: FactValue) -> FactValue:
    """30.0 is read as 30."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def place(card: Card, words: Vocabulary, known: Words, facts: Mapping[str, FactValue]) -> Place:
    """Of a confidential place, its area and its telephone."""
    is_open_known = bool(card.osm_hours) and not card.is_confidential
    way = say.said(card, "access", words)
    if not way.text:
        way = say.said(card, "application_process", words)
    name = say.said(card, "name", words)
    return Place(
        replace(name, text=short(name.text, NAME)),
        short(card.organization_name, SHORT - NAME // 2),
        " / ".join(card.phones[:2]),
        short(say.place(card, words), SHORT),
        say.NOTHING if card.is_confidential else replace(way, text=short(way.text, LONG)),
        short(
            hours.readable(card.osm_hours) if is_open_known else "" if card.is_confidential else card.raw_hours, LONG
        ),
        short("; ".join(reasons(card, known, facts)), LONG),
        short(", ".join(card.documents), SHORT),
        short(say.told(card, words), SHORT),
    )


def reasons(card: Card, words: Words, facts: Mapping[str, FactValue]) -> list[str]:
    """The conditions of the service that are known to hold, by facts that may be told."""
    held = [
        sentences.statement(rule, words, say.reader())
        for rule in card.rules
        if rule.effect != "prefer"
        and holds(signature([(rule.op, rule.value, rule.effect)]), facts.get(rule.criterion)) == TRUE
    ]
    return list(dict.fromkeys(held))[:MOST_REASONS]


def right(one: RightSaid) -> RightLine:
    return RightLine(
        short(one.label, NAME),
        short(one.claim.at, SHORT),
        one.claim.phone,
        short(one.time_limit, SHORT),
        short(", ".join(one.documents), SHORT),
    )


def short(text: str, most: int) -> str:
    return Truncator(text).chars(most)
