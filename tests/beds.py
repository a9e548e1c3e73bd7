"""A house with beds, a shared list, and who asks for them. Around NOW, a Friday evening in winter; everyone is invented.

Bob works in the house, Dave keeps the lists (the dispatch), Greta walks the streets and knows Amina, Bruno and Carla.
Hugo works elsewhere and must see nothing.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.testland import NOW, labels

if TYPE_CHECKING:
    from maillage.directory.models import Service
    from maillage.people.models import Organization, Person, User
    from maillage.places.models import Place, PlaceGroup, RuleSet, Site, WaitingList
    from maillage.territory.models import Territory
    from tests.conftest import Cast

QUEUE_RULES: dict[str, Any] = {
    "tiers": [
        {"code": "a", "labels": labels("Danger", "Gevaar", "Danger"), "promote_after_days": None,
         "reasons": [{"code": "violence", "labels": labels("Violences", "Geweld", "Violence")}]},
        {"code": "b", "labels": labels("Enfants", "Kinderen", "Children"), "promote_after_days": 90,
         "reasons": [{"code": "children", "labels": labels("Enfants à la rue", "Kinderen op straat", "Children in the street")}]},
        {"code": "c", "labels": labels("Autres", "Anderen", "Others"), "promote_after_days": 60, "reasons": []},
    ],
    "absolute": [{"code": "wronged", "labels": labels("Lésé avant", "Eerder benadeeld", "Wronged before")}],
    "order": ["absolute", "tier", "waited", "number"],
    "offer_minutes": 120, "hold_minutes": 120, "decline_pause_days": 0, "quotas": [],
    "comfort": {"distance": 1, "language": 5, "care_over": 3, "move": 20}, "assume": True,
}  # fmt: skip
DRAW_RULES: dict[str, Any] = {
    **QUEUE_RULES, "order": ["absolute", "tier", "lot"], "draw": {"opens": "10:00", "closes": "16:00"},
}  # fmt: skip


@dataclass(frozen=True)
class Beds:
    territory: Territory
    house: Organization  # Bob's: it runs the site
    dispatch: Organization  # Dave's: it keeps the lists
    street: Organization  # Greta's: it knows the people
    bob: User
    dave: User
    greta: User
    hugo: User
    shelter: Service
    site: Site
    women: PlaceGroup  # two places of one bed
    families: PlaceGroup  # one place of four
    dormitory: PlaceGroup  # three beds, everyone
    places: list[Place]  # W1, W2, F1
    queue: WaitingList
    draw: WaitingList
    rules: RuleSet
    amina: Person  # with a son
    son: Person
    bruno: Person
    carla: Person


def build(territory: Territory, cast: Cast) -> Beds:
    from maillage.directory.models import Location, Service
    from maillage.orientation.models import Need
    from maillage.people.actions import persons
    from maillage.people.models import Membership, Organization, Role, User
    from maillage.places.models import Place, PlaceGroup, Site, WaitingList
    from tests.conftest import SINCE

    shelter = Service.objects.get(code="open-door")
    Location.objects.filter(services_here__service=shelter).update(organization=cast.organization)
    Service.objects.filter(pk=shelter.pk).update(organization=cast.organization)
    shelter.refresh_from_db()
    dispatch, street, elsewhere = (
        Organization.objects.create(territory=territory, code=code, name=name)
        for code, name in (("dispatch", "The dispatch"), ("street", "The street team"), ("elsewhere", "Another house"))
    )
    users = {}
    for name, place in (("dave", dispatch), ("greta", street), ("hugo", elsewhere)):
        users[name] = User.objects.create_user(f"{name}@example.org", "a long enough sentence", name=name.title())
        Membership.objects.create(
            user=users[name], territory=territory, organization=place, role=Role.PROFESSIONAL, starts_at=SINCE
        )
    area = territory.areas.get(code="north")
    site = Site.objects.create(
        territory=territory, service=shelter, code="open-door", name="Open Door", kind="shelter", area=area
    )
    women = PlaceGroup.objects.create(
        site=site, code="women", labels=labels("Femmes", "Vrouwen", "Women"), public="women", genders=["woman"],
        minimum_age=18, accredited=3, order=1,
    )  # fmt: skip
    families = PlaceGroup.objects.create(
        site=site, code="families", labels=labels("Familles", "Gezinnen", "Families"), public="families", unit_size=4,
        is_wheelchair_accessible=True, accredited=4, order=2,
    )  # fmt: skip
    dormitory = PlaceGroup.objects.create(
        site=site, code="dormitory", labels=labels("Dortoir", "Slaapzaal", "Dormitory"), kind="dormitory", beds=3,
        accredited=3, order=3,
    )  # fmt: skip
    places = [
        Place.objects.create(group=group, label=label, room=room, order=n)
        for n, (group, label, room) in enumerate([(women, "W1", "1"), (women, "W2", "1"), (families, "F1", "2")])
    ]
    need = Need.objects.get(territory=territory, code="emergency-shelter")
    queue, draw = (
        WaitingList.objects.create(
            territory=territory, code=code, labels=labels(code, code, code), kind=kind, need=need, keeper=dispatch
        )
        for code, kind in (("queue", "queue"), ("draw", "draw"))
    )
    queue.groups.set([women, families])
    draw.groups.set([dormitory])
    rules = rule_set(queue, QUEUE_RULES)
    rule_set(draw, DRAW_RULES)
    amina, son, bruno, carla = (
        persons.register(territory, street, by=users["greta"], at=NOW, **details)
        for details in (
            {
                "given_name": "Amina",
                "gender": "woman",
                "birth_year": 1990,
                "language": "fr",
                "facts": {"children": True},
            },
            {"given_name": "Sami", "gender": "man", "birth_year": 2019},
            {"alias": "Bruno of the bridge", "gender": "man", "birth_year": 1970, "language": "nl"},
            {"given_name": "Carla", "gender": "woman", "birth_year": 1985, "language": "en"},
        )
    )
    persons.household_of([amina, son], by=users["greta"], at=NOW)
    for one in (amina, son):
        one.refresh_from_db()
    return Beds(
        territory, cast.organization, dispatch, street, cast.bob, users["dave"], users["greta"], users["hugo"], shelter,
        site, women, families, dormitory, places, queue, draw, rules, amina, son, bruno, carla,
    )  # fmt: skip


def rule_set(waiting_list: WaitingList, content: dict[str, Any], version: str = "1") -> RuleSet:
    from maillage.places.models import RuleSet

    said = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
    return RuleSet.objects.create(
        waiting_list=waiting_list,
        version=version,
        content=content,
        hash=hashlib.sha256(said).hexdigest(),
        adopted_at=NOW,
    )
