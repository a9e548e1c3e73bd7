"""Keep the sites, groups, places, shared lists and rules of a territory as its pack says them.

A line that has not changed since the last load is not touched: what a desk has said of it since stays. Of a line that changed, only
what changed is written. Rules are never changed: what is new is a new version of them. Nothing that somebody stayed in is deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from maillage.directory.models import Service, SourceRecord
from maillage.orientation.models import Need
from maillage.packs import content
from maillage.packs.content import Row
from maillage.packs.difference import Section, source_name
from maillage.packs.pack import Pack
from maillage.people.models import Organization
from maillage.places.models import Place, PlaceGroup, RuleSet, Site, WaitingList
from maillage.territory.models import Area, Territory

# column of PlaceGroup <- key of the pack; what a left-out key means
GROUP: dict[str, tuple[str, Any]] = {
    "labels": ("labels", {}),
    "kind": ("kind", ""),
    "public": ("public", ""),
    "genders": ("genders", []),
    "rooms_of_one_gender": ("rooms_of_one_gender", False),
    "minimum_age": ("minimum_age", None),
    "maximum_age": ("maximum_age", None),
    "care_level": ("care_level", 0),
    "languages": ("languages", []),
    "is_wheelchair_accessible": ("wheelchair", None),
    "unit_size": ("unit_size", 1),
    "rules": ("rules", []),
    "accredited": ("accredited", None),
    "beds": ("beds", 0),
    "surge": ("surge", ""),
    "order": ("order", 0),
}


class Housekeeper:
    """Writes sites and lists of one territory. `service` and `keeper` codes are looked up under `prefixes`, in that order."""

    def __init__(
        self, territory: Territory, pack: Pack, *, is_fictional: bool = False, prefixes: Iterable[str] = ()
    ) -> None:
        self.territory, self.pack, self.is_fictional = territory, pack, is_fictional
        self.prefixes = tuple(prefixes) or (f"{source_name(pack)}--",)
        self.areas = {area.code: area for area in Area.objects.filter(territory=territory).defer("boundary")}
        self.language = pack.languages[0]

    def keep_site(self, code: str, row: Row, before: Row) -> Site:
        """Write what the row says otherwise than `before` did."""
        held = Site.objects.filter(territory=self.territory, code=code).first()
        site = held or Site(
            territory=self.territory, code=code, uuid=self.identity(f"site/{code}"), is_fictional=self.is_fictional
        )
        said = {
            "service": ("service", self._found(Service, row["service"])),
            "name": ("names", row["names"][self.language]),
            "labels": ("names", dict(row["names"])),
            "kind": ("kind", row["kind"]),
            "area": ("area", self.areas.get(row.get("area", ""))),
            "opens_on": ("opens_on", as_day(row.get("opens_on"))),
            "closes_on": ("closes_on", as_day(row.get("closes_on"))),
        }
        for name, (key, value) in said.items():
            if held is None or row.get(key) != before.get(key):
                setattr(site, name, value)
        site.save()
        old = {group["code"]: group for group in before.get("groups", ())}
        for order, group in enumerate(row["groups"]):
            self.keep_group(site, {**group, "order": order}, {**old.get(group["code"], {}), "order": order})
        for group_code in set(old) - {group["code"] for group in row["groups"]}:
            drop_group(PlaceGroup.objects.filter(site=site, code=group_code).first())
        return site

    def keep_group(self, site: Site, row: Row, before: Row) -> PlaceGroup:
        held = PlaceGroup.objects.filter(site=site, code=row["code"]).first()
        group = held or PlaceGroup(site=site, code=row["code"], uuid=self.identity(f"group/{site.code}/{row['code']}"))
        for column, (key, missing) in GROUP.items():
            if held is None or row.get(key, missing) != before.get(key, missing):
                setattr(
                    group, column, _in_full(row[key]) if column == "rules" and key in row else row.get(key, missing)
                )
        group.save()
        if held is None or row.get("places") != before.get("places"):
            self.keep_places(group, row.get("places", 0), row.get("room_of", 0))
        return group

    def keep_places(self, group: PlaceGroup, wanted: int, room_of: int) -> None:
        """`wanted` places, labelled 1, 2, 3 ...; rooms of so many. Those beyond go, unless somebody stayed there."""
        labels = {str(number): number for number in range(1, wanted + 1)}
        held = dict(Place.objects.filter(group=group).values_list("label", "pk"))
        Place.objects.bulk_create(
            (
                Place(
                    group=group, label=label, order=number, room=str((number - 1) // room_of + 1) if room_of else "",
                    uuid=self.identity(f"place/{group.site.code}/{group.code}/{label}"),
                )
                for label, number in labels.items()
                if label not in held
            ),
            batch_size=500,
        )  # fmt: skip
        ours = [label for label in held if label.isascii() and label.isdigit() and label not in labels]
        Place.objects.filter(group=group, label__in=ours, stays=None).delete()

    def keep_list(self, code: str, row: Row, before: Row, *, at: datetime) -> WaitingList:
        held = WaitingList.objects.filter(territory=self.territory, code=code).first()
        waiting = held or WaitingList(
            territory=self.territory, code=code, uuid=self.identity(f"list/{code}"), is_fictional=self.is_fictional
        )
        said = {
            "labels": ("labels", row["labels"]),
            "kind": ("kind", row["kind"]),
            "need": ("need", Need.objects.filter(territory=self.territory, code=row.get("need", "")).first()),
            "keeper": ("keeper", self._found(Organization, row["keeper"]) if row.get("keeper") else None),
        }
        for name, (key, value) in said.items():
            if held is None or row.get(key) != before.get(key):
                setattr(waiting, name, value)
        waiting.save()
        if held is None or row["groups"] != before.get("groups"):
            groups = PlaceGroup.objects.filter(site__territory=self.territory, code__in=row["groups"])
            waiting.groups.set(groups)
        adopt(waiting, row["rules"], at=at)
        return waiting

    def _found(self, model: type[Any], local: str) -> Any:
        """The service or organisation that the pack calls so: the real one before an invented one."""
        codes = [f"{prefix}{local}" for prefix in self.prefixes]
        rows = {row.code: row for row in model.objects.filter(territory=self.territory, code__in=codes)}
        return next((rows[code] for code in codes if code in rows), None)

    def identity(self, what: str) -> UUID:
        return content.stable(self.pack.code, what)


def adopt(waiting: WaitingList, said: Mapping[str, Any], *, at: datetime) -> RuleSet:
    """The rules as the pack says them now: a new version where they say something else than the last ones adopted.

    A version is never written over. When a writer forgot to change its name, the beginning of its hash tells two of them apart.
    """
    rules = {key: value for key, value in said.items() if key != "version"}
    digest = content.digest(rules)
    current = RuleSet.objects.filter(waiting_list=waiting, is_draft=False).order_by("-adopted_at", "-pk").first()
    if current and current.hash == digest:
        return current
    version = str(said["version"])
    if RuleSet.objects.filter(waiting_list=waiting, version=version).exists():
        version = f"{version}+{digest[:8]}"
    known = RuleSet.objects.filter(waiting_list=waiting, version=version).first()
    if known:  # tried once, left, and adopted again
        known.adopted_at, known.is_draft = at, False
        known.save(update_fields=["adopted_at", "is_draft"])
        return known
    return RuleSet.objects.create(waiting_list=waiting, version=version, content=rules, hash=digest, adopted_at=at)


def drop_group(group: PlaceGroup | None) -> bool:
    """Take away a group that nobody ever stayed in nor was offered. False when it stays."""
    if group is None:
        return True
    if group.stays.exists() or group.offers.exists():
        return False
    group.delete()
    return True


def withdraw(territory: Territory, pack: Pack, sites: Section, lists: Section) -> list[str]:
    """Take away what left the pack, before the services that it stood on. Returns the codes that stay: somebody uses them."""
    kept = [code for code in lists.removed if not _drop_list(territory, code)]
    kept += [code for code in sites.removed if not _drop_site(territory, code)]
    for entity, section in (("list", lists), ("site", sites)):
        _records(territory, pack, entity).filter(external_id__in=section.removed).delete()
    return kept


def keep(territory: Territory, pack: Pack, sites: Section, lists: Section, *, at: datetime) -> None:
    """Write what was added or changed."""
    keeper = Housekeeper(territory, pack)
    wanted, before = content.sites(pack), _before(territory, pack, "site")
    for code in (*sites.added, *sites.changed, *sites.moved):
        keeper.keep_site(code, wanted[code], before.get(code, {}))
        _remember(territory, pack, "site", code, wanted[code], at)
    said, before_lists = content.waiting_lists(pack), _before(territory, pack, "list")
    for code in (*lists.added, *lists.changed, *lists.moved):
        keeper.keep_list(code, said[code], before_lists.get(code, {}), at=at)
        _remember(territory, pack, "list", code, said[code], at)


def _drop_list(territory: Territory, code: str) -> bool:
    held = WaitingList.objects.filter(territory=territory, code=code).first()
    if held and (held.requests.exists() or held.runs.exists()):
        return False
    if held:
        held.delete()
    return True


def _drop_site(territory: Territory, code: str) -> bool:
    held = Site.objects.filter(territory=territory, code=code).first()
    if held is None:
        return True
    gone = [drop_group(group) for group in held.groups.all()]  # each that can go, goes
    if all(gone):
        held.delete()
    return all(gone)


def _records(territory: Territory, pack: Pack, entity: str) -> Any:
    return SourceRecord.objects.filter(territory=territory, source=source_name(pack), entity=entity)


def _before(territory: Territory, pack: Pack, entity: str) -> dict[str, Row]:
    return dict(_records(territory, pack, entity).values_list("external_id", "payload"))


def _remember(territory: Territory, pack: Pack, entity: str, code: str, row: Row, at: datetime) -> None:
    SourceRecord.objects.update_or_create(
        territory=territory, source=source_name(pack), entity=entity, external_id=code,
        defaults={"payload": row, "sha256": content.digest(row), "fetched_at": at},
    )  # fmt: skip


def _in_full(rules: list[Row]) -> list[Row]:
    """A rule that does not say its effect requires."""
    return [{"effect": "require", **rule} for rule in rules]


def as_day(said: Any) -> date | None:
    return date.fromisoformat(said) if said else None
