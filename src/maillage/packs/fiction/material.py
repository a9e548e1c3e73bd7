"""What a fictional offer is made of: the pack's demo.yaml, and the places of the territory. Plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from maillage.packs import content
from maillage.packs.pack import Pack
from maillage.packs.references import items

Texts = Mapping[str, str]


@dataclass(frozen=True)
class Site:
    """An area where fictional services may stand."""

    code: str
    names: Texts
    latitude: float | None
    longitude: float | None
    postal_codes: tuple[str, ...]
    above: str  # code of the area that holds it; "" when that is the whole territory


@dataclass(frozen=True)
class Offer:
    """One kind of fictional service."""

    need: str
    names: tuple[Texts, ...]
    descriptions: tuple[Texts, ...]
    publics: tuple[tuple[str, ...], ...]
    rules: tuple[tuple[Mapping[str, Any], ...], ...]
    hours: tuple[str, ...]
    capacity: tuple[str, int, int] | None  # unit, smallest and largest maximum
    cost: tuple[str, ...]
    access: tuple[str, ...]
    delivery: tuple[str, ...]
    languages: tuple[str, ...]
    confidential: bool
    lifts: tuple[str, ...]
    activity: tuple[str, str, int] | None  # RRULE, time, minutes


@dataclass(frozen=True)
class Material:
    code: str  # of the territory
    languages: tuple[str, ...]
    timezone: str
    country: str
    region_code: str
    root: str
    sites: tuple[Site, ...]
    site_weights: tuple[float, ...]  # running sums
    streets: tuple[Texts, ...]
    organization_names: tuple[Texts, ...]
    phone: str
    spoken: tuple[str, ...]
    spoken_names: Mapping[str, str]
    offers: tuple[Offer, ...]
    offer_weights: tuple[float, ...]
    branches: Mapping[str, tuple[tuple[Offer, ...], tuple[float, ...]]] = field(
        default_factory=dict
    )  # top need -> its offers
    branch_of: Mapping[str, str] = field(default_factory=dict)


def gather(pack: Pack, centres: Mapping[str, tuple[float | None, float | None]]) -> Material:
    """`centres`: area code -> latitude, longitude, as the database knows them (a boundary may have brought them)."""
    sites, weights = _sites(pack, centres)
    demo, language = pack.demo, pack.languages[0]
    offers = [(_offer(pack, entry), float(entry["weight"])) for _path, entry in items(demo, "offers")]
    branch_of = _branches(pack)
    grouped: dict[str, list[tuple[Offer, float]]] = {}
    for offer, weight in offers:
        grouped.setdefault(branch_of[offer.need], []).append((offer, weight))
    return Material(
        code=pack.code,
        languages=tuple(pack.languages),
        timezone=pack.head["timezone"],
        country=pack.head["country"],
        region_code=pack.head.get("region_code", ""),
        root=pack.head["root_area"],
        sites=sites,
        site_weights=weights,
        streets=paired(demo["streets"]),
        organization_names=paired(demo["org_names"]),
        phone=demo.get("phone", ""),
        spoken=tuple(entry["code"] for _path, entry in items(pack.head, "spoken_languages")),
        spoken_names={
            entry["code"]: entry["labels"].get(language, entry["code"])
            for _path, entry in items(pack.head, "spoken_languages")
        },
        offers=tuple(offer for offer, _weight in offers),
        offer_weights=tuple(accumulate(weight for _offer, weight in offers)),
        branches={
            branch: (tuple(o for o, _w in group), tuple(accumulate(w for _o, w in group)))
            for branch, group in grouped.items()
        },
        branch_of=branch_of,
    )


def paired(by_language: Mapping[str, Sequence[str]]) -> tuple[Texts, ...]:
    """`{fr: [a, b], nl: [c, d]}` -> `({fr: a, nl: c}, {fr: b, nl: d})`."""
    count = max((len(texts) for texts in by_language.values()), default=0)
    return tuple({language: texts[index] for language, texts in by_language.items()} for index in range(count))


def _sites(
    pack: Pack, centres: Mapping[str, tuple[float | None, float | None]]
) -> tuple[tuple[Site, ...], tuple[float, ...]]:
    """The areas of the tile map; without one, those that hold no other. An area of several postal codes is larger."""
    areas = content.areas(pack)
    level, root = pack.head.get("tile_level"), pack.head["root_area"]
    holders = {row["parent"] for row in areas.values()}
    chosen = [c for c, row in areas.items() if row["level"] == level] or [c for c in areas if c not in holders]
    sites = tuple(
        Site(
            code=code,
            names=areas[code]["labels"],
            latitude=centres.get(code, (None, None))[0],
            longitude=centres.get(code, (None, None))[1],
            postal_codes=tuple(areas[code]["postal_codes"]),
            above="" if areas[code]["parent"] == root else areas[code]["parent"],
        )
        for code in chosen
    )
    return sites, tuple(accumulate(1.0 + len(site.postal_codes) for site in sites))


def _branches(pack: Pack) -> dict[str, str]:
    found: dict[str, str] = {}
    for code, row in content.needs(pack).items():  # a parent comes before its children
        found[code] = found.get(row["parent"], code)
    return found


def _offer(pack: Pack, entry: Mapping[str, Any]) -> Offer:
    publics = tuple(tuple(codes) for codes in entry.get("publics", ()))
    rules = tuple(tuple(content.plain(rule) for rule in group) for group in entry.get("rules", ()))
    if not rules:  # then the publics say it
        definitions, criteria = pack.criteria.get("publics", ()), pack.criteria.get("criteria", ())
        rules = tuple(tuple(content.rules_for(codes, definitions, criteria)) for codes in publics)
    capacity, activity = entry.get("capacity"), entry.get("activity")
    return Offer(
        need=entry["need"],
        names=paired(entry["names"]),
        descriptions=paired(entry["descriptions"]),
        publics=publics or ((),),
        rules=rules or ((),),
        hours=tuple(entry.get("hours", ())),
        capacity=(capacity["unit"], *capacity["maximum"]) if capacity else None,
        cost=tuple(entry.get("cost", ())),
        access=tuple(entry.get("access", ())),
        delivery=tuple(entry.get("delivery", ())),
        languages=tuple(entry.get("languages", ())),
        confidential=entry.get("confidential", False),
        lifts=tuple(entry.get("lifts", ())),
        activity=(activity["rrule"], activity["at"], activity["minutes"]) if activity else None,
    )
