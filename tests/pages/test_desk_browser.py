"""The desk as somebody at work meets it: on a phone, in the dark, with the keyboard, without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from maillage.directory.actions import editing, reports
from maillage.directory.models import Change, ErrorReport, ServiceCapacity
from tests.pages import desk as house
from tests.pages.conftest import Opening
from tests.pages.desk import Desk
from tests.testland import NOW

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from maillage.people.models import User
    from maillage.territory.models import Territory
    from tests.conftest import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
At = Callable[..., "Page"]


@pytest.fixture
def desk(land: Territory, cast: Cast) -> Desk:
    found = house.build(land, cast)
    editing.propose(
        found.shelter, {"hours": {"raw": "Mon-Fri 9:00-12:30"}, "languages": ["fr"], "email": "door@example.org"},
        by=cast.alice, note="New hours", at=NOW,
    )  # fmt: skip
    editing.propose(found.shelter, {"url": "https://www.example.org"}, by=found.mona, at=NOW)
    reports.report(found.shelter, "hours", message="It opens at eight", email="x@example.net", at=NOW)
    return found


@pytest.fixture
def at(opening: Opening, live_server: Any) -> At:
    """at(user, path, ...) -> the page of somebody who is signed in."""

    def go(user: User, path: str, **more: Any) -> Page:
        client = Client()
        client.force_login(user)
        page = opening("/robots.txt", **more)
        name = settings.SESSION_COOKIE_NAME
        page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        page.goto(path)
        return page

    return go


def paths(desk: Desk) -> dict[str, list[str]]:
    change, report = Change.objects.get(state="proposed"), ErrorReport.objects.get()
    on = [desk.shelter.uuid]
    return {
        "alice": [
            reverse("desk-services"), reverse("desk-room", args=on), f"{reverse('desk-room', args=on)}?say=full",
            reverse("desk-close", args=on), reverse("desk-service-edit", args=on), reverse("desk-history", args=on),
            reverse("desk-changes"), reverse("desk-change", args=[change.uuid]), reverse("desk-reports"),
            reverse("desk-report", args=[report.uuid]), reverse("report", args=on), reverse("report-sent"),
        ],
        "mona": [
            reverse("desk-moderation"), reverse("desk-change", args=[change.uuid]),
            reverse("desk-change-edit", args=[change.uuid]), reverse("desk-services"),
        ],
    }  # fmt: skip


def problems(page: Page) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize(("scheme", "language"), [("light", "fr"), ("dark", "nl")])
def test_axe_finds_nothing_at_the_desk_and_a_phone_never_scrolls_sideways(
    desk: Desk, at: At, scheme: str, language: str
) -> None:
    wrong: dict[str, Any] = {}
    for who, urls in paths(desk).items():
        page = at(desk.mona if who == "mona" else desk.cast.alice, urls[0], scheme=scheme, language=language, width=320)
        for url in urls:
            page.goto(url)
            expect(page.locator("h1")).to_be_visible()
            page.locator("main details").evaluate_all("all => all.forEach(one => one.open = true)")
            found = problems(page)
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                found.append("it scrolls sideways")
            if found:
                wrong[url] = found
    assert wrong == {}


def test_every_button_is_large_enough_for_a_thumb(desk: Desk, at: At) -> None:
    small = []
    for who, urls in paths(desk).items():
        page = at(desk.mona if who == "mona" else desk.cast.alice, urls[0], width=390)
        for url in urls:
            page.goto(url)
            expect(page.locator("h1")).to_be_visible()
            for control in page.locator("main button, main a.button, main select, main summary").all():
                box = control.bounding_box()
                if box and box["height"] and box["height"] < 44:
                    small.append((url, control.inner_text()))
    assert small == []


def test_still_true_is_one_tap_and_room_is_two_without_javascript(desk: Desk, at: At) -> None:
    page = at(desk.cast.alice, reverse("desk-services"), width=390, scripts=False)
    card = page.locator(f"#s-{desk.shelter.uuid}")
    card.get_by_role("button", name="Still true").click()
    expect(page.locator(".messages")).to_contain_text("is confirmed as of today")
    card.get_by_role("button", name="Full").click()
    page.get_by_role("button", name="12 hours").click()
    expect(page.locator(".messages")).to_contain_text("Full. It holds until")
    expect(card.locator(".badge.no")).to_contain_text("Full")
    assert ServiceCapacity.objects.get(service=desk.shelter, unit="bed").available == 0


def test_languages_are_tabs_that_a_keyboard_turns_without_javascript(desk: Desk, at: At) -> None:
    page = at(desk.cast.alice, reverse("desk-service-edit", args=[desk.shelter.uuid]), width=390, scripts=False)
    part = page.locator("#part-what")
    part.locator("summary").click()
    expect(part.locator("#f-name-en")).to_be_visible()
    expect(part.locator("#f-name-fr")).to_be_hidden()
    part.locator("#tab-what-en").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(part.locator("#f-name-fr")).to_be_visible()
    expect(part.locator("#f-name-en")).to_be_hidden()


def test_hours_are_typed_read_back_and_proposed(desk: Desk, at: At) -> None:
    page = at(desk.cast.alice, reverse("desk-service-edit", args=[desk.shelter.uuid]), width=390)
    page.locator("#part-hours summary").click()
    page.locator("#f-hours").fill("lundi et mardi de 9h à 12h")
    page.get_by_role("button", name="How do you read this?").click()
    expect(page.locator(".read-back")).to_contain_text("Monday – Tuesday")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("h1")).to_contain_text("Open Door")
    expect(page.locator(".week-change ins").first).to_contain_text("09:00 to 12:00")
