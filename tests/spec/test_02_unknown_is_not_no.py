"""Unknown is not no

Most of what one would like to know about a service is written nowhere. Silence is never taken for a refusal.
"""

from __future__ import annotations

from tests.spec.conftest import Tell, names, of


def test_unknown_never_excludes(tell: Tell) -> None:
    """Old Word says nothing of its languages, and its hours are written as "le soir". It stays, with what to ask."""
    answer = tell("a bed tonight, North End", languages=("ar",))

    old_word = of(answer, "Old Word")
    assert old_word.verdict != "no"
    assert "Ask whether Arabic is spoken." in old_word.to_verify
    assert old_word.is_open is None


def test_what_was_said_too_long_ago_is_unknown_again(tell: Tell) -> None:
    """Two days ago Old Word said that it was full. What a shelter says of its beds holds for twelve hours."""
    answer = tell("a bed tonight, North End")

    assert of(answer, "Old Word").room_status == ""
    assert of(answer, "Full House").room_status == "no-capacity"


def test_a_psychologist_for_someone_without_papers(tell: Tell) -> None:
    answer = tell("psychologist without papers")

    assert names(answer) == ["Listening Post"]
    assert of(answer, "City Practice").verdict == "no"
    assert of(answer, "City Practice").would_fit_if


def test_while_nobody_says_anything_of_papers_both_are_to_verify(tell: Tell) -> None:
    answer = tell(needs=("psychologist",))

    assert {suggestion.verdict for suggestion in answer.suggestions} == {"verify"}
    assert set(names(answer)) == {"Listening Post", "City Practice"}


def test_knowing_more_never_adds_a_service(tell: Tell) -> None:
    before = tell(needs=("emergency-shelter",))
    after = tell(needs=("emergency-shelter",), facts={"gender": "man", "age": 30})

    assert set(names(after)) <= set(names(before))


def test_nothing_found_says_which_filter_to_relax_and_what_it_would_give(tell: Tell) -> None:
    answer = tell(needs=("psychologist",), window="sunday")

    assert answer.total == 0
    relaxation, sentence = answer.relaxations[0]
    assert (relaxation.code, relaxation.count) == ("window", 2)
    assert sentence == "Without “Sunday”: 2 services"
