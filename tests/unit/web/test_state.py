"""The pairs of a form: read, answered, taken back."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.http import QueryDict  # noqa: TID251
from hypothesis import given
from hypothesis import strategies as st

from maillage.orientation import queries
from maillage.territory.models import Territory
from maillage.web import state
from maillage.web.presenters.vocabulary import Vocabulary

NAMES = st.sampled_from([*sorted(state.MANY), *sorted(state.ONE), "fact.age", "fact.children", "other", "do", "order"])
VALUES = st.text(max_size=30)
FORMS = st.lists(st.tuples(NAMES, VALUES), max_size=30)


def form(pairs: list[tuple[str, str]]) -> QueryDict:
    return QueryDict(urlencode(pairs, errors="replace"))


@given(FORMS)
def test_what_is_read_is_known_trimmed_and_once(pairs: list[tuple[str, str]]) -> None:
    found = state.read(form(pairs))
    assert len(found) == len(set(found)) <= state.MOST_PAIRS
    for name, value in found:
        assert state.is_known(name)
        assert value == " ".join(value.split()) != ""
    singles = [name for name, _ in found if name not in state.MANY]
    assert len(singles) == len(set(singles))


@given(FORMS)
def test_what_is_sent_back_is_read_again_in_the_same_order(pairs: list[tuple[str, str]]) -> None:
    found = state.read(form(pairs))
    again = state.read(form(state.hidden_of(found)))
    assert set(again) == set(found)
    said = [pair for pair in found if pair[0] != "text"]
    assert [pair for pair in again if pair[0] != "text"] == said


@given(FORMS, st.text(max_size=60))
def test_any_button_leaves_readable_pairs(pairs: list[tuple[str, str]], pressed: str) -> None:
    words = Vocabulary(nowhere := Territory(content={}, languages=[]), queries.Vocabulary(nowhere, {}, {}, {}))
    sent = form([*pairs, ("do", pressed)])
    assert all(state.is_known(name) and value for name, value in state.after(state.read(sent), sent, words))


def test_an_answer_replaces_the_one_before_and_undoes_a_refusal() -> None:
    pairs: state.Pairs = (("declined", "age"), ("fact.children", "true"))
    pairs = state.adding(pairs, "fact.age", "30")
    assert pairs == (("fact.children", "true"), ("fact.age", "30"))
    assert state.adding(pairs, "fact.age", "31")[-1] == ("fact.age", "31")
    assert state.adding(pairs, "declined", "age") == (("fact.children", "true"), ("declined", "age"))


@pytest.mark.parametrize(
    ("text", "words", "left"),
    [
        ("a bed tonight, she speaks Arabic", "arabic", "a bed tonight, she speaks"),
        ("Arabic, a bed", "arabic", "a bed"),
        ("a bed", "nowhere", "a bed"),
        ("a bed", "", "a bed"),
    ],
)
def test_words_are_taken_out_of_the_text(text: str, words: str, left: str) -> None:
    assert state.without_words((("text", text),), words) == (("text", left),)


def test_a_text_that_was_only_those_words_disappears() -> None:
    assert state.without_words((("text", "arabic"),), "Arabic") == ()


def test_a_relaxation_takes_its_filter_away() -> None:
    pairs = (("area", "north"), ("languages", "ar"), ("fact.age", "30"))
    assert state.relaxing(pairs, "languages", "") == (("area", "north"), ("fact.age", "30"))
    assert state.relaxing(pairs, "fact:age", "") == (("area", "north"), ("languages", "ar"))
    assert state.relaxing(pairs, "unheard of", "") == pairs
