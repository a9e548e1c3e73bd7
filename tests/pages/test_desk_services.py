"""My services, on the desk: still true in one tap, room in two, a closure, and nobody else's service."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from maillage.directory.models import Change, Closure, ErrorReport, Service, ServiceCapacity
from maillage.people.models import Membership, Trace
from tests.pages import desk as house
from tests.pages.desk import Desk, signed_in
from tests.testland import NOW, SECRET_STREET

if TYPE_CHECKING:
    from django.test import Client

    from maillage.people.models import User
    from maillage.territory.models import Territory
    from tests.conftest import Cast


@pytest.fixture
def desk(land: Territory, cast: Cast) -> Desk:
    return house.build(land, cast)


@pytest.fixture
def alice(desk: Desk) -> Client:
    return signed_in(desk.cast.alice)


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_an_editor_sees_the_services_of_her_organisation_and_no_other(desk: Desk, alice: Client) -> None:
    page = text(alice.get(reverse("desk-services")))
    assert "Open Door" in page
    assert "Safe House" in page
    assert "Listening Post" not in page


def test_still_true_is_one_tap(desk: Desk, alice: Client) -> None:
    answer = alice.post(reverse("desk-still-true", args=[desk.shelter.uuid]), follow=True)
    desk.shelter.refresh_from_db()
    assert desk.shelter.confirmed_on == date(2026, 11, 20)
    assert "Confirmed today" in text(answer)


def test_room_is_two_taps_and_says_until_when_it_holds(desk: Desk, alice: Client) -> None:
    first = alice.get(reverse("desk-room", args=[desk.shelter.uuid]), {"say": "full", "unit": "bed"})
    assert "Full" in text(first)
    hidden = dict(
        re.findall(r'type="hidden" name="(status|available|unit)" (?:value="([^"]*)")?', first.content.decode())
    )
    assert hidden["status"] == "no-capacity"
    answer = alice.post(
        reverse("desk-room", args=[desk.shelter.uuid]), {**hidden, "unit": "bed", "holds": "12h"}, follow=True
    )
    said = ServiceCapacity.objects.get(service=desk.shelter, unit="bed")
    assert (said.status, said.available, said.maximum) == ("no-capacity", 0, 20)
    assert said.expires_at == NOW + timedelta(hours=12)
    assert "holds until" in text(answer)


@pytest.mark.parametrize(("holds", "hours"), [("12h", 12), ("today", 3.5), ("3d", 72), ("week", 168)])
def test_room_holds_as_long_as_was_said(desk: Desk, alice: Client, holds: str, hours: float) -> None:
    alice.post(
        reverse("desk-room", args=[desk.shelter.uuid]),
        {"status": "capacity", "available": "2", "unit": "bed", "holds": holds},
    )
    said = ServiceCapacity.objects.get(service=desk.shelter, unit="bed")
    assert (said.available, said.expires_at) == (2, NOW + timedelta(hours=hours))


def test_room_that_cannot_be_is_refused_with_a_sentence_and_what_was_typed(desk: Desk, alice: Client) -> None:
    answer = alice.post(
        reverse("desk-room", args=[desk.shelter.uuid]),
        {"status": "capacity", "available": "0", "unit": "bed", "holds": "12h"},
    )
    assert answer.status_code == 400
    assert "No place is free: say that it is full." in text(answer)
    answer = alice.post(
        reverse("desk-room", args=[desk.shelter.uuid]),
        {"status": "capacity", "available": "50", "unit": "bed", "maximum": "3", "holds": "nonsense"},
    )
    assert answer.status_code == 400
    assert 'value="50"' in answer.content.decode()


def test_a_first_word_on_room_needs_no_number(desk: Desk, alice: Client) -> None:
    alice.post(reverse("desk-room", args=[desk.refuge.uuid]), {"status": "capacity", "available": "", "holds": "3d"})
    said = ServiceCapacity.objects.get(service=desk.refuge)
    assert (said.status, said.available, said.unit) == ("capacity", None, "place")


def test_a_closure_is_announced_in_the_languages_and_ended(desk: Desk, alice: Client) -> None:
    form = {
        "first": "2026-12-24",
        "last": "2027-01-02",
        "message_en": "Back in January",
        "message_fr": "De retour en janvier",
    }
    answer = alice.post(reverse("desk-close", args=[desk.shelter.uuid]), form, follow=True)
    closure = Closure.objects.get(service=desk.shelter)
    assert closure.message == {"en": "Back in January", "fr": "De retour en janvier"}
    assert closure.ends_at is not None
    assert (closure.ends_at - closure.starts_at).days == 10
    assert "Will be closed from" in text(answer)
    assert "Back in January" in text(answer)
    alice.post(reverse("desk-reopen", args=[desk.shelter.uuid, closure.uuid]))
    assert "Back in January" not in text(alice.get(reverse("desk-services")))


def test_a_closure_that_ends_before_it_begins_is_refused_beside_the_field(desk: Desk, alice: Client) -> None:
    form = {"first": "2026-12-24", "last": "2026-12-01", "message_fr": "Fermé pour travaux"}
    answer = alice.post(reverse("desk-close", args=[desk.shelter.uuid]), form)
    assert answer.status_code == 400
    assert "The last day comes before the first." in text(answer)
    assert "Fermé pour travaux" in answer.content.decode()
    assert not Closure.objects.exists()


def test_a_moderator_finds_any_service_by_name_whatever_the_language_and_the_accents(desk: Desk) -> None:
    mona = signed_in(desk.mona)
    for asked in ("listening", "poste d'ecoute", "LUISTERPOST"):
        page = text(mona.get(reverse("desk-services"), {"q": asked}))
        assert "Listening Post" in page, asked
        assert "Open Door" not in page, asked
    assert "No service has this name." in text(mona.get(reverse("desk-services"), {"q": "%' ZZ (["}))


def test_an_editor_searches_her_own_only(desk: Desk, alice: Client) -> None:
    assert "Listening Post" not in text(alice.get(reverse("desk-services"), {"q": "listening"}))


def test_pages_of_services_follow_each_other_without_a_gap(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from maillage.web.desk import queries

    monkeypatch.setattr(queries, "PAGE", 4)
    mona, seen, url = signed_in(desk.mona), [], reverse("desk-services")
    while url:
        page = mona.get(url).content.decode()
        seen += re.findall(r'id="s-([0-9a-f-]{36})"', page)
        following = re.search(r'href="([^"]+after=[^"]+)"', page)
        url = following[1].replace("&amp;", "&") if following else ""
    names = [str(one) for one in Service.objects.order_by("name", "pk").values_list("uuid", flat=True)]
    assert seen == names


def test_the_list_asks_the_database_five_times(desk: Desk, alice: Client, django_assert_max_num_queries: Any) -> None:
    Closure.objects.create(service=desk.shelter, starts_at=NOW, ends_at=NOW + timedelta(days=2))
    Change.objects.create(territory=desk.territory, service=desk.shelter, author=desk.cast.alice)
    alice.get(reverse("desk-services"))
    with django_assert_max_num_queries(5):
        page = text(alice.get(reverse("desk-services")))
    assert "1 change waits for a moderator" in page
    assert "Closed until" in page


def test_what_is_not_shown_to_the_public_is_shown_to_its_own_people(desk: Desk, alice: Client) -> None:
    from maillage.directory.search.index import reindex

    Service.objects.filter(pk=desk.shelter.pk).update(status="inactive")
    reindex(desk.territory, [desk.shelter.pk])
    assert "Not shown to the public" in text(alice.get(reverse("desk-services")))


# --- who may not ------------------------------------------------------------------------------------------------------------------


def addresses(desk: Desk) -> list[tuple[str, str]]:
    """Every address about Alice's shelter: (method, address)."""
    change = Change.objects.create(
        territory=desk.territory,
        service=desk.shelter,
        author=desk.cast.alice,
        fields={"email": {"old": "", "new": "a@b.org"}},
    )
    closure = Closure.objects.create(service=desk.shelter, starts_at=NOW)
    report = ErrorReport.objects.create(territory=desk.territory, service=desk.shelter, kind="other", message="wrong")
    on_service, on_change = [desk.shelter.uuid], [change.uuid]
    return [
        ("post", reverse("desk-still-true", args=on_service)),
        ("get", reverse("desk-room", args=on_service)),
        ("post", reverse("desk-room", args=on_service)),
        ("get", reverse("desk-close", args=on_service)),
        ("post", reverse("desk-close", args=on_service)),
        ("post", reverse("desk-reopen", args=[desk.shelter.uuid, closure.uuid])),
        ("post", reverse("desk-place", args=on_service)),
        ("get", reverse("desk-service-edit", args=on_service)),
        ("post", reverse("desk-service-edit", args=on_service)),
        ("get", reverse("desk-history", args=on_service)),
        ("get", reverse("desk-change", args=on_change)),
        ("post", reverse("desk-change-withdraw", args=on_change)),
        ("post", reverse("desk-change-undo", args=on_change)),
        ("post", reverse("desk-change-decide", args=on_change)),
        ("get", reverse("desk-change-edit", args=on_change)),
        ("post", reverse("desk-change-edit", args=on_change)),
        ("get", reverse("desk-report", args=[report.uuid])),
        ("post", reverse("desk-report", args=[report.uuid])),
        ("post", reverse("desk-report-again", args=[report.uuid])),
    ]


@pytest.mark.parametrize("who", ["bob", "charlie", "eve"])
def test_nobody_touches_the_service_of_another_organisation(desk: Desk, who: str) -> None:
    user: User = desk.eve if who == "eve" else getattr(desk.cast, who)
    client = signed_in(user)
    for method, url in addresses(desk):
        answer = getattr(client, method)(url)
        assert answer.status_code in (403, 404), (method, url, answer.status_code)
        assert "<h1>" in answer.content.decode(), "a sentence says why"
        assert "Open Door" not in answer.content.decode(), (method, url)
    assert Closure.objects.filter(ends_at=None).count() == 1
    assert Change.objects.get().state == "proposed"
    assert ErrorReport.objects.get().state == "open"


def test_the_administrator_of_an_organisation_moderates_nothing(desk: Desk) -> None:
    Membership.objects.create(
        user=desk.eve, territory=desk.territory, organization=desk.other.organization, role="administrator",
        starts_at=house.JANUARY,
    )  # fmt: skip
    client = signed_in(desk.eve)
    for method, url in addresses(desk):
        assert getattr(client, method)(url).status_code in (403, 404), url
    assert client.get(reverse("desk-moderation")).status_code == 403


def test_an_editor_does_not_decide(desk: Desk, alice: Client) -> None:
    for method, url in addresses(desk):
        if "decide" in url or "undo" in url or url.endswith("changes/edit/"):
            assert getattr(alice, method)(url).status_code == 403
    assert alice.get(reverse("desk-moderation")).status_code == 403


# --- confidential places ----------------------------------------------------------------------------------------------------------


def test_the_exact_place_is_told_to_whom_it_was_given_and_each_look_leaves_a_trace(desk: Desk, alice: Client) -> None:
    url = reverse("desk-place", args=[desk.refuge.uuid])
    assert SECRET_STREET not in alice.post(url).content.decode()
    assert not Trace.objects.filter(verb="read-confidential-place").exists()
    Membership.objects.filter(user=desk.cast.alice).update(sees_confidential_places=True)
    answer = alice.post(url)
    assert SECRET_STREET in answer.content.decode()
    assert answer["Cache-Control"] == "no-store"
    assert Trace.objects.filter(verb="read-confidential-place", actor=f"user:{desk.cast.alice.uuid}").count() == 1
    assert alice.get(url).status_code == 405


@pytest.mark.parametrize("who", ["mona", "dora", "alice"])
def test_no_other_page_of_the_desk_says_where_a_confidential_place_is(desk: Desk, who: str) -> None:
    client = signed_in(desk.mona if who == "mona" else getattr(desk.cast, who))
    for name in ("desk-service-edit", "desk-history", "desk-room", "desk-close"):
        assert SECRET_STREET not in client.get(reverse(name, args=[desk.refuge.uuid])).content.decode()
    assert SECRET_STREET not in client.get(reverse("desk-services")).content.decode()
    assert SECRET_STREET not in client.post(reverse("desk-place", args=[desk.refuge.uuid])).content.decode()
