"""A situation is read the same from a form, a program or a command line; what is wrong is said, all of it."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maillage.orientation.situation import SituationError, from_mapping, to_mapping
from maillage.orientation.types import Situation

FULL = {
    "text": "someone to talk to",
    "needs": ["psychologist"],
    "facts": {"age": 34.0, "papers": "none", "children": False},
    "publics": ["women"],
    "declined": ["gender", "housing"],
    "area": "north",
    "point": [50.85, 4.35],
    "radius_km": 3.0,
    "languages": ["ar"],
    "window": "tonight",
    "cost": "free",
    "wheelchair": True,
    "remote": True,
    "has_room": True,
    "limit": 5,
}


def problems(given_fields, land):
    with pytest.raises(SituationError) as caught:
        from_mapping(given_fields, land, "en")
    return dict(caught.value.messages)


def test_nothing_said_is_a_situation_too(land):
    assert from_mapping({}, land, "nl") == Situation("testland", "nl")


def test_a_situation_comes_back_as_it_was_sent(land):
    read = from_mapping(FULL, land, "en")
    assert read.facts == FULL["facts"]
    assert read.declined == {"gender", "housing"}
    assert to_mapping(read) == {**FULL, "declined": ["gender", "housing"]}
    assert from_mapping(to_mapping(read), land, "en") == read
    assert to_mapping(Situation("testland")) == {}


def test_a_form_sends_texts(land):
    sent = {
        "fact.children": "true", "fact.age": "34,5", "fact.papers": "none", "fact.gender": "", "fact.violence": "unknown",
        "wheelchair": "on", "remote": "off", "radius_km": "3", "point": "50.85, 4.35", "limit": "5", "needs": "company",
        "text": "  a   bed\x00 ", "window": "", "area": "",
    }  # fmt: skip
    read = from_mapping(sent, land, "en")
    assert read.facts == {"children": True, "age": 34.5, "papers": "none"}
    assert (read.wheelchair, read.remote, read.radius_km, read.point) == (True, False, 3.0, (50.85, 4.35))
    assert (read.limit, read.needs, read.text, read.window, read.area) == (5, ("company",), "a bed", "", "")


def test_a_point_may_be_an_object_and_a_place_a_name(land):
    read = from_mapping({"point": {"latitude": 50, "longitude": 4}, "near": "Noord"}, land, "en")
    assert (read.point, read.area) == ((50.0, 4.0), "north")
    assert from_mapping({"near": "harbor"}, land, "en").area == "harbour"  # a slip of the pen
    assert from_mapping({"near": "Noord", "area": "south"}, land, "en").area == "south"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("text", 5),
        ("text", "a" * 2_001),
        ("needs", "nowhere"),
        ("needs", [5]),
        ("needs", ["housing"] * 41),
        ("publics", ["martians"]),
        ("declined", ["colour"]),
        ("languages", ["xx"]),
        ("area", "atlantis"),
        ("near", "zzzzzzzz"),
        ("window", "yesterday"),
        ("cost", "cheap"),
        ("point", [95, 4]),
        ("point", "50.85"),
        ("point", [float("nan"), 4]),
        ("point", [True, 4]),
        ("point", "50.85,4,3"),
        ("radius_km", "far"),
        ("radius_km", -1),
        ("radius_km", float("inf")),
        ("radius_km", 10**400),
        ("radius_km", "1" * 50),
        ("limit", 0),
        ("limit", 101),
        ("limit", 2.5),
        ("wheelchair", "maybe"),
        ("wheelchair", 1),
        ("after", "not a cursor"),
        ("facts", "age=5"),
        ("fact.age", "old"),
        ("fact.age", 131),
        ("fact.papers", "gold"),
        ("fact.children", "perhaps"),
        ("colour", "red"),
    ],
)
def test_bad_input_is_a_sentence_for_its_field(land, field, value):
    found = problems({field: value}, land)
    assert list(found) == [field]
    assert found[field].endswith(".")


def test_an_unknown_criterion_is_named(land):
    assert problems({"fact.colour": "red"}, land) == {"facts": "“colour” is not known here."}
    assert "colour" in problems({"facts": {"colour": "red"}}, land)["facts"]


def test_every_problem_is_told_at_once(land):
    found = problems({"area": "x", "window": "y", "limit": 0, "fact.age": -1}, land)
    assert set(found) == {"area", "window", "limit", "fact.age"}
    with pytest.raises(SituationError, match=r"area: .* window: "):
        from_mapping({"area": "x", "window": "y"}, land, "en")


def test_a_territory_without_a_list_of_languages_takes_any_code(land):
    from maillage.orientation import queries

    land.content = {"criteria": []}
    land.pack_version = "bare"
    queries.forget()
    assert from_mapping({"languages": ["so"]}, land, "en").languages == ("so",)
    assert problems({"languages": ["Somali"]}, land)["languages"]
    assert from_mapping({"window": "tonight"}, land, "en").window == "tonight"  # the usual moments


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
fields = st.sampled_from([*FULL, "near", "after", "fact.age", "fact.papers", "fact.children", "colour", "language"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=st.dictionaries(fields, json, max_size=4))
def test_whatever_is_sent_is_read_or_refused_with_sentences(land, sent):
    with suppress(SituationError):
        assert from_mapping(sent, land, "en").territory == "testland"
