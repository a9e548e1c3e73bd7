"""From rows to the sheet: seven queries, the territory's included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import OuterRef, Q, Subquery, Value
from django.db.models.fields import TextField
from django.db.models.functions import Cast

from maillage.directory.models import (
    Accreditation,
    Address,
    Language,
    Phone,
    RequiredDocument,
    Schedule,
    Service,
    ServiceArea,
    ServiceAtLocation,
    ServiceTerm,
    TaxonomyTerm,
    Text,
)
from maillage.directory.sheet.checks import Known
from maillage.directory.sheet.fields import ACCESS_MODES, DELIVERY, TEXTS, field_names, spoken
from maillage.territory.models import Area

LINES = ("address_1", "address_2", "postal_code", "city")  # of an Address
PLAIN = ("email", "url", "minimum_age", "maximum_age", "cost", "has_interpreter", "status")
LISTS = {"access_modes": "access", "delivery": "delivery"}  # field of the sheet -> column


@dataclass
class Own:
    """What is this service's alone: its rows, and at its only place those of the place when no other service is there.

    The rows of a confidential place are nobody's here: its telephone, the free words of its hours, would say where it is.
    """

    service: Service

    @cached_property
    def places(self) -> list[ServiceAtLocation]:
        found = ServiceAtLocation.objects.filter(service=self.service).select_related("location")
        first = Address.objects.filter(location=OuterRef("location")).order_by("id")
        return list(found.annotate(**{name: Subquery(first.values(name)[:1]) for name in LINES}).order_by("id")[:2])

    @cached_property
    def only(self) -> ServiceAtLocation | None:
        return self.places[0] if len(self.places) == 1 else None

    @cached_property
    def hides(self) -> bool:
        """It is offered at a confidential place."""
        if len(self.places) < 2:
            return any(one.location.is_confidential for one in self.places)
        return is_confidential(self.service)

    @cached_property
    def is_shared(self) -> bool:
        """Another service stands at the only place."""
        if self.only is None:
            return False
        return ServiceAtLocation.objects.filter(location=self.only.location_id).exclude(service=self.service).exists()

    @cached_property
    def rows(self) -> Q:
        """Whose phones, hours and languages are this service's own."""
        own = Q(service=self.service) & (Q(location=None) | Q(location__is_confidential=False))
        if self.only is None or self.only.location.is_confidential:
            return own
        own |= Q(service_at_location=self.only)
        if not self.is_shared:
            own |= Q(location=self.only.location_id)
        return own

    @cached_property
    def schedule(self) -> Schedule | None:
        """The usual hours: without dates before dated, the service's before those of its place, which others may share."""
        there = Q(location=self.only.location_id) | Q(service_at_location=self.only) if self.only else Q()
        wanted = self.rows | there
        found = list(Schedule.objects.filter(wanted).order_by("id"))
        ranked = sorted(
            found,
            key=lambda s: (bool(s.valid_from or s.valid_to), s.service_at_location_id is None, s.service_id is None),
        )
        return ranked[0] if ranked else None


def is_confidential(service: Service) -> bool:
    """Whether one of its places is."""
    return ServiceAtLocation.objects.filter(service=service, location__is_confidential=True).exists()


def hours_of(osm: str, raw: str, parse: str, *, is_hidden: bool) -> dict[str, str] | None:
    """Hours as the sheet holds them; of a confidential place, only what a machine has read."""
    if is_hidden:
        return {"osm": osm, "raw": osm, "parse": parse} if osm else None
    return {"osm": osm, "raw": raw or osm, "parse": parse}


def read(service: Service, own: Own | None = None) -> dict[str, Any]:
    """Every field of the sheet, as plain JSON. Unknown: empty text, empty list, None."""
    own = own or Own(service)
    sheet: dict[str, Any] = dict.fromkeys(field_names(service.territory))
    texts = texts_of(service)
    for name in sheet:
        if ":" in name:
            sheet[name] = texts.get(name, "")
    for name in PLAIN:
        sheet[name] = getattr(service, name)
    for name, column in LISTS.items():
        sheet[name] = sorted(getattr(service, column))
    sheet["phones"] = [
        {"number": number, "description": description}
        for number, description in Phone.objects.filter(own.rows).order_by("id").values_list("number", "description")
    ]
    one = own.schedule
    sheet["hours"] = hours_of(one.osm, one.raw, one.parse, is_hidden=own.hides) if one else None
    sheet["wheelchair"] = own.only.location.is_wheelchair_accessible if own.only else None
    sheet["address"] = address_of(own)
    sheet |= _lists(service, own)
    sheet["accreditations"] = [
        {
            "authority": row.authority, "scheme": row.scheme, "number": row.number, "source": row.source,
            "valid_from": row.valid_from.isoformat() if row.valid_from else "",
            "valid_to": row.valid_to.isoformat() if row.valid_to else "",
        }
        for row in Accreditation.objects.told().filter(service=service).order_by("id")
    ]  # fmt: skip
    return sheet


def address_of(own: Own) -> dict[str, Any] | None:
    """Of its only place; of a confidential one, nothing."""
    if own.only is None or own.only.location.is_confidential:
        return None
    place = own.only.location
    return as_address([getattr(own.only, name) for name in LINES], place.latitude, place.longitude)


def as_address(lines: Sequence[str | None], latitude: float | None, longitude: float | None) -> dict[str, Any] | None:
    """`lines`: what an Address holds under LINES, None where there is none; with where it lies on the map."""
    if lines[0] is None:
        return None
    street = ", ".join(filter(None, lines[:2]))
    return {
        "street": street, "postal_code": lines[2], "city": lines[3], "latitude": latitude, "longitude": longitude,
    }  # fmt: skip


def texts_of(service: Service) -> dict[str, str]:
    """ "name:fr" -> text, in every language that there is. A service without any name in words has the one it is sorted by."""
    rows = Text.objects.filter(kind="service", object_id=service.pk, field__in=TEXTS)
    texts = {f"{name}:{language}": value for name, language, value in rows.values_list("field", "language", "value")}
    if not any(name.startswith("name:") for name in texts):
        texts[f"name:{service.territory.default_language}"] = service.name
    return texts


def _lists(service: Service, own: Own) -> dict[str, Any]:
    """Needs, areas served, languages and documents by one query."""
    text = TextField()
    parts = [
        ServiceTerm.objects.filter(service=service, term__taxonomy__code="needs").values_list(
            Value("needs", output_field=text), "id", Cast("term__code", text)
        ),
        ServiceArea.objects.filter(service=service).exclude(area=None).values_list(
            Value("served", output_field=text), "id", Cast("area__code", text)
        ),
        ServiceArea.objects.filter(service=service, area=None).values_list(
            Value("served_words", output_field=text), "id", Cast("extent", text)
        ),
        ServiceArea.objects.filter(service=service, area=None).values_list(
            Value("served_names", output_field=text), "id", Cast("name", text)
        ),
        Language.objects.filter(own.rows).exclude(code="").values_list(
            Value("languages", output_field=text), "id", Cast("code", text)
        ),
        RequiredDocument.objects.filter(service=service).values_list(
            Value("documents", output_field=text), "id", Cast("document", text)
        ),
    ]  # fmt: skip
    found: dict[str, list[tuple[int, str]]] = {}
    for kind, pk, value in parts[0].union(*parts[1:], all=True):
        found.setdefault(kind, []).append((pk, value))
    ordered = {kind: [value for _, value in sorted(rows)] for kind, rows in found.items()}
    words = [
        extent or name
        for extent, name in zip(ordered.get("served_words", ()), ordered.get("served_names", ()), strict=True)
    ]
    return {name: sorted(set(ordered.get(name, ()))) for name in ("needs", "served", "languages")} | {
        "documents": list(dict.fromkeys(ordered.get("documents", ()))),
        "served_words": "; ".join(filter(None, words)),
    }


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The fields of `new` that say something else than `old`: field -> {"old", "new"}."""
    return {name: {"old": old.get(name), "new": value} for name, value in new.items() if value != old.get(name)}


def known_codes(service: Service) -> Known:
    """The codes that the sheet of this service may hold; two queries."""
    territory = service.territory
    terms = TaxonomyTerm.objects.filter(taxonomy__territory=territory, taxonomy__code="needs")
    return Known(
        {
            "needs": frozenset(terms.values_list("code", flat=True)),
            "served": frozenset(Area.objects.filter(territory=territory).values_list("code", flat=True)),
            "languages": frozenset(spoken(territory)),
            "access_modes": frozenset(ACCESS_MODES),
            "delivery": frozenset(DELIVERY),
        }
    )
