"""Every sentence that orientation says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from maillage.directory.search.types import Card, CardCapacity, CardRule, Relaxation, Window
from maillage.orientation import sentences
from maillage.orientation.places import area_index, find_area
from maillage.orientation.types import Situation
from tests.testland import NOW


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (CardRule("age", "gte", 18), "Age: from 18 years"),
        (CardRule("age", "lte", 25.5), "Age: up to 25.5 years"),
        (CardRule("age", "between", [18, 25]), "Age: from 18 to 25 years"),
        (CardRule("age", "between", [None, 25]), "Age: up to 25 years"),
        (CardRule("age", "eq", 18), "For: age: 18"),
        (CardRule("children", "eq", True), "For: with children"),
        (CardRule("children", "eq", False), "For: with children: no"),
        (CardRule("children", "ne", False), "For: with children"),
        (CardRule("children", "eq", True, "exclude"), "Not for: with children"),
        (CardRule("gender", "in", ["woman", "other"]), "For: a woman or other"),
        (CardRule("gender", "ne", "man"), "For: not a man"),
        (CardRule("papers", "eq", "none"), "For: papers: no"),
        (CardRule("gender", "eq", "woman", "prefer"), "First for: a woman"),
        (CardRule("shoe", "eq", "red"), "For: shoe: red"),
        (CardRule("gender", "eq", "woman", "require", "Women only, please"), "Women only, please"),
    ],
)
def test_a_rule_is_a_sentence(words, rule, said):
    assert sentences.statement(rule, words, "en") == said


def test_what_is_to_check_and_what_would_fit(words):
    couples = CardRule("children", "eq", True, "exclude")
    assert sentences.to_check(couples, words, "en") == "To check: not for: with children"
    assert sentences.would_fit_if(couples, words, "en") == "Would fit if this were not so: with children"
    assert sentences.to_check(CardRule("age", "gte", 18, "require", "Adults."), words, "en") == "To check: Adults."


def test_an_abbreviation_keeps_its_capitals():
    assert [sentences.lower_first(text) for text in ("With", "LGBT", "", "A bed", "X")] == [
        "with",
        "LGBT",
        "",
        "a bed",
        "X",
    ]


def test_a_unit_of_the_pack_is_said(words):
    measured = replace(words, criteria={"rooms": {"kind": "number", "unit": "rooms", "labels": {"en": "Size"}}})
    assert sentences.condition(CardRule("rooms", "gte", 2), measured, "en") == "size: from 2 rooms"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("languages", "Without “Arabic or French”: 1 service"),
        ("window", "Without “Tonight”: 1 service"),
        ("served", "Without “North End”: 1 service"),
        ("needs", "Without “Company”: 1 service"),
        ("text", "Without “soup”: 1 service"),
        ("near", "Without the limit of distance: 1 service"),
        ("cost", "Without “Free of charge”: 1 service"),
        ("wheelchair", "Without “Wheelchair accessible”: 1 service"),
        ("remote", "Without “At a distance”: 1 service"),
        ("has_room", "Without “Has room”: 1 service"),
        ("moon", "Without “moon”: 1 service"),
        ("fact:children", "Without “With children”: 1 service"),
        ("fact:violence", "Without “Violence: no”: 1 service"),
        ("fact:age", "Without “Age: 34”: 1 service"),
        ("fact:gender", "Without “Gender: a woman”: 1 service"),
        ("fact:papers", "Without “Papers”: 1 service"),
    ],
)
def test_a_filter_to_give_up_is_named(words, code, said):
    situation = Situation(
        "testland", "en", text="soup", needs=("company",), area="north", languages=("ar", "fr"), window="tonight",
        facts={"violence": False, "age": 34.0}, publics=("families", "women"),
    )  # fmt: skip
    assert sentences.relaxed(Relaxation(code, 1), situation, words) == said


def test_a_filter_that_nobody_knows_says_nothing(words):
    situation = Situation("testland")
    assert sentences.unknown_filter("moon", Card("x"), situation, words) == ""
    assert sentences.met_filter("window", Card("x"), situation, words) == ""


@pytest.mark.parametrize(
    ("capacity", "said"),
    [
        (CardCapacity("bed", NOW, "capacity", 1), "1 bed free, said just now"),
        (CardCapacity("slot", NOW - timedelta(hours=3), "capacity", 4), "4 places free, said 3 hours ago"),
        (CardCapacity("bed", NOW - timedelta(days=9), "capacity"), "Has room, said 9 days ago"),
        (CardCapacity("bed", NOW, "waitlist"), "Waiting list, said just now"),
        (CardCapacity("bed", NOW, "additional-assessment-required"), "Room after an interview, said just now"),
        (CardCapacity("bed", NOW, maximum=20), "Nobody said whether there is room."),
    ],
)
def test_room_with_the_age_of_the_word(capacity, said):
    assert sentences.room([capacity], at=NOW) == said


@pytest.mark.parametrize(
    ("days", "said"),
    [(0, "Confirmed today"), (-3, "Confirmed today"), (1, "Confirmed 1 day ago"), (400, "Confirmed 13 months ago")],
)
def test_freshness(days, said):
    on = date(2026, 11, 20)
    assert sentences.freshness(on - timedelta(days=days), on=on) == said
    assert sentences.freshness(None, on=on) == "Never confirmed"


def openness(words, hours, *, start=None, hours_long=0, code="tonight"):
    start = start or NOW
    window = Window(code, start, start + timedelta(hours=hours_long)) if hours_long or code == "now" else None
    return sentences.openness(Card("x", osm_hours=hours), window, words, "en", at=NOW)


def test_openness_says_until_when(words):
    assert openness(words, "Mo-Su 19:00-08:00") == "Open now, until 08:00"
    assert openness(words, "Mo-Su 19:00-08:00", code="now") == "Open now, until 08:00"
    assert openness(words, "24/7") == "Open day and night"
    assert openness(words, "Mo-Fr 09:00-17:00") == "Closed now, opens Monday 09:00"
    assert openness(words, "Dec 24 09:00-17:00") == "Closed now, opens 24/12 09:00"
    assert openness(words, "Fr-Su 00:00-24:00") == "Open now"
    assert openness(words, "Mo-Su 22:00-23:00", hours_long=11) == "Tonight: opens at 22:00"
    assert openness(words, "Fr-Su 00:00-24:00", hours_long=11) == "Tonight: open"
    assert openness(words, "Mo-Fr 09:00-17:00", hours_long=11) == "Tonight: closed, opens Monday 09:00"
    assert openness(words, "2020 Dec 24 09:00-17:00") == "Closed"
    assert openness(words, "") == "Hours not known"
    assert openness(words, "when the moon is full") == "Hours not known"


def test_places_by_their_longest_name(words):
    assert find_area(words, "1030 rue du Sud, South End").code == "south"
    assert find_area(words, "north").code == "north"
    assert find_area(words, "nowhere at all") is None
    coded = replace(words, areas={"n": replace(words.areas["north"], postal_codes=("1030",))})
    assert find_area(coded, "1030").code == area_index(coded).by_postal_code["1030"].code == "north"


def test_two_places_a_slip_away_are_no_place(words):
    twins = {name: replace(words.areas["north"], code=name, names=(name,)) for name in ("Rivera", "Rivero")}
    assert find_area(replace(words, areas=twins), "Riverx") is None


def test_a_tree_hash_changes_with_what_a_verdict_depends_on(words):
    other = replace(words, publics={})
    relabelled = replace(words, needs={code: replace(need, labels={}) for code, need in words.needs.items()})
    assert words.tree_hash != other.tree_hash
    assert words.tree_hash == relabelled.tree_hash
