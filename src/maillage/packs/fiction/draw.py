"""Draw a fictional offer: pure, and the same for the same material, seed and day.

Organisation number k has dice of its own, so that a longer offer begins with the shorter one: 100,000 services hold the
3,000 drawn before. Only `Random.random` is used: it alone is promised to give the same numbers in every version of Python.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import cos, radians
from random import Random
from typing import Any, TypeVar

from maillage.packs.fiction.material import Material, Offer, Site, Texts

T = TypeVar("T")
CONFIRMED_WITHIN_DAYS = 540
SIZES = (
    0.36,
    0.60,
    0.74,
    0.84,
    0.90,
    0.94,
    0.97,
    0.99,
    1.0,
)  # running shares of organisations with 1, 2, 3 ... services
ROOM_IS_KNOWN = 0.78  # of the services that have places
IN_ORIGINAL_LANGUAGE = 0.72  # written first in the territory's first language, else in its second


@dataclass(frozen=True, slots=True)
class Place:
    site: Site
    latitude: float | None
    longitude: float | None
    street: Texts | None
    house: int
    postal_code: str
    wheelchair: bool | None
    confidential: bool = False


@dataclass(frozen=True, slots=True)
class Room:
    """Places, as said `age` minutes before the moment of the demonstration."""

    unit: str
    maximum: int
    available: int | None
    status: str
    age: int
    lasts: int  # minutes


@dataclass(frozen=True, slots=True)
class DrawnService:
    number: int
    offer: Offer
    original: str  # language it was written in
    names: Texts
    descriptions: Texts
    statuses: Mapping[str, str]  # language -> status of its texts
    publics: tuple[str, ...]
    rules: tuple[Mapping[str, Any], ...]
    place: int | Place | None  # which place of the organisation, or one of its own, or none
    served: str | None  # area code; None: unknown
    languages: tuple[tuple[str, str], ...]  # code, level
    interpreter: bool | None
    cost: str
    access: tuple[str, ...]
    delivery: tuple[str, ...]
    hours: str
    room: Room | None
    confirmed_on: date | None
    status: str
    has_phone: bool
    has_email: bool
    has_url: bool
    months: int | None
    activity_weeks: int  # weeks before the day when the activity began


@dataclass(frozen=True, slots=True)
class DrawnOrganization:
    number: int
    first: int  # number of its first service
    names: Texts
    original: str
    places: tuple[Place, ...]
    services: tuple[DrawnService, ...]


class Dice:
    def __init__(self, seed: str) -> None:
        self.roll = Random(seed).random  # noqa: S311 - dice, not a secret

    def pick(self, choices: Sequence[T]) -> T:
        return choices[int(self.roll() * len(choices))]

    def weighted(self, choices: Sequence[T], sums: Sequence[float]) -> T:
        return choices[min(bisect_right(sums, self.roll() * sums[-1]), len(choices) - 1)]

    def chance(self, share: float) -> bool:
        return self.roll() < share

    def between(self, low: int, high: int) -> int:
        return low + int(self.roll() * (high - low + 1))

    def known(self, yes: float, no: float) -> bool | None:
        """True with `yes`, False with `no`, else unknown."""
        drawn = self.roll()
        return True if drawn < yes else False if drawn < yes + no else None


def organizations(material: Material, *, seed: int, start: int, count: int, on: date) -> Iterator[DrawnOrganization]:
    """The organisations that hold services number `start` to `count` - 1. The first may hold earlier ones too."""
    first = number = 0
    while first < count:
        dice = Dice(f"{material.code}/{seed}/{number}")
        size = min(bisect_right(SIZES, dice.roll()), len(SIZES) - 1) + 1
        if first + size > start:
            drawn = _organization(material, dice, number, first, size, on)
            kept = tuple(service for service in drawn.services if start <= service.number < count)
            yield DrawnOrganization(number, first, drawn.names, drawn.original, drawn.places, kept)
        first += size
        number += 1


def _organization(material: Material, dice: Dice, number: int, first: int, size: int, on: date) -> DrawnOrganization:
    sites = [dice.weighted(material.sites, material.site_weights)]
    if dice.chance(0.22):
        sites.append(dice.weighted(material.sites, material.site_weights))
    original = material.languages[0 if len(material.languages) < 2 or dice.chance(IN_ORIGINAL_LANGUAGE) else 1]
    pattern = dice.pick(material.organization_names)
    names = {
        language: text.replace("{area}", name_in(sites[0].names, language)).replace("{n}", str(number + 1))
        for language, text in pattern.items()
    }
    places = tuple(_place(material, dice, site) for site in sites)
    services = []
    main = dice.weighted(material.offers, material.offer_weights)
    for index in range(size):
        offer = main if index == 0 else _another(material, dice, main)
        services.append(_service(material, dice, offer, first + index, places, original, on))
    return DrawnOrganization(number, first, names, original, places, tuple(services))


def _another(material: Material, dice: Dice, main: Offer) -> Offer:
    """An organisation mostly keeps to its field."""
    if dice.chance(0.65):
        return dice.weighted(*material.branches[material.branch_of[main.need]])
    return dice.weighted(material.offers, material.offer_weights)


def name_in(names: Texts, language: str) -> str:
    return names.get(language) or next(iter(names.values()))


def _place(material: Material, dice: Dice, site: Site, *, confidential: bool = False) -> Place:
    """Around the centre of the area; now and then without coordinates or address, as in real life."""
    south, west = (dice.roll() + dice.roll() + dice.roll() - 1.5 for _ in range(2))
    latitude = longitude = None
    if site.latitude is not None and site.longitude is not None and not dice.chance(0.04):
        latitude = round(site.latitude + south * 0.9 / 111.32, 5)
        longitude = round(site.longitude + west * 0.9 / (111.32 * cos(radians(site.latitude))), 5)
    street = dice.pick(material.streets) if material.streets and not dice.chance(0.06) else None
    postal_code = dice.pick(site.postal_codes) if site.postal_codes else ""
    return Place(
        site, latitude, longitude, street, dice.between(1, 160), postal_code, dice.known(0.45, 0.2), confidential
    )


def _service(
    material: Material, dice: Dice, offer: Offer, number: int, places: tuple[Place, ...], original: str, on: date
) -> DrawnService:
    index = dice.between(0, max(len(offer.rules), len(offer.publics)) - 1)
    place: int | Place | None = 0 if len(places) == 1 or dice.chance(0.7) else 1
    if offer.confidential:
        place = _place(material, dice, places[0].site, confidential=True)
    elif offer.delivery and "on_site" not in offer.delivery and dice.chance(0.3):
        place = None
    site = places[0].site if place is None else places[place].site if isinstance(place, int) else place.site
    names = dice.pick(offer.names)
    age = dice.roll() ** 1.6
    return DrawnService(
        number=number,
        offer=offer,
        original=original if original in names else next(iter(names)),
        names={language: f"{text}, {name_in(site.names, language)}" for language, text in names.items()},
        descriptions=dice.pick(offer.descriptions),
        statuses={language: dice.weighted(("human", "machine", "stale"), (0.86, 0.96, 1.0)) for language in names},
        publics=offer.publics[index % len(offer.publics)],
        rules=offer.rules[index % len(offer.rules)],
        place=place,
        served=dice.weighted((site.code, site.above or site.code, material.root, None), (0.4, 0.55, 0.87, 1.0)),
        languages=_languages(material, dice, offer),
        interpreter=dice.known(0.08, 0.3),
        cost=dice.pick(offer.cost) if offer.cost and not dice.chance(0.1) else "",
        access=_some(dice, offer.access),
        delivery=() if dice.chance(0.06) else offer.delivery,
        hours=dice.pick(offer.hours) if offer.hours and not dice.chance(0.1) else "",
        room=_room(dice, offer),
        confirmed_on=None if dice.chance(0.1) else on - timedelta(days=int(age * CONFIRMED_WITHIN_DAYS)),
        status=dice.weighted(("active", "temporarily closed", "inactive"), (0.975, 0.99, 1.0)),
        has_phone=dice.chance(0.75),
        has_email=dice.chance(0.6),
        has_url=dice.chance(0.35),
        months=dice.weighted((None, 3, 6), (0.94, 0.97, 1.0)),  # few know better than the contract of their kind
        activity_weeks=dice.between(0, 7),
    )


def _languages(material: Material, dice: Dice, offer: Offer) -> tuple[tuple[str, str], ...]:
    """The first languages of the territory nearly everywhere, the others more rarely the further down the list; or unknown."""
    if dice.chance(0.14):
        return ()
    spoken = []
    for rank, code in enumerate(material.spoken):
        share = (0.93, 0.6, 0.42)[rank] if rank < 3 else 0.22 / (1 + 0.18 * (rank - 3))
        if offer.languages:
            share = max(share, 0.5) if code in offer.languages else share * 0.4
        if dice.chance(share):
            spoken.append((code, dice.weighted(("fluent", "limited", "on-request"), (0.74, 0.92, 1.0))))
    return tuple(spoken)


def _some(dice: Dice, codes: tuple[str, ...]) -> tuple[str, ...]:
    """Most of these, at least one; or none at all, which says that nobody knows."""
    if not codes or dice.chance(0.08):
        return ()
    kept = tuple(code for code in codes if dice.chance(0.8))
    return kept or (codes[0],)


def _room(dice: Dice, offer: Offer) -> Room | None:
    if offer.capacity is None:
        return None
    unit, low, high = offer.capacity
    maximum = dice.between(low, high)
    age = int(dice.roll() ** 2 * 600)
    if not dice.chance(ROOM_IS_KNOWN):  # said long ago: expired, so unknown
        return Room(unit, maximum, dice.between(0, maximum), "", 4320 + age, 1440)
    status = dice.weighted(
        ("capacity", "no-capacity", "waitlist", "additional-assessment-required"), (0.52, 0.8, 0.93, 1.0)
    )
    has_room = status in {"capacity", "additional-assessment-required"}
    free = 1 + int(dice.roll() ** 2 * max(maximum - 1, 0) * 0.4) if has_room else 0
    return Room(unit, maximum, min(free, maximum) if maximum else None, status, age, age + 24 * 60)
