"""Room said in two taps, closures for a time, and what search makes of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from maillage.directory import queries
from maillage.directory.actions import capacity
from maillage.directory.models import Closure, DirectoryState, SearchDocument, Service
from maillage.directory.search.cards import card
from maillage.directory.search.closures import Closures, without
from maillage.directory.search.engine import search
from maillage.directory.search.index import reindex
from maillage.directory.search.memory import forget
from maillage.directory.search.types import Query, Results, Window
from maillage.orientation import sentences
from maillage.orientation.queries import vocabulary
from maillage.people.rules import NotAllowed
from maillage.territory.models import Territory
from tests.conftest import Cast
from tests.testland import NOW
from tests.unit.directory.conftest import names

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TONIGHT = Window("tonight", NOW, NOW + 11 * HOUR)


@pytest.fixture
def door(testland: Territory, cast: Cast) -> Service:
    """Alice's house offers it; open every day from 19:00 to 08:00."""
    forget()
    found = Service.objects.select_related("territory", "organization").get(code="open-door")
    found.organization = cast.organization
    found.save()
    reindex(testland, at=NOW)
    return found


def ask(territory: Territory, **more: Any) -> Results:
    said: dict[str, Any] = {
        "at": NOW,
        "needs": ("emergency-shelter",),
        "soft": frozenset({"window"}),
        "limit": 50,
    } | more
    return search(Query(territory=territory.code, **said))


def openness(results: Results) -> dict[str, bool | None]:
    return {hit.card.texts["name"]["en"]: hit.is_open for hit in results.hits}


# --- room


@pytest.mark.django_db
def test_an_editor_says_the_room_and_search_knows_at_once(door: Service, cast: Cast) -> None:
    capacity.say(door, available=0, unit="bed", expires_at=NOW + DAY, by=cast.alice, at=NOW)
    found = card(door.uuid)
    assert found is not None
    assert [(one.status, one.available, one.maximum) for one in found.capacities] == [("no-capacity", 0, 20)]
    line = queries.history(door, field="capacity")[0]
    assert (line.by, line.old["available"], line.new["available"]) == (cast.alice, 3, 0)
    assert names(ask(door.territory))[-1] in {"Open Door", "Full House"}


@pytest.mark.django_db
def test_another_unit_is_another_line(door: Service, cast: Cast) -> None:
    capacity.say(door, status="waitlist", maximum=4, unit=" family room ", expires_at=NOW + DAY, by=cast.dora, at=NOW)
    assert set(door.capacities.values_list("unit", "status")) == {("bed", "capacity"), ("family room", "waitlist")}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "said",
    [
        {},
        {"available": -1},
        {"available": 3, "maximum": 2},
        {"available": 10**9},
        {"status": "perhaps"},
        {"available": 0, "status": "capacity"},
        {"available": 1, "expires_at": NOW},
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(door: Service, cast: Cast, said: dict[str, Any]) -> None:
    with pytest.raises(capacity.Impossible, match=r"\w"):
        capacity.say(door, by=cast.alice, at=NOW, **{"expires_at": NOW + DAY} | said)


@pytest.mark.django_db
def test_who_does_not_belong_there_says_nothing(door: Service, cast: Cast) -> None:
    for stranger in (cast.bob, cast.charlie):
        with pytest.raises(NotAllowed):
            capacity.say(door, available=1, expires_at=NOW + DAY, by=stranger, at=NOW)
        with pytest.raises(NotAllowed):
            capacity.close(door, NOW, None, by=stranger, at=NOW)


# --- closures


@pytest.mark.django_db
def test_a_closed_service_is_not_open_and_stands_last(door: Service, cast: Cast) -> None:
    assert openness(ask(door.territory, window=TONIGHT))["Open Door"] is True
    capacity.close(door, NOW - HOUR, NOW + 7 * DAY, {"fr": "Travaux\x00", "nl": " "}, by=cast.alice, at=NOW)
    found = ask(door.territory, window=TONIGHT)
    assert openness(found)["Open Door"] is False
    tail = names(found)[-2:]
    assert set(tail) == {"Open Door", "Full House"}
    shown = card(door.uuid)
    assert shown is not None
    assert shown.closures[0].message == {"fr": "Travaux"}
    assert openness(ask(door.territory))["Open Door"] is False  # also when no window is asked


@pytest.mark.django_db
def test_closed_for_a_part_of_the_window_is_open_in_the_rest(door: Service, cast: Cast) -> None:
    capacity.close(door, NOW - HOUR, NOW + HOUR, by=cast.alice, at=NOW)
    assert openness(ask(door.territory, window=TONIGHT))["Open Door"] is True
    capacity.close(door, NOW + HOUR, NOW + 12 * HOUR, by=cast.alice, at=NOW)
    assert openness(ask(door.territory, window=TONIGHT))["Open Door"] is False
    late = Window("morning", NOW + 13 * HOUR, NOW + 15 * HOUR)  # after the closures, after 8 o'clock
    assert openness(ask(door.territory, window=late))["Open Door"] is False


@pytest.mark.django_db
def test_what_a_closure_leaves_outside_the_usual_hours_is_closed(door: Service, cast: Cast) -> None:
    """It opens from 19:00 to 08:00; the closure ends at 9:00, the window at 11:30."""
    capacity.close(door, NOW - HOUR, NOW + 12.5 * HOUR, by=cast.alice, at=NOW)
    night = Window("night", NOW, NOW + 15 * HOUR)
    assert openness(ask(door.territory, window=night))["Open Door"] is False


@pytest.mark.django_db
def test_reopening_ends_what_goes_on_and_takes_back_what_has_not_begun(door: Service, cast: Cast) -> None:
    now = capacity.close(door, NOW - DAY, None, by=cast.alice, at=NOW)
    coming = capacity.close(door, NOW + DAY, NOW + 2 * DAY, by=cast.alice, at=NOW)
    capacity.reopen(now, by=cast.alice, at=NOW)
    capacity.reopen(coming, by=cast.alice, at=NOW)
    capacity.reopen(now, by=cast.alice, at=NOW + HOUR)  # over already
    assert list(Closure.objects.values_list("ends_at", flat=True)) == [NOW]
    assert openness(ask(door.territory, window=TONIGHT))["Open Door"] is True
    assert [line.new is None for line in queries.history(door, field="closure")] == [True, False, False, False]
    with pytest.raises(NotAllowed):
        capacity.reopen(now, by=cast.charlie, at=NOW)


@pytest.mark.django_db
def test_a_closure_ends_after_it_begins(door: Service, cast: Cast) -> None:
    for start, end in ((NOW, NOW), (NOW - DAY, NOW - HOUR)):
        with pytest.raises(capacity.Impossible):
            capacity.close(door, start, end, by=cast.alice, at=NOW)


@pytest.mark.django_db
def test_a_closure_that_is_over_leaves_the_documents_as_if_it_had_never_been(door: Service) -> None:
    before = SearchDocument.objects.get(service=door).hash
    Closure.objects.create(service=door, starts_at=NOW - 2 * DAY, ends_at=NOW - DAY)
    assert reindex(door.territory, [door.pk], at=NOW) == 0
    assert SearchDocument.objects.get(service=door).hash == before


@pytest.mark.django_db
def test_the_sentence_says_until_when(door: Service, cast: Cast) -> None:
    words = vocabulary(door.territory)

    def said() -> str:
        found = card(door.uuid)
        assert found is not None
        return sentences.openness(found, None, words, "en", at=NOW)

    capacity.close(door, NOW + HOUR, NOW + 2 * HOUR, by=cast.alice, at=NOW)
    assert said() == "Open now, until 21:30"
    capacity.close(door, NOW, NOW + 2 * HOUR, by=cast.alice, at=NOW)
    assert said() == "Closed until 22:30"
    capacity.close(door, NOW, NOW + 7 * DAY, by=cast.alice, at=NOW)
    assert said() == "Temporarily closed until Nov. 27, 2026"
    capacity.close(door, NOW, None, by=cast.alice, at=NOW)
    assert said() == "Closed for the time being"


SPANS = st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)).map(lambda s: (float(s[0]), float(s[0] + s[1]))))


@given(closed=SPANS, start=st.integers(0, 40), length=st.integers(1, 30))
def test_what_is_left_of_a_window_is_exactly_what_no_closure_covers(
    closed: list[tuple[float, float]], start: int, length: int
) -> None:
    left = without(start, start + length, sorted(closed))
    for tick in range(start, start + length):
        moment = tick + 0.5
        is_closed = any(begins <= moment < ends for begins, ends in closed)
        assert any(begins <= moment < ends for begins, ends in left) is not is_closed
    assert all(start <= begins < ends <= start + length for begins, ends in left)


def test_a_moment_is_closed_or_not() -> None:
    closures = Closures([(3, 10.0, 20.0)])
    assert closures.left(10, 10) == {3: []}
    assert closures.left(20, 20) == {}
    for moment in range(40):  # windows that were remembered are forgotten
        closures.left(moment, moment)
    assert closures.left(15, 15) == {3: []}


# --- merged into another


@pytest.mark.django_db
def test_a_merged_service_is_in_no_list_and_leads_to_the_one_that_is_kept(door: Service, client: Client) -> None:
    merged = Service.objects.get(code="full-house")
    last = Service.objects.get(code="women-haven")
    Service.objects.filter(pk=merged.pk).update(merged_into=last)
    Service.objects.filter(pk=last.pk).update(merged_into=door)
    before = DirectoryState.objects.get(territory=door.territory).sequence
    reindex(door.territory, [merged.pk, last.pk], at=NOW)
    assert DirectoryState.objects.get(territory=door.territory).sequence > before
    assert {"Full House", "Women's Haven"}.isdisjoint(names(ask(door.territory)))
    answer = client.get(_page(merged))
    assert (answer.status_code, answer["Location"]) == (301, _page(door))
    assert "max-age=3600" in answer["Cache-Control"]
    told = client.get(f"/hsds/services/{merged.uuid}")
    assert (told.status_code, told["Location"]) == (301, f"/hsds/services/{door.uuid}")
    assert str(merged.uuid) not in client.get("/hsds/services?per_page=100").content.decode()
    assert str(merged.uuid) not in client.get("/sitemap.xml").content.decode()


@pytest.mark.django_db
def test_merges_in_a_circle_lead_nowhere(door: Service) -> None:
    other = Service.objects.get(code="full-house")
    Service.objects.filter(pk=door.pk).update(merged_into=other)
    Service.objects.filter(pk=other.pk).update(merged_into=door)
    assert queries.kept_instead(door.territory, door.uuid) is None
    assert queries.kept_instead(door.territory, "no uuid") is None


@pytest.mark.django_db
def test_hsds_says_temporarily_closed_while_a_closure_holds(door: Service, client: Client) -> None:
    url = f"/hsds/services/{door.uuid}"
    assert client.get(url).json()["status"] == "active"
    closure = Closure.objects.create(service=door, starts_at=timezone.now() - HOUR)
    assert client.get(url).json()["status"] == "temporarily closed"
    listed = client.get("/hsds/service_at_locations?per_page=100").json()["contents"]
    assert [one["service"]["status"] for one in listed if one["service"]["id"] == str(door.uuid)] == [
        "temporarily closed"
    ]
    closure.starts_at = timezone.now() + HOUR
    closure.save()
    assert client.get(url).json()["status"] == "active"


def _page(service: Service) -> str:
    return reverse("service", args=[service.uuid])


@pytest.mark.django_db
def test_the_page_of_a_service_says_that_it_is_closed_and_what_comes(door: Service, cast: Cast, client: Client) -> None:
    now = timezone.now()
    capacity.close(door, now - HOUR, now + 30 * DAY, {"en": "Works in the kitchen"}, by=cast.alice, at=now)
    html = client.get(_page(door), headers={"accept-language": "en"}).content.decode()
    assert "Temporarily closed until" in html
    assert "Works in the kitchen" in html
    assert "19:00 to 08:00" not in html  # the week is closed
    capacity.reopen(door.closures.get(), by=cast.alice, at=timezone.now())
    for end, said in ((now + 9 * DAY, "Will be closed from"), (None, "Will be closed from")):
        coming = capacity.close(door, now + 2 * DAY, end, by=cast.alice, at=now)
        assert said in client.get(_page(door), headers={"accept-language": "en"}).content.decode()
        capacity.reopen(coming, by=cast.alice, at=now)
    capacity.close(door, now - DAY, None, by=cast.alice, at=now)
    assert "Temporarily closed" in client.get(_page(door), headers={"accept-language": "en"}).content.decode()
