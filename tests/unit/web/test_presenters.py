"""Words, hours and maps."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from maillage.directory.search.types import Card, CardCapacity, CardRule
from maillage.orientation import queries
from maillage.territory.models import Territory
from maillage.web.presenters import hours, maps, offer, service
from maillage.web.presenters import words as say
from maillage.web.presenters.filters import Option
from maillage.web.presenters.vocabulary import Vocabulary
from maillage.web.templatetags import page

MONDAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 20, 19, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _english() -> None:
    translation.activate("en")


@pytest.fixture
def words() -> Vocabulary:
    territory = Territory(languages=["fr", "nl"], timezone="Europe/Brussels", content={})
    gender = {"labels": {"en": "Gender"}, "options": [{"code": "woman", "labels": {"en": "a woman"}}]}
    spoken = {"fr": {"labels": {"en": "French"}}}
    return Vocabulary(
        territory, queries.Vocabulary(territory, {}, {}, {}, criteria={"gender": gender}, languages=spoken)
    )


def spans(osm: str, on: date = MONDAY) -> list[tuple[str, ...]]:
    return [day.spans for day in hours.week(osm, "BE", "Europe/Brussels", on=on)]


def test_a_week_is_read_day_by_day() -> None:
    found = spans("Mo-Fr 09:00-12:00,13:00-17:00; PH off")
    assert found[0] == ("09:00 to 12:00", "13:00 to 17:00")
    assert found[5] == found[6] == ()
    assert spans("Mo-Fr 09:00-17:00; PH off", date(2026, 12, 21))[4] == ()  # Christmas, a Friday


def test_a_night_belongs_to_the_evening_it_begins() -> None:
    assert spans("Mo-Su 19:00-08:00") == [("19:00 to 08:00",)] * 7
    assert spans("Mo 22:00-02:00")[:2] == [("22:00 to 02:00",), ()]


def test_always_open_is_said_so() -> None:
    assert spans("24/7") == [("all day and all night",)] * 7


@pytest.mark.parametrize("osm", ["", "whenever", "Mo-Fr 25:00"])
def test_hours_that_nobody_can_read_give_no_week(osm: str) -> None:
    assert hours.week(osm, "BE", "Europe/Brussels", on=MONDAY) == []


def test_short_hours_are_put_in_words() -> None:
    assert hours.readable("24/7") == "day and night"
    assert hours.readable("Mo-Fr 08:00-18:00; PH off") == "mon–fri 08:00–18:00; closed on public holidays"


def test_a_text_in_another_language_says_which(words: Vocabulary) -> None:
    card = Card("x", texts={"name": {"fr": "Porte ouverte"}}, text_status={"name:fr": "machine"})
    assert say.said(card, "name", words) == say.Said("Porte ouverte", "fr", "in French, translated by machine")
    assert not say.said(card, "description", words)
    assert say.said(Card("x", texts={"name": {"fr": "a", "en": "b"}}), "name", words) == say.Said("b")


def test_room_tells_its_age_and_expires(words: Vocabulary) -> None:
    said = NOW - timedelta(minutes=20)
    fresh = CardCapacity("bed", said, status="capacity", available=3, maximum=20)
    assert service.room(fresh, at=NOW).replace("\xa0", " ") == "Has room – 3 of 20 free, said 20 minutes ago"
    old = CardCapacity("bed", said, status="capacity", available=3, maximum=20, expires_at=NOW)
    assert service.room(old, at=NOW) == "Room not known: what was said has expired. 20 places in all"
    assert (
        service.room(CardCapacity("bed", said, maximum=1), at=NOW) == "1 place in all. How many are free is not known"
    )
    assert service.room(CardCapacity("bed", said), at=NOW) == "Room not known"


def test_a_rule_is_put_in_words(words: Vocabulary) -> None:
    assert service.rule_words(CardRule("gender", "eq", "woman"), words) == "Required – Gender: a woman"
    assert service.rule_words(CardRule("age", "between", [18.0, 25.0]), words) == "Required – age: from 18 to 25"
    assert service.rule_words(CardRule("age", "gte", 18, effect="exclude"), words) == "Not for – age: ≥ 18"
    assert service.rule_words(CardRule("x", "eq", True, text="As written"), words) == "As written"


def test_a_confidential_place_is_its_area(words: Vocabulary) -> None:
    assert say.place(Card("x", address="Secret 1", is_confidential=True), words) == "Confidential address"


@given(
    st.lists(st.tuples(st.floats(-60, 60), st.floats(-170, 170)), min_size=1, max_size=20),
)
def test_every_point_falls_on_the_map(points: list[tuple[float, float]]) -> None:
    found = Vocabulary(nowhere := Territory(languages=[], content={}), queries.Vocabulary(nowhere, {}, {}, {}))
    drawn = maps.draw([maps.Point(lat, lon, n) for n, (lat, lon) in enumerate(points)], found, {})
    assert drawn is not None
    assert all(0 <= mark.x <= drawn.width and 0 <= mark.y <= drawn.height for mark in drawn.marks)
    assert drawn.scale.end <= drawn.width


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=60))
def test_classes_of_a_map_hold_every_count_once(counts: list[int]) -> None:
    cuts = offer.thresholds(counts)
    assert len(cuts) <= offer.CLASSES
    assert cuts == sorted(set(cuts))
    levels = [offer.level(count, cuts) for count in sorted(counts)]
    assert levels == sorted(levels)
    assert set(levels) <= set(range(len(cuts)))


@pytest.mark.parametrize(
    ("number", "link"),
    [
        ("+32 2 123 45 67", "tel:+3221234567"),
        ("0800/12.345", "tel:080012345"),
        ("112", "tel:112"),
        ("call us", ""),
        ("", ""),
        ("02 1 ext 3", "tel:021"),
    ],
)
def test_a_number_that_can_be_dialled_becomes_a_link(number: str, link: str) -> None:
    assert page.tel(number) == link


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://example.org/a", "https://example.org/a"),
        ("www.example.org", "https://www.example.org"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("http://[", ""),
        ("", ""),
        ("//evil.example", ""),
    ],
)
def test_only_an_address_of_the_web_becomes_a_link(url: str, link: str) -> None:
    assert page.web_address(url) == link


def test_an_icon_that_does_not_exist_is_a_neutral_one() -> None:
    assert page.icon("no-such-icon") == page.icon(page.FALLBACK_ICON)
    assert "style=" not in page.icon("home")


def test_the_choices_of_a_select_are_escaped_and_the_taken_one_is_marked() -> None:
    told = page.options([Option('a"b', "<b>R & D", True), Option("c", "C", False, "\u2003")])
    assert told == '<option value="a&quot;b" selected>&lt;b&gt;R &amp; D</option><option value="c">\u2003C</option>'
