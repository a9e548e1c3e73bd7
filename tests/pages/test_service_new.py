"""A service is added at the desk: nobody sees it before a moderator has read it."""

from __future__ import annotations

import pytest
from django.test import Client

from maillage.directory import sheet
from maillage.directory.actions import editing
from maillage.directory.models import Change, SearchDocument, Service
from maillage.people.models import Organization
from maillage.people.rules import NotAllowed
from tests.pages import desk as desks
from tests.testland import NOW

WORDS = {
    "name:en": "Night soup",
    "needs": ["company"],
    "address": {"street": "Rue de l'Essai 3", "postal_code": "", "city": "North End"},
}
TYPED = {
    "name:en": "Night soup",
    "needs": ["company"],
    "address-street": "Rue de l'Essai 3",
    "address-postal_code": "",
    "address-city": "North End",
    "status": "active",
}


@pytest.fixture
def desk(testland: object, cast: object) -> desks.Desk:
    return desks.build(testland, cast)  # type: ignore[arg-type]


def shown(service: Service) -> bool:
    return (
        SearchDocument.objects.filter(service=service).exists()
        and Service.objects.visible().filter(pk=service.pk).exists()
    )


def test_an_editor_adds_a_service_and_a_moderator_shows_it(desk: desks.Desk) -> None:
    alice, mona = desks.signed_in(desk.cast.alice), desks.signed_in(desk.mona)
    assert b"A name and one need" in alice.get("/desk/services/new/").content
    house = desk.cast.organization
    answer = alice.post("/desk/services/new/", {**TYPED, "organization": str(house.uuid)})
    change = Change.objects.get(opens=True)
    assert answer.url == f"/desk/changes/{change.uuid}/"  # type: ignore[attr-defined]
    assert (change.service.organization, change.service.name, shown(change.service)) == (house, "Night soup", False)
    assert Client().get(f"/service/{change.service.uuid}/").status_code in (404, 410)
    mona.post(f"/desk/changes/{change.uuid}/decide/", {"do": "accept"})
    assert shown(change.service)
    assert b"Essai 3" in Client().get(f"/service/{change.service.uuid}/").content
    mona.post(f"/desk/changes/{change.uuid}/undo/")
    assert not shown(change.service)


def test_what_came_back_is_mended_and_then_shown(desk: desks.Desk) -> None:
    change = editing.open_service(desk.territory, desk.cast.organization, WORDS, by=desk.cast.alice, at=NOW)
    editing.send_back(change, "Which days?", by=desk.mona, at=NOW)
    again = editing.propose(change.service, {"needs": ["company", "health"]}, by=desk.cast.alice, at=NOW)
    assert not shown(change.service)
    editing.accept(again, by=desk.mona, at=NOW)
    assert shown(change.service)


def test_a_moderator_adds_one_for_an_organisation_that_nobody_knew(desk: desks.Desk) -> None:
    mona = desks.signed_in(desk.mona)
    assert b"Say whose service" in mona.post("/desk/services/new/", TYPED).content
    mona.post("/desk/services/new/", {**TYPED, "name": "The soup people"})
    assert shown(Service.objects.get(organization__name="The soup people"))
    mona.post("/desk/services/new/", {**TYPED, "name:en": "Day soup", "name": "the SOUP people"})
    assert Organization.objects.filter(name__iexact="the soup people").count() == 1


def test_nothing_is_half_added(desk: desks.Desk) -> None:
    services, houses = Service.objects.count(), Organization.objects.count()
    page = desks.signed_in(desk.mona).post(
        "/desk/services/new/",
        {**TYPED, "needs": [], "name": "New people", "phones-number": "12 34", "phones-description": "", "email": "x"},
    )
    assert page.status_code == 400
    assert b"at least one need" in page.content
    assert b"12 34" in page.content  # nothing that was typed is lost
    with pytest.raises(sheet.SheetError, match="needs a name"):
        editing.open_service(desk.territory, desk.cast.organization, {"needs": ["company"]}, by=desk.cast.alice, at=NOW)
    with pytest.raises(NotAllowed):
        editing.open_service(desk.territory, desk.cast.organization, WORDS, by=desk.eve, at=NOW)
    assert (Service.objects.count(), Organization.objects.count()) == (services, houses)


def test_an_editor_adds_nothing_to_another_house(desk: desks.Desk) -> None:
    eve = desks.signed_in(desk.eve)
    page = eve.post("/desk/services/new/", {**TYPED, "organization": str(desk.cast.organization.uuid), "name": "Mine"})
    assert page.status_code == 200
    assert not Change.objects.exists()
    assert not Organization.objects.filter(name="Mine").exists()
