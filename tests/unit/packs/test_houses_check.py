"""What is wrong with places.yaml and demo_places.yaml is told, with its line and its key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from maillage.packs import pack as packs

Change = Callable[..., Path]
P, D = "places.yaml", "demo_places.yaml"
MISTAKES = [
    (P, "service: house-beds", "service: house-bed", "places.yaml:6: sites[0].service: there is no service “house-bed”"),
    (P, "kind: shelter", "kind: castle", "places.yaml:7: sites[0].kind: “castle” is not one of: shelter, reception"),
    (P, "area: north", "area: moon", "places.yaml:8: sites[0].area: there is no area “moon”"),
    (P, "beds: 20, public: men", "beds: many, public: men", "places.yaml:10: sites[0].groups[0].beds: “many” is not a whole number"),
    (P, "beds: 20, public: men", "places: 20, public: men", "places.yaml:10: sites[0].groups[0].beds: a dormitory has beds, not places"),
    (P, "places: 6, room_of", "beds: 6, room_of", "places.yaml:11: sites[0].groups[1].places: a group of places says how many"),
    (P, "public: families, unit", "public: kings, unit", "places.yaml:11: sites[0].groups[1].public: there is no public “kings”"),
    (P, "genders: [man]", "genders: [cat]", "places.yaml:10: sites[0].groups[0].genders[0]: “cat” is not one of: woman, man, other"),
    (P, "surge: cold, source", "surge: heat, source", "places.yaml:12: sites[0].groups[2].surge: there is no cold-weather plan “heat”"),
    (P, "source: page}", "source: rumour}", "places.yaml:12: sites[0].groups[2].source: there is no source “rumour”"),
    (P, "closes_on: 2030-01-01", "closes_on: 2024-01-01", "places.yaml:18: sites[1].closes_on: a site closes after it opens"),
    (P, "closes_on: 2030-01-01", "closes_on: 2030", "places.yaml:18: sites[1].closes_on: “2030” is not a day"),
    (P, "op: eq, value: woman", "op: eq, value: queen", "places.yaml:24: sites[1].groups[0].rules[0].value: “queen” is not one of"),
    (P, "code: refuge, labels", "code: rooms, labels", ""),
    (P, "need: bed", "need: sofa", "places.yaml:29: lists[0].need: there is no need “sofa”"),
    (P, "keeper: shelter-house", "keeper: nobody", "places.yaml:30: lists[0].keeper: there is no organisation “nobody”"),
    (P, "groups: [rooms, refuge]", "groups: [rooms, cave]", "places.yaml:31: lists[0].groups: there is no group of places “cave”"),
    (P, "{code: b, labels", "{code: a, labels", "places.yaml:37: lists[0].rules.tiers[1].code: “a” is already used on line 36"),
    (P, "[absolute, tier, waited, number]", "[absolute, tier, lot]", "places.yaml:38: lists[0].rules.order: “lot” decides in a draw"),
    (P, "[tier, lot]", "[tier, number]", "places.yaml:50: lists[1].rules.order: “lot” decides in a draw"),
    (P, "[tier, lot]", "[tier, luck]", "places.yaml:50: lists[1].rules.order[1]: “luck” is not one of: absolute, tier"),
    (P, "group: rooms, public: families", "group: cave, public: families", "places.yaml:39: lists[0].rules.quotas[0].group: there is no group"),
    (P, "opens: '10:00'", "opens: ten", "places.yaml:51: lists[1].rules.draw.opens: “ten” is not a time"),
    (P, "version: v1", "versoin: v1", "places.yaml:33: lists[0].rules.versoin: this key is not known: did you mean “version”?"),
    (P, "below: -4", "below: -400", "places.yaml:53: surge_plans[0].trigger.below: -400 is not between -60 and 60"),
    (P, "zone_level: commune", "zone_level: street", "places.yaml:57: count_methods[0].zone_level: there is no level of area “street”"),
    (P, "where: service", "of: nothing", "places.yaml:60: count_methods[0].categories[1].of: there is no category “nothing”"),
    (P, "area: tinyland", "area: moon", "places.yaml:62: figures[0].area: there is no area “moon”"),
    (P, "remind_days: 10", "remind_days: 0", "places.yaml:2: referral.remind_days: 0 is not between 1 and 365"),
    (D, "kind: men, days", "kind: kings, days", "demo_places.yaml:33: flows[0].kind: “kings” is not one of"),
    (D, "groups: [dormitory]", "groups: [attic]", "demo_places.yaml:33: flows[0].groups: there is no group of places “attic”"),
    (D, "list: elms, days", "list: oaks, days", "demo_places.yaml:36: flows[3].list: there is no list “oaks”"),
    (D, "list: night", "list: day", "demo_places.yaml:37: draw.list: there is no list “day”"),
    (D, "helpers: [practice]", "helpers: [quack]", "demo_places.yaml:39: helpers: there is no organisation “quack”"),
    (D, "winters: [cold]", "winters: [hot]", "demo_places.yaml:40: winters: there is no cold-weather plan “hot”"),
    (D, "organization: elm", "organization: oak", "demo_places.yaml:43: accounts[1].organization: there is no organisation “oak”"),
    (D, "stay_days: [6, 20]", "stay_days: [20, 6]", "demo_places.yaml:33: flows[0].stay_days: must be two numbers, the smallest first"),
    (D, "needs: [refuge]", "needs: [palace]", "demo_places.yaml:14: organizations[1].services[0].needs: there is no need “palace”"),
]  # fmt: skip


def test_a_pack_with_houses_is_correct(houseland: Change) -> None:
    _, problems = packs.read(houseland())
    assert [str(problem) for problem in problems] == []


@pytest.mark.parametrize(
    ("file", "old", "new", "said"), [m for m in MISTAKES if m[3]], ids=lambda value: str(value)[:40]
)
def test_a_mistake_is_told_with_its_line_and_its_key(
    houseland: Change, file: str, old: str, new: str, said: str
) -> None:
    _, problems = packs.read(houseland((file, old, new)))
    told = [str(problem) for problem in problems if not problem.is_warning]
    assert any(line.startswith(said) for line in told), "\n".join(told)


def test_a_line_without_a_source_is_told(houseland: Change) -> None:
    _, problems = packs.read(houseland((P, "source: report\n", "")))
    told = {problem.key for problem in problems if "has no source" in problem.sentence}
    assert {
        "referral.source",
        "sites[0].source",
        "sites[0].groups[0].source",
        "lists[0].rules.source",
        "figures[0].source",
    } <= told
    assert "sites[0].groups[2].source" not in told


@pytest.mark.parametrize("name", [P, D])
@pytest.mark.parametrize(
    "text", ["", "- a\n", "sites: 3\nlists: []\nflows: {}\n", "sites: [{groups: 4}, 5]\nlists: [{rules: 1}]\n"]
)
def test_nonsense_is_told_and_never_raised(houseland: Change, name: str, text: str) -> None:
    folder = houseland()
    (folder / name).write_text(text, encoding="utf-8")
    _, problems = packs.read(folder)
    assert any(problem.file == name for problem in problems)


@pytest.mark.parametrize("name", packs.shelf())
def test_the_packs_that_come_with_maillage_say_where_their_places_come_from(name: str) -> None:
    pack, problems = packs.read(packs.find(name))
    assert not problems
    for site in pack.places.get("sites", ()):
        assert all(group.get("source") for group in site["groups"])
    for entry in (
        *pack.places.get("figures", ()),
        *pack.places.get("count_methods", ()),
        *pack.places.get("surge_plans", ()),
    ):
        assert entry.get("source")


def test_the_demonstration_of_brussels_has_the_places_that_the_report_prints() -> None:
    pack, _ = packs.read(packs.find(packs.default_name()))
    groups = {group["code"]: group for site in pack.places["sites"] for group in site["groups"]}
    counted = {code: group.get("beds", group.get("places")) for code, group in groups.items() if not group.get("surge")}
    assert sorted(counted.values()) == [83, 130, 150, 200, 210]
    figures = {figure["code"]: figure["value"] for figure in pack.places["figures"]}
    assert sum(counted.values()) == figures["emergency-places"] == 773
    assert figures["reception-places"] == 267
