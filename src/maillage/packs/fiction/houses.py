"""Invented houses of a demonstration: their organisations, services, sites, places and shared lists. Each says so."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from maillage.directory.models import EligibilityRule, Location, Service, ServiceAtLocation, ServiceTerm, Text
from maillage.packs import content
from maillage.packs.content import NEEDS, PUBLICS, Row
from maillage.packs.difference import held_terms, source_name
from maillage.packs.fiction.rows import source_mark
from maillage.packs.housekeeping import Housekeeper
from maillage.packs.pack import Pack
from maillage.packs.references import items
from maillage.people.models import Organization
from maillage.territory.models import Area, Territory

PREFIX = "fiction--"


def build(territory: Territory, pack: Pack, *, on: date, at: datetime) -> int:
    """Write what is not there yet. Returns how many sites the file has."""
    writer = _Writer(territory, pack, at)
    for _path, entry in items(pack.demo_places, "organizations"):
        organization = writer.organization(content.plain(entry))
        for _below, service in items(entry, "services"):
            writer.service(organization, content.plain(service))
    prefixes = (f"{source_name(pack)}--", PREFIX)
    keeper = Housekeeper(territory, pack, is_fictional=True, prefixes=prefixes)
    sites = [content.plain(entry) for _path, entry in items(pack.demo_places, "sites")]
    for site in sites:
        keeper.keep_site(site["code"], dated(site, on), {})
    for _path, entry in items(pack.demo_places, "lists"):
        keeper.keep_list(entry["code"], content.plain(entry), {}, at=at)
    return len(sites)


def dated(site: Row, on: date) -> Row:
    """Days from today become dates."""
    said = {key: value for key, value in site.items() if key not in ("opens_days", "closes_days")}
    for key in ("opens", "closes"):
        if f"{key}_days" in site:
            said[f"{key}_on"] = (on + timedelta(days=site[f"{key}_days"])).isoformat()
    return said


def organization(territory: Territory, pack: Pack, code: str) -> Organization | None:
    """The one that the pack calls so: the real one before an invented one."""
    rows = Organization.objects.filter(territory=territory)
    real = rows.filter(code=f"{source_name(pack)}--{code}").first()
    return real or rows.filter(code=f"{PREFIX}{code}").first()


def accounts(territory: Territory, pack: Pack) -> list[dict[str, Any]]:
    """The accounts of the file whose organisation is known: name, role, and the key of the organisation."""
    found = []
    for _path, entry in items(pack.demo_places, "accounts"):
        place = organization(territory, pack, entry["organization"])
        if place is not None:
            found.append({"name": entry["name"], "role": entry["role"], "organization": place.pk})
    return found


class _Writer:
    def __init__(self, territory: Territory, pack: Pack, at: datetime) -> None:
        self.territory, self.pack, self.at, self.language = territory, pack, at, pack.languages[0]
        self.areas = {area.code: area for area in Area.objects.filter(territory=territory).defer("boundary")}
        self.needs, self.publics = held_terms(territory, NEEDS), held_terms(territory, PUBLICS)

    def organization(self, row: Row) -> Organization:
        found, is_new = Organization.objects.get_or_create(
            territory=self.territory, code=f"{PREFIX}{row['code']}",
            defaults={
                "uuid": self.identity(f"organization/{row['code']}"), "name": row["names"][self.language],
                "is_fictional": True, "last_modified": self.at,
            },
        )  # fmt: skip
        if is_new:
            self.texts("organization", found.pk, row["names"])
        return found

    def service(self, organization: Organization, row: Row) -> None:
        found, is_new = Service.objects.get_or_create(
            territory=self.territory, code=f"{PREFIX}{row['code']}",
            defaults={
                "uuid": self.identity(f"service/{row['code']}"), "organization": organization,
                "name": row["names"][self.language], "is_fictional": True, "last_modified": self.at,
                "access": ["referral"], "delivery": ["on_site"], "conditions_known": "rules" in row or "publics" in row,
                "confirmed_on": self.at.date(),
            },
        )  # fmt: skip
        if not is_new:
            return
        self.texts("service", found.pk, row["names"])
        terms = [self.needs[code] for code in row["needs"]] + [self.publics[code] for code in row.get("publics", ())]
        for number, term in enumerate(terms):
            ServiceTerm.objects.create(service=found, term=term, uuid=self.identity(f"term/{row['code']}/{number}"))
        criteria, publics = self.territory.content["criteria"], self.territory.content["publics"]
        for rule in row.get("rules", content.rules_for(row.get("publics", ()), publics, criteria)):
            EligibilityRule.objects.create(
                service=found, criterion=rule["criterion"], op=rule["op"], value=rule["value"],
                effect=rule.get("effect", "require"),
            )  # fmt: skip
        self.stand(found, organization, row)

    def stand(self, service: Service, organization: Organization, row: Row) -> None:
        """In a commune, without a street: an invented house has no address."""
        location = Location.objects.create(
            territory=self.territory, code=f"{PREFIX}{row['code']}", organization=organization,
            uuid=self.identity(f"location/{row['code']}"), area=self.areas.get(row.get("area", "")),
            is_confidential=bool(row.get("confidential")),
        )  # fmt: skip
        ServiceAtLocation.objects.create(
            service=service, location=location, uuid=self.identity(f"service-at-location/{row['code']}")
        )

    def texts(self, kind: str, pk: int, names: dict[str, str]) -> None:
        mark = source_mark(names[self.language])
        for language, value in names.items():
            original = language == self.language
            Text.objects.create(
                territory=self.territory, kind=kind, object_id=pk, field="name", language=language, value=value,
                status="original" if original else "human", source_hash="" if original else mark,
            )  # fmt: skip

    def identity(self, what: str) -> Any:
        return content.stable(self.pack.code, f"{PREFIX}{what}")
