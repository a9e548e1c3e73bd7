"""What a person decided at the desk: a feed that says otherwise is told so, and changes nothing."""

from __future__ import annotations

import copy
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from maillage.directory import queries, sheet
from maillage.directory.actions import capacity, editing
from maillage.directory.models import FieldProvenance, ImportIssue, Service
from maillage.people.models import Membership, Role, User
from maillage.territory.models import Territory
from tests.testland import NOW
from tests.unit.standards.conftest import Import, codes

PHONE = [{"number": "02 999 99 99", "description": ""}]
ID = "11111111-1111-4111-8111-111111111111"
PLACE = "33333333-3333-4333-8333-333333333333"


def feed(**said: Any) -> list[dict[str, Any]]:
    service = {
        "id": ID, "name": "Desk of rights", "status": "active", "description": "Advice", "email": "old@example.org",
        "url": "https://example.org", "assured_date": "2026-01-01",
        "phones": [{"id": "22222222-2222-4222-8222-222222222222", "number": "02 111 11 11"}],
        "organization": {"id": "44444444-4444-4444-8444-444444444444", "name": "House of rights", "description": "A house"},
        "service_at_locations": [{
            "id": "55555555-5555-4555-8555-555555555555",
            "location": {"id": PLACE, "name": "Here", "location_type": "physical",
                         "phones": [{"id": "66666666-6666-4666-8666-666666666666", "number": "02 222 22 22"}]},
        }],
    }  # fmt: skip
    return [service | said]


def found() -> Service:
    return Service.objects.select_related("territory", "organization").get(uuid=UUID(ID))


@pytest.fixture
def moderator(bare: Territory) -> User:
    user = User.objects.create_user("mo@example.org", "a long enough sentence")
    Membership.objects.create(user=user, territory=bare, role=Role.MODERATOR, starts_at=NOW - timedelta(days=1))
    return user


def test_a_feed_that_comes_again_keeps_the_telephone_of_the_editor(
    bare: Territory, take: Import, moderator: User
) -> None:
    take(bare, feed())
    assert {row["number"] for row in sheet.read(found())["phones"]} == {"02 111 11 11", "02 222 22 22"}
    editing.propose(found(), {"phones": PHONE, "description:en": "Advice on rights"}, by=moderator, at=NOW)

    told = copy.deepcopy(feed(email="new@example.org", description="Advice for all"))
    told[0]["service_at_locations"][0]["location"]["phones"][0]["number"] = "02 333 33 33"
    outcome = take(bare, told)
    read = sheet.read(found())
    assert read["phones"] == PHONE
    assert read["description:en"] == "Advice on rights"
    assert read["email"] == "new@example.org"  # nobody at the desk has said anything of it
    assert "held-desk" in codes(outcome)
    remarks = dict(ImportIssue.objects.filter(code="held-desk").values_list("field", "value"))
    assert remarks["description:en"] == "Advice for all"
    assert "phones" in remarks
    assert queries.field_sources(found())["phones"].by == moderator


def test_a_feed_that_says_the_same_is_not_reported(bare: Territory, take: Import, moderator: User) -> None:
    take(bare, feed())
    editing.propose(found(), {"email": "new@example.org"}, by=moderator, at=NOW)
    outcome = take(bare, feed(email="new@example.org"))
    assert "held-desk" not in codes(outcome)
    assert sheet.read(found())["email"] == "new@example.org"


def test_what_was_undone_is_the_feeds_again(bare: Territory, take: Import, moderator: User) -> None:
    take(bare, feed())
    first = editing.propose(found(), {"email": "desk@example.org"}, by=moderator, at=NOW)
    phones = editing.propose(found(), {"phones": PHONE}, by=moderator, at=NOW)
    editing.undo(first, by=moderator, at=NOW)
    take(bare, feed(email="new@example.org"))
    assert sheet.read(found())["email"] == "new@example.org"
    assert sheet.read(found())["phones"] == PHONE
    editing.undo(phones, by=moderator, at=NOW)
    assert not FieldProvenance.objects.filter(record__source="desk").exists()


def test_an_operator_who_lets_the_feed_take_over_has_decided_against_the_desk(
    bare: Territory, take: Import, moderator: User
) -> None:
    take(bare, feed())
    editing.propose(found(), {"email": "desk@example.org"}, by=moderator, at=NOW)
    take(bare, feed(email="new@example.org"), take_over=True)
    assert sheet.read(found())["email"] == "new@example.org"


def test_a_confirmation_at_the_desk_is_not_older_because_a_feed_is(
    bare: Territory, take: Import, moderator: User
) -> None:
    take(bare, feed())
    editing.still_true(found(), by=moderator, at=NOW)
    take(bare, feed(assured_date="2026-02-02"))
    assert found().confirmed_on == NOW.date()
    take(bare, feed(assured_date="2027-02-02"))
    assert found().confirmed_on == date(2027, 2, 2)


def test_room_said_at_the_desk_holds_until_it_expires(bare: Territory, take: Import, moderator: User) -> None:
    def room(available: int) -> list[dict[str, Any]]:
        unit = {"id": "77777777-7777-4777-8777-777777777777", "name": "place"}
        return feed(
            capacities=[
                {
                    "id": "88888888-8888-4888-8888-888888888888",
                    "unit": unit,
                    "available": available,
                    "updated": "2026-11-20",
                }
            ]
        )

    take(bare, room(5))
    capacity.say(found(), available=0, expires_at=NOW + timedelta(days=3650), by=moderator, at=NOW)
    take(bare, room(6))
    assert set(found().capacities.values_list("available", flat=True)) == {0}
    found().capacities.update(expires_at=NOW - timedelta(days=3650))
    take(bare, room(7))
    assert set(found().capacities.values_list("available", flat=True)) == {7}


def test_every_kind_of_field_is_held(bare: Territory, take: Import, moderator: User) -> None:
    take(bare, feed())
    said = {
        "hours": {"raw": "Mo-Fr 09:00-12:00"}, "languages": [], "documents": ["a letter"], "served_words": "the whole town",
        "wheelchair": True, "minimum_age": 18, "access_modes": ["phone"], "name:en": "Rights", "cost": "free",
    }  # fmt: skip
    editing.propose(found(), said, by=moderator, at=NOW)
    before = sheet.read(found())
    told = feed(
        name="Other", minimum_age=3, schedules=[{"id": "99999999-9999-4999-8999-999999999999", "description": "Mo 10:00-11:00"}],
        required_documents=[{"id": "aaaaaaaa-9999-4999-8999-999999999999", "document": "identity card"}],
        service_areas=[{"id": "bbbbbbbb-9999-4999-8999-999999999999", "name": "elsewhere", "extent": "elsewhere"}],
    )  # fmt: skip
    take(bare, told)
    assert sheet.read(found()) == before
    assert found().name == "Rights"
