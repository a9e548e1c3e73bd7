"""Houses and shared lists of a pack become rows; twice changes nothing; rules are never written over; what is used stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from maillage.packs import actions
from maillage.packs.difference import compare
from maillage.packs.housekeeping import adopt
from maillage.packs.pack import read_valid
from maillage.people.models import Person
from maillage.places.models import Place, PlaceGroup, Request, RuleSet, Site, Stay, WaitingList
from maillage.territory.models import Territory

Change = Callable[..., Path]
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
NEXT = ("pack.yaml", 'version: "2026.1"', 'version: "2026.2"')
pytestmark = pytest.mark.django_db


def _load(folder: Path) -> actions.Loaded:
    return actions.load(read_valid(folder), at=AT)


def _rows() -> list[Any]:
    models = (Site, PlaceGroup, Place, WaitingList, RuleSet)
    return [list(model.objects.order_by("pk").values()) for model in models]


def test_houses_groups_and_places_are_what_the_pack_says(houseland: Change) -> None:
    loaded = _load(houseland())
    house = Site.objects.get(code="house")
    assert (house.name, house.kind, house.service.name) == ("La Maison", "shelter", "Lits")
    assert house.area
    assert house.area.code == "north"
    assert not house.is_fictional
    dormitory, rooms, winter = house.groups.order_by("order")
    assert (dormitory.beds, dormitory.genders, dormitory.places.count()) == (20, ["man"], 0)
    assert (rooms.unit_size, rooms.public) == (3, "families")
    assert [(place.label, place.room) for place in rooms.places.order_by("order")] == [
        ("1", "1"), ("2", "1"), ("3", "2"), ("4", "2"), ("5", "3"), ("6", "3"),
    ]  # fmt: skip
    assert winter.surge == "cold"
    assert Site.objects.get(code="refuge").opens_on == date(2025, 1, 1)
    assert loaded.territory.content["places"]["referral"] == {"remind_days": 10, "expire_days": 30}
    assert loaded.territory.content["places"]["surge_plans"][0]["source"] == "report"


def test_a_list_has_its_keeper_its_groups_and_a_version_of_its_rules(houseland: Change) -> None:
    _load(houseland())
    beds = WaitingList.objects.get(code="beds")
    assert beds.keeper
    assert (beds.keeper.name, beds.kind) == ("La Maison", "queue")
    assert sorted(beds.groups.values_list("code", flat=True)) == ["refuge", "rooms"]
    rules = beds.rule_sets.get()
    assert (rules.version, rules.adopted_at, rules.is_draft) == ("v1", AT, False)
    assert [tier["code"] for tier in rules.content["tiers"]] == ["a", "b"]
    assert "version" not in rules.content


def test_loading_twice_changes_nothing(houseland: Change) -> None:
    _load(houseland())
    before = _rows()
    _load(houseland())
    again = _load(houseland(NEXT))
    assert _rows() == before
    assert not again.difference.sections["sites"]
    assert not again.difference.sections["lists"]


def test_the_difference_names_houses_and_lists(houseland: Change) -> None:
    _load(houseland())
    folder = houseland(
        NEXT, ("places.yaml", "beds: 20", "beds: 24"), ("places.yaml", "offer_minutes: 60", "offer_minutes: 90")
    )
    found = compare(read_valid(folder))
    assert found.sections["sites"].changed == ("house",)
    assert found.sections["lists"].changed == ("beds",)


def test_new_rules_are_a_new_version_beside_the_old_one(houseland: Change) -> None:
    _load(houseland())
    folder = houseland(
        NEXT, ("places.yaml", "version: v1", "version: v2"), ("places.yaml", "offer_minutes: 60", "offer_minutes: 90")
    )
    _load(folder)
    versions = RuleSet.objects.filter(waiting_list__code="beds").order_by("pk")
    assert [(one.version, one.content["offer_minutes"]) for one in versions] == [("v1", 60), ("v2", 90)]


def test_rules_that_forgot_to_change_their_version_do_not_write_over_the_old_ones(houseland: Change) -> None:
    _load(houseland())
    _load(houseland(NEXT, ("places.yaml", "offer_minutes: 60", "offer_minutes: 90")))
    first, second = RuleSet.objects.filter(waiting_list__code="beds").order_by("pk")
    assert first.content["offer_minutes"] == 60
    assert second.version == f"v1+{second.hash[:8]}"


def test_rules_that_come_back_are_adopted_again(houseland: Change) -> None:
    _load(houseland())
    beds = WaitingList.objects.get(code="beds")
    first = beds.rule_sets.get()
    said = {"version": "v2", "tiers": [], "order": ["number"]}
    later = datetime(2026, 12, 1, tzinfo=UTC)
    second = adopt(beds, said, at=later)
    assert adopt(beds, said, at=later) == second
    third = adopt(beds, {"version": "v1", **first.content}, at=datetime(2026, 12, 2, tzinfo=UTC))
    assert third.content == first.content
    assert adopt(beds, {"version": "v1", **first.content}, at=later) == third
    fourth = adopt(beds, said, at=datetime(2026, 12, 3, tzinfo=UTC))
    assert fourth.content == second.content
    assert fourth.adopted_at == datetime(2026, 12, 3, tzinfo=UTC)


def test_what_a_desk_said_since_stays_unless_the_pack_changes_that_very_thing(houseland: Change) -> None:
    _load(houseland())
    PlaceGroup.objects.filter(code="dormitory").update(beds=17, care_level=2)
    _load(houseland(NEXT, ("places.yaml", "places: 6, room_of", "places: 8, room_of")))
    dormitory = PlaceGroup.objects.get(code="dormitory")
    assert (dormitory.beds, dormitory.care_level) == (17, 2)
    assert Place.objects.filter(group__code="rooms").count() == 8
    _load(houseland(("pack.yaml", 'version: "2026.2"', 'version: "2026.3"'), ("places.yaml", "beds: 20", "beds: 24")))
    dormitory.refresh_from_db()
    assert (dormitory.beds, dormitory.care_level) == (24, 2)


def _somebody(territory: Territory, place: Place) -> Stay:
    person = Person.objects.create(territory=territory, given_name="Ada")
    return Stay.objects.create(
        territory=territory, group=place.group, place=place, person=person, from_on=AT.date(), state="in", created_at=AT
    )


def test_a_place_where_somebody_stays_does_not_go(houseland: Change) -> None:
    loaded = _load(houseland())
    last = Place.objects.get(group__code="rooms", label="6")
    _somebody(loaded.territory, last)
    _load(houseland(NEXT, ("places.yaml", "places: 6, room_of", "places: 2, room_of")))
    assert sorted(Place.objects.filter(group__code="rooms").values_list("label", flat=True)) == ["1", "2", "6"]


def test_what_left_the_pack_goes_unless_somebody_uses_it(houseland: Change) -> None:
    loaded = _load(houseland())
    _somebody(loaded.territory, Place.objects.get(group__code="refuge", label="1"))
    beds = WaitingList.objects.get(code="beds")
    person = Person.objects.create(territory=loaded.territory, given_name="Bea")
    Request.objects.create(waiting_list=beds, number=1, person=person, asked_at=AT)
    folder = houseland(NEXT)
    (folder / "places.yaml").write_text("source: report\nreferral: {remind_days: 5}\n", encoding="utf-8")
    (folder / "demo_places.yaml").unlink()
    kept = _load(folder).kept
    assert {"beds", "refuge"} <= set(kept)
    assert set(Site.objects.values_list("code", flat=True)) == {"refuge"}
    assert set(WaitingList.objects.values_list("code", flat=True)) == {"beds"}


def test_a_group_that_left_a_house_goes_with_its_places(houseland: Change) -> None:
    _load(houseland())
    line = "      - {code: winter, labels: {fr: Hiver, nl: Winter, en: Winter}, kind: dormitory, beds: 10, surge: cold, source: page}\n"
    folder = houseland(NEXT, ("places.yaml", line, ""), ("places.yaml", "[dormitory, winter]", "[dormitory]"))
    (folder / "demo_places.yaml").unlink()
    _load(folder)
    assert set(PlaceGroup.objects.filter(site__code="house").values_list("code", flat=True)) == {"dormitory", "rooms"}
    assert set(WaitingList.objects.get(code="night").groups.values_list("code", flat=True)) == {"dormitory"}


def test_a_service_with_a_house_that_is_lived_in_stays(houseland: Change) -> None:
    loaded = _load(houseland())
    _somebody(loaded.territory, Place.objects.get(group__code="refuge", label="1"))
    folder = houseland(NEXT)
    for name in ("places.yaml", "demo_places.yaml", "organizations.yaml", "rights.yaml"):
        (folder / name).unlink()
    kept = _load(folder).kept
    assert "pack:tinyland--house-refuge" in kept
    assert Site.objects.get().service.code == "pack:tinyland--house-refuge"


def test_a_house_is_called_in_the_language_of_who_reads(houseland: Change) -> None:
    _load(houseland())
    site = Site.objects.order_by("pk")[0]
    assert site.called("nl") == site.labels["nl"]
    assert str(site) == site.labels["en"]
    site.labels = {}
    assert site.called("nl") == site.name
