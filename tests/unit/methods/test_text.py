from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maillage.methods.text import LONGEST, compound_parts, fold, query_words, stem, stems, tokens, variants


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("réfugiée", "réfugiés", "fr"),  # folding first would separate these
        ("hébergement", "hébergements", "fr"),
        ("opvangplaats", "opvangplaatsen", "nl"),
        ("shelters", "shelter", "en"),
    ],
)
def test_forms_of_a_word_share_a_stem(one: str, other: str, language: str) -> None:
    assert stem(one, language) == stem(other, language)


@pytest.mark.parametrize("word", ["activités", "insalubrité", "parentalité"])
def test_accents_are_folded_after_the_stemmer_not_before(word: str) -> None:
    assert stem(word, "fr") != stem(fold(word), "fr")
    assert stem(word, "fr").isascii()


def test_elisions_fall_away_and_hyphens_split() -> None:
    assert tokens("L’hébergement d'urgence, jusqu'à demain") == ["hébergement", "urgence", "à", "demain"]
    assert tokens("sans-abri") == ["sans", "abri"]


def test_stop_words_carry_no_meaning_unless_alone() -> None:
    assert stems("de la soupe", "fr") == ["soup"]
    assert query_words("a bed with the children") == ["bed", "children"]
    assert query_words("sans") == ["sans"]


def test_a_query_keeps_each_word_once_and_few_of_them() -> None:
    assert query_words("bed bed bed") == ["bed"]
    assert len(query_words(" ".join(f"word{n}" for n in range(200)))) == 24


def test_letters_that_are_not_latin_are_written_in_ascii() -> None:
    assert fold("مأوى").isascii()
    assert fold("مأوى") != fold("مدرسة")
    assert fold("Œuvre straße") == "oeuvre strasse"


def test_a_word_is_looked_up_in_every_language() -> None:
    assert variants("psychologues", ("nl", "fr")) == [stem("psychologues", "nl"), stem("psychologues", "fr")]
    assert fold("psychologues") in variants("psychologues", ("fr",))
    assert stem("psychologues", "ar") == "psychologues"


LEXICON = frozenset(stem(word, "nl") for word in ("daklozen", "opvang", "huis", "arts", "gezin", "hulp"))


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("daklozenopvang", ("daklozen", "opvang")),
        ("huisarts", ("huis", "arts")),
        ("gezinshulp", ("gezin", "hulp")),
        ("opvang", None),
        ("opvangxyz", None),
    ],
)
def test_a_dutch_compound_is_read_as_its_parts(word: str, parts: tuple[str, str] | None) -> None:
    expected = parts and (stem(parts[0], "nl"), stem(parts[1], "nl"))
    assert compound_parts(word, LEXICON) == expected


@given(st.text(), st.sampled_from(["fr", "nl", "en", "ar", ""]))
def test_any_text_gives_plain_short_stems(text: str, language: str) -> None:
    for one in stems(text, language):
        assert one.isascii()
        assert 0 < len(one) <= LONGEST
        assert one == one.lower()
        assert one.isalnum()


def test_a_compound_with_one_known_part_is_no_compound() -> None:
    assert compound_parts("zonnebankopvang", frozenset({"opvang"})) is None
