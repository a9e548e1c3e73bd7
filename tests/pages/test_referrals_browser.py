"""A referral from end to end as people meet it: on a phone, without JavaScript, by three people who never share a screen."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from maillage.directory.search.index import reindex
from maillage.orientation.models import Referral
from maillage.people.models import Person
from tests.pages.conftest import Opening
from tests.pages.test_desk_browser import problems

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from maillage.people.models import User
    from tests.beds import Beds

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
At = Callable[..., "Page"]


@pytest.fixture
def at(opening: Opening, live_server: Any, beds: Beds) -> At:
    """at(user, path, ...) -> the page of somebody who is signed in."""
    reindex(beds.territory)

    def go(user: User, path: str, **more: Any) -> Page:
        client = Client()
        client.force_login(user)
        page = opening("/robots.txt", **more)
        name = settings.SESSION_COOKIE_NAME
        page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        page.goto(path)
        return page

    return go


def refer(page: Page) -> None:
    """From the results to a letter that is sent, for somebody who was never seen before."""
    page.get_by_role("link", name=re.compile("Refer somebody.*Open Door")).click(timeout=5_000)
    page.locator("summary", has_text="Somebody new").click()
    page.get_by_label("What they want to be called").fill("The man with the dog")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_label("Name: The man with the dog")).to_be_checked()
    page.get_by_label("A word to the service").fill("He has not slept for two nights.")
    page.get_by_role("button", name="Read it to them").click()
    expect(page.locator(".aloud")).to_contain_text("He has not slept for two nights.")
    page.get_by_label("Yes, they said so").check()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_from_a_service_to_the_persons_own_page(at: At, opening: Opening, beds: Beds, scripts: bool) -> None:
    worker = at(beds.greta, "/results/?needs=emergency-shelter", width=390, scripts=scripts)
    refer(worker)
    worker.get_by_role("button", name="Show their link").click()
    link = worker.locator(".handed a").get_attribute("href") or ""
    house = at(beds.bob, reverse("desk-referrals"), width=390, scripts=scripts)
    house.get_by_role("link", name="The man with the dog").click()
    house.get_by_role("button", name="Accept").click()
    expect(house.locator(".messages")).to_contain_text("Written down.")
    person = opening(link, width=390, scripts=scripts)
    expect(person.locator(".now-at")).to_have_text("Your request is accepted.")
    expect(person.get_by_text("The man with the dog")).to_be_hidden()
    house.get_by_role("button", name="Help has begun").click()
    house.get_by_text("What came of it?").click()
    house.get_by_label("met", exact=True).check()
    house.get_by_role("button", name="End it").click()
    expect(house.locator("h1 + .lead + .badges")).to_contain_text("ended")
    person.reload()
    expect(person.locator(".now-at")).to_have_text("The help has ended.")


def test_leaving_quickly_takes_the_page_out_of_the_history(at: At, opening: Opening, beds: Beds) -> None:
    worker = at(beds.greta, "/results/?needs=emergency-shelter", width=390)
    refer(worker)
    worker.get_by_role("button", name="Show their link").click()
    person = opening(worker.locator(".handed a").get_attribute("href"), width=390)
    person.route("https://www.wikipedia.org/**", lambda route: route.fulfill(body="elsewhere"))
    opening.complaints.clear()  # type: ignore[attr-defined]
    person.get_by_role("link", name="Leave quickly").click()
    person.wait_for_url("https://www.wikipedia.org/**")
    person.go_back()
    expect(person.locator("body")).not_to_contain_text("Your request")
    opening.complaints.clear()  # type: ignore[attr-defined]  # the quick exit is the one page of elsewhere


def test_the_safe_way_is_asked_and_only_then_the_number(at: At, opening: Opening, beds: Beds) -> None:
    at(beds.greta, "/desk/")
    page = opening(reverse("ask", args=[beds.shelter.uuid]), width=390)
    expect(page.get_by_label("Your telephone number")).to_be_hidden()
    page.get_by_label("Yes, by text message").check()
    page.get_by_label("Your telephone number").fill("0470 00 00 00")
    page.get_by_label("How may they call you?").fill("M.")
    page.get_by_role("button", name="See what is sent").click()
    page.get_by_role("button", name="I agree: send it").click()
    expect(page.get_by_role("heading", name="Your request was sent")).to_be_visible()
    assert Person.objects.get(alias="M.").contact == "sms"
    assert "/mine/" not in page.url


def paths(beds: Beds) -> dict[str, list[str]]:
    one = Referral.objects.latest("pk")
    amina, shelter = [beds.amina.uuid], [beds.shelter.uuid]
    return {
        "greta": [
            reverse("desk-people"), reverse("desk-person", args=amina), reverse("desk-person-new"),
            reverse("desk-person-edit", args=amina), reverse("desk-person-join", args=amina),
            reverse("desk-person-household", args=amina), reverse("desk-refer", args=shelter),
            reverse("desk-referrals") + "?box=out", reverse("desk-referral", args=[one.uuid]), reverse("ask", args=shelter),
        ],
        "bob": [reverse("desk-referrals"), reverse("desk-referral", args=[one.uuid])],
    }  # fmt: skip


@pytest.mark.parametrize(("scheme", "language"), [("light", "fr"), ("dark", "nl")])
def test_axe_finds_nothing_no_phone_scrolls_sideways_and_every_button_fits_a_thumb(
    at: At, opening: Opening, beds: Beds, scheme: str, language: str
) -> None:
    worker = at(beds.greta, "/results/?needs=emergency-shelter", width=390)
    refer(worker)
    worker.get_by_role("button", name="Show their link").click()
    link = worker.locator(".handed a").get_attribute("href") or ""
    wrong: dict[str, Any] = {}
    for who, urls in paths(beds).items():
        page = at(getattr(beds, who), urls[0], width=320, scheme=scheme, language=language)
        for url in [*urls, *([link] if who == "greta" else [])]:
            page.goto(url)
            if found := faults(page):
                wrong[url] = found
    assert wrong == {}


def faults(page: Page) -> list[str]:
    expect(page.locator("h1")).to_be_attached()
    page.locator("main details").evaluate_all("all => all.forEach(one => one.open = true)")
    found = problems(page)
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        found.append("it scrolls sideways")
    for control in page.locator("main button, main a.button, main select, main summary, main .pick").all():
        box = control.bounding_box()
        if box and box["height"] and box["height"] < 44:
            found.append(f"too small: {control.inner_text()}")
    return found
