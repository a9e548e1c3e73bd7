"""From rows to search documents: stems in three weights, the facets that filter and rank, the card that a result shows.

A confidential place leaves neither coordinates nor address here: its facets and its card hold its area and the area's centre,
so that no distance, no order and no map can point to it.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import msgspec
from django.db.models import Q

from maillage.directory import freshness, quality
from maillage.directory.freshness import Contract
from maillage.directory.models import (
    Address,
    Closure,
    EligibilityRule,
    Language,
    LiftingResource,
    Phone,
    RequiredDocument,
    Schedule,
    SearchDocument,
    Service,
    ServiceArea,
    ServiceAtLocation,
    ServiceCapacity,
    ServiceTerm,
    TaxonomyTerm,
    Text,
)
from maillage.directory.search.types import Card, CardCapacity, CardClosure, CardRule
from maillage.methods.text import compound_parts, stem, tokens
from maillage.territory.models import Area, Territory

LONGEST_TEXT = 20_000  # characters of one text that are indexed
SHOWN_FIELDS = (
    "name", "alternate_name", "description", "application_process", "fees_description", "eligibility_description", "access", "alert",
)  # fmt: skip


class Facets(msgspec.Struct, frozen=True, array_like=True):
    """What filters and ranks a document, as `memory.py` lays it out in arrays.

    A new field goes last, with a default, so that documents written before are read until `maillage reindex` has passed.
    """

    service: int
    organization: int  # 0: none
    latitude: float | None
    longitude: float | None
    area: str
    served: list[str]
    needs: list[str]
    lifts: list[str]
    languages: list[str]
    has_interpreter: bool | None
    conditions_known: bool
    osm: str
    cost: str
    wheelchair: bool | None
    delivery: list[str]
    status: str
    capacity: str
    available: int | None
    capacity_expires: float  # epoch seconds; 0: never
    confirmed: int  # proleptic ordinal day; 0: never
    months: int
    quality: float
    rules: list[tuple[str, str, Any, str]]
    hours_partly: bool = False  # read in part: it may be open at hours that `osm` does not say
    closures: list[tuple[float, float]] = []  # epoch seconds from, until; without an end: 0


encode = msgspec.msgpack.Encoder().encode
decode_facets = msgspec.msgpack.Decoder(Facets).decode
decode_card = msgspec.msgpack.Decoder(Card).decode


@dataclass
class Vocabulary:
    """What does not change from one service to the next, read once for a whole run."""

    territory: Territory
    areas: dict[int, Area]
    needs: dict[int, str]  # term id -> need code, for the tree of needs
    term_stems: dict[int, str]  # term id -> stems of its labels and synonyms and of those above it, every language
    lexicon: frozenset[str]  # stems of Dutch words that compounds are made of
    contract: Contract  # how many months each kind of service stays true
    room_asked: frozenset[str]  # needs whose services are asked how much room they have
    words: dict[str, str] = field(default_factory=dict)  # stem -> a word that has it
    seen: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))  # language -> word -> its stems
    written: set[str] = field(default_factory=set)  # stems already in SearchTerm

    def stems(self, text: str, language: str) -> str:
        """The stems of a text as one string; Dutch compounds also as their two parts."""
        seen = self.seen[language]
        return " ".join(seen.get(word) or self._read(word, language) for word in tokens(text[:LONGEST_TEXT]))

    def _read(self, word: str, language: str) -> str:
        kept = stem(word, language)
        self.words.setdefault(kept, word)
        parts = compound_parts(word, self.lexicon) if language == "nl" and len(word) >= 8 else None
        self.seen[language][word] = " ".join((kept, *parts)) if parts else kept
        return self.seen[language][word]


def vocabulary(territory: Territory) -> Vocabulary:
    terms = list(TaxonomyTerm.objects.filter(taxonomy__territory=territory).select_related("taxonomy"))
    lexicon = {
        stem(word, "nl")
        for term in terms
        for text in (term.labels.get("nl", ""), *term.synonyms.get("nl", ()))
        for word in tokens(text)
        if len(word) >= 4
    }
    areas = {area.pk: area for area in Area.objects.filter(territory=territory).defer("boundary")}
    found = Vocabulary(territory, areas, {}, {}, frozenset(lexicon), *_promises(territory, terms))
    own = {
        term.pk: " ".join(
            found.stems(text, language)
            for language in {*term.labels, *term.synonyms}
            for text in (term.labels.get(language, ""), *term.synonyms.get(language, ()))
        )
        for term in sorted(terms, key=lambda t: t.pk)
    }
    parents = {term.pk: term.parent_id for term in terms}
    for term in terms:
        line: list[str] = []
        here: int | None = term.pk
        while here is not None and len(line) < 12:
            line.append(own.get(here, ""))
            here = parents.get(here)
        found.term_stems[term.pk] = " ".join(dict.fromkeys(" ".join(line).split()))
        if term.taxonomy.code == "needs":
            found.needs[term.pk] = term.code
    return found


def _promises(territory: Territory, terms: Sequence[TaxonomyTerm]) -> tuple[Contract, frozenset[str]]:
    """The freshness contract, and the needs that are asked for room: both go down the tree of needs."""
    codes = {term.pk: term.code for term in terms}
    parents = {t.code: codes.get(t.parent_id or 0, "") for t in terms if t.taxonomy.code == "needs"}
    asked = freshness.below(territory.content.get("capacity_needs", ()), parents)
    return freshness.contract(territory.content, parents), asked


class Rows:
    """All rows that hang on a set of services, one query a table, grouped by owner. Closures that are over by `now` are left out."""

    def __init__(self, service_ids: Sequence[int], now: datetime) -> None:
        self.services = list(Service.objects.filter(pk__in=service_ids).select_related("organization").order_by("id"))
        at = list(
            ServiceAtLocation.objects.filter(service_id__in=service_ids).select_related("location").order_by("id")
        )
        self.at = group(at, "service_id")
        locations = {row.location_id for row in at}
        self.addresses = group(Address.objects.filter(location_id__in=locations).order_by("id"), "location_id")
        organizations = {service.organization_id for service in self.services if service.organization_id}
        self.texts: dict[tuple[str, int], list[Text]] = defaultdict(list)
        for kind, ids in (("service", service_ids), ("organization", organizations)):
            for text in Text.objects.filter(kind=kind, object_id__in=ids).order_by("id"):
                self.texts[kind, text.object_id].append(text)
        self.terms = group(ServiceTerm.objects.filter(service_id__in=service_ids).order_by("id"), "service_id")
        self.rules = group(EligibilityRule.objects.filter(service_id__in=service_ids).order_by("id"), "service_id")
        self.served = group(ServiceArea.objects.filter(service_id__in=service_ids).order_by("id"), "service_id")
        self.capacities = group(
            ServiceCapacity.objects.filter(service_id__in=service_ids).order_by("-updated_at", "id"), "service_id"
        )
        self.documents = group(RequiredDocument.objects.filter(service_id__in=service_ids).order_by("id"), "service_id")
        self.lifts = group(
            LiftingResource.objects.filter(service_id__in=service_ids).select_related("obstacle").order_by("id"),
            "service_id",
        )
        going = Closure.objects.filter(Q(ends_at=None) | Q(ends_at__gt=now), service_id__in=service_ids)
        self.closures = group(going.order_by("starts_at", "id"), "service_id")
        sals = {row.pk for row in at}
        self.schedules = Owners(Schedule, service_ids, locations, sals, organizations)
        self.languages = Owners(Language, service_ids, locations, sals, organizations)
        self.phones = Owners(Phone, service_ids, locations, sals, organizations)


class Owners:
    """Rows that a service has itself, at this location, or through the location; the organisation's when it has none."""

    def __init__(self, model: Any, services: Any, locations: Any, sals: Any, organizations: Any) -> None:
        self.by: dict[str, dict[int, list[Any]]] = {}
        for name, ids in (
            ("service", services),
            ("location", locations),
            ("service_at_location", sals),
            ("organization", organizations),
        ):
            rows = model.objects.filter(**{f"{name}_id__in": ids}).order_by("id") if ids else ()
            self.by[name] = group(rows, f"{name}_id")

    def of(self, service: Service, at: ServiceAtLocation | None) -> list[Any]:
        found = list(self.by["service"].get(service.pk, ()))
        if at is not None:
            found = [
                *self.by["service_at_location"].get(at.pk, ()),
                *(row for row in found if row.location_id in (None, at.location_id)),
                *self.by["location"].get(at.location_id, ()),
            ]
        found = list({row.pk: row for row in found}.values())
        return found or list(self.by["organization"].get(service.organization_id or 0, ()))


def group(rows: Iterable[Any], key: str) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[getattr(row, key)].append(row)
    return found


def build(rows: Rows, service: Service, words: Vocabulary, sequence: int) -> list[SearchDocument]:
    """The documents of one service: one for each location, or one without a place."""
    texts: dict[str, dict[str, str]] = {}
    status: dict[str, str] = {}
    for text in rows.texts.get(("service", service.pk), ()):
        if text.field in SHOWN_FIELDS:
            texts.setdefault(text.field, {})[text.language] = text.value
            if text.status != Text.Status.ORIGINAL:
                status[f"{text.field}:{text.language}"] = text.status
    if "name" not in texts:
        texts["name"] = {words.territory.default_language: service.name}
    stem_a, stem_b, stem_c = _stems(rows, service, words, texts)
    documents = []
    for at in rows.at.get(service.pk) or [None]:
        card = _card(rows, service, at, words, texts, status)
        area = words.areas.get(at.location.area_id) if at else None
        place = " ".join(stem(w, "") for name in (area.labels.values() if area else ()) for w in tokens(name))
        facets = _facets(rows, service, at, words, card, area)
        b = f"{stem_b} {place}".strip()
        packed = encode(card), encode(facets)
        documents.append(
            SearchDocument(
                territory_id=service.territory_id,
                service=service,
                location_id=at.location_id if at else None,
                a=stem_a,
                b=b,
                c=stem_c,
                card=packed[0],
                facets=packed[1],
                hash=hashlib.sha256(b"\0".join((*packed, stem_a.encode(), b.encode(), stem_c.encode()))).hexdigest(),
                sequence=sequence,
            )
        )
    return documents


def _stems(
    rows: Rows, service: Service, words: Vocabulary, texts: Mapping[str, Mapping[str, str]]
) -> tuple[str, str, str]:
    default = words.territory.default_language
    a = [words.stems(value, lang) for f in ("name", "alternate_name") for lang, value in texts.get(f, {}).items()]
    if organization := service.organization:
        a.append(words.stems(organization.name, default))
        a.extend(
            words.stems(text.value, text.language)
            for text in rows.texts.get(("organization", organization.pk), ())
            if text.field in ("name", "alternate_name")
        )
    b = [words.term_stems.get(row.term_id, "") for row in rows.terms.get(service.pk, ())]
    c = [
        words.stems(value, lang)
        for f in ("description", "eligibility_description", "application_process", "access")
        for lang, value in texts.get(f, {}).items()
    ]
    return tuple(" ".join(dict.fromkeys(" ".join(part).split())) for part in (a, b, c))  # type: ignore[return-value]


def _card(
    rows: Rows,
    service: Service,
    at: ServiceAtLocation | None,
    words: Vocabulary,
    texts: dict[str, dict[str, str]],
    status: dict[str, str],
) -> Card:
    location = at.location if at else None
    hidden = bool(location and location.is_confidential)
    area = words.areas.get(location.area_id) if location and location.area_id else None
    schedule = _current(rows.schedules.of(service, at))
    address = "" if hidden or location is None else _address(rows.addresses.get(location.pk, ()))
    latitude, longitude = place(location, area)
    # of a confidential place: neither its own telephones, nor the free words of its hours, which may hold its address
    phones = [p for p in rows.phones.of(service, at) if not (hidden and (p.location_id or p.service_at_location_id))]
    rules = _rules(rows, service)
    return Card(
        service=str(service.uuid),
        organization=str(service.organization.uuid) if service.organization else "",
        organization_name=service.organization.name if service.organization else "",
        location=str(location.uuid) if location and not hidden else "",
        texts=texts,
        text_status=status,
        needs=_codes(rows, service, words),
        area=area.code if area else "",
        address=address,
        latitude=latitude,
        longitude=longitude,
        is_confidential=hidden,
        is_fictional=service.is_fictional,
        phones=list(dict.fromkeys(p.number for p in phones)),
        email=service.email or (service.organization.email if service.organization else ""),
        url=service.url or (service.organization.website if service.organization else ""),
        osm_hours=schedule.osm if schedule else "",
        raw_hours=schedule.raw if schedule and not hidden else "",
        hours_parse=schedule.parse if schedule else "",
        languages=_languages(rows, service, at),
        has_interpreter=service.has_interpreter,
        conditions_known=service.conditions_known or bool(rules),
        cost=service.cost,
        access=list(service.access),
        delivery=list(service.delivery),
        served=_served(rows, service, words),
        wheelchair=location.is_wheelchair_accessible if location else None,
        status=service.status,
        capacities=[_capacity(row) for row in rows.capacities.get(service.pk, ())],
        rules=rules,
        documents=[row.document for row in rows.documents.get(service.pk, ())],
        lifts=[row.obstacle.code for row in rows.lifts.get(service.pk, ())],
        confirmed_on=service.confirmed_on,
        months=words.contract.months(_codes(rows, service, words), service.update_months),
        source=service.confirmed_by,
        closures=[_closure(row) for row in rows.closures.get(service.pk, ())],
    )


def _facets(
    rows: Rows, service: Service, at: ServiceAtLocation | None, words: Vocabulary, card: Card, area: Area | None
) -> Facets:
    capacity = next(
        (row for row in rows.capacities.get(service.pk, ()) if row.status or row.available is not None), None
    )
    return Facets(
        service=service.pk,
        organization=service.organization_id or 0,
        latitude=card.latitude,
        longitude=card.longitude,
        area=area.code if area else "",
        served=card.served,
        needs=card.needs,
        lifts=card.lifts,
        languages=card.languages,
        has_interpreter=card.has_interpreter,
        conditions_known=card.conditions_known,
        osm=card.osm_hours,
        cost=card.cost,
        wheelchair=card.wheelchair,
        delivery=card.delivery,
        status=card.status,
        capacity=capacity_status(capacity),
        available=capacity.available if capacity else None,
        capacity_expires=capacity.expires_at.timestamp() if capacity and capacity.expires_at else 0.0,
        confirmed=service.confirmed_on.toordinal() if service.confirmed_on else 0,
        months=card.months,
        quality=quality.score(quality_record(card, words.territory, not words.room_asked.isdisjoint(card.needs))),
        rules=[(rule.criterion, rule.op, rule.value, rule.effect) for rule in card.rules],
        hours_partly=card.hours_parse == Schedule.Parse.PARTLY,
        closures=[
            (one.starts_at.timestamp(), one.ends_at.timestamp() if one.ends_at else 0.0) for one in card.closures
        ],
    )


def place(location: Any, area: Area | None) -> tuple[float | None, float | None]:
    """The coordinates that may be shown: the exact ones; of a confidential place, the centre of its area, or none."""
    if location is None:
        return None, None
    if location.is_confidential or location.latitude is None:
        return (area.latitude, area.longitude) if area and location.is_confidential else (None, None)
    return location.latitude, location.longitude


def quality_record(card: Card, territory: Territory, asks_room: bool) -> quality.Record:
    """What a card says, for its quality: at this place, in the languages of the territory."""
    texts = card.texts.get("description", {})
    current = {code: card.text_status.get(f"description:{code}") != Text.Status.STALE for code in texts if texts[code]}
    return quality.Record(
        languages=tuple(territory.languages),
        descriptions=current,
        has_contact=bool(card.phones or card.email or card.url),
        hours=card.hours_parse if card.osm_hours or card.raw_hours else "",
        cost=bool(card.cost),
        access=tuple(card.access),
        delivery=tuple(card.delivery),
        spoken=bool(card.languages),
        needs=bool(card.needs),
        confirmed=card.confirmed_on is not None,
        wheelchair=card.wheelchair is not None,
        has_place=bool(card.location),
        reach=bool(card.served or card.area),
        conditions=card.conditions_known,
        room=bool(card.capacities),
        asks_room=asks_room,
    )


def capacity_status(row: ServiceCapacity | None) -> str:
    if row is None or row.status:
        return row.status if row else ""
    if row.available is None:
        return ""
    return ServiceCapacity.Status.CAPACITY if row.available > 0 else ServiceCapacity.Status.NO_CAPACITY


def _capacity(row: ServiceCapacity) -> CardCapacity:
    return CardCapacity(
        unit=row.unit,
        updated_at=row.updated_at.astimezone(UTC),
        status=capacity_status(row),
        available=row.available,
        maximum=row.maximum,
        expires_at=row.expires_at.astimezone(UTC) if row.expires_at else None,
        note=row.population or row.description,
    )


def _closure(row: Closure) -> CardClosure:
    return CardClosure(
        starts_at=row.starts_at.astimezone(UTC),
        ends_at=row.ends_at.astimezone(UTC) if row.ends_at else None,
        message=row.message,
    )


def _current(schedules: Sequence[Schedule], on: date | None = None) -> Schedule | None:
    """The schedule that holds today; one without dates, when none does."""
    on = on or datetime.now(UTC).date()
    in_force = [s for s in schedules if (s.valid_from or date.min) <= on <= (s.valid_to or date.max)]
    dated = [s for s in in_force if s.valid_from or s.valid_to]
    return next(iter(dated or in_force), None)


def _address(addresses: Sequence[Address]) -> str:
    if not addresses:
        return ""
    one = addresses[0]
    town = " ".join(filter(None, (one.postal_code, one.city)))
    return ", ".join(filter(None, (one.address_1, one.address_2, town)))


def _codes(rows: Rows, service: Service, words: Vocabulary) -> list[str]:
    return [words.needs[r.term_id] for r in rows.terms.get(service.pk, ()) if r.term_id in words.needs]


def _languages(rows: Rows, service: Service, at: ServiceAtLocation | None) -> list[str]:
    return list(dict.fromkeys(row.code for row in rows.languages.of(service, at) if row.code))


def _served(rows: Rows, service: Service, words: Vocabulary) -> list[str]:
    """Codes of the areas served; empty when nobody said, or when some extent could not be read as an area."""
    served = rows.served.get(service.pk, ())
    if any(row.area_id is None for row in served):
        return []
    return [words.areas[row.area_id].code for row in served if row.area_id in words.areas]


def _rules(rows: Rows, service: Service) -> list[CardRule]:
    rules = [
        CardRule(rule.criterion, rule.op, rule.value, rule.effect, rule.source_text)
        for rule in rows.rules.get(service.pk, ())
    ]
    if not any(rule.criterion == "age" for rule in rules):
        if service.minimum_age is not None:
            rules.append(CardRule("age", "gte", service.minimum_age))
        if service.maximum_age is not None:
            rules.append(CardRule("age", "lte", service.maximum_age))
    return rules
