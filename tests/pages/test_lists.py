"""A list to hand over: from a search to a page that somebody reads without an account."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from maillage.directory.models import Service
from maillage.orientation.models import SharedList
from maillage.people.models import Membership, User
from maillage.territory.models import Territory
from tests.testland import NOW, SECRET_STREET

ENGLISH = {"accept-language": "en"}


@pytest.fixture
def land(land: Territory, cast: Any) -> Territory:
    Membership.objects.update(starts_at=NOW - timedelta(days=30), accepted_at=NOW)
    return land


@pytest.fixture
def bob_at_desk(land: Territory, cast: Any) -> Client:
    client = Client(headers=ENGLISH)
    client.force_login(cast.bob)
    return client


def text(answer: Any) -> str:
    return str(answer.content.decode())


def uuid(code: str) -> UUID:
    return Service.objects.get(code=code).uuid


def a_list(client: Client, code: str = "tea-hour", language: str = "en") -> SharedList:
    client.post("/desk/lists/add/", {"service": uuid(code), "title": "Some company", "language": language})
    return SharedList.objects.get(title="Some company")


def link_of(client: Client, shared: SharedList) -> str:
    html = text(client.post(f"/desk/lists/{shared.uuid}/", {"do": "hand-over"}))
    found = re.search(r"http://testserver(/list/[\w-]+/)", html)
    assert found
    return found[1]


def test_from_a_result_to_a_list_without_javascript(bob_at_desk: Client, land: Territory) -> None:
    one = f"/desk/lists/add/?service={uuid('tea-hour')}"
    assert one in text(bob_at_desk.get("/results/?needs=company"))
    assert one in text(bob_at_desk.get(f"/service/{uuid('tea-hour')}/"))
    assert "Tea Hour" in text(bob_at_desk.get(one))
    shared = a_list(bob_at_desk)
    html = text(bob_at_desk.get(f"/desk/lists/add/?service={uuid('tenants-desk')}"))
    assert f'value="{shared.uuid}"' in html
    answer = bob_at_desk.post("/desk/lists/add/", {"service": uuid("tenants-desk"), "list": shared.uuid})
    assert answer.headers["Location"] == f"/desk/lists/{shared.uuid}/"
    assert list(shared.items.order_by("order").values_list("service_uuid", flat=True)) == [
        uuid("tea-hour"),
        uuid("tenants-desk"),
    ]


def test_a_visitor_and_an_editor_are_offered_no_list(land: Territory, cast: Any) -> None:
    assert "desk/lists/add" not in text(Client(headers=ENGLISH).get("/results/?needs=company"))
    client = Client(headers=ENGLISH)
    client.force_login(cast.alice)
    assert "desk/lists/add" not in text(client.get("/results/?needs=company"))


def test_who_has_the_link_reads_it_in_its_language_as_things_stand(bob_at_desk: Client, land: Territory) -> None:
    shared = a_list(bob_at_desk, language="nl")
    visitor = Client(headers={"accept-language": "fr"})
    page = visitor.get(link_of(bob_at_desk, shared))
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert page.headers["Content-Language"] == "nl"
    assert '<html lang="nl"' in text(page)
    assert not page.cookies
    other = visitor.get(link_of(bob_at_desk, shared), {"language": "en"})
    assert '<html lang="en"' in text(other)
    assert "Tea Hour" in text(other)
    assert re.search("Confirmed on|Never confirmed by the service", text(other))


def test_a_link_that_ended_says_so_and_is_told_to_nobody(bob_at_desk: Client, land: Territory) -> None:
    shared = a_list(bob_at_desk)
    link = link_of(bob_at_desk, shared)
    newer = link_of(bob_at_desk, shared)
    assert Client(headers=ENGLISH).get(link).status_code == 404
    assert Client(headers=ENGLISH).get(newer).status_code == 200
    bob_at_desk.post(f"/desk/lists/{shared.uuid}/", {"do": "end"})
    gone = Client(headers=ENGLISH).get(newer)
    assert gone.status_code == 404
    assert "This list has ended" in text(gone)
    assert gone.headers["Referrer-Policy"] == "no-referrer"
    assert Client().post(newer).status_code == 405


def test_a_service_that_left_the_directory_is_told(bob_at_desk: Client, land: Territory) -> None:
    shared = a_list(bob_at_desk)
    link = link_of(bob_at_desk, shared)
    Service.objects.filter(code="tea-hour").update(visibility="hidden")
    html = text(Client(headers=ENGLISH).get(link))
    assert "This service has left the directory." in html
    assert "Tea Hour" not in html
    assert "This service has left the directory." in text(bob_at_desk.get(f"/desk/lists/{shared.uuid}/"))


def test_a_confidential_place_is_its_area_only(bob_at_desk: Client, land: Territory) -> None:
    from maillage.directory.models import Location, ServiceAtLocation

    place = Location.objects.get(is_confidential=True)
    service = ServiceAtLocation.objects.filter(location=place).select_related("service").first()
    assert service
    shared = a_list(bob_at_desk, service.service.code)
    html = text(Client(headers=ENGLISH).get(link_of(bob_at_desk, shared)))
    assert "Confidential address" in html
    assert SECRET_STREET not in html


def test_notes_are_kept_moved_and_refused_without_losing_what_was_typed(bob_at_desk: Client, land: Territory) -> None:
    shared = a_list(bob_at_desk)
    bob_at_desk.post("/desk/lists/add/", {"service": uuid("tenants-desk"), "list": shared.uuid})
    first, second = shared.items.order_by("order")
    path = f"/desk/lists/{shared.uuid}/"
    bob_at_desk.post(path, {"do": "note", "item": first.pk, "note": "Ring twice"})
    assert "Ring twice" in text(Client(headers=ENGLISH).get(link_of(bob_at_desk, shared)))
    html = text(bob_at_desk.post(path, {"do": "note", "item": first.pk, "note": "ask eve@example.org"}))
    assert "take the e-mail address out" in html
    assert ">ask eve@example.org</textarea>" in html
    bob_at_desk.post(path, {"do": "up", "item": second.pk})
    assert shared.items.order_by("order").first() == second
    bob_at_desk.post(path, {"do": "down", "item": second.pk})
    bob_at_desk.post(path, {"do": "remove", "item": second.pk})
    assert shared.items.get() == first
    bob_at_desk.post(path, {"do": "describe", "title": "Renamed", "language": "fr"})
    shared.refresh_from_db()
    assert (shared.title, shared.language) == ("Renamed", "fr")
    for odd in ({"do": "note", "item": "x"}, {"do": "dance"}, {}):
        assert bob_at_desk.post(path, odd).status_code == 404
    assert bob_at_desk.post(path, {"do": "describe", "title": "", "language": "fr"}).status_code == 302


def test_a_list_of_somebody_else_does_not_exist(bob_at_desk: Client, land: Territory, cast: Any) -> None:
    shared = a_list(bob_at_desk)
    other = Client(headers=ENGLISH)
    other.force_login(cast.dora)
    assert other.get(f"/desk/lists/{shared.uuid}/").status_code == 404
    assert other.post("/desk/lists/add/", {"service": uuid("tenants-desk"), "list": shared.uuid}).status_code == 404
    assert other.post("/desk/lists/add/", {"service": uuid("tenants-desk"), "list": "x"}).status_code == 404
    assert other.get("/desk/lists/add/?service=x").status_code == 404
    assert other.get(f"/desk/lists/add/?service={UUID(int=1)}").status_code == 404
    assert "Some company" not in text(other.get("/desk/lists/"))


def test_a_title_that_says_who_is_refused_and_stays_typed(bob_at_desk: Client, land: Territory) -> None:
    html = text(bob_at_desk.post("/desk/lists/", {"title": "For eve@example.org", "language": "en"}))
    assert "take the e-mail address out" in html
    assert "For eve@example.org" in html
    assert not SharedList.objects.exists()
    assert bob_at_desk.post("/desk/lists/", {"title": "For a family", "language": "en"}).status_code == 302
    assert "For a family" in text(bob_at_desk.get("/desk/lists/"))
    assert "Start this list" in text(bob_at_desk.post("/desk/lists/", {"title": "", "language": "en"}))


def test_what_is_full_says_so(bob_at_desk: Client, land: Territory, monkeypatch: pytest.MonkeyPatch) -> None:
    from maillage.orientation import rules

    shared = a_list(bob_at_desk)
    monkeypatch.setattr(rules, "MOST_IN_A_LIST", 1)
    full = bob_at_desk.post("/desk/lists/add/", {"service": uuid("tenants-desk"), "list": shared.uuid}, follow=True)
    assert "This list is full" in text(full)
    monkeypatch.setattr(rules, "MOST_LISTS", 1)
    assert "You have many lists" in text(bob_at_desk.post("/desk/lists/", {"title": "More", "language": "en"}))


def test_the_drawing_holds_the_link(bob_at_desk: Client, land: Territory) -> None:
    shared = a_list(bob_at_desk)
    html = text(bob_at_desk.post(f"/desk/lists/{shared.uuid}/", {"do": "hand-over"}))
    assert "<svg" in html[html.index('class="drawing"') :][:200]
    assert " style=" not in html[html.index('class="drawing"') :]
    assert "http://testserver/list/" not in text(bob_at_desk.get(f"/desk/lists/{shared.uuid}/"))


def test_a_list_asks_the_database_little(
    bob_at_desk: Client, land: Territory, cast: Any, django_assert_max_num_queries: Any
) -> None:
    shared = a_list(bob_at_desk)
    for service in Service.objects.visible().exclude(code="tea-hour"):
        bob_at_desk.post("/desk/lists/add/", {"service": service.uuid, "list": shared.uuid})
    link = link_of(bob_at_desk, shared)
    assert User.objects.exists()
    visitor = Client(headers=ENGLISH)
    visitor.get(link)
    with django_assert_max_num_queries(5):
        visitor.get(link)
