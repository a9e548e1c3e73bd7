"""From a drawn organisation to rows of every table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from maillage.directory.models import (
    Activity,
    Address,
    EligibilityRule,
    Language,
    LiftingResource,
    Location,
    Phone,
    Schedule,
    Service,
    ServiceArea,
    ServiceAtLocation,
    ServiceCapacity,
    ServiceTerm,
    Text,
)
from maillage.packs import content
from maillage.packs.bulk import Table
from maillage.packs.fiction.draw import DrawnOrganization, DrawnService, Place, name_in
from maillage.packs.fiction.material import Material
from maillage.people.models import Organization

MAIL_DOMAIN = "example.org"  # reserved: nobody receives it


class Rows:
    """Tables that fill up. `ids` gives the keys of areas, terms and obstacles by code."""

    def __init__(
        self, territory: int, material: Material, seed: int, ids: Mapping[str, Mapping[str, int]], at: datetime
    ) -> None:
        self.territory, self.material, self.ids, self.at = territory, material, ids, at
        self.identity = Identity(f"{material.code}/fiction/{seed}")
        self.zone = ZoneInfo(material.timezone)
        self.organizations = Table(
            Organization, "territory_id", "uuid", "code", "name", "email", "is_fictional", "last_modified"
        )
        self.services = Table(
            Service, "territory_id", "uuid", "code", "organization_id", "name", "status", "url", "email", "minimum_age",
            "maximum_age", "cost", "access", "delivery", "has_interpreter", "conditions_known", "confirmed_on", "confirmed_by", "update_months",
            "is_fictional", "last_modified",
        )  # fmt: skip
        self.locations = Table(
            Location, "territory_id", "uuid", "code", "organization_id", "name", "area_id", "latitude", "longitude",
            "is_confidential", "is_wheelchair_accessible",
        )  # fmt: skip
        self.addresses = Table(
            Address, "location_id", "uuid", "address_1", "city", "postal_code", "state_province", "country"
        )
        self.at_locations = Table(ServiceAtLocation, "service_id", "location_id", "uuid")
        self.texts = Table(
            Text, "territory_id", "kind", "object_id", "field", "language", "value", "status", "source_hash"
        )
        self.terms = Table(ServiceTerm, "service_id", "term_id", "uuid")
        self.rules = Table(EligibilityRule, "service_id", "criterion", "op", "value", "effect", "source_text")
        self.areas = Table(ServiceArea, "service_id", "area_id", "uuid")
        self.spoken = Table(Language, "service_id", "uuid", "code", "name", "level")
        self.schedules = Table(Schedule, "service_id", "uuid", "osm", "raw")
        self.phones = Table(Phone, "service_id", "uuid", "number")
        self.rooms = Table(
            ServiceCapacity, "service_id", "uuid", "unit", "available", "maximum", "status", "updated_at", "expires_at"
        )
        self.activities = Table(Activity, "service_id", "location_id", "uuid", "starts_at", "minutes", "rrule")
        self.lifts = Table(LiftingResource, "service_id", "obstacle_id")

    def tables(self) -> list[Table]:
        """In an order in which every key exists when it is referred to."""
        return [value for value in vars(self).values() if isinstance(value, Table)]

    def write(self) -> int:
        """Write all that waits. Returns how many rows."""
        return sum(table.write() for table in self.tables())

    def add(self, drawn: DrawnOrganization, key: int, known: Mapping[int, int], keys: Iterable[int]) -> None:
        """Rows of an organisation, under `key`; `known` gives the keys of its places when it was written before, `keys` those
        of its services."""
        code, mail = f"fiction--organization-{drawn.number}", f"contact-{drawn.number}@{MAIL_DOMAIN}"
        places = dict(known)
        if not places:
            name = name_in(drawn.names, drawn.original)
            identity = self.identity(code)
            self.organizations.add(key, self.territory, identity, code, name[:400], mail, True, self.written(None))
            self._texts("organization", key, "name", drawn.names, drawn.original, {})
            for index, (place, pk) in enumerate(
                zip(drawn.places, self.locations.take_ids(len(drawn.places)), strict=True)
            ):
                self._place(place, pk, key, f"fiction--place-{drawn.number}-{index}", name, drawn.original)
                places[index] = pk
        for service, pk in zip(drawn.services, keys, strict=True):
            self._service(service, pk, key, places, mail)

    def _place(self, place: Place, pk: int, organization: int, code: str, name: str, language: str) -> None:
        self.locations.add(
            pk, self.territory, self.identity(code), code, organization, "" if place.confidential else name[:400],
            self.ids["area"][place.site.code], place.latitude, place.longitude, place.confidential, place.wheelchair,
        )  # fmt: skip
        if place.street is not None:
            self.addresses.add(
                None, pk, self.identity(f"{code}/address"), f"{name_in(place.street, language)} {place.house}",
                name_in(place.site.names, language), place.postal_code, self.material.region_code, self.material.country,
            )  # fmt: skip

    def _service(self, drawn: DrawnService, pk: int, organization: int, places: Mapping[int, int], mail: str) -> None:
        code = f"fiction--service-{drawn.number}"
        low, high = age_limits(drawn.rules)
        self.services.add(
            pk, self.territory, self.identity(code), code, organization, name_in(drawn.names, drawn.original)[:400],
            drawn.status, f"https://{MAIL_DOMAIN}/fiction/{drawn.number}" if drawn.has_url else "", mail if drawn.has_email else "",
            low, high, "" if drawn.cost == "unknown" else drawn.cost, json.dumps(drawn.access), json.dumps(drawn.delivery),
            drawn.interpreter, drawn.confirmed_on is not None, drawn.confirmed_on.isoformat() if drawn.confirmed_on else None,
            mail if drawn.confirmed_on else "", drawn.months, True, self.written(drawn.confirmed_on),
        )  # fmt: skip
        self._texts("service", pk, "name", drawn.names, drawn.original, drawn.statuses)
        self._texts("service", pk, "description", drawn.descriptions, drawn.original, drawn.statuses)
        location = self._stand(drawn, pk, code, organization, places)
        terms = [self.ids["need"][drawn.offer.need], *(self.ids["public"][public] for public in drawn.publics)]
        for term in dict.fromkeys(terms):
            self.terms.add(None, pk, term, self.identity(f"{code}/term/{term_mark(self.ids, term)}"))
        for rule in drawn.rules:
            said = rule.get("text", {}).get(drawn.original, "")
            self.rules.add(
                None, pk, rule["criterion"], rule["op"], json.dumps(rule["value"]), rule.get("effect", "require"), said
            )
        if drawn.served:
            self.areas.add(None, pk, self.ids["area"][drawn.served], self.identity(f"{code}/served"))
        for language, level in drawn.languages:
            name = self.material.spoken_names[language]
            self.spoken.add(None, pk, self.identity(f"{code}/language/{language}"), language, name, level)
        self._times(drawn, pk, code, location)
        if drawn.has_phone and self.material.phone:
            number = self.material.phone.replace("{nn}", f"{drawn.number % 100:02d}")
            self.phones.add(None, pk, self.identity(f"{code}/phone"), number)
        for obstacle in drawn.offer.lifts:
            self.lifts.add(None, pk, self.ids["obstacle"][obstacle])

    def _stand(
        self, drawn: DrawnService, pk: int, code: str, organization: int, places: Mapping[int, int]
    ) -> int | None:
        """Where the service is offered: one of the organisation's places, a confidential one of its own, or nowhere."""
        if drawn.place is None:
            return None
        if isinstance(drawn.place, int):
            location = places[drawn.place]
        else:
            location = self.locations.take_ids(1)[0]
            self._place(drawn.place, location, organization, f"{code}-place", "", drawn.original)
        self.at_locations.add(None, pk, location, self.identity(f"{code}/at"))
        return location

    def _times(self, drawn: DrawnService, pk: int, code: str, location: int | None) -> None:
        if drawn.hours:
            self.schedules.add(None, pk, self.identity(f"{code}/schedule"), drawn.hours, drawn.hours)
        if room := drawn.room:
            updated = self.at - timedelta(minutes=room.age)
            self.rooms.add(
                None, pk, self.identity(f"{code}/room"), room.unit, room.available, room.maximum, room.status, moment(updated),
                moment(updated + timedelta(minutes=room.lasts)),
            )  # fmt: skip
        if drawn.offer.activity:
            rrule, clock, minutes = drawn.offer.activity
            day = (self.at - timedelta(weeks=drawn.activity_weeks)).date()
            starts = first_time(rrule, clock, day, self.zone)
            self.activities.add(None, pk, location, self.identity(f"{code}/activity"), moment(starts), minutes, rrule)

    def _texts(
        self, kind: str, pk: int, field: str, said: Mapping[str, str], original: str, statuses: Mapping[str, str]
    ) -> None:
        if original not in said:
            original = next(iter(said))
        mark = source_mark(said[original])
        for language, value in said.items():
            status = "original" if language == original else statuses.get(language, "human")
            stamp = "" if language == original else "0" * 16 if status == "stale" else mark
            self.texts.add(None, self.territory, kind, pk, field, language, value, status, stamp)

    def written(self, on: date | None) -> str:
        """When the record was last changed: the day it was confirmed, else the first day of the offer."""
        return f"{(on or (self.at - timedelta(days=540)).date()).isoformat()} 12:00:00"


class Identity:
    """UUIDs (version 5) of a namespace, as 32 hexadecimal digits; three times as fast as uuid.uuid5."""

    def __init__(self, namespace: str) -> None:
        self.namespace = content.stable("", namespace).bytes

    def __call__(self, name: str) -> str:
        digits = hashlib.sha1(self.namespace + name.encode(), usedforsecurity=False).hexdigest()
        return f"{digits[:12]}5{digits[13:16]}{'89ab'[int(digits[16], 16) & 3]}{digits[17:32]}"


def moment(at: datetime) -> str:
    """UTC, as both databases keep it."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


@lru_cache(maxsize=100_000)
def source_mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def term_mark(ids: Mapping[str, Mapping[str, int]], term: int) -> str:
    """The code of a term: keys differ between databases, UUIDs must not."""
    return str(ids["term_codes"][term])  # type: ignore[index]


@lru_cache(maxsize=10_000)
def first_time(rrule: str, clock: str, day: date, zone: ZoneInfo) -> datetime:
    """The first start on or after `day` that the rule itself would give, in the territory's own time."""
    wall = datetime.combine(day, time.fromisoformat(clock))
    found = next(iter(rrulestr(rrule, dtstart=wall)), wall)
    return found.replace(tzinfo=zone)


def age_limits(rules: Iterable[Mapping[str, Any]]) -> tuple[float | None, float | None]:
    """The ages that required rules allow."""
    low: float | None = None
    high: float | None = None
    for rule in rules:
        if rule["criterion"] != "age" or rule.get("effect", "require") != "require":
            continue
        value = rule["value"]
        if rule["op"] in {"gte", "between"}:
            low = float(value[0] if rule["op"] == "between" else value)
        if rule["op"] in {"lte", "between"}:
            high = float(value[1] if rule["op"] == "between" else value)
    return low, high
