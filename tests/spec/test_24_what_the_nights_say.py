"""What the nights say

A full house hides how many it turned away. Each refusal is written down, without a name: so the demand of the next weeks can be
told with a band whose worth is measured, a need that rises is seen, and one night a year everyone is counted, nobody twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from maillage.orientation import queries
from maillage.orientation.queries import Vocabulary
from maillage.orientation.signals import signals
from maillage.people.models import Person
from maillage.places import counting
from maillage.places.actions import counts
from maillage.places.demand import demand
from maillage.places.figures import Asked, use
from maillage.places.models import Refusal, Stay
from maillage.places.nights import Span
from maillage.places.refused import refused
from tests.beds import Beds
from tests.testland import NOW

TONIGHT = date(2026, 11, 20)


@pytest.fixture
def words(beds: Beds) -> Iterator[Vocabulary]:
    queries.forget()
    yield queries.vocabulary(beds.territory)
    queries.forget()


def a_night(beds: Beds, night: date, *, asleep: int, turned_away: int) -> None:
    guest = Person.objects.create(territory=beds.territory, alias="a guest")
    Stay.objects.create(
        territory=beds.territory, group=beds.dormitory, person=guest, people=asleep, from_on=night,
        until_on=night + timedelta(1), state="out", created_at=NOW,
    )  # fmt: skip
    for _ in range(turned_away):
        Refusal.objects.create(
            territory=beds.territory, cause="no_place", need="emergency-shelter", area="north",
            at=datetime(night.year, night.month, night.day, 20, tzinfo=UTC),
        )  # fmt: skip


def test_a_full_house_does_not_hide_those_it_turned_away(beds: Beds, words: Vocabulary) -> None:
    for n in range(40):
        a_night(beds, TONIGHT - timedelta(40 - n), asleep=20, turned_away=2 if n < 30 else 8)
    week, _month = demand(beds.territory, tonight=TONIGHT).outlooks[0].expected
    assert week.people >= 25  # twenty asleep, eight turned away: counts are rounded down
    assert (week.low, week.coverage) == (None, None)  # forty nights make no band, and that is said
    house = use(words, Asked(Span(TONIGHT - timedelta(40), TONIGHT - timedelta(1)))).all
    assert house.refused == 140
    assert house.length.half == 1


def test_a_need_that_rises_is_seen_and_a_few_people_are_not(beds: Beds, words: Vocabulary) -> None:
    for n in range(90):
        a_night(beds, TONIGHT - timedelta(90 - n), asleep=20, turned_away=2 if n < 83 else 6)
    more = list(refused(words, first=TONIGHT - timedelta(90), today=TONIGHT))
    rising = signals(words, today=TONIGHT, more=more)
    assert {(one.need, one.area) for one in rising} == {("emergency-shelter", ""), ("emergency-shelter", "north")}
    assert rising[0].count > rising[0].usual
    few = [(*line[:6], 1) for line in more if line[5] >= TONIGHT - timedelta(4)]
    assert signals(words, today=TONIGHT, more=few) == []


def test_one_night_a_year_everyone_is_counted_and_nobody_twice(beds: Beds) -> None:
    beds.territory.content["places"] = {
        "count_methods": [{"code": "ethos-light", "zone_level": "commune", "categories": [{"code": "public-space"}]}]
    }
    count = counts.open_count(beds.territory, "ethos-light", held_on=TONIGHT, by="system:story", at=NOW)
    met = {"category": "public-space", "initials": "A.M.", "birth_year": 1980, "gender": "woman", "at": NOW}
    counts.tell(count, zone="north", by=beds.greta, **met)
    counts.tell(count, zone="south", by=beds.hugo, **met)  # the same woman, an hour later
    counts.tell(count, zone="south", category="public-space", people=4, by=beds.hugo, at=NOW)
    counts.tell(
        count, zone="south", category="public-space", people=4, by=beds.bob, at=NOW
    )  # a second team, the same people
    found = counting.total(counts.lines(count))
    assert (found.all.told, found.all.people) == (10, 5)
    counts.close(count, by="system:story", at=NOW)
    with pytest.raises(counting.NotCounted):
        counts.tell(count, zone="north", category="public-space", by=beds.greta, at=NOW)
