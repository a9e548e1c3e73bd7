"""A verdict that was given replays to the same verdict, whatever happened since."""

from __future__ import annotations

import pytest
from django.utils import translation

from maillage.orientation.actions import matches as actions
from maillage.orientation.models import Match
from maillage.people.models import Trace
from tests.testland import NOW

BY = "system:test"


def keep_all(found):
    return [actions.keep(found.situation, one, at=NOW, by=BY) for one in (*found.suggestions, *found.near_misses)]


@pytest.mark.parametrize(
    "text",
    ["a bed tonight, two children, North End, she speaks Arabic", "a psychologist who takes people without papers"],
)
def test_every_verdict_replays_to_the_same(orienting, text):
    found = orienting(text)
    matches = keep_all(found)
    assert {match.verdict for match in matches} >= {"fits"}
    for match in matches:
        kept = Match.objects.get(pk=match.pk)
        again = actions.replay(kept)
        assert (again.verdict, again.is_same, again.is_same_engine) == (kept.verdict, True, True)


def test_a_match_outlives_the_service_and_the_pack(orienting, land):
    from maillage.directory.models import EligibilityRule, Service

    (match,) = (m for m in keep_all(orienting("psychologist without papers")) if m.verdict == "no")
    EligibilityRule.objects.all().delete()
    Service.objects.all().delete()
    again = actions.replay(Match.objects.get(pk=match.pk))
    assert (again.verdict, again.is_same) == ("no", True)
    assert again.sentences == ("Does not hold: For: papers: yes",)


def test_the_explanation_is_in_the_readers_language(orienting):
    found = orienting("a bed tonight", **{"fact.gender": "woman"})
    haven = next(one for one in found.suggestions if one.card.texts["name"]["en"] == "Women's Haven")
    match = actions.keep(found.situation, haven, at=NOW, by=BY)
    assert actions.replay(match).sentences == ("Holds: For: a woman", "Not known: For: with children")
    with translation.override("nl"):
        assert "een vrouw" in actions.replay(match).sentences[0]


def test_what_only_ranks_does_not_change_the_verdict_made_again(orienting):
    """Nobody said which languages are spoken there: it is told, and the service fits all the same."""
    found = orienting("", languages=["ar"])
    silent = [one for one in found.suggestions if one.verdict == "fits" and "languages" in one.unknowns]
    assert silent
    for one in silent:
        match = actions.keep(found.situation, one, at=NOW, by=BY)
        assert actions.replay(Match.objects.get(pk=match.pk)).is_same


def test_what_nobody_knew_then_is_still_unknown(orienting):
    found = orienting("a bed tonight")
    old = next(one for one in found.suggestions if one.card.texts["name"]["en"] == "Old Word")
    match = actions.keep(found.situation, old, at=NOW, by=BY)
    assert match.reasons == [{"filter": "window"}]
    again = actions.replay(match)
    assert (again.verdict, again.is_same) == ("verify", True)
    assert again.sentences == ("Something that was asked was not known of this service.",)


def test_a_preference_is_kept_and_decides_nothing(orienting, land):
    from maillage.directory.models import EligibilityRule, Service
    from maillage.directory.search.index import reindex

    tea = Service.objects.get(code="tea-hour")
    EligibilityRule.objects.create(service=tea, criterion="age", op="gte", value=60, effect="prefer")
    reindex(land, [tea.pk])
    found = orienting("company", **{"fact.age": 78})
    assert found.suggestions[0].why == ("First for: age: from 60 years",)
    match = actions.keep(found.situation, found.suggestions[0], at=NOW, by=BY)
    assert (match.verdict, actions.replay(match).sentences) == ("fits", ())


def test_the_hashes_tell_what_it_was_decided_on(orienting):
    found = orienting("a bed tonight")
    first, second = (actions.keep(found.situation, found.suggestions[0], at=NOW, by=BY) for _ in range(2))
    other = actions.keep(found.situation, found.suggestions[1], at=NOW, by=BY)
    assert (first.rules_hash, first.service_hash, first.tree_hash) == (
        second.rules_hash,
        second.service_hash,
        second.tree_hash,
    )
    assert first.service_hash != other.service_hash
    assert first.tree_hash == other.tree_hash


def test_rules_changed_afterwards_are_noticed(orienting):
    found = orienting("a psychologist without papers")
    match = actions.keep(found.situation, found.near_misses[0], at=NOW, by=BY)
    match.rules[0]["value"] = "none"
    with pytest.raises(actions.RulesChanged):
        actions.replay(match)


def test_a_verdict_of_another_engine_says_so(orienting):
    found = orienting("company")
    match = actions.keep(found.situation, found.suggestions[0], at=NOW, by=BY)
    match.engine, match.verdict = "older", "no"
    again = actions.replay(match)
    assert (again.verdict, again.is_same, again.is_same_engine) == ("fits", False, False)


def test_keeping_leaves_a_trace_that_says_nothing_of_the_person(orienting, alice):
    found = orienting("psychologist", **{"fact.papers": "none"})
    match = actions.keep(found.situation, found.suggestions[0], at=NOW, by=alice)
    trace = Trace.objects.get(verb="kept")
    assert trace.actor == f"user:{alice.uuid}"
    assert "none" not in str(trace.data)
    assert match.facts == {"papers": "none"}
