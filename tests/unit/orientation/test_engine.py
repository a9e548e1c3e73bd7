"""From a situation to explained suggestions: what is promised to the person."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maillage.directory.search.engine import UnknownTerritory
from maillage.orientation.engine import orient, window_of
from maillage.orientation.types import Situation
from tests.testland import NOW, SECRET_STREET

BED = "a bed tonight, two children, North End, she speaks Arabic"


def by_name(found):
    return {one.card.texts["name"]["en"]: one for one in (*found.suggestions, *found.near_misses)}


def test_the_woman_of_the_first_page_gets_her_list(orienting):
    found = orienting(BED, **{"fact.gender": "woman"})
    named = by_name(found)
    assert found.suggestions[0].card.texts["name"]["en"] == "Women's Haven"
    haven = named["Women's Haven"]
    assert haven.verdict == "fits"
    assert haven.why[:2] == ("For: a woman", "For: with children")
    assert haven.room == "2 beds free, said 20 minutes ago"
    assert haven.openness == "Open day and night"
    assert haven.freshness == "Confirmed 19 days ago"
    assert named["Open Door"].to_verify == ("To check: age: from 18 years",)
    assert named["Open Door"].openness == "Tonight: open until 08:00"
    assert named["Full House"].room == "Full, said 20 minutes ago"
    assert named["Full House"].room_status == "no-capacity"


def test_the_situation_comes_back_as_understood(orienting):
    found = orienting(BED)
    assert found.situation.needs == ("emergency-shelter",)
    assert found.situation.text == ""
    assert (found.situation.area, found.situation.languages, found.situation.window) == ("north", ("ar",), "tonight")
    again = orient(found.situation, at=NOW)
    assert [s.card.service for s in again.suggestions] == [s.card.service for s in found.suggestions]


def test_of_a_chosen_and_a_read_need_the_deeper_stays(orienting):
    assert orienting("a bed tonight", needs=["housing"]).situation.needs == ("emergency-shelter",)
    deeper = orienting("housing", needs=["emergency-shelter"])
    assert deeper.situation.needs == ("emergency-shelter",)
    assert deeper.understood == ()
    assert set(orienting("psychologist", needs=["housing"]).situation.needs) == {"housing", "psychologist"}


def test_what_is_said_about_room_expires(orienting):
    old = by_name(orienting("a bed tonight"))["Old Word"]
    assert old.room == "Not known: what was said 2 days ago is no longer valid."
    assert old.room_status == ""
    assert old.openness == "Hours as written: le soir"
    later = by_name(orienting("a bed tonight", at=NOW + timedelta(days=1)))
    assert later["Full House"].room_status == ""


def test_unknown_is_to_verify_and_never_no(orienting):
    found = orienting("a bed tonight")
    assert {one.verdict for one in found.suggestions} == {"fits", "verify"}
    assert len(found.suggestions) == 5
    assert by_name(found)["Old Word"].to_verify == ("The opening hours are not known: call first.",)


def test_a_service_that_does_not_fit_says_what_would(orienting):
    found = orienting("a psychologist who takes people without papers")
    assert [one.card.texts["name"]["en"] for one in found.suggestions] == ["Listening Post"]
    missed = by_name(found)["City Practice"]
    assert missed.verdict == "no"
    assert missed.blockers == ("For: papers: yes",)
    assert missed.would_fit_if == ("Would fit if: papers: yes",)
    assert missed.obstacles == ()
    assert found.relaxations[0][1] == "Without “Papers: no”: 2 services"


def test_a_language_nobody_speaks_is_an_obstacle_that_an_interpreter_lifts(orienting):
    safe = by_name(orienting(BED))["Safe House"]
    (obstacle,) = safe.obstacles
    assert obstacle.sentence == "Arabic is not spoken there."
    assert [lift.card.texts["name"]["en"] for lift in obstacle.lifts] == ["The Voice"]
    assert obstacle.lifts[0].sentence == "An interpreter comes."
    assert by_name(orienting(BED, language="fr"))["Safe House"].obstacles[0].sentence == "arabe n'y est pas parlé."


def test_an_unknown_language_is_asked_and_raises_nothing(orienting):
    old = by_name(orienting(BED))["Old Word"]
    assert old.obstacles == ()
    assert "Ask whether Arabic is spoken." in old.to_verify


def test_help_to_get_there_is_proposed_only_where_it_can_serve(orienting, land):
    from maillage.directory.models import Service, ServiceArea
    from maillage.directory.search.index import reindex

    given = {"fact.mobility": "reduced", "near": "South End"}
    (tea,) = orienting("company", **given).suggestions
    assert [lift.card.texts["name"]["en"] for lift in tea.obstacles[0].lifts] == ["The Ride"]
    ride = Service.objects.get(code="the-ride")
    ServiceArea.objects.filter(service=ride).update(area=land.areas.get(code="harbour"))
    reindex(land, [ride.pk])
    (tea,) = orienting("company", **given).suggestions
    assert tea.obstacles[0].lifts == ()  # it does not serve the South End
    (tea,) = orienting("company", **{"fact.mobility": "reduced"}).suggestions
    assert tea.obstacles[0].lifts == ()  # nor where the tea is
    (tea,) = orienting("company", **{"fact.mobility": "reduced", "near": "Harbour"}).suggestions
    assert len(tea.obstacles[0].lifts) == 1


def test_help_that_is_closed_when_needed_is_not_proposed(orienting):
    (tea,) = orienting("company", **{"fact.mobility": "reduced", "window": "sunday"}).suggestions
    assert tea.obstacles[0].lifts == ()  # the ride rests on Sundays
    (tea,) = orienting("company", **{"fact.mobility": "reduced", "window": "now"}).suggestions
    assert tea.obstacles[0].lifts == ()  # and at half past eight in the evening


def test_a_service_that_says_it_lifts_an_obstacle_stands_in_where_the_category_has_none(orienting, land):
    from maillage.directory.models import ServiceTerm, TaxonomyTerm
    from maillage.directory.search.index import reindex

    ServiceTerm.objects.filter(service__code="the-ride").update(term=TaxonomyTerm.objects.get(code="support"))
    reindex(land)
    (tea,) = orienting("company", **{"fact.mobility": "reduced"}).suggestions
    assert [(lift.card.texts["name"]["en"], lift.sentence) for lift in tea.obstacles[0].lifts] == [("The Ride", "")]


def test_a_category_that_the_tree_does_not_hold_is_not_searched(orienting, land, words):
    from maillage.orientation import lifting, queries

    stranger = replace(words.obstacles["mobility"], lifted_by=(("nowhere", {}),))
    changed = replace(words, obstacles={"mobility": stranger})
    queries._kept[land.pk] = (queries._kept[land.pk][0], changed)
    (tea,) = orienting("company", **{"fact.mobility": "reduced"}).suggestions
    assert [lift.card.texts["name"]["en"] for lift in tea.obstacles[0].lifts] == ["The Ride"]
    assert lifting.MOST_SEARCHES == 8


def test_danger_comes_with_its_contacts_in_the_readers_language(orienting):
    found = orienting("il me frappe, un lit ce soir", language="nl")
    (flag,) = found.red_flags
    assert (flag.label, flag.message) == ("Gevaar", "U bent niet alleen.")
    assert [(one.name, one.number, one.hours) for one in flag.contacts] == [("Noodnummer", "112", "24/7")]
    assert found.suggestions  # danger informs, it hides nothing


def test_a_dangerous_need_raises_its_flag_when_it_is_chosen(orienting, land):
    from maillage.orientation import queries
    from maillage.orientation.models import Need

    Need.objects.filter(code="emergency-shelter").update(red_flag="violence")
    queries.forget()
    assert [flag.code for flag in orienting(needs=["emergency-shelter"]).red_flags] == ["violence"]
    Need.objects.filter(code="emergency-shelter").update(red_flag="no such flag")
    queries.forget()
    assert orienting(needs=["emergency-shelter"]).red_flags == ()


def test_the_first_question_is_the_tree_then_its_branches_then_facts(orienting):
    first = orienting()
    assert (first.question.kind, first.question.code) == ("need", "needs")
    assert [answer.code for answer in first.question.answers] == [
        "housing",
        "health",
        "company",
    ]  # not the lifting ones
    second = orienting(needs=["housing"], language="nl")
    assert (second.question.code, second.question.text) == ("housing", "Wat hebt u nodig?")
    assert [answer.label for answer in second.question.answers] == ["Noodopvang", "Woonadvies"]
    third = orienting(needs=["emergency-shelter"])
    assert (third.question.kind, third.question.code) == ("fact", "age")
    assert (third.question.text, third.question.why) == ("How old?", "Some places have an age.")
    fourth = orienting(needs=["emergency-shelter"], declined=["age", "children", "violence"])
    assert next(iter(fourth.question.answers)).label == "a woman"


def test_an_answer_brings_another_question_until_nothing_would_change(orienting):
    given, asked = {"needs": ["emergency-shelter"]}, []
    answers = {"gender": "man", "age": 40, "violence": False, "children": False, "papers": "none", "mobility": "walks"}
    while (question := orienting(**given).question) is not None:
        assert question.code not in asked
        asked.append(question.code)
        given[f"fact.{question.code}"] = answers[question.code]
    assert set(asked) == {"age", "violence", "children"}  # without children, the place for women asks no gender
    assert all(one.verdict == "fits" or one.to_verify for one in orienting(**given).suggestions)


def test_what_is_declined_is_never_asked_again(orienting):
    given = {"needs": ["emergency-shelter"], "declined": []}
    while (question := orienting(**given).question) is not None:
        assert question.code not in given["declined"]
        given["declined"].append(question.code)
    assert {"gender", "age", "violence", "children"} <= set(given["declined"])
    assert orienting(declined=["needs", *given["declined"], "papers", "mobility"]).question is None


def test_a_question_about_getting_there_is_asked_where_it_would_bring_help(orienting):
    found = orienting("company")
    assert (found.question.code, found.question.kind) == ("mobility", "fact")
    assert orienting("company", **{"fact.mobility": "walks"}).question is None


def test_yes_or_no_and_numbers_are_asked_as_such(orienting):
    asked = orienting(needs=["emergency-shelter"], declined=["gender", "age", "violence"]).question
    assert [(a.code, a.label) for a in asked.answers] == [("true", "Yes"), ("false", "No")]
    asked = orienting(needs=["emergency-shelter"], declined=["gender", "children", "violence"]).question
    assert (asked.code, asked.answers, asked.unit) == ("age", (), "years")


def test_a_filter_that_leaves_little_says_what_its_absence_would_give(orienting):
    found = orienting("psychologist tonight free")
    assert found.total == 0
    assert [sentence for _, sentence in found.relaxations] == ["Without “Tonight”: 1 service"]


@pytest.mark.parametrize(
    ("given", "why", "to_verify"),
    [
        ({"cost": "free"}, "Free of charge", "Ask whether it is free of charge."),
        ({"wheelchair": True}, "A wheelchair can enter", "Ask whether a wheelchair can enter."),
        ({"area": "north"}, "Open to people from North End", "Ask whether people from North End can come."),
        ({"languages": ["ar"]}, "Spoken here: Arabic", "Ask whether Arabic is spoken."),
        ({"has_room": True}, None, "Ask whether there is room."),
    ],
)
def test_each_filter_is_a_reason_or_a_question(orienting, given, why, to_verify):
    found = orienting(needs=["emergency-shelter"], limit=20, **given)
    reasons = {sentence for one in found.suggestions for sentence in one.why}
    questions = {sentence for one in found.suggestions for sentence in one.to_verify}
    assert why is None or why in reasons
    assert to_verify in questions


def test_remote_services_and_those_without_a_place_are_said(orienting, land):
    from maillage.directory.models import Location, Service
    from maillage.directory.search.index import reindex

    Service.objects.filter(code="tea-hour").update(delivery=[])
    Location.objects.filter(name="Tea Hour").update(latitude=None, longitude=None)
    reindex(land)
    found = orienting(needs=["company", "support-interpreter"], remote=True, area="north", radius_km=2)
    named = by_name(found)
    assert "Possible at a distance" in named["The Voice"].why
    assert {"Ask whether it can be done at a distance.", "How far it is is not known."} <= set(
        named["Tea Hour"].to_verify
    )


def test_an_interpreter_on_demand_is_to_be_asked_for(orienting, land):
    from maillage.directory.models import Service
    from maillage.directory.search.index import reindex

    Service.objects.filter(code="tenants-desk").update(has_interpreter=True)
    reindex(land)
    desk = by_name(orienting("tenant", languages=["ar"]))["Tenants' Desk"]
    assert desk.obstacles == ()
    assert "An interpreter can come: ask for Arabic." in desk.to_verify


def test_the_whole_territory_as_a_place_narrows_nothing(orienting):
    assert orienting(needs=["emergency-shelter"], area="testland").total == 5
    assert orienting(needs=["emergency-shelter"], area="testland").suggestions[0].distance_km is None


def test_a_confidential_place_is_told_by_its_area_only(orienting):
    safe = by_name(orienting(BED))["Safe House"]
    assert safe.card.is_confidential
    assert SECRET_STREET not in repr(orienting(BED))
    assert (safe.card.latitude, safe.card.longitude) == (50.87, 4.42)


def test_categories_that_also_answer_are_searched(orienting):
    from maillage.directory.models import TaxonomyTerm
    from maillage.orientation import queries
    from maillage.orientation.models import Need

    Need.objects.get(code="company").also.add(TaxonomyTerm.objects.get(code="psychologist"))
    queries.forget()
    assert orienting(needs=["company"]).total == 3


def test_the_needs_own_moment_only_ranks(orienting):
    found = orienting(needs=["emergency-shelter", "housing-advice"])
    assert by_name(found)["Tenants' Desk"].is_open is False  # shown although closed tonight: nobody asked for tonight
    chosen = orienting(needs=["emergency-shelter", "housing-advice"], window="tonight")
    assert "Tenants' Desk" not in by_name(chosen)


def test_a_service_closed_for_a_while_says_so(orienting, land):
    from maillage.directory.models import Service
    from maillage.directory.search.index import reindex

    Service.objects.filter(code="tea-hour").update(status=Service.Status.CLOSED)
    reindex(land)
    assert by_name(orienting("company"))["Tea Hour"].openness == "Closed for the time being"


def test_pages_follow_each_other_and_yesterdays_list_begins_again(orienting):
    first = orienting(needs=["emergency-shelter"], limit=2)
    second = orienting(needs=["emergency-shelter"], limit=2, after=first.next)
    assert {s.card.service for s in first.suggestions}.isdisjoint(s.card.service for s in second.suggestions)
    tomorrow = orienting(needs=["emergency-shelter"], limit=2, after=first.next, at=NOW + timedelta(days=1))
    assert len(tomorrow.suggestions) == 2


def test_a_reader_of_another_language_gets_the_territorys(orienting):
    found = orienting(BED, language="sw")
    assert by_name(found)["Women's Haven"].verdict == "verify"
    assert found.situation.language == "sw"


def test_an_unknown_territory_is_said():
    with pytest.raises(UnknownTerritory):
        orient(Situation("nowhere"), at=NOW)


test_an_unknown_territory_is_said = pytest.mark.django_db(test_an_unknown_territory_is_said)


def test_a_moment_that_nobody_defined_is_no_moment(words):
    assert window_of("someday", words, at=NOW) is None
    assert window_of("", words, at=NOW) is None
    assert window_of("now", replace(words, windows={}), at=NOW).start == NOW


def test_one_orientation_asks_the_database_little(orienting, django_assert_max_num_queries):
    orienting(BED, **{"fact.mobility": "reduced"})
    with django_assert_max_num_queries(
        9
    ):  # territory, then two for each of: the list, the ride, the interpreter, the spare
        orienting(BED, **{"fact.mobility": "reduced"})


def test_nothing_of_a_person_is_written(orienting, django_capture_on_commit_callbacks):
    from django.apps import apps

    before = {model: model.objects.count() for model in apps.get_models()}
    orienting(BED, **{"fact.papers": "none", "fact.violence": True})
    assert {model: model.objects.count() for model in apps.get_models()} == before


facts = st.fixed_dictionaries({}, optional={
    "age": st.integers(0, 130), "gender": st.sampled_from(["woman", "man", "other"]), "children": st.booleans(),
    "violence": st.booleans(), "papers": st.sampled_from(["resident", "none", "asylum"]),
    "mobility": st.sampled_from(["walks", "reduced", "wheelchair"]),
})  # fmt: skip


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(known=facts, more=facts)
def test_one_more_fact_never_brings_back_what_was_excluded(orienting, known, more):
    both = {**more, **known}
    before = orienting(needs=["housing"], facts=known, limit=100)
    after = orienting(needs=["housing"], facts=both, limit=100)
    kept = {one.card.service for one in after.suggestions}
    assert kept <= {one.card.service for one in before.suggestions}
    assert all((one.verdict == "fits") == (not one.to_verify) for one in after.suggestions)
