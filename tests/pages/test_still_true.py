"""The link of a reminder, on a phone: one tap, no password; and clear words when the link opens nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from maillage.directory.actions import freshness as reminders
from maillage.directory.models import ErrorReport, Reminder, Service
from maillage.directory.search.index import reindex
from maillage.people.models import Membership
from maillage.territory.models import Territory
from maillage.web.public import still_true
from tests.testland import NOW, SECRET_STREET


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def strict() -> Client:
    """Checks forged forms as a browser meets them."""
    return Client(headers={"accept-language": "en"}, enforce_csrf_checks=True)


@pytest.fixture
def service(land: Territory, cast: Any) -> Service:
    Service.objects.update(confirmed_on=NOW.date())
    found = Service.objects.get(code="women-haven")
    found.organization, found.confirmed_on = cast.organization, date(2025, 1, 1)
    found.save()
    reindex(land, [found.pk])
    return found


@pytest.fixture
def address(service: Service, land: Territory) -> str:
    """As it stands in the mail."""
    reminders.remind(land, at=NOW)
    found = re.search(r"https?://[^/]+(/still-true/\S+/)", mail.outbox[0].body)
    assert found
    return found[1]


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def test_opening_the_link_changes_nothing(strict: Client, address: str, service: Service) -> None:
    for _scanner in range(3):
        page = strict.get(address)
    strict.head(address)
    assert page.status_code == 200
    assert 'value="true"' in text(page)
    service.refresh_from_db()
    assert service.confirmed_on == date(2025, 1, 1)
    assert Reminder.objects.get().answered_at is None


def test_one_tap_without_a_password_confirms(strict: Client, address: str, service: Service) -> None:
    answer = strict.post(address, {"answer": "true"})
    assert (answer.status_code, answer["location"]) == (302, address)
    service.refresh_from_db()
    assert service.confirmed_on == NOW.date()
    thanks = text(strict.get(address))
    assert "The record says today that it was confirmed." in thanks
    assert "We shall ask again after Nov. 20, 2027." in thanks
    assert "Still true" not in thanks


def test_the_address_is_told_to_nobody(strict: Client, address: str) -> None:
    page = strict.get(address)
    assert page["Referrer-Policy"] == "no-referrer"
    assert page["Cache-Control"] == "no-store"
    assert "noindex" in page["X-Robots-Tag"]
    assert '<meta name="robots" content="noindex, nofollow">' in text(page)


def test_a_second_tap_does_no_harm(strict: Client, address: str) -> None:
    strict.post(address, {"answer": "true"})
    assert "The record says today" in text(strict.post(address, {"answer": "true"}))


def test_somebody_else_answered_before(strict: Client, address: str, service: Service) -> None:
    Service.objects.filter(pk=service.pk).update(confirmed_on=NOW.date())
    assert "Somebody has answered already" in text(strict.get(address))


def test_what_changed_reaches_the_moderators(strict: Client, address: str, service: Service) -> None:
    empty = strict.post(address, {"answer": "changed", "message": "  "})
    assert "Write what has changed" in text(empty)
    strict.post(address, {"answer": "changed", "message": "We moved\x00 to 5 Park Lane"})
    report = ErrorReport.objects.get()
    assert (report.service, report.message, report.email) == (service, "We moved to 5 Park Lane", "alice@example.org")
    service.refresh_from_db()
    assert service.confirmed_on == date(2025, 1, 1)
    assert "The moderators read what you wrote" in text(strict.get(address))


def test_the_page_speaks_the_language_that_is_chosen_on_it(strict: Client, address: str) -> None:
    assert 'lang="fr"' in text(strict.post(address, {"set_language": "fr"}))
    assert Reminder.objects.get().answered_at is None


@pytest.mark.parametrize(
    ("spoil", "status", "words"),
    [
        (lambda a: a[:-3] + "AA/", 404, "not one of ours"),
        (lambda a: "/still-true/" + "x" * 300 + "/", 404, "not one of ours"),
    ],
)
def test_a_forged_link_says_so(strict: Client, address: str, spoil: Any, status: int, words: str) -> None:
    page = strict.get(spoil(address))
    assert page.status_code == status
    assert words in text(page)
    assert page["Referrer-Policy"] == "no-referrer"


def test_an_ended_link_says_so(strict: Client, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW + timedelta(days=31))
    page = strict.post(address, {"answer": "true"})
    assert page.status_code == 410
    assert "This link has ended" in text(page)


def test_a_record_that_is_gone_says_so(strict: Client, address: str, service: Service, land: Territory) -> None:
    Service.objects.filter(pk=service.pk).update(status=Service.Status.DEFUNCT)
    assert strict.get(address).status_code == 410
    Service.objects.filter(pk=service.pk).update(status=Service.Status.ACTIVE)
    service.search_documents.all().delete()
    assert "no longer in the directory" in text(strict.get(address))


def test_who_is_no_longer_an_editor_is_told_so(strict: Client, address: str, cast: Any) -> None:
    Membership.objects.filter(user=cast.alice).delete()
    page = strict.post(address, {"answer": "true"})
    assert page.status_code == 403
    assert "You no longer keep this record" in text(page)


def test_too_many_links_at_once_wait(strict: Client, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(still_true, "MOST", 2)
    answers = [strict.get(address).status_code for _ in range(4)]
    assert answers == [200, 200, 429, 429]
    assert int(strict.get(address)["Retry-After"]) > 0


def test_a_confidential_address_is_not_on_the_page(strict: Client, land: Territory, cast: Any) -> None:
    Service.objects.update(confirmed_on=NOW.date())
    house = Service.objects.get(code="safe-house")
    house.organization, house.confirmed_on = cast.organization, date(2025, 1, 1)
    house.save()
    reminders.remind(land, at=NOW)
    page = strict.get(f"/still-true/{reminders.token(Reminder.objects.get())}/")
    assert page.status_code == 200
    assert SECRET_STREET not in text(page)


def test_on_a_phone_the_button_is_under_the_thumb(
    opening: Any, service: Service, address: str, live_server: Any
) -> None:
    page = opening(address, width=390)
    button = page.get_by_role("button", name="Still true")
    box = button.bounding_box()
    assert box["height"] >= 44
    assert box["width"] > 300
    assert box["y"] + box["height"] <= 844
    button.click()
    page.wait_for_selector("text=Thank you")
    service.refresh_from_db()
    assert service.confirmed_on == NOW.date()
