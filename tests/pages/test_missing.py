"""A visit that finds nothing leaves a count, once, and nothing about anybody."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import expect

from maillage.directory.models import ServiceCapacity
from maillage.orientation.models import UnmetNeed
from maillage.territory.models import Territory
from tests.pages.conftest import Opening
from tests.testland import NOW


def missed() -> list[tuple[str, str, str, int]]:
    return list(UnmetNeed.objects.order_by("id").values_list("need", "area", "cause", "count"))


def nothing_found(visitor: Client) -> None:
    from maillage.directory.models import ServiceTerm
    from maillage.directory.search.index import reindex

    ServiceTerm.objects.filter(term__code="emergency-shelter").delete()
    reindex(Territory.objects.get())


def test_an_empty_list_is_counted_once_a_day_however_often_it_is_refined(visitor: Client) -> None:
    nothing_found(visitor)
    for more in ({}, {"cost": "free"}, {"wheelchair": "on"}):
        visitor.post("/results/", {"needs": "emergency-shelter", "area": "north", **more})
    assert missed() == [("emergency-shelter", "north", "empty", 1)]
    assert UnmetNeed.objects.get().day.isoformat() == "2026-11-20"


def test_full_everywhere_is_counted(visitor: Client) -> None:
    from maillage.directory.search.index import reindex

    ServiceCapacity.objects.all().delete()
    land = Territory.objects.get()
    for service in land.services.filter(service_terms__term__code="emergency-shelter"):
        ServiceCapacity.objects.create(service=service, unit="bed", available=0, status="no-capacity", updated_at=NOW)
    reindex(land)
    visitor.post("/results/", {"text": "a bed tonight"})
    assert [(need, cause) for need, _, cause, _ in missed()] == [("emergency-shelter", "full")]


def test_browsing_a_category_or_finding_something_counts_nothing(visitor: Client) -> None:
    visitor.get("/results/?needs=emergency-shelter")
    visitor.post("/results/", {"needs": "emergency-shelter"})
    visitor.post("/results/", {})
    assert missed() == []


def test_questions_that_are_left_are_counted(visitor: Client) -> None:
    for _ in range(2):
        answer = visitor.post("/questions/left/", {"needs": ["housing", "emergency-shelter"], "area": "north"})
    assert answer.status_code == 204
    visitor.post("/questions/left/", {"needs": "no-such-need", "area": "north"})
    visitor.post("/questions/left/", {"area": "north"})
    assert missed() == [("emergency-shelter", "north", "abandoned", 1)]
    assert visitor.get("/questions/left/").status_code == 405


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_leaving_the_questions_counts_and_leaving_quickly_does_not(opening: Opening, live_server: Any) -> None:
    territory = Territory.objects.get()
    territory.content = {**territory.content, "quick_exit_url": f"{live_server.url}/robots.txt"}
    territory.pack_hash = "1" * 64
    territory.save()
    for leave_quickly in (True, False):
        page = opening("/questions/")
        page.get_by_role("button", name="Housing").click()
        expect(page.get_by_role("button", name="Emergency shelter")).to_be_visible()
        if leave_quickly:
            page.locator("#leave").click()
            page.wait_for_url("**/robots.txt")
        else:
            page.get_by_role("link", name="Activities").click()
            page.wait_for_url("**/activities/")
    for _ in range(100):
        if missed():
            break
        page.wait_for_timeout(50)
    assert missed() == [("housing", "", "abandoned", 1)]
