"""Somebody is found by the beginning of their names, whoever wrote them down."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maillage.methods.text import fold, tokens
from maillage.people import finding
from maillage.people.models import CareLink
from tests.beds import Beds
from tests.testland import NOW


def names(beds: Beds, words: str) -> list[str]:
    return [one.called() for one in finding.find([beds.street.pk], words, at=NOW)]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("ami", ["Amina"]), ("ÀMÌNA", ["Amina"]), ("amyna", ["Amina"]), ("bridge bru", ["Bruno of the bridge"]),
        ("carla amina", []), ("", []), ("  ' ", []), ("zzzz", []),
    ],
)  # fmt: skip
def test_every_word_typed_begins_a_word_of_the_name_or_nearly(beds: Beds, words: str, found: list[str]) -> None:
    assert names(beds, words) == found


def test_the_exact_ones_come_first(beds: Beds) -> None:
    beds.carla.given_name = "Aminata"
    beds.carla.save()
    beds.bruno.alias = "Amyna"
    beds.bruno.save()
    assert names(beds, "amina") == ["Amina", "Aminata", "Amyna"]


def test_nobody_is_found_who_is_helped_elsewhere_or_no_longer(beds: Beds) -> None:
    assert finding.find([beds.house.pk], "amina", at=NOW) == []
    assert finding.people_of([beds.house.pk], at=NOW) == []
    CareLink.objects.filter(person=beds.amina).update(until=NOW)
    assert names(beds, "amina") == []
    assert len(finding.find([beds.street.pk], "amina", at=NOW - timedelta(0))) == 0


def test_the_latest_registered_come_first_and_the_key_goes_on(beds: Beds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "FEW", 2)
    first = finding.people_of([beds.street.pk], at=NOW)
    assert [one.called() for one in first] == ["Carla", "Bruno of the bridge", "Sami"]  # one more: there is a next page
    assert [one.called() for one in finding.people_of([beds.street.pk], at=NOW, before=first[1].pk)] == [
        "Sami",
        "Amina",
    ]


@given(st.lists(st.text(max_size=12), max_size=3), st.integers(0, 2))
def test_a_name_is_always_found_by_its_own_beginnings(words: list[str], cut: int) -> None:
    known = [fold(word) for word in tokens(" ".join(words))]
    asked = [word[: max(1, len(word) - cut)] for word in reversed(known)]
    assert finding._score(asked, known) == 0
