"""Two records, one service? What is compared, what speaks for it, what forbids it."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maillage.methods import duplicates, linking
from maillage.methods.duplicates import Entry, find
from maillage.methods.likeness import address_key, marks, name_words, opposed, page_key, phone_key

TEXT = "Nous distribuons des colis alimentaires aux familles du quartier, sans rendez-vous."


def crib(**told: Any) -> Entry:
    """A fictional nursery, as one source tells it."""
    base = Entry(
        names={"fr": "Crèche Les Lutins", "nl": "Kinderdagverblijf De Kabouters"},
        organization_names={"fr": "Les Lutins asbl"},
        phones=["+32 2 000 00 11"],
        email="lutins@example.org",
        url="https://www.example.org/lutins",
        addresses=[("Rue de l'Essai 12", "1000")],
        points=[(50.85, 4.35)],
        texts={"fr": TEXT},
    )
    return replace(base, **told)


def twice(first: dict[str, Any] | None = None, second: dict[str, Any] | None = None) -> duplicates.Found:
    return find([crib(organization=1, **(first or {})), crib(organization=2, **(second or {}))])


def codes(found: duplicates.Found) -> set[str]:
    return {str(reason["code"]) for one in found.candidates for reason in one.reasons}


def test_the_same_record_of_two_sources_is_found_with_its_reasons() -> None:
    found = twice()
    assert found.candidates[0].score > 0.9
    assert codes(found) == {
        "same-name",
        "similar-organization",
        "same-phone",
        "same-page",
        "same-address",
        "similar-description",
    }


def test_a_directory_of_one_has_no_duplicates() -> None:
    assert find([crib()]).candidates == []
    assert find([Entry({}), Entry({})]).candidates == []


def test_a_name_alone_is_no_evidence() -> None:
    bare = Entry({"fr": "Crèche Les Lutins"})
    assert find([bare, bare]).candidates == []


@pytest.mark.parametrize(
    ("one", "other"),
    [("Crèche 1", "Crèche 2"), ("Crèche I", "Crèche II"), ("Crèche A", "Crèche B"), ("Crèche", "Crèche 2"),
     ("Première crèche", "Deuxième crèche"), ("Eerste kribbe", "Tweede kribbe"), ("Crèche 0-3 ans", "Crèche 3-6 ans"),
     ("Crèche Un Nid two", "Crèche Un Nid three"), ("Crèche 2ème", "Crèche 3ème"), ("Crèche IX asbl", "Crèche XI asbl")],
)  # fmt: skip
def test_numbers_that_differ_forbid_it(one: str, other: str) -> None:
    found = twice({"names": {"fr": one}}, {"names": {"fr": other}})
    assert found.candidates == []
    assert found.vetoed in ({"numbers": 1}, {})


@pytest.mark.parametrize(
    ("one", "other"), [("Crèche II", "Crèche 2"), ("Crèche n° 02", "Crèche 2"), ("1er accueil", "Premier accueil")]
)
def test_the_same_number_in_another_writing_forbids_nothing(one: str, other: str) -> None:
    assert marks(one) == marks(other) != frozenset()


def test_words_that_only_look_like_roman_numbers_are_none() -> None:
    assert marks("Di mi civil mix") == marks("Centre") == frozenset()
    assert marks("0123456789 x") == frozenset({"10"})  # ten digits are no number of a crèche; a last x is ten


def test_words_that_differ_on_both_sides_forbid_it() -> None:
    found = twice({"names": {"fr": "Tournée du matin au parc"}}, {"names": {"fr": "Tournée du soir au parc"}})
    assert (found.candidates, found.vetoed) == ([], {"words": 1})
    assert not opposed("Ctr social", "Centre social")
    assert not opposed("Centre social", "Centre social du Midi")


def test_names_of_one_service_in_two_languages_are_no_contradiction() -> None:
    found = twice({"names": {"fr": "Crèche Les Lutins"}}, {"names": {"nl": "De Kabouters"}})
    assert len(found.candidates) == 1
    assert not {"same-name", "similar-name"} & codes(found)


def test_names_that_are_told_in_the_wrong_language_are_found_across() -> None:
    found = twice({"names": {"fr": "Crèche Les Lutins"}}, {"names": {"nl": "Crèche les Lutins"}})
    assert "same-name" in codes(found)


def test_other_ages_are_another_service() -> None:
    assert twice({"ages": (0.0, 3.0)}, {"ages": (3.0, 6.0)}).vetoed == {"ages": 1}
    assert twice({"ages": (0.0, None)}, {"ages": (0.0, 6.0)}).candidates  # unknown contradicts nothing


def test_other_enterprise_numbers_are_for_a_person_to_judge() -> None:
    (one,) = twice({"enterprise": ["BE:1"]}, {"enterprise": ["BE:2"]}).candidates
    assert one.vetoes == ("enterprise-number",)
    (same,) = twice({"enterprise": ["BE:1"]}, {"enterprise": ["BE:1"]}).candidates
    assert "same-enterprise-number" in {r["code"] for r in same.reasons}
    assert not same.vetoes


def test_two_places_of_one_organisation_are_branches() -> None:
    here = crib(organization=1)
    there = crib(organization=1, addresses=[("Avenue Autre 99", "1180")], points=[(50.80, 4.33)])
    assert find([here, there]).candidates == []
    assert find([replace(here, served=frozenset({1})), crib(organization=1, served=frozenset({2}))]).vetoed == {
        "branches": 1
    }


def test_one_organisation_that_writes_two_texts_means_two_services() -> None:
    other = "Un groupe de parole pour les parents, le mardi soir, animé par une psychologue de la maison."
    assert find([crib(organization=1), crib(organization=1, texts={"fr": other})]).candidates == []
    assert find([crib(organization=1), crib(organization=1)]).candidates


def test_another_kind_of_service_at_one_address_is_another_service() -> None:
    found = twice({"terms": {7: frozenset({1, 2})}, "texts": {}}, {"terms": {7: frozenset({3})}, "texts": {}})
    assert found.candidates == []
    known = twice({"terms": {7: frozenset({1})}}, {"terms": {7: frozenset({1})}})
    assert "same-kind" in codes(known)
    apart = twice({"terms": {7: frozenset({1})}}, {"terms": {8: frozenset({1})}})  # taxonomies that cannot be compared
    assert len(apart.candidates) == 1


def test_a_switchboard_makes_no_two_organisations_one() -> None:
    one = Entry(
        {"fr": "Aide aux locataires"}, organization=1, organization_names={"fr": "Le Toit"}, phones=["02 000 00 11"]
    )
    other = Entry(
        {"fr": "Aide aux locataires"}, organization=2, organization_names={"fr": "La Boussole"}, phones=["02 000 00 11"]
    )
    assert find([one, other]).candidates == []


def test_a_street_with_a_name_in_each_language_is_one_place() -> None:
    found = twice(second={"addresses": [("Proefstraat 12", "1000")], "phones": ["02 000 00 11"]})
    assert found.candidates
    assert "near" in codes(found)


def test_places_that_are_near_without_an_address_are_near() -> None:
    found = twice({"addresses": []}, {"addresses": [], "points": [(50.8502, 4.3501)]})
    assert next(r for r in found.candidates[0].reasons if r["code"] == "near")["metres"] < 30


def test_an_email_or_a_site_is_said_when_no_page_is_shared() -> None:
    assert "same-email" in codes(twice({"url": ""}))
    assert "same-site" in codes(twice({"email": ""}, {"url": "http://example.org/autre"}))


def test_a_record_is_only_the_likelier_of_two_that_their_organisation_keeps_apart() -> None:
    kept_apart = [crib(organization=1), crib(organization=1, names={"fr": "Crèche Les Lutins du soir"}, texts={})]
    found = find([*kept_apart, crib(organization=2)])
    assert [(one.left, one.right) for one in found.candidates] == [(0, 2)]
    assert found.vetoed["rival"] == 1


def test_a_block_that_is_too_large_is_told_and_still_searched_by_name() -> None:
    many = [
        crib(organization=k + 1, names={"fr": f"Service {chr(97 + k % 26)}{chr(97 + k // 26)}xyz"})
        for k in range(linking.LARGEST + 1)
    ]
    many.append(replace(many[0], organization=999))
    found = find(many)
    assert {one.kind for one in found.capped} >= {"phone", "address"}
    assert found.capped[0].size == len(many)
    assert (0, len(many) - 1) in {(one.left, one.right) for one in found.candidates}


def test_progress_is_told() -> None:
    said: list[float] = []
    find([crib(), crib()], progress=lambda phase, share: said.append(share))
    assert said[-1] == 1.0


entries = st.lists(
    st.builds(
        crib,
        organization=st.integers(0, 3),
        names=st.sampled_from([{"fr": "Crèche Les Lutins"}, {"nl": "De Kabouters"}, {"fr": "Crèche les Lutin"}, {"fr": "Crèche 2"}, {"fr": "Aide"}]),
        phones=st.sampled_from([[], ["02 000 00 11"], ["02 000 00 12"]]),
        addresses=st.sampled_from([[], [("Rue de l'Essai 12", "1000")], [("Rue de l'Essai 13", "1000")]]),
        texts=st.sampled_from([{}, {"fr": TEXT}]),
    ),
    max_size=8,
)  # fmt: skip


@given(entries, st.randoms(use_true_random=False))
def test_the_order_of_the_records_changes_nothing(told: list[Entry], rng: random.Random) -> None:
    places = list(range(len(told)))
    rng.shuffle(places)
    first = {(one.left, one.right): one.score for one in find(told).candidates}
    again = find([told[i] for i in places]).candidates
    back = {(min(places[o.left], places[o.right]), max(places[o.left], places[o.right])): o.score for o in again}
    assert back == pytest.approx(first)


@given(entries)
def test_scores_lie_between_the_threshold_and_one_and_pairs_are_told_once(told: list[Entry]) -> None:
    found = find(told).candidates
    assert all(duplicates.THRESHOLD <= one.score <= 1 and one.left < one.right for one in found)
    assert len({(one.left, one.right) for one in found}) == len(found)


@given(st.text(max_size=60))
def test_anything_can_be_normalised(text: str) -> None:
    assert phone_key(text).isdigit() or phone_key(text) == ""
    page_key(text), address_key(text), marks(text)
    assert isinstance(name_words(text), tuple)
    assert not opposed(text, text)


def test_telephone_numbers_are_the_same_with_their_country_and_without() -> None:
    assert phone_key("+32 2 123.45.67") == phone_key("0032 2 123 45 67") == phone_key("02/123 45 67 ext. 12")
    assert phone_key("112") == ""


def test_web_addresses_are_the_same_with_their_prefix_and_without() -> None:
    assert (
        page_key("HTTP://www.Example.org/a/index.html")
        == page_key("example.org/a/")
        == ("example.org", "example.org/a")
    )
    assert page_key("example.org/?id=2") == ("example.org", "example.org?id=2")
    assert page_key("") == page_key("nowhere") == page_key("http://[bad") == ("", "")


def test_an_address_is_the_same_abbreviated_and_without_its_box() -> None:
    assert address_key("Av. de l'Essai 12 bte 4") == address_key("12, avenue de l'Essai")


def test_a_name_of_nothing_but_small_words_keeps_them() -> None:
    assert name_words("De la") == ("de", "la")


def test_no_pairs_give_no_numbers() -> None:
    nothing = np.zeros(0, np.int64)
    names = linking.Names([{"fr": "Un"}])
    assert len(names.compare(nothing, nothing)[0]) == 0
    assert len(linking.similarity([{}], nothing, nothing)) == 0


def test_only_the_first_telephone_numbers_are_compared() -> None:
    shared = linking.Shared([["1", "1", "2", "3", "4"], ["4"], ["3"]], np.arange(3), 3)
    assert shared.agrees(np.array([0, 0]), np.array([1, 2])).tolist() == [False, True]


def test_a_text_too_short_to_tell_is_no_text() -> None:
    first = np.array([0])
    assert linking.similarity([{"fr": "court"}, {"fr": TEXT}], first, first + 1).tolist() == [-1.0]


def test_reasons_tell_only_what_agrees():
    told = Entry({"fr": "Crèche Les Lutins"}, organization=1, phones=["+32 2 000 00 11"])
    placed = replace(told, addresses=[("Rue de l'Essai 12", "1000")])
    at_a_site = replace(told, email="lutins@example.org", enterprise=["0123456789"])
    for one in (placed, at_a_site):
        found = find([one, replace(one, organization=2)], threshold=0.05).candidates
        codes = {reason["code"] for reason in found[0].reasons}
        assert ("same-address" in codes) == bool(one.addresses)
        assert ("same-email" in codes) == bool(one.email)
        assert codes >= {"same-name", "same-phone"}
