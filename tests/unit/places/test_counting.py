"""Nobody counts twice, and who walks alone is believed."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maillage.places import counting
from maillage.places.counting import Cell, NotCounted, Told, check_line, check_said, said, total

ETHOS = {
    "categories": [
        {"code": "public-space", "where": "both"},
        {"code": "hostel", "where": "service"},
        {"code": "squat", "where": "street"},
    ]
}


def seen(
    people: int = 1, mark: str = "", teller: str = "ann", zone: str = "z1", category: str = "public-space"
) -> Told:
    return Told(zone, "service" if zone.startswith("service:") else "street", category, people, mark, teller)


told_lines = st.lists(
    st.builds(
        lambda people, mark, teller, zone: seen(1 if mark else people, mark, teller, zone),
        st.integers(1, 9),
        st.sampled_from(["", "m1", "m2", "m3"]),
        st.sampled_from(["ann", "ben", "cid"]),
        st.sampled_from(["z1", "z2"]),
    ),
    max_size=25,
)


def test_one_who_walks_on_adds_up():
    assert total([seen(3), seen(2), seen(1, zone="z2")]).all == Cell(6, 6)


def test_a_second_form_of_the_same_zone_by_somebody_else_doubles_nobody():
    found = total([seen(3), seen(2), seen(4, teller="ben"), seen(1, teller="ben")])
    assert found.all == Cell(10, 5)


def test_one_person_met_in_two_zones_and_in_a_centre_is_one():
    found = total([seen(1, "m1"), seen(1, "m1", "ben", "z2"), seen(1, "m1", "cid", "service:x")])
    assert (found.all, found.met_twice) == (Cell(3, 1), 2)
    assert found.by(0)[("z1",)] == Cell(1, 1)
    assert found.by(0)[("z2",)] == Cell(1, 0)


def test_two_teams_who_each_knew_other_people_count_all_those_they_knew():
    found = total([seen(1, "m1"), seen(1, "m2"), seen(1, "m3", "ben"), seen(1, "m4", "ben"), seen(1, "m5", "ben")])
    assert found.all.people == 5


def test_services_add_up_even_in_one_street():
    assert total([seen(30, zone="service:a"), seen(20, zone="service:b", teller="ben")]).all == Cell(50, 50)


def test_a_count_of_nothing_is_nothing():
    assert total([]).all == Cell(0, 0)


@given(told_lines)
def test_the_total_without_double_counting_is_never_more_than_what_was_told(lines):
    found = total(lines)
    assert found.all.people <= found.all.told == sum(line.people for line in lines)
    assert found.by(1, 2) == {} or sum((cell for cell in found.by(1, 2).values()), Cell()) == found.all
    assert found.all.people >= len({line.mark for line in lines} - {""})


@given(told_lines, st.integers(1, 9))
def test_one_line_more_never_lowers_it(lines, people):
    before = total(lines).all
    after = total([*lines, seen(people, teller="ben", zone="z2")]).all
    assert after.people >= before.people
    assert after.told == before.told + people


@given(told_lines)
def test_the_whole_form_again_by_somebody_else_adds_nobody(lines):
    mine = [line for line in lines if line.teller == "ann"]
    again = [seen(line.people, line.mark, "zoe", line.zone) for line in mine]
    assert total([*mine, *again]).all.people == total(mine).all.people


def test_what_somebody_says_is_read_in_one_form_and_too_little_leaves_no_mark():
    assert said("É.m.", 1980, "woman") == said("em", 1980, "woman") == "em|1980|woman"
    assert said("e", 1980, "woman") == said("em", None, "woman") == said("em", 1980, "") == ""


@pytest.mark.parametrize(
    ("words", "people", "sentence"),
    [
        (("em", 1980, "woman"), 2, "write a line for each"),
        (("em", None, "woman"), 1, "all three"),
        (("em", 1880, "woman"), 1, "year of birth cannot be right"),
        (("em", 2030, "woman"), 1, "year of birth cannot be right"),
    ],
)
def test_what_was_typed_of_somebody_is_checked(words, people, sentence):
    with pytest.raises(NotCounted, match=sentence):
        check_said(*words, people, on=date(2026, 11, 20))


def test_nothing_typed_is_nothing_wrong():
    check_said("", None, "", 7, on=date(2026, 11, 20))
    check_said("em", 1980, "woman", 1, on=date(2026, 11, 20))


@pytest.mark.parametrize(
    ("source", "category", "people"),
    [
        ("street", "hostel", 1),
        ("service", "squat", 1),
        ("street", "x", 1),
        ("street", "squat", 0),
        ("street", "squat", 51),
    ],
)
def test_a_line_of_another_method_or_of_nobody_is_refused(source, category, people):
    with pytest.raises(NotCounted):
        check_line(ETHOS, source, category, people)


def test_each_source_has_its_categories():
    assert [one["code"] for one in counting.categories(ETHOS, "street")] == ["public-space", "squat"]
    check_line(ETHOS, "service", "hostel", 1_500)


def test_zones_are_typed_one_a_line():
    assert counting.zones_typed(["Midi station ", "", "midi  station", "Midi  station", "Canal"]) == [
        {"code": "z1", "label": "Midi station"},
        {"code": "z2", "label": "midi station"},
        {"code": "z3", "label": "Canal"},
    ]


def test_a_territory_without_ways_to_count_has_none():
    assert counting.methods({}) == []
    assert counting.method_of({"places": {"count_methods": [{"code": "a"}]}}, "b") is None
