"""The health of a directory: every figure is the length of the list behind it, and a few queries make them all."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from maillage.directory import freshness, health
from maillage.directory.health import Selection
from maillage.directory.models import (
    DirectoryState,
    DuplicatePair,
    FieldProvenance,
    LinkCheck,
    Service,
    SourceRecord,
    Text,
)
from maillage.territory.models import Territory
from tests.testland import NOW

TODAY = NOW.date()
ALL = Selection()


@pytest.fixture(autouse=True)
def _forget() -> Any:
    health.forget()
    yield
    health.forget()


@pytest.fixture
def aged(testland: Territory) -> Territory:
    testland.content["freshness_months"] = {"default": 12, "emergency-shelter": 1}
    testland.content["capacity_needs"] = ["housing"]
    testland.save()
    DirectoryState.objects.get_or_create(territory=testland)
    for number, service in enumerate(Service.objects.order_by("id")):
        service.confirmed_on = [TODAY, None, TODAY - timedelta(days=370), date(2020, 1, 1)][number % 4]
        service.save()
    service = Service.objects.get(code="tea-hour")
    service.url, service.conditions_known = "https://tea.example/", False
    service.save()
    LinkCheck.objects.create(
        territory=testland, url=service.url, status=404, checked_at=NOW, failing_since=NOW - timedelta(days=4)
    )
    Text.objects.create(
        territory=testland, kind="service", object_id=service.pk, field="description", language="nl", value="Thee"
    )
    record = SourceRecord.objects.create(
        territory=testland, source="feed", entity="service", external_id="1", payload={}, sha256="", fetched_at=NOW
    )
    FieldProvenance.objects.create(kind="service", object_id=service.pk, record=record)
    return testland


def count(territory: Territory, show: str, chosen: Selection = ALL) -> int:
    return health.records(territory, chosen, show, on=TODAY).count()


@pytest.mark.parametrize("chosen", [ALL, Selection(need="housing"), Selection(source="feed"), Selection(source="-")])
def test_every_figure_is_the_length_of_the_list_behind_it(aged: Territory, chosen: Selection) -> None:
    found = health.figures(aged, chosen, on=TODAY)
    assert found.states == {state: count(aged, state, chosen) for state in freshness.STATES}
    assert found.gaps == {code: count(aged, code, chosen) for code in health.GAPS}
    assert found.texts == {code: count(aged, health.NO_TEXT + code, chosen) for code in aged.languages}
    assert found.total == count(aged, "", chosen)
    for line in found.sources:
        assert line.total == count(aged, "", Selection(chosen.need, line.code or "-"))
    for line in found.needs:
        assert line.states == {s: count(aged, s, Selection(line.code, chosen.source)) for s in freshness.STATES}


def test_what_is_missing_is_found(aged: Territory) -> None:
    found = health.figures(aged, ALL, on=TODAY)
    assert found.gaps[health.DEAD_LINK] == found.gaps[health.NO_CONDITIONS] == 1
    assert found.gaps[health.UNREAD] == 1  # "le soir"
    assert 0 < found.gaps[health.NO_ROOM] < found.room_asked
    assert found.texts["nl"] == found.total - 1
    assert [line.code for line in found.sources] == ["", "feed"]
    assert {line.code for line in found.needs} == {"housing", "health", "company", "support"}
    assert {line.code for line in health.figures(aged, Selection("housing"), on=TODAY).needs} == {
        "emergency-shelter",
        "housing-advice",
    }


def test_an_address_that_failed_yesterday_is_not_dead_yet(aged: Territory) -> None:
    LinkCheck.objects.update(failing_since=NOW - timedelta(days=1))
    assert health.figures(aged, ALL, on=TODAY).gaps[health.DEAD_LINK] == 0


def test_the_web_site_of_the_organisation_counts_where_the_service_has_none(aged: Territory) -> None:
    service = Service.objects.get(code="the-ride")
    assert service.organization is not None
    service.organization.website = "https://tea.example/"
    service.organization.save()
    assert health.figures(aged, ALL, on=TODAY).gaps[health.DEAD_LINK] == 2


def test_seven_queries_then_one(aged: Territory, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(7):
        first = health.figures(aged, ALL, on=TODAY)
    with django_assert_max_num_queries(1):
        assert health.figures(aged, ALL, on=TODAY) == first


def test_figures_follow_the_directory_and_what_is_to_be_decided(aged: Territory) -> None:
    assert health.figures(aged, ALL, on=TODAY).duplicates == 0
    one, other = Service.objects.order_by("uuid")[:2]
    DuplicatePair.objects.create(territory=aged, left=one.uuid, right=other.uuid, score=1)
    Service.objects.update(confirmed_on=TODAY)
    DirectoryState.objects.update(sequence=99)
    found = health.figures(aged, ALL, on=TODAY)
    assert (found.duplicates, found.states["fresh"]) == (1, found.total)


def test_pages_of_records_follow_each_other_without_gap_or_repetition(aged: Territory) -> None:
    found = health.records(aged, ALL, "", on=TODAY)
    seen: list[int] = []
    cursor = ""
    while rows := list(health.after(found, cursor)[:3]):
        seen += [row.pk for row in rows]
        cursor = health.cursor(rows[-1])
    assert seen == list(found.values_list("pk", flat=True))
    assert len(seen) == len(set(seen)) == Service.objects.count()


@pytest.mark.parametrize(
    "cursor", ["", "x", "2020-01-01", "2020-01-01.x", "2020-01-01.-1", "2020-01-01.99999999999999999999"]
)
def test_a_cursor_that_is_none_of_ours_begins_at_the_beginning(aged: Territory, cursor: str) -> None:
    found = health.records(aged, ALL, "", on=TODAY)
    assert health.after(found, cursor).count() == found.count()
