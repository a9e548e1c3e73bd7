"""Rights that a situation may open: listed when something supports them, never refused aloud, never asking too much."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maillage.methods.conditions import judged
from maillage.methods.eligibility import FALSE
from maillage.orientation import queries, rights
from maillage.orientation.actions import matches
from maillage.orientation.shape import as_mapping
from maillage.orientation.types import Situation
from maillage.territory.models import Territory
from tests.rights import CARE, CHILD, OLDER, RIGHTS, bestow
from tests.testland import NOW

FACTS = st.fixed_dictionaries(
    {},
    optional={
        "papers": st.sampled_from(["resident", "none", "asylum"]),
        "children": st.booleans(),
        "age": st.sampled_from([15.0, 40.0, 70.0]),
        "mobility": st.sampled_from(["walks", "wheelchair"]),
    },
)
NEEDS = st.lists(st.sampled_from(["health", "psychologist", "housing", "housing-advice"]), max_size=2).map(tuple)


@pytest.fixture
def land(land: Territory) -> Territory:
    return bestow(land)


@pytest.fixture
def words(land: Territory) -> Any:
    return queries.vocabulary(land)


def codes(found: Any) -> list[str]:
    return [one.code for one in found.rights]


def test_a_right_that_something_supports_is_said_with_what_is_to_verify(orienting: Any) -> None:
    found = orienting(needs=["psychologist"], facts={"papers": "none"})
    care = found.rights[0]
    assert (care.code, care.verdict) == ("care-for-all", "verify")
    assert care.why == ("Having no residence permit",)
    assert care.to_verify == ("With a certificate",)
    assert care.documents == ("a certificate",)
    assert care.time_limit == "Within 60 days."
    assert care.claim.at == "The practice"
    assert all("psychologist" in card.needs for card in care.claim.services)
    assert care.claim.services
    assert care.law[0].article == "3"


def test_what_is_known_not_to_hold_is_not_mentioned(orienting: Any) -> None:
    assert "care-for-all" not in codes(orienting(needs=["psychologist"], facts={"papers": "resident"}))


def test_a_right_of_another_need_is_not_mentioned(orienting: Any) -> None:
    assert "care-for-all" not in codes(orienting(needs=["housing-advice"], facts={"papers": "none"}))
    assert "care-for-all" in codes(orienting(facts={"papers": "none"}))  # no need said: whatever is known counts


def test_of_a_right_about_which_nothing_is_known_nothing_is_said_but_the_ones_that_always_go_with_the_need(
    orienting: Any,
) -> None:
    assert codes(orienting(needs=["housing-advice"])) == ["older-income"]
    assert codes(orienting(needs=["housing"])) == []  # above the need of that right


def test_a_right_above_the_need_is_near(orienting: Any) -> None:
    assert "child-money" in codes(orienting(needs=["emergency-shelter"], facts={"children": True}))


def test_every_condition_that_is_known_to_hold_opens_it(orienting: Any) -> None:
    found = orienting(needs=["housing"], facts={"children": True, "age": 30})
    assert [(one.code, one.verdict, one.to_verify) for one in found.rights] == [("child-money", "open", ())]
    assert found.rights[0].why == ("With children",)  # being an adult says nothing


def test_alternatives_that_may_still_hold_are_told_as_such(orienting: Any) -> None:
    found = orienting("", language="fr", needs=["housing"], facts={"children": True})
    assert found.rights[0].to_verify == ("Séjour: oui ; ou âge: à partir de 18 ans",)


def test_what_somebody_has_already_is_not_proposed(orienting: Any) -> None:
    facts = {"children": True, "age": 30, "mobility": "walks"}
    assert codes(orienting(needs=["housing"], facts=facts)) == []


def test_the_number_of_a_public_is_an_example_and_closes_nothing(orienting: Any, land: Territory) -> None:
    older = {"code": "older", "labels": {"en": "Older"}, "facts": {"age": 65}}
    land.content = {**land.content, "publics": [*land.content["publics"], older]}
    land.save()
    queries.forget()
    assert "older-income" in codes(orienting(needs=["housing-advice"], publics=["older"]))


def test_at_most_six_stand_there_the_best_supported_first(orienting: Any, land: Territory) -> None:
    more = [{**CHILD, "code": f"child-{n}"} for n in range(9)]
    both = {**CHILD, "code": "both", "conditions": [CHILD["conditions"][0], CARE["conditions"][0]]}
    bestow(land, *more, both)
    found = orienting(needs=["housing"], facts={"children": True, "papers": "none", "age": 30})
    assert len(found.rights) == rights.MOST
    assert found.rights[0].code == "both"


def test_the_next_page_of_the_list_does_not_say_them_again(orienting: Any) -> None:
    first = orienting(needs=["emergency-shelter"], facts={"children": True}, limit=1)
    assert first.rights
    assert first.next
    assert orienting(needs=["emergency-shelter"], facts={"children": True}, limit=1, after=first.next).rights == ()


def test_a_question_for_rights_comes_after_those_that_change_the_services(orienting: Any) -> None:
    asked = orienting(needs=["psychologist"]).question
    assert (asked.code, asked.about) == ("papers", "services")
    later = orienting(needs=["psychologist"], facts={"papers": "none"}).question
    assert (later.code, later.about) == ("age", "rights")  # of the right that always goes with the need
    assert orienting(needs=["psychologist"], facts={"papers": "none"}, declined=["age"]).question is None


def test_a_kept_right_is_replayed_when_the_pack_has_changed_since(orienting: Any, land: Territory, cast: Any) -> None:
    found = orienting(needs=["psychologist"], facts={"papers": "none"})
    match = matches.keep(found.situation, found.suggestions[0], at=NOW, by=cast.bob, claims=found.rights[:1])
    bestow(land, OLDER)

    (replayed,) = matches.replay(match).rights
    assert (replayed.code, replayed.verdict, replayed.is_same) == ("care-for-all", "verify", True)
    assert replayed.why == ("Having no residence permit",)
    assert replayed.to_verify == ("With a certificate",)


def test_a_kept_right_that_was_changed_is_not_replayed(orienting: Any, cast: Any) -> None:
    found = orienting(needs=["psychologist"], facts={"papers": "none"})
    match = matches.keep(found.situation, found.suggestions[0], at=NOW, by=cast.bob, claims=found.rights[:1])
    match.reasons[-1]["right"]["item"]["conditions"] = []
    with pytest.raises(matches.RulesChanged):
        matches.replay(match)


def test_the_answer_is_plain_values(orienting: Any, words: Any) -> None:
    found = as_mapping(orienting(needs=["psychologist"], facts={"papers": "none"}), words, at=NOW)
    care = found["rights"][0]
    assert care["claim"]["services"][0]["name"]
    assert care["law"][0]["title"] == "Law of Testland"
    assert care["hash"] == rights.digest(CARE)


def test_all_of_them_are_weighed_in_a_fifth_of_a_millisecond(land: Territory) -> None:
    bestow(land, *({**RIGHTS[n % 3], "code": f"right-{n}"} for n in range(30)))
    words = queries.vocabulary(land)
    situation = Situation("testland", facts={"children": True, "papers": "none", "age": 70.0})
    facts = rights.facts_for(situation, words)
    rights.standing(situation, facts, words)
    best = 1.0
    for _ in range(20):
        start = time.perf_counter()
        rights.standing(situation, facts, words)
        best = min(best, time.perf_counter() - start)
    assert best < 0.0006  # 0.0002 on a quiet machine: this one is shared


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(facts=FACTS, more=FACTS, needs=NEEDS)
def test_one_more_fact_never_opens_what_was_excluded(words: Any, facts: Any, more: Any, needs: Any) -> None:
    known = {**more, **facts}
    excluded = {one.code for one in rights.rights_of(words) if judged(one.condition, facts) == FALSE}
    after = rights.standing(Situation("testland", needs=needs, facts=known), known, words)
    assert excluded.isdisjoint(one.right.code for one in after)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(facts=FACTS, needs=NEEDS, declined=st.sets(st.sampled_from(["papers", "age", "children"])))
def test_what_is_asked_would_change_a_right_that_is_shown(words: Any, facts: Any, needs: Any, declined: Any) -> None:
    shown = rights.standing(Situation("testland", needs=needs, facts=facts), facts, words)[: rights.MOST]
    code, share = rights.asking(shown, facts, [], frozenset(declined))
    if code:
        assert code not in declined
        assert code not in facts
        assert share > 0
        assert any(code in (one.right.item.get("ask") or ()) for one in shown)
        assert any(rights.worth_asking([one.right.condition], facts, {code}, never=()) for one in shown)
