"""Passwords by today's guidance: long, not common, not our own name; and nothing else is asked of them."""

from __future__ import annotations

import pytest
from django.contrib.auth.password_validation import get_default_password_validators, validate_password
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from maillage.people.models import User
from maillage.people.passwords import KnownWordsValidator
from maillage.territory.models import Territory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("fourteen chars", "too short"),
        ("maillagemaillage", "anyone would try first"),
        ("Maillage-password-2026", "anyone would try first"),
        ("testlandtestland1", "anyone would try first"),
        ("aaaaaaaaaaaaaaaaaaaa", "anyone would try first"),
        ("iloveyouiloveyou", "anyone would try first"),
        ("azertyuiopqsdfghjklm", "anyone would try first"),
        ("abcdefghijklmnopqrst", "anyone would try first"),
        ("eve.the.great@example.org", "too similar"),
        ("Evangeline the Great", "too similar"),
        ("1234567890123456", "anyone would try first"),
    ],
)
def test_what_anyone_would_guess_is_refused_with_a_sentence(testland: Territory, password: str, sentence: str) -> None:
    user = User(email="eve.the.great@example.org", name="Evangeline the Great")
    with pytest.raises(ValidationError, match=sentence):
        validate_password(password, user)


@pytest.mark.parametrize("password", ["a sentence nobody knows", "patevebupa-borisijafu", "ünïcödé éà 漢字 🐟 lettres"])
def test_nothing_is_asked_of_its_composition(testland: Territory, password: str) -> None:
    validate_password(password, User(email="eve@example.org"))


def test_a_password_of_several_thousand_characters_is_a_password() -> None:
    validate_password("".join(chr(97 + n % 26) + str(n) for n in range(1000)))


def test_each_rule_says_in_a_sentence_what_helps() -> None:
    assert all(validator.get_help_text() for validator in get_default_password_validators())
    assert KnownWordsValidator().get_help_text().endswith(".")


@given(st.text(max_size=60))
def test_whatever_is_typed_is_taken_or_refused_and_twice_the_same_is_no_better(password: str) -> None:
    assert taken(password * 2) <= taken(password)


def taken(password: str) -> bool:
    try:
        KnownWordsValidator().validate(password)
    except ValidationError:
        return False
    return True
