"""Figures and the count as they are met: on a telephone in the dark at eleven at night, on a large screen by day."""

from __future__ import annotations

from copy import deepcopy
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import expect

from maillage.orientation.models import UnmetNeed
from maillage.people.models import Membership, Role, User
from maillage.places.actions import counts
from maillage.places.models import Count, CountLine, Stay
from tests.beds import Beds
from tests.conftest import SINCE
from tests.pages.conftest import Opening
from tests.testland import NOW
from tests.unit.places.test_counts import METHOD

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TONIGHT = date(2026, 11, 20)


@pytest.fixture
def count(beds: Beds, land: Any) -> Count:
    land.content["places"] = {"count_methods": [deepcopy(METHOD)]}
    land.save()
    for n in range(60):
        night = TONIGHT - timedelta(60 - n)
        Stay.objects.create(
            territory=land, group=beds.dormitory, people=30 + n % 7, from_on=night, until_on=night + timedelta(1), state="out",
            created_at=NOW, person=beds.bruno,
        )  # fmt: skip
    for back, number in enumerate([3, 40, 10, 9, 11, 10, 8, 12, 10, 11, 9, 10]):
        day = date(2026, 11, 17) - timedelta(7 * back)
        UnmetNeed.objects.create(
            territory=land, need="emergency-shelter", area="north", cause="full", count=number, day=day
        )
    return counts.open_count(land, "ethos-light", held_on=TONIGHT, by="system:test", at=NOW)


@pytest.fixture
def coral(beds: Beds) -> User:
    user = User.objects.create_user("coral@example.org", "a long enough sentence")
    Membership.objects.create(user=user, territory=beds.territory, role=Role.COORDINATOR, starts_at=SINCE)
    return user


@pytest.fixture
def at(opening: Opening, live_server: Any) -> Any:
    def go(user: User, path: str, **more: Any) -> Page:
        client = Client()
        client.force_login(user)
        page = opening("/robots.txt", **more)
        name = settings.SESSION_COOKIE_NAME
        page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        page.goto(path)
        return page

    return go


def test_axe_finds_nothing_and_a_telephone_never_scrolls_sideways(count: Count, coral: User, at: Any) -> None:
    from axe_playwright_python.sync_playwright import Axe

    street = f"/desk/counts/{count.uuid}/"
    paths = (
        "/desk/use/", "/desk/demand/", "/desk/signals/", "/desk/signals/services/?need=emergency-shelter&area=north",
        "/desk/unmet/?by=week", "/desk/counts/", street, f"{street}zones/north/", f"{street}totals/",
    )  # fmt: skip
    page = at(coral, paths[0], width=390, scheme="dark")
    for path in paths:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        found = Axe().run(page)
        assert found.violations_count == 0, f"{path}\n{found.generate_report()}"


def test_somebody_is_counted_on_a_telephone_without_javascript(count: Count, beds: Beds, at: Any) -> None:
    page = at(beds.greta, f"/desk/counts/{count.uuid}/", width=390, scheme="dark", scripts=False)
    page.get_by_role("link", name="North End").click()
    expect(page.get_by_role("radio", name="In public space")).to_be_checked()  # the only category of the street
    page.get_by_label("How many people?").fill("2")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("2 people added.")).to_be_visible()
    page.get_by_text("They told you who they are").click()
    page.get_by_label("Initials").fill("AM")
    page.get_by_label("Year of birth").fill("1980")
    page.get_by_role("radio", name="woman").check()
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("heading", name="3 people told by you here")).to_be_visible()
    button = page.get_by_role("button", name="Add").bounding_box()
    assert button is not None
    assert button["height"] >= 44
    page.get_by_role("button", name="Take back").first.click()
    expect(page.get_by_role("heading", name="2 people told by you here")).to_be_visible()
    assert CountLine.objects.count() == 1
