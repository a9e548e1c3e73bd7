"""Danger comes first

Some words mean that there is no time for questions. The emergency contacts of the territory stand above everything else.
"""

from __future__ import annotations

import pytest

from tests.spec.conftest import Tell, names


@pytest.mark.parametrize(
    ("words", "language"), [("he hits me, I need a bed", "en"), ("il me frappe", "fr"), ("hij slaat me", "nl")]
)
def test_words_of_danger_lead_to_the_emergency_contacts(tell: Tell, words: str, language: str) -> None:
    answer = tell(words, language=language)

    assert [flag.code for flag in answer.red_flags] == ["violence"]
    assert answer.red_flags[0].contacts[0].number == "112"


def test_the_services_are_still_there_below(tell: Tell) -> None:
    assert names(tell("he hits me, I need a bed tonight"))[0] == "Safe House"


def test_an_ordinary_question_raises_no_alarm(tell: Tell) -> None:
    assert tell("a bed tonight").red_flags == ()
