"""`places.yaml` of a pack: sites and groups of places, shared lists and their rules, cold-weather plans, ways to count, figures.

`demo_places.yaml` says the same of invented houses, and what a demonstration is peopled with. Both are read by the shapes here.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from maillage.packs import formats
from maillage.packs.reading import Listed, Mapped
from maillage.packs.references import Checker, Found, items, mapping, offered, rules
from maillage.packs.shapes import (
    boolean,
    by_language,
    clock,
    code,
    full_day,
    labels,
    language_code,
    list_of,
    map_of,
    number,
    number_of_year,
    one_of,
    range_of,
    record,
    sentences,
    text,
    whole,
    word_code,
)
from maillage.people.models import Person
from maillage.places.models import PlaceGroup, Site, WaitingList

FILE, DEMO = "places.yaml", "demo_places.yaml"
ORDER = ("absolute", "tier", "waited", "number", "lot")
KINDS = ("men", "women", "families", "frail", "anyone", "mind", "papers")  # of invented people
LISTS = ("sites", "lists", "surge_plans", "count_methods", "figures")

group = record(
    {"code": code, "labels": labels, "kind": one_of(*PlaceGroup.Kind.values)},
    {
        "beds": whole(0, 10_000),
        "places": whole(0, 10_000),
        "public": code,
        "genders": list_of(one_of(*Person.Gender.values)),
        "rooms_of_one_gender": boolean,
        "minimum_age": whole(0, 130),
        "maximum_age": whole(0, 130),
        "care_level": whole(0, 3),
        "languages": list_of(language_code),
        "wheelchair": boolean,
        "unit_size": whole(1, 50),
        "room_of": whole(1, 50),
        "rules": list_of(formats.rule),
        "accredited": whole(0, 100_000),
        "surge": code,
    },
)
SITE = {"code": code, "names": labels, "service": code, "kind": one_of(*Site.Kind.values)}
site = record({**SITE, "groups": list_of(group)}, {"area": code, "opens_on": full_day, "closes_on": full_day})

coded = record({"code": word_code, "labels": labels})
tier = record(
    {"code": word_code, "labels": labels}, {"reasons": list_of(coded), "promote_after_days": whole(0, 10_000)}
)
quota = record({"most": whole(0, 10_000)}, {"site": code, "group": code, "public": code, "care_level": whole(0, 3)})
WEIGHTS = ("distance", "language", "care_over", "move")
rule_set = record(
    {"version": text(30), "tiers": list_of(tier, least=1), "order": list_of(one_of(*ORDER), least=1)},
    {
        "absolute": list_of(coded),
        "offer_minutes": whole(1, 100_000),
        "hold_minutes": whole(1, 100_000),
        "decline_pause_days": whole(0, 1000),
        "offer_housed": boolean,
        "quotas": list_of(quota),
        "comfort": record({}, {name: number(0, 1_000_000) for name in WEIGHTS}),
        "draw": record({"opens": clock, "closes": clock}),
    },
)
waiting_list = record(
    {
        "code": code,
        "labels": labels,
        "kind": one_of(*WaitingList.Kind.values),
        "groups": list_of(code),
        "rules": rule_set,
    },
    {"need": code, "keeper": code},
)
trigger = record(
    {"measure": one_of("low", "high"), "below": number(-60, 60), "days": whole(1, 60)}, {"text": sentences}
)
surge_plan = record({"code": code, "labels": labels}, {"trigger": trigger, "lasts_days": whole(1, 400)})
category = record(
    {"code": word_code, "labels": labels}, {"of": word_code, "where": one_of("street", "service", "both")}
)
count_method = record(
    {"code": code, "labels": labels, "categories": list_of(category, least=1)}, {"zone_level": word_code}
)
figure = record(
    {"code": code, "labels": labels, "value": whole(0, 1_000_000_000)}, {"year": number_of_year, "area": code}
)
referral = record({}, {"remind_days": whole(1, 365), "expire_days": whole(1, 730)})

places = record(
    {},
    {
        "version": text(40),
        "referral": referral,
        "messages": map_of(by_language(text(300), all_compulsory=False)),
        "sites": list_of(site),
        "lists": list_of(waiting_list),
        "surge_plans": list_of(surge_plan),
        "count_methods": list_of(count_method),
        "figures": list_of(figure),
    },
)

DAYS = whole(-4000, 4000)
demo_site = record({**SITE, "groups": list_of(group)}, {"area": code, "opens_days": DAYS, "closes_days": DAYS})
flow = record(
    {
        "groups": list_of(code, least=1),
        "kind": one_of(*KINDS),
        "days": whole(1, 4000),
        "stay_days": range_of(1, 4000),
        "full": number(0, 1),
    },
    {
        "list": code,
        "refused": number(0, 100),
        "waiting": whole(0, 10_000),
        "wait_days": whole(1, 4000),
        "need": code,
        "rise": number(0, 20),
    },
)
draw = record({"list": code}, {"tonight": whole(0, 10_000), "nights": whole(0, 60)})
account = record({"name": code, "role": one_of("professional", "administrator"), "organization": code})
people = record(
    {
        "given": record({gender: list_of(text(60), least=5) for gender in Person.Gender.values}),
        "family": list_of(text(60), least=5),
        "aliases": by_language(list_of(text(80), least=3), all_compulsory=False),
    },
    {"publics": map_of(code)},
)
demo = record(
    {"people": people},
    {
        "organizations": list_of(formats.organization),
        "sites": list_of(demo_site),
        "lists": list_of(waiting_list),
        "flows": list_of(flow),
        "draw": draw,
        "referrals": whole(0, 10_000),
        "helpers": list_of(code),
        "winters": list_of(code),
        "accounts": list_of(account),
    },
)


def groups_of(top: Mapped) -> Iterator[Found]:
    for path, entry in items(top, "sites"):
        yield from items(entry, "groups", path)


def check(checker: Checker) -> None:
    """What only the whole can tell of both files: codes that are unique, and lead somewhere."""
    for file, top in ((FILE, checker.pack.places), (DEMO, checker.pack.demo_places)):
        both = (checker.pack.places,) if file == FILE else (checker.pack.places, checker.pack.demo_places)
        for name in LISTS:
            checker.unique(file, items(top, name))
        checker.unique(file, groups_of(top))
        known = Known(checker, both)
        for path, entry in items(top, "sites"):
            known.site(file, path, entry)
        for path, entry in items(top, "lists"):
            known.waiting_list(file, path, entry)
    known.demo(checker.pack.demo_places)
    _sources(checker)
    _methods(checker)
    _figures(checker)


class Known:
    """What sites and lists may refer to."""

    def __init__(self, checker: Checker, files: tuple[Mapped, ...]) -> None:
        self.checker = checker
        self.groups = {entry.get("code") for top in files for _path, entry in groups_of(top)}
        self.lists = {entry.get("code") for top in files for _path, entry in items(top, "lists")}
        self.sites = {entry.get("code") for top in files for _path, entry in items(top, "sites")}
        self.plans = {entry.get("code") for top in files for _path, entry in items(top, "surge_plans")}
        invented = [entry for top in files for _path, entry in items(top, "organizations")]
        self.organizations = checker.organizations | {entry.get("code") for entry in invented}
        offered = {service.get("code") for entry in invented for _path, service in items(entry, "services")}
        self.services = checker.services | offered

    def site(self, file: str, path: str, entry: Mapped) -> None:
        checker = self.checker
        checker.known(file, entry, "service", path, self.services, _("service"))
        checker.known(file, entry, "area", path, checker.areas, _("area"))
        first, last = entry.get("opens_on"), entry.get("closes_on")
        if isinstance(first, str) and isinstance(last, str) and last <= first:
            checker.say(file, entry, "closes_on", path, _("a site closes after it opens"))
        for below, held in items(entry, "groups", path):
            checker.known(file, held, "public", below, checker.publics, _("public"))
            checker.known(file, held, "surge", below, self.plans, _("cold-weather plan"))
            checker.known(file, held, "languages", below, checker.spoken, _("spoken language"))
            rules(checker, file, items(held, "rules", below))
            self._room(file, below, held)

    def demo(self, top: Mapped) -> None:
        """What a demonstration is peopled with."""
        checker = self.checker
        for path, entry in items(top, "organizations"):
            for below, service in items(entry, "services", path):
                offered(checker, DEMO, below, service)
        for path, entry in items(top, "flows"):
            checker.known(DEMO, entry, "groups", path, self.groups, _("group of places"))
            checker.known(DEMO, entry, "list", path, self.lists, _("list"))
            checker.known(DEMO, entry, "need", path, checker.needs, _("need"))
        for path, entry in items(top, "accounts"):
            checker.known(DEMO, entry, "organization", path, self.organizations, _("organisation"))
        checker.known(DEMO, mapping(top, "draw"), "list", "draw", self.lists, _("list"))
        checker.known(DEMO, top, "helpers", "", self.organizations, _("organisation"))
        checker.known(DEMO, top, "winters", "", self.plans, _("cold-weather plan"))

    def _room(self, file: str, path: str, held: Mapped) -> None:
        if held.get("kind") == PlaceGroup.Kind.DORMITORY and ("places" in held or "beds" not in held):
            self.checker.say(file, held, "beds", path, _("a dormitory has beds, not places"))
        if held.get("kind") == PlaceGroup.Kind.PLACES and ("beds" in held or "places" not in held):
            self.checker.say(file, held, "places", path, _("a group of places says how many: places"))

    def waiting_list(self, file: str, path: str, entry: Mapped) -> None:
        checker = self.checker
        checker.known(file, entry, "groups", path, self.groups, _("group of places"))
        checker.known(file, entry, "need", path, checker.needs, _("need"))
        checker.known(file, entry, "keeper", path, self.organizations, _("organisation"))
        said, below = mapping(entry, "rules"), f"{path}.rules"
        for name in ("tiers", "absolute"):
            checker.unique(file, items(said, name, below))
        for here, limit in items(said, "quotas", below):
            checker.known(file, limit, "site", here, self.sites, _("site"))
            checker.known(file, limit, "group", here, self.groups, _("group of places"))
            checker.known(file, limit, "public", here, checker.publics, _("public"))
        order = said.get("order")
        by_lot = isinstance(order, Listed) and "lot" in order
        if isinstance(order, Listed) and by_lot != (entry.get("kind") == WaitingList.Kind.DRAW):
            checker.say(file, said, "order", below, _("“lot” decides in a draw, and only there"))


def _sources(checker: Checker) -> None:
    top = checker.pack.places
    for name in LISTS:
        checker.must_be_sourced(FILE, top, items(top, name))
    for path, entry in items(top, "sites"):
        has = any(holder.get("source") or holder.get("assume") is True for holder in (top, entry))
        checker.must_be_sourced(FILE, top, items(entry, "groups", path), has)
    for path, entry in items(top, "lists"):
        checker.must_be_sourced(FILE, top, [(f"{path}.rules", entry["rules"])] if _is_mapped(entry, "rules") else [])
    checker.must_be_sourced(FILE, top, [("referral", top["referral"])] if _is_mapped(top, "referral") else [])


def _figures(checker: Checker) -> None:
    for path, entry in items(checker.pack.places, "figures"):
        checker.known(FILE, entry, "area", path, checker.areas, _("area"))


def _is_mapped(holder: Mapped, key: str) -> bool:
    return isinstance(holder.get(key), Mapped)


def _methods(checker: Checker) -> None:
    top = checker.pack.places
    for path, entry in items(top, "count_methods"):
        found = list(items(entry, "categories", path))
        checker.unique(FILE, found)
        above = {category.get("code") for _path, category in found}
        for below, one in found:
            checker.known(FILE, one, "of", below, above, _("category"))
            checker.sourced(FILE, below, one, True)
        checker.known(FILE, entry, "zone_level", path, {row["level"] for row in checker.pack.areas}, _("level of area"))
