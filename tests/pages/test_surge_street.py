"""A cold-weather plan and a meeting in the street, through plain forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from maillage.people.models import Consent, Membership, Person, Role, User
from maillage.places.actions import offers
from maillage.places.models import PlaceGroup, Request, SurgeActivation
from tests.conftest import SINCE
from tests.pages.desk import signed_in
from tests.testland import NOW, labels

if TYPE_CHECKING:
    from django.test import Client

    from maillage.territory.models import Territory
    from tests.beds import Beds

LINES = "\n".join(f"2026-11-{day},-9,-5" for day in range(21, 25))
PLANS, PLAN = "/desk/cold/", "/desk/cold/plan/extreme/"


def text(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.fixture
def hall(land: Territory, beds: Beds) -> PlaceGroup:
    trigger = {"measure": "high", "below": -4, "days": 4, "text": labels("Froid", "Kou", "Days below -4")}
    plan = {"code": "extreme", "labels": labels("Grand froid", "Extreme kou", "Extreme cold"), "trigger": trigger}
    beds.territory.content = {**beds.territory.content, "places": {"surge_plans": [plan]}}
    beds.territory.save()
    group = PlaceGroup.objects.create(
        site=beds.site, code="hall", labels=labels("Hall", "Hal", "Hall"), kind="dormitory", beds=3, surge="extreme"
    )
    beds.queue.groups.add(group)
    return group


@pytest.fixture
def cora(hall: PlaceGroup, beds: Beds) -> Client:
    user = User.objects.create_user("cora@example.org", "a long enough sentence", name="Cora")
    Membership.objects.create(user=user, territory=beds.territory, role=Role.COORDINATOR, starts_at=SINCE)
    return signed_in(user)


def test_the_rule_is_asked_then_the_plan_is_opened_and_the_dispatch_sees_it(
    cora: Client, beds: Beds, hall: PlaceGroup
) -> None:
    assert "Days below -4" in text(cora.get(PLANS))
    judged = text(cora.post(PLAN, {"forecast": LINES, "do": "judge"}))
    assert "The rule says: open. 4 days in a row stay below -4 °C, from Sat 21 Nov to Tue 24 Nov" in judged
    assert "2026-11-24,-9,-5" in judged
    assert not SurgeActivation.objects.exists()
    said = {"forecast": LINES, "source": "IRM 20 November", "groups": hall.pk, "do": "open"}
    refused = cora.post(PLAN, said)
    assert refused.status_code == 409
    assert "Write why" in text(refused)
    assert "IRM 20 November" in text(refused)
    opened = cora.post(PLAN, {**said, "reason": "Four nights of frost"}, follow=True)
    assert "The rule said: open." in text(opened)
    assert "Different people who slept there" not in text(opened)  # nothing is told of a first night
    assert "Hall" in text(signed_in(beds.dave).get("/desk/tonight/"))


def test_a_file_is_read_and_a_wrong_line_is_named(cora: Client, hall: PlaceGroup) -> None:
    file = SimpleUploadedFile("irm.csv", LINES.encode(), "text/csv")
    html = text(cora.post(PLAN, {"file": file, "do": "judge"}))
    assert "The rule says: open" in html
    assert "irm.csv" in html
    answer = cora.post(PLAN, {"forecast": "2026-11-21,-9,-5\nsoon, cold", "do": "judge"})
    assert answer.status_code == 409
    assert "Line 2 cannot be read" in text(answer)
    assert "soon, cold" in text(answer)
    big = SimpleUploadedFile("irm.csv", b"x" * 30_000, "text/csv")
    assert "too large" in text(cora.post(PLAN, {"file": big, "do": "judge"}))


def test_closing_asks_why_and_says_who_sleeps_there(cora: Client, beds: Beds, hall: PlaceGroup) -> None:
    cora.post(PLAN, {"reason": "Storm", "groups": hall.pk, "do": "open"})
    made = SurgeActivation.objects.get()
    assert not made.is_triggered
    page = reverse("desk-surge", args=[made.uuid])
    assert "people decided" in text(cora.get(page))
    assert cora.post(page, {"reason": " "}).status_code == 409
    assert "Thaw" in text(cora.post(page, {"reason": "Thaw"}, follow=True))
    assert cora.get("/desk/cold/plan/none/").status_code == 404


def test_a_dispatcher_decides_nothing_about_plans(beds: Beds, hall: PlaceGroup) -> None:
    for path in (PLANS, PLAN):
        assert signed_in(beds.dave).get(path).status_code == 403


# ---- in the street


def met(client: Client, beds: Beds, **more: Any) -> Any:
    said = {
        "alias": "Tall man at the canal",
        "gender": "man",
        "people": 1,
        "area": "south",
        "list": str(beds.queue.uuid),
    }
    return client.post("/desk/street/", {**said, "once": "one", "agrees": "yes", **more}, follow=True)


def test_three_fields_and_they_stand_on_the_list(land: Territory, beds: Beds) -> None:
    client = signed_in(beds.greta)
    assert "Read it to them:" in text(client.get("/desk/street/"))
    for _again in range(2):
        assert "those who keep it see them within seconds" in text(met(client, beds))
    made = Request.objects.get()
    assert (made.person.alias, made.channel, made.area, made.asked_by) == (
        "Tall man at the canal", "street", "south", beds.street,
    )  # fmt: skip
    assert made.consent is not None
    assert "The dispatch keeps it" in Consent.objects.get().shown
    assert "Tall man at the canal" in text(signed_in(beds.dave).get("/desk/tonight/"))


def test_without_their_yes_nothing_is_sent_and_what_was_typed_stays(land: Territory, beds: Beds) -> None:
    answer = met(signed_in(beds.greta), beds, agrees="")
    assert answer.status_code == 400
    assert "without their yes nothing is sent" in text(answer)
    assert "Tall man at the canal" in text(answer)
    assert not Request.objects.exists()
    assert not Person.objects.filter(alias="Tall man at the canal").exists()


def test_whoever_keeps_the_list_asks_for_no_leave_of_another(land: Territory, beds: Beds) -> None:
    assert "Read it to them" not in text(signed_in(beds.dave).get("/desk/street/"))
    met(signed_in(beds.dave), beds, agrees="")
    assert Request.objects.get().consent is None


def test_an_alias_is_placed_and_later_joined_to_a_record(land: Territory, beds: Beds) -> None:
    greta = signed_in(beds.greta)
    met(greta, beds)
    made = Request.objects.get()
    offers.give(made, beds.families, by="system:test", at=NOW)
    join = reverse("desk-person-join", args=[beds.bruno.uuid])
    greta.post(join, {"other": made.person.uuid, "do": "sure"})
    made.person.refresh_from_db()
    assert made.person.same_as == beds.bruno
