"""Write the organisations and services that a pack names, with exactly the facts that their sources give, and nothing else.

What another source has set since (an import, somebody at a desk: `FieldProvenance` tells) is theirs and stays.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from maillage.directory.models import (
    Accreditation,
    Attribute,
    EligibilityRule,
    FieldProvenance,
    Funding,
    Language,
    LiftingResource,
    Location,
    Obstacle,
    Phone,
    Schedule,
    Service,
    ServiceArea,
    ServiceAtLocation,
    ServiceCapacity,
    ServiceTerm,
    SourceRecord,
    TaxonomyTerm,
    Text,
)
from maillage.packs import content
from maillage.packs.content import NEEDS, PUBLICS, Row
from maillage.packs.difference import Section, held_terms, source_name
from maillage.packs.pack import Pack
from maillage.people.models import Organization
from maillage.territory.models import Area, Territory

INDICATOR = "indicator"  # link_type of the attributes that are figures


@dataclass
class Kept:
    """What left the pack and stays, because it is not the pack's alone."""

    codes: list[str] = field(default_factory=list)
    deleted_services: int = 0


def keep(territory: Territory, pack: Pack, organizations: Section, services: Section, *, at: datetime) -> Kept:
    """Write what `organizations` and `services` say was added or changed, and take away what was removed."""
    writer = _Writer(territory, pack, at)
    kept = _withdraw(writer, services, organizations)
    wanted = content.organizations(pack)
    for code in (*organizations.added, *organizations.changed):
        writer.organization(code, wanted[code])
    offered = content.services(pack)
    for code in (*services.added, *services.changed):
        writer.service(code, offered[code])
    return kept


class _Writer:
    def __init__(self, territory: Territory, pack: Pack, at: datetime) -> None:
        self.territory, self.pack, self.at = territory, pack, at
        self.source = source_name(pack)
        self.areas = {area.code: area for area in Area.objects.filter(territory=territory).defer("boundary")}
        self.terms: dict[str, Mapping[str, TaxonomyTerm]] = {
            name: held_terms(territory, name) for name in (NEEDS, PUBLICS)
        }
        self.obstacles = {row.code: row for row in Obstacle.objects.filter(territory=territory)}
        self.sources = {entry["id"]: entry for entry in content.plain(pack.head["sources"])}
        self.language = pack.languages[0]

    def code(self, local: str) -> str:
        return f"{self.source}--{local}"

    def record(self, entity: str, code: str, row: Row) -> SourceRecord:
        source = self.sources.get(row.get("source", ""), {})
        found, _created = SourceRecord.objects.update_or_create(
            territory=self.territory, source=self.source, entity=entity, external_id=code,
            defaults={"payload": row, "sha256": content.digest(row), "licence": source.get("licence", ""), "fetched_at": self.at},
        )  # fmt: skip
        return found

    def organization(self, code: str, row: Row) -> None:
        record = self.record("organization", code, row)
        held = Organization.objects.filter(territory=self.territory, code=self.code(code)).first()
        organization = held or Organization(
            territory=self.territory, code=self.code(code), uuid=content.stable(self.pack.code, f"organization/{code}")
        )
        theirs = claimed("organization", organization.pk, record)
        said = {"name": row["names"][self.language], "kind": row.get("kind", ""), "website": row.get("website", "")}
        _set(organization, said, theirs)
        organization.last_modified = self.at
        organization.save()
        if "name" not in theirs:
            self.texts("organization", organization.pk, "name", row["names"])
        if "phone" not in theirs:
            Phone.objects.filter(
                organization=organization, uuid=content.stable(self.pack.code, f"phone/{code}")
            ).delete()
            if row.get("phone"):
                Phone.objects.create(
                    organization=organization, number=row["phone"], uuid=content.stable(self.pack.code, f"phone/{code}")
                )
        fields = [name for name, value in said.items() if value] + (["phone"] if row.get("phone") else [])
        provenance("organization", organization.pk, record, [name for name in fields if name not in theirs])

    def service(self, code: str, row: Row) -> None:
        record = self.record("service", code, row)
        held = Service.objects.filter(territory=self.territory, code=self.code(code)).first()
        service = held or Service(
            territory=self.territory, code=self.code(code), uuid=content.stable(self.pack.code, f"service/{code}")
        )
        theirs = claimed("service", service.pk, record)
        source = self.sources.get(row.get("source", ""), {})
        known_on = source.get("date") if len(str(source.get("date", ""))) == 10 else None  # a year is not a day
        said = {
            "name": row["names"][self.language],
            "url": row.get("website", ""),
            "cost": "" if row.get("cost") == "unknown" else row.get("cost", ""),
            "access": row.get("access", []),
            "delivery": row.get("delivery", []),
            "status": Service.Status.ACTIVE,
            "conditions_known": "rules" in row,  # an empty list says: anyone
            "confirmed_by": source.get("title", ""),
            "confirmed_on": content.moment(known_on).date() if known_on else None,  # type: ignore[union-attr]
        }
        _set(service, said, theirs)
        service.organization = Organization.objects.get(territory=self.territory, code=self.code(row["organization"]))
        service.last_modified = self.at
        service.save()
        written = {
            name: value for name, value in said.items() if value or name == "status"
        } | self.details(service, code, row, theirs)  # fmt: skip
        provenance("service", service.pk, record, [name for name in written if name not in theirs])

    def details(self, service: Service, code: str, row: Row, theirs: set[str]) -> Row:
        """What hangs on the service. Returns what the pack says of it, by name."""
        criteria, publics = self.territory.content["criteria"], self.territory.content["publics"]
        rules = row.get("rules", content.rules_for(row.get("publics", ()), publics, criteria))
        parts: dict[str, tuple[Any, Any]] = {
            "description": (
                row.get("description"),
                lambda said: self.texts("service", service.pk, "description", said),
            ),
            "needs": (row["needs"], lambda said: self.classify(service, NEEDS, said)),
            "publics": (row.get("publics"), lambda said: self.classify(service, PUBLICS, said)),
            "rules": (rules, lambda said: self.rules(service, said)),
            "served": (row.get("served"), lambda said: self.served(service, said)),
            "area": (row.get("area"), lambda said: self.location(service, code, said, bool(row.get("confidential")))),
            "capacity": (row.get("capacity"), lambda said: self.capacity(service, code, said, row)),
            "accreditations": (row.get("accreditations"), lambda said: recognised(service, said, self.source)),
            "funding": (row.get("funding"), lambda said: self.funding(service, code, said)),
            "indicators": (row.get("indicators"), lambda said: self.indicators(service, code, said)),
            "hours": (row.get("hours"), lambda said: self.hours(service, code, said)),
            "languages": (row.get("languages"), lambda said: self.languages(service, code, said)),
            "phone": (row.get("phone"), lambda said: self.phone(service, code, said)),
            "lifts": (row.get("lifts"), lambda said: self.lifts(service, said)),
        }
        if "name" not in theirs:
            self.texts("service", service.pk, "name", row["names"])
        for name, (said, write) in parts.items():
            if name not in theirs:
                write(said)
        return {name: said for name, (said, _write) in parts.items() if said}

    def texts(self, kind: str, pk: int, name: str, said: Mapping[str, str] | None) -> None:
        """The default language is the original: the others were worded by the pack's writers."""
        Text.objects.filter(kind=kind, object_id=pk, field=name).delete()
        if not said:
            return
        original = self.language if self.language in said else next(iter(said))
        mark = hashlib.sha256(said[original].encode()).hexdigest()[:16]
        Text.objects.bulk_create(
            Text(
                territory=self.territory, kind=kind, object_id=pk, field=name, language=language, value=value,
                status=Text.Status.ORIGINAL if language == original else Text.Status.HUMAN,
                source_hash="" if language == original else mark,
            )
            for language, value in said.items()
        )  # fmt: skip

    def classify(self, service: Service, taxonomy: str, said: Iterable[str] | None) -> None:
        ServiceTerm.objects.filter(service=service, term__taxonomy__code=taxonomy).delete()
        for code in dict.fromkeys(said or ()):
            identity = content.stable(self.pack.code, f"service-term/{service.code}/{taxonomy}/{code}")
            ServiceTerm.objects.create(service=service, term=self.terms[taxonomy][code], uuid=identity)

    def rules(self, service: Service, said: Iterable[Row]) -> None:
        service.rules.all().delete()
        EligibilityRule.objects.bulk_create(
            EligibilityRule(
                service=service, criterion=rule["criterion"], op=rule["op"], value=rule["value"],
                effect=rule.get("effect", "require"), source_text=rule.get("text", {}).get(self.language, ""),
            )
            for rule in said
        )  # fmt: skip

    def served(self, service: Service, said: Iterable[str] | None) -> None:
        service.service_areas.all().delete()
        for code in dict.fromkeys(said or ()):
            identity = content.stable(self.pack.code, f"served/{service.code}/{code}")
            ServiceArea.objects.create(service=service, area=self.areas[code], uuid=identity)

    def location(self, service: Service, code: str, said: str | None, confidential: bool) -> None:
        """The commune is known, the address is not: a place with an area and nothing more. The whole territory is no place."""
        here = Location.objects.filter(territory=self.territory, code=self.code(code)).first()
        if not said or said == self.pack.head["root_area"]:
            if here:
                here.delete()
            return
        if here is None:
            here = Location(
                territory=self.territory, code=self.code(code), organization=service.organization,
                uuid=content.stable(self.pack.code, f"location/{code}"),
            )  # fmt: skip
        here.area, here.is_confidential = self.areas[said], confidential
        here.save()
        identity = content.stable(self.pack.code, f"service-at-location/{code}")
        ServiceAtLocation.objects.get_or_create(service=service, location=here, defaults={"uuid": identity})

    def capacity(self, service: Service, code: str, said: Row | None, row: Row) -> None:
        """Places said in a report are no news of tonight: dated as the report, and expired since."""
        identity = content.stable(self.pack.code, f"capacity/{code}")
        ServiceCapacity.objects.filter(uuid=identity).delete()
        if not said:
            return
        source = self.sources.get(row.get("source", ""), {})
        when = content.moment(source.get("date")) or self.at
        ServiceCapacity.objects.create(
            service=service, uuid=identity, unit=said["unit"], maximum=said.get("maximum"), description=said.get("note", ""),
            updated_at=when, expires_at=when,
        )  # fmt: skip

    def funding(self, service: Service, code: str, said: Iterable[Row] | None) -> None:
        """HSDS knows one text: who, when, how much, for what. Words of the default language are the source's own."""
        ours = [content.stable(self.pack.code, f"funding/{code}/{number}") for number in range(50)]
        Funding.objects.filter(uuid__in=ours).delete()
        for identity, one in zip(ours, said or (), strict=False):
            parts = [
                one["by"],
                str(one.get("year", "")),
                f"{one['amount']:,} EUR".replace(",", "\u00a0"),
                one.get("for", ""),
            ]
            Funding.objects.create(service=service, uuid=identity, source=", ".join(part for part in parts if part))

    def indicators(self, service: Service, code: str, said: Iterable[Row] | None) -> None:
        """Figures of the source: an attribute without a term, its label the code of the indicator and the year."""
        mine = Attribute.objects.filter(territory=self.territory, kind="service", object_id=service.pk)
        mine.filter(link_type=INDICATOR).delete()
        for one in said or ():
            label = f"{one['code']} {one.get('year', '')}".strip()
            Attribute.objects.create(
                territory=self.territory, kind="service", object_id=service.pk, link_type=INDICATOR, label=label,
                value=str(one["value"]), uuid=content.stable(self.pack.code, f"indicator/{code}/{label}"),
            )  # fmt: skip

    def hours(self, service: Service, code: str, said: str | None) -> None:
        identity = content.stable(self.pack.code, f"schedule/{code}")
        Schedule.objects.filter(uuid=identity).delete()
        if said:
            Schedule.objects.create(service=service, osm=said, raw=said, uuid=identity)

    def languages(self, service: Service, code: str, said: Iterable[str] | None) -> None:
        service.languages.all().delete()
        for language in said or ():
            Language.objects.create(
                service=service, code=language, uuid=content.stable(self.pack.code, f"language/{code}/{language}")
            )

    def phone(self, service: Service, code: str, said: str | None) -> None:
        identity = content.stable(self.pack.code, f"service-phone/{code}")
        Phone.objects.filter(uuid=identity).delete()
        if said:
            Phone.objects.create(service=service, number=said, uuid=identity)

    def lifts(self, service: Service, said: Iterable[str] | None) -> None:
        service.lifts.all().delete()
        for code in said or ():
            LiftingResource.objects.create(service=service, obstacle=self.obstacles[code])


def recognised(service: Service, said: Iterable[Row] | None, source: str) -> None:
    Accreditation.objects.filter(service=service, source=source).delete()
    for number, one in enumerate(said or ()):
        Accreditation.objects.create(
            service=service, source=source, uuid=content.stable(service.code, f"accreditation/{number}"),
            **{name: one[name] for name in ("authority", "scheme", "number", "valid_from", "valid_to") if name in one},
        )  # fmt: skip


def _set(row: Any, said: Mapping[str, Any], theirs: set[str]) -> None:
    for name, value in said.items():
        if name not in theirs:
            setattr(row, name, value)


def claimed(kind: str, pk: int | None, record: SourceRecord) -> set[str]:
    """Fields of the object that another source has set."""
    if pk is None:
        return set()
    rows = FieldProvenance.objects.filter(kind=kind, object_id=pk).exclude(record=record)
    return {name for fields in rows.values_list("fields", flat=True) for name in fields}


def provenance(kind: str, pk: int, record: SourceRecord, fields: list[str]) -> None:
    FieldProvenance.objects.update_or_create(
        kind=kind, object_id=pk, record=record, defaults={"fields": sorted(fields)}
    )


def _withdraw(writer: _Writer, services: Section, organizations: Section) -> Kept:
    """Take away what left the pack, when nobody else has said anything of it; else leave it to them."""
    kept = Kept()
    by_kind: dict[str, list[Any]] = defaultdict(list)
    for code in services.removed:
        by_kind["service"] += Service.objects.filter(territory=writer.territory, code=writer.code(code))
    for service in by_kind["service"]:
        if _others("service", service.pk, writer.source) or service.sites.exists():
            kept.codes.append(service.code)
            continue
        Location.objects.filter(territory=writer.territory, code=service.code).delete()
        _forget("service", service)
        kept.deleted_services += 1
    for code in organizations.removed:
        by_kind["organization"] += Organization.objects.filter(territory=writer.territory, code=writer.code(code))
    for organization in by_kind["organization"]:
        used = organization.services.exists() or organization.memberships.exists()
        if used or _others("organization", organization.pk, writer.source):
            kept.codes.append(organization.code)
        else:
            _forget("organization", organization)
    for entity, section in (("service", services), ("organization", organizations)):
        SourceRecord.objects.filter(
            territory=writer.territory, source=writer.source, entity=entity, external_id__in=section.removed
        ).delete()
    return kept


def _others(kind: str, pk: int, source: str) -> bool:
    return FieldProvenance.objects.filter(kind=kind, object_id=pk).exclude(record__source=source).exists()


def _forget(kind: str, row: Any) -> None:
    Text.objects.filter(kind=kind, object_id=row.pk).delete()
    FieldProvenance.objects.filter(kind=kind, object_id=row.pk).delete()
    row.delete()


def sentence(kept: Kept) -> str:
    """What a reader must know of it."""
    return _("Left the pack, kept because others use it: %(codes)s") % {"codes": ", ".join(kept.codes)}
