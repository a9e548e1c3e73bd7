"""Tonight's screen in a browser: two dispatchers and one last bed, one key, a screen that looks again and loses nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from maillage.people.models import Membership, Role, User
from maillage.places import standing
from maillage.places.actions import offers, waiting
from maillage.places.models import Request, Stay
from tests.conftest import SINCE
from tests.pages.conftest import Opening
from tests.testland import NOW

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from maillage.territory.models import Territory
    from tests.beds import Beds

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
At = Callable[..., "Page"]
URL = "/desk/tonight/"


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> Iterator[None]:
    standing.forget()
    yield
    standing.forget()


@pytest.fixture
def at(opening: Opening, live_server: Any) -> Iterator[At]:
    """at(user, path, ...) -> the page of somebody who is signed in."""

    def go(user: User, path: str = URL, **more: Any) -> Page:
        """The browser notes answers that refuse in its console: a refusal is no fault of the page."""
        client = Client()
        client.force_login(user)
        page = opening("/robots.txt", **more)
        name = settings.SESSION_COOKIE_NAME
        page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        page.goto(path)
        return page

    yield go
    kept: list[str] = opening.complaints  # type: ignore[attr-defined]
    kept[:] = [one for one in kept if "409 (Conflict)" not in one]


@pytest.fixture
def night(land: Territory, beds: Beds) -> dict[str, Request]:
    """Carla and Bruno wait; one place is free for both: that of families."""
    from maillage.places.models import OutOfUse

    for place in beds.places[:2]:
        OutOfUse.objects.create(place=place, state="works", starts_at=NOW - timedelta(days=1))
    return {
        name: waiting.ask(beds.queue, person, asked_by=beds.street, by="system:test", at=NOW - timedelta(days=days))[0]
        for name, person, days in (("carla", beds.carla, 9), ("bruno", beds.bruno, 5))
    }


@pytest.fixture
def diego(beds: Beds) -> User:
    """Another dispatcher of the same house."""
    user = User.objects.create_user("diego@example.org", "a long enough sentence", name="Diego")
    Membership.objects.create(
        user=user, territory=beds.territory, organization=beds.dispatch, role=Role.PROFESSIONAL, starts_at=SINCE
    )
    return user


def test_two_dispatchers_and_the_last_bed(beds: Beds, night: dict[str, Request], diego: User, at: At) -> None:
    words = {"carla": "She is ill", "bruno": "Carla does not answer her telephone"}
    pages = {
        name: at(user, reverse("desk-tonight-place", args=[night[name].uuid]) + f"?list={beds.queue.uuid}")
        for name, user in (("carla", beds.dave), ("bruno", diego))
    }
    for name, page in pages.items():
        page.get_by_label("Why, when it passes over somebody").fill(words[name])
    for page in pages.values():  # the same second: both leave before either answer is here
        page.evaluate("setTimeout(() => document.querySelector('main .stick button').click(), 50)")
    for page in pages.values():
        expect(page.locator(".messages, main [role=alert]:visible").first).to_be_visible()
    (stay,) = Stay.objects.filter(state="held")
    lost = "bruno" if stay.person == beds.carla else "carla"
    won = pages["carla" if lost == "bruno" else "bruno"]
    expect(won.locator(".messages")).to_contain_text("A place is held for")
    expect(pages[lost].get_by_role("alert").first).to_contain_text("No place of this group can be given")
    expect(pages[lost].get_by_label("Why, when it passes over somebody")).to_have_value(words[lost])


def test_one_key_places_whoever_is_chosen(beds: Beds, night: dict[str, Request], at: At) -> None:
    page = at(beds.dave)
    first = page.get_by_role("radio", name="Carla")
    expect(first).to_be_checked()
    expect(first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("A place is held for Carla")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Carla waits again, as before")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="Bruno")).to_be_checked()
    page.keyboard.press("1")
    expect(page.get_by_role("heading", name="They stand before, and could have this place")).to_be_visible()


def test_it_looks_again_without_losing_who_is_chosen_nor_what_is_open(
    beds: Beds, night: dict[str, Request], at: At
) -> None:
    page = at(beds.dave)
    page.keyboard.press("ArrowDown")
    bruno = page.get_by_role("radio", name="Bruno")
    page.locator(f"#no-{night['bruno'].uuid} summary").click()
    bruno.focus()
    amina = waiting.ask(beds.queue, beds.amina, people=2, asked_by=beds.street, by="system:test", at=NOW)[0]
    waiting.assess(amina, "a", ["violence"], by="system:test", at=NOW)
    page.evaluate("document.body.dispatchEvent(new Event('look'))")
    expect(page.get_by_role("radio", name="Amina")).to_be_visible()
    expect(bruno).to_be_checked()
    expect(bruno).to_be_focused()
    expect(page.get_by_role("button", name="They decline").last).to_be_visible()
    # whoever is chosen was placed by a colleague: the next one is chosen, nothing is placed by a key pressed for another
    offers.give(night["bruno"], beds.families, reason="At the door", by="system:test", at=NOW)
    page.evaluate("document.body.dispatchEvent(new Event('look'))")
    expect(page.get_by_role("radio", name="Bruno")).to_have_count(0)
    expect(page.locator(".night-holds")).to_contain_text("Bruno")


def test_it_says_when_the_network_is_gone_and_when_it_is_back(
    beds: Beds, night: dict[str, Request], at: At, opening: Opening
) -> None:
    page = at(beds.dave)
    lost = page.get_by_text("What you see may be over")
    expect(lost).to_be_hidden()
    page.context.set_offline(True)
    page.evaluate("document.body.dispatchEvent(new Event('look'))")
    expect(lost).to_be_visible()
    page.context.set_offline(False)
    expect(lost).to_be_hidden()
    opening.complaints.clear()  # type: ignore[attr-defined]  # the browser complains that it was offline, and is right


def test_it_says_when_one_was_signed_out_and_keeps_what_is_there(beds: Beds, night: dict[str, Request], at: At) -> None:
    page = at(beds.dave)
    page.context.clear_cookies()
    page.evaluate("document.body.dispatchEvent(new Event('look'))")
    expect(page.get_by_text("You were signed out. Load this page again")).to_be_visible()
    expect(page.get_by_role("radio", name="Carla")).to_be_visible()


def test_without_javascript_everything_is_a_form(beds: Beds, night: dict[str, Request], at: At) -> None:
    page = at(beds.dave, scripts=False, width=390)
    page.get_by_role("radio", name="Carla").check()
    page.get_by_role("radio", name="Carla").press("Enter")
    expect(page.get_by_text("A place is held for Carla")).to_be_visible()
    expect(page.get_by_text("minutes left")).to_be_visible()


def problems(page: Page) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_is_cut_and_every_button_is_large(
    beds: Beds, night: dict[str, Request], at: At, scheme: str
) -> None:
    offers.give(night["bruno"], beds.families, reason="At the door", by="system:test", at=NOW)
    for path in (URL, reverse("desk-tonight-place", args=[night["carla"].uuid]), "/desk/street/"):
        page = at(beds.dave, path, width=390, scheme=scheme)
        assert problems(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        for button in page.locator("main button:not(.hush):visible, main a.button:visible, main summary:visible").all():
            box = button.bounding_box()
            assert box
            assert box["height"] >= 44, (path, button.inner_text(), box)
