"""Free text, in three languages, on the small territory and on a real pack."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maillage.orientation.understanding import read


def codes(reading, kind):
    return [one.code for one in reading.understood if one.kind == kind]


@pytest.mark.parametrize(
    "text",
    [
        "a bed tonight, two children, North End, she speaks Arabic",
        "un lit ce soir, deux enfants, Le Nord, elle est arabophone",
        "een slaapplaats vanavond, twee kinderen, in Noord, ze spreekt Arabisch",
        "slaapplaats voor vannacht in Noord met 2 kinderen (Arabisch)",
    ],
)
@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_a_bed_tonight_is_understood_whatever_the_language(words, text, language):
    found = read(text, words, language)
    assert found.needs == ("emergency-shelter",)
    assert (found.area, found.languages, found.window) == ("north", ("ar",), "tonight")
    assert found.publics == ("families",)
    assert found.rest == ""


@pytest.mark.parametrize(
    "text",
    [
        "a psychologist who takes people without papers",
        "un psychologue qui accepte les personnes sans papiers",
        "een psycholoog voor mensen zonder papieren",
    ],
)
def test_people_without_papers_are_a_public_not_a_missing_word(words, text):
    found = read(text, words, "en")
    assert (found.needs, found.publics) == (("psychologist",), ("without-papers",))


@pytest.mark.parametrize("text", ["company for my father who no longer goes out", "gezelschap voor mijn vader"])
def test_a_relative_says_nothing_about_age_or_gender(words, text):
    found = read(text, words, "en")
    assert found.needs == ("company",)
    assert (found.publics, found.facts) == ((), {})


def test_everything_read_keeps_the_typed_words_in_their_order(words):
    text = "A bed TONIGHT, near North End; 78 ans, gratuit"
    found = read(text, words, "en")
    assert [(one.kind, one.words) for one in found.understood] == [
        ("need", "bed TONIGHT"),
        ("window", "TONIGHT"),
        ("area", "near North End"),
        ("fact", "78 ans"),
        ("cost", "gratuit"),
    ]
    assert all(one.words in text for one in found.understood)


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("78 ans", 78),
        ("een man van 34 jaar", 34),
        ("she is 19 years old", 19),
        ("aged 65", 65),
        ("since 3 years", None),
        ("depuis 3 ans", None),
        ("il y a 3 ans", None),
        ("3 jaar geleden", None),
        ("18-25 ans", None),
        ("18 à 25 ans", None),
        ("my son is 12 years old", None),
        ("mes enfants de 3 et 5 ans", None),
        ("200 ans", None),
        ("bus 78", None),
        ("sans enfant, 34 ans", 34),
    ],
)
def test_an_age_is_the_persons_own(words, text, age):
    assert read(text, words, "en").facts.get("age") == age


@pytest.mark.parametrize(
    ("text", "children"),
    [("sans enfant", False), ("no kids", False), ("geen kinderen", False), ("3 kids", None), ("with children", None)],
)
def test_children_may_be_denied(words, text, children):
    found = read(text, words, "en")
    assert found.facts.get("children") is children
    assert (found.publics == ("families",)) == (children is None)


def test_counted_children_are_a_fact_where_no_public_says_it(words):
    from dataclasses import replace

    found = read("een baby, 2 gosses", replace(words, publics={}), "fr")
    assert found.facts == {"children": True}
    assert codes(found, "fact") == ["children", "children"]


@pytest.mark.parametrize("text", ["not a woman", "pas une femme", "geen vrouw", "my woman", "ma femme"])
def test_what_is_denied_or_about_another_is_no_fact(words, text):
    assert read(text, words, "en").publics == ()


@pytest.mark.parametrize(
    ("text", "free"),
    [
        ("free", True),
        ("gratis advies", True),
        ("consultation gratuite", True),
        ("not free", False),
        ("smoke free", False),
    ],
)
def test_free_of_charge(words, text, free):
    assert (read(text, words, "en").cost == "free") is free


@pytest.mark.parametrize("text", ["wheelchair accessible", "rolstoeltoegankelijk", "accessible en fauteuil roulant"])
def test_accessible_with_a_wheelchair(words, text):
    found = read(text, words, "en")
    assert found.wheelchair
    assert codes(found, "wheelchair") == ["wheelchair"]


@pytest.mark.parametrize(
    "text", ["he hits me", "il me frappe tous les soirs", "hij slaat me", "ik wil weg, hij me slaat"]
)
def test_words_of_danger_are_heard_in_any_language(words, text):
    found = read(text, words, "en")
    assert found.red_flags == ("violence",)
    assert found.facts["violence"] is True


def test_danger_without_a_need_leads_to_the_needs_of_that_danger(words):
    from dataclasses import replace

    node = words.needs["emergency-shelter"]
    tied = replace(words, needs={**words.needs, node.code: replace(node, red_flag="violence")})
    assert read("il me frappe", tied, "fr").needs == ("emergency-shelter",)
    assert read("il me frappe, un psychologue", tied, "fr").needs == ("psychologist",)


@pytest.mark.parametrize(("text", "area"), [
    ("Harbour", "harbour"), ("in harbour", "harbour"), ("Le Port", "harbour"), ("bij de Haven", "harbour"), ("near harbor", "harbour"),
    ("near Harbur", "harbour"), ("Nord", "north"), ("un nord magnétique", ""), ("Sauth Ende", "south"), ("nothing", ""),
])  # fmt: skip
def test_places_by_any_name_but_not_any_word(words, text, area):
    assert read(text, words, "en").area == area


def test_a_typing_mistake_is_forgiven_and_said(words):
    found = read("psycholgue à Harbuor", words, "fr")
    assert (found.needs, found.area) == (("psychologist",), "harbour")
    assert ("psycholgue", "psychologue") in found.corrected
    assert len(found.corrected) == 2


def test_a_language_to_learn_is_not_a_language_spoken(words):
    assert read("dutch lessons", words, "en").languages == ()
    assert read("I speak dutch", words, "en").languages == ("nl",)


def test_what_is_not_understood_is_searched(words):
    found = read("plumber for a leaking tap", words, "en")
    assert found.understood == ()
    assert found.rest == "plumber leaking tap"
    assert read("help people", words, "en").rest == "help people"
    assert read("   ", words, "en") == read("", words, "en")


def test_a_territory_without_any_words_reads_prices_only(words):
    from maillage.orientation.queries import Vocabulary

    bare = Vocabulary(words.territory, {}, {}, {})
    found = read("free food pantry in Harbour", bare, "en")
    assert (found.cost, found.area, found.needs) == ("free", "", ())
    assert found.rest == "food pantry harbour"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=st.text(max_size=300) | st.lists(st.sampled_from(
    "bed tonight lit ce soir slaapplaats enfants 2 78 ans jaar not pas without papers papiers he hits me Nord Haven free , . - '".split()
), max_size=30).map(" ".join))  # fmt: skip
def test_any_text_is_read_and_its_words_are_the_typed_ones(words, text):
    import unicodedata

    found = read(text, words, "en")
    assert all(one.words in unicodedata.normalize("NFC", text) for one in found.understood)
    assert set(found.publics) <= set(words.publics)
    assert set(found.needs) <= set(words.needs)


def test_a_long_text_is_read_quickly(words):
    import time

    text = "a bed tonight for two children without papers near Harbour " * 40
    read(text, words, "en")
    started = time.perf_counter()
    read(text, words, "en")
    assert time.perf_counter() - started < 0.5


SENTENCES = [
    ("a bed tonight, two children, Schaerbeek, she speaks Arabic", "emergency-shelter", {"gender": "woman"}),
    ("un lit ce soir, deux enfants, Schaerbeek, elle parle arabe", "emergency-shelter", {"gender": "woman"}),
    ("een bed vannacht, twee kinderen, Schaarbeek, zij spreekt Arabisch", "emergency-shelter", {"gender": "woman"}),
    ("a psychologist who takes people without papers", "psychologist", {}),
    ("un psychologue qui accepte les gens sans papiers", "psychologist", {}),
    ("een psycholoog die mensen zonder papieren helpt", "psychologist", {}),
    ("company for my father who no longer goes out", "company-visits", {}),
    ("de la compagnie pour mon père qui ne sort plus", "company-visits", {}),
    ("gezelschap voor mijn vader die niet meer buiten komt", "company-visits", {}),
    ("logement d'urgence", "emergency-shelter", {}),
]


@pytest.mark.django_db
def test_the_sentences_of_real_people_on_a_real_pack():
    from maillage.orientation.queries import vocabulary
    from maillage.packs import actions, pack

    words = vocabulary(actions.load(pack.read_valid(pack.find("brussels"))).territory)
    for text, need, facts in SENTENCES:
        for language in ("fr", "nl", "en"):
            found = read(text, words, language)
            assert found.needs == (need,), text
            assert dict(found.facts) == facts, text
    assert read(SENTENCES[0][0], words, "en").area == "schaerbeek"
    assert read(SENTENCES[3][0], words, "en").publics == ("no-papers",)
    assert read(SENTENCES[6][0], words, "en").publics == ("isolated",)
    assert read("crèche à Forest", words, "fr").area == "forest"
    assert read("promenade en forêt", words, "fr").area == ""
    assert read("il me jette dehors", words, "fr").area == ""
    assert read("logement à Bruxelles", words, "fr").corrected == ()
    assert read("fromage râpé", words, "fr").red_flags == ()
    assert read("someone to chat with", words, "en").publics == ()  # no cat
    assert read("mon mari me frappe", words, "nl").red_flags == ("violence",)
