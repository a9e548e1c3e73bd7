"""Rights that nobody claims

Many people never ask for what the law gives them. While a need is oriented, Maillage says which rights the situation may open, what is still to
verify, and where to claim them. It never says that somebody has no right: only the office that decides can.
"""

from __future__ import annotations

import pytest

from maillage.orientation.types import Orientation
from maillage.territory.models import Territory
from tests.rights import bestow
from tests.spec.conftest import Tell


@pytest.fixture(autouse=True)
def _land(testland: Territory) -> None:
    bestow(testland)


def rights(answer: Orientation) -> list[str]:
    return [one.label for one in answer.rights]


def test_a_right_comes_with_why_it_was_thought_of_what_to_verify_and_where_to_claim(tell: Tell) -> None:
    care = tell(needs=("psychologist",), facts={"papers": "none"}).rights[0]

    assert care.label == "Care for all"
    assert care.why == ("Having no residence permit",)
    assert care.to_verify == ("With a certificate",)  # nobody is asked for it here: the office will
    assert care.claim.at == "The practice"
    assert {card.texts["name"]["en"] for card in care.claim.services} <= {"City Practice", "Listening Post"}
    assert care.documents == ("a certificate",)
    assert care.time_limit == "Within 60 days."


def test_every_right_names_its_source_the_day_it_was_read_and_what_we_drafted(tell: Tell) -> None:
    care = tell(needs=("psychologist",), facts={"papers": "none"}).rights[0]

    assert (care.law[0].title, care.law[0].article) == ("Law of Testland", "3")
    assert care.pages[0].url == "https://example.org/page"
    assert care.checked_on == "2026-11-01"
    assert care.is_assumed


def test_a_right_that_is_known_not_to_be_open_is_not_mentioned(tell: Tell) -> None:
    assert "Care for all" not in rights(tell(needs=("psychologist",), facts={"papers": "resident"}))


def test_when_nothing_is_known_of_a_person_only_what_always_goes_with_the_need_is_said(tell: Tell) -> None:
    assert rights(tell(needs=("housing-advice",))) == ["Income for older people"]


def test_a_right_that_somebody_uses_already_is_not_proposed(tell: Tell) -> None:
    facts = {"children": True, "age": 30.0}

    assert rights(tell(needs=("housing",), facts=facts)) == ["Child money"]
    assert rights(tell(needs=("housing",), facts={**facts, "mobility": "walks"})) == []


def test_rights_are_asked_about_only_when_no_answer_would_change_the_services(tell: Tell) -> None:
    first = tell(needs=("psychologist",)).question
    then = tell(needs=("psychologist",), facts={"papers": "none"}).question

    assert first is not None
    assert (first.code, first.about) == ("papers", "services")
    assert then is not None
    assert (then.code, then.about) == ("age", "rights")


def test_what_somebody_prefers_not_to_say_is_not_asked_for_a_right_either(tell: Tell) -> None:
    assert tell(needs=("psychologist",), facts={"papers": "none"}, declined=frozenset({"age"})).question is None
