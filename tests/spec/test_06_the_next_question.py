"""The next question

One question at a time, only when its answer would change something, and never one that was declined.
"""

from __future__ import annotations

from tests.spec.conftest import Tell


def test_nothing_said_asks_what_is_needed(tell: Tell) -> None:
    question = tell().question

    assert question is not None
    assert (question.kind, question.text) == ("need", "What do you need?")
    assert "housing" in {answer.code for answer in question.answers}


def test_a_branch_is_asked_before_a_fact(tell: Tell) -> None:
    question = tell(needs=("housing",)).question

    assert question is not None
    assert [answer.code for answer in question.answers] == ["emergency-shelter", "housing-advice"]


def test_the_fact_that_decides_is_asked_with_the_reason_why(tell: Tell) -> None:
    question = tell(needs=("psychologist",)).question

    assert question is not None
    assert (question.kind, question.code, question.why) == ("fact", "papers", "Some ask for it.")
    assert question.share == 1.0  # it decides about every service in the list


def test_what_somebody_prefers_not_to_say_is_not_asked_again(tell: Tell) -> None:
    question = tell(needs=("psychologist",), declined=frozenset({"papers"})).question

    assert question is None or question.code != "papers"


def test_when_no_answer_would_change_anything_nothing_is_asked(tell: Tell) -> None:
    assert tell(needs=("psychologist",), facts={"papers": "none"}).question is None
