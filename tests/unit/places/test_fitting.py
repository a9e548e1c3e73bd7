"""For whom a group of places is: the same answer to the engine, to the dispatch at night, and to whoever holds a place by hand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from maillage.methods.eligibility import Value
from maillage.places import fitting, queries, rules, tonight
from maillage.places.actions import claims
from maillage.places.engine import arrays, snapshot
from maillage.places.models import PlaceGroup, Request
from maillage.places.rules import Somebody
from tests.beds import Beds
from tests.testland import NOW

ON = date(2026, 11, 20)
NOBODY_EXCLUDED: dict[str, Any] = {
    "public": "", "public_facts": {}, "genders": [], "minimum_age": None, "maximum_age": None, "care_level": 0, "wheelchair": None,
    "rules": [],
}  # fmt: skip
WOMEN_ONLY = {"criterion": "gender", "op": "eq", "value": "woman", "effect": "require"}


def against(group: dict[str, Any], *known: Somebody, public: str = "", **facts: Value) -> str:
    them = fitting.household(known or (Somebody(),), public, facts, {"seniors": {"age": 65}}, on=ON)
    return fitting.against(NOBODY_EXCLUDED | group, them)


@pytest.mark.parametrize(
    ("household", "expected"),
    [
        ([Somebody("woman", birth_year=1990)], ""),
        ([Somebody("man")], "gender"),
        ([Somebody()], ""),  # unknown excludes nobody
        ([Somebody("woman", birth_year=2015)], "age"),
        ([Somebody("woman", birth_year=2008)], ""),  # 17 or 18: nobody can tell
        ([Somebody("woman", birth_year=1990), Somebody("man", birth_year=2020)], ""),  # her son comes with her
        ([Somebody("woman", birth_year=1990), Somebody(birth_year=1940)], "age"),
    ],
)
def test_only_what_is_known_excludes(household: list[Somebody], expected: str) -> None:
    assert against({"genders": ["woman"], "minimum_age": 18, "maximum_age": 65}, *household) == expected


def test_a_rule_about_gender_reads_the_record() -> None:
    assert against({"rules": [WOMEN_ONLY]}, Somebody("man")) == "rule"
    assert against({"rules": [WOMEN_ONLY]}, Somebody()) == ""


def test_less_care_than_they_need_and_stairs_exclude() -> None:
    assert against({"care_level": 2}, care_level=3) == "care"
    assert against({"care_level": 2}, care_level=1) == against({"care_level": 2}) == ""
    assert against({"wheelchair": False}, mobility="wheelchair") == against({"wheelchair": False}, wheelchair=True) == "wheelchair"  # fmt: skip
    assert against({"wheelchair": None}, mobility="wheelchair") == ""  # nobody said: ask at the door
    assert against({"wheelchair": True}, mobility="wheelchair") == ""


def test_the_age_of_a_public_is_an_example() -> None:
    seniors = {"public": "seniors", "public_facts": {"age": 65}}
    assert against(seniors, Somebody(birth_year=1950)) == against(seniors, Somebody(birth_year=1990)) == ""
    over_seventy = {"criterion": "age", "op": "gte", "value": 70, "effect": "require"}
    assert against({"rules": [over_seventy]}, public="seniors") == ""


def test_a_public_that_is_known_to_be_another_excludes() -> None:
    families = {"public": "families", "public_facts": {"children": True}}
    assert against(families, children=False) == "public"
    assert against(families, public="families", children=False) == against(families) == ""
    assert against({"public": "a-word"}, public="another") == "public"


@pytest.mark.parametrize(
    ("group", "person", "facts"),
    [
        ({}, {}, {}),
        ({"rules": [WOMEN_ONLY], "genders": []}, {"gender": "man"}, {}),
        ({"care_level": 1}, {}, {"care_level": 2}),
        ({"is_wheelchair_accessible": False}, {}, {"mobility": "wheelchair"}),
        ({"minimum_age": 60}, {"birth_year": 1990}, {}),
        ({"genders": ["woman"]}, {"gender": "man"}, {}),
    ],
)
def test_the_engine_the_dispatch_and_a_hold_by_hand_agree(
    beds: Beds, group: dict[str, Any], person: dict[str, Any], facts: dict[str, Value]
) -> None:
    place, somebody = beds.families, beds.bruno
    for row, changes in ((place, {"public": ""} | group), (somebody, person)):
        for name, value in changes.items():
            setattr(row, name, value)
        row.save()
    beds.queue.groups.set([place])
    asks = Request.objects.create(waiting_list=beds.queue, number=1, person=somebody, facts=facts, asked_at=NOW)
    asks.clock.create(kind="start", at=NOW - timedelta(days=1), reason="asked")
    on = queries.night(beds.territory, NOW)

    seen = snapshot.taken(beds.queue, {}, at=NOW)
    by_the_engine = all(
        verdict[0, 0] != fitting.EXCLUDED for verdict in arrays.judged(seen["groups"], seen["requests"]).values()
    )
    shown = tonight.groups_tonight(PlaceGroup.objects.filter(pk=place.pk), on=on, at=NOW)
    at_night = bool(tonight.places_for(asks, shown, {}, on=on))
    try:
        claims.check_fits(place, [somebody], asks, on=on)
        by_hand = True
    except rules.NotForThem:
        by_hand = False
    assert by_the_engine == at_night == by_hand == (not group)


def test_a_household_over_several_places_takes_one_of_a_quota_and_so_does_who_came_without_a_list(beds: Beds) -> None:
    quotas = [{"site": "open-door", "care_level": 2, "most": 3}, {"site": "open-door", "public": "men", "most": 1}]
    groups = list(PlaceGroup.objects.select_related("site"))
    PlaceGroup.objects.update(care_level=2)
    beds.women.refresh_from_db()
    beds.families.refresh_from_db()
    tonight: dict[str, Any] = {"from_on": ON, "until_on": None, "minutes": 60, "by": beds.bob, "at": NOW}

    claims.hold(beds.women, beds.amina, people=2, request=persons_asking(beds, {"care_level": 2}), **tonight)
    assert snapshot.used(groups, {"quotas": quotas}, tonight=ON, at=NOW) == [1, 0]
    beds.carla.facts = {"care_level": 2}
    beds.carla.save()
    claims.hold(beds.families, beds.carla, **tonight)
    assert snapshot.used(groups, {"quotas": quotas}, tonight=ON, at=NOW) == [2, 0]


def persons_asking(beds: Beds, facts: dict[str, Value]) -> Request:
    return Request.objects.create(
        waiting_list=beds.queue, number=1, person=beds.amina, people=2, facts=facts, asked_at=NOW
    )
