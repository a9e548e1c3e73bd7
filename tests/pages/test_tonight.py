"""Tonight's screen through plain forms: who comes next, a place in one press, no place twice, and who may see any of it."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from maillage.people.models import Trace
from maillage.places import standing
from maillage.places.actions import offers, stays, waiting
from maillage.places.models import Offer, PassedOver, Refusal, Request, Stay
from tests.pages.desk import signed_in
from tests.testland import NOW, SECRET_STREET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from maillage.territory.models import Territory
    from tests.beds import Beds

URL = "/desk/tonight/"


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> Iterator[None]:
    standing.forget()
    yield
    standing.forget()


@pytest.fixture
def night(land: Territory, beds: Beds) -> dict[str, Request]:
    """Amina with her son, urgent; Carla nine days; Bruno five."""
    found = {
        name: waiting.ask(beds.queue, person, asked_by=beds.street, by="system:test", at=NOW - timedelta(days=days), **more)[0]
        for name, person, days, more in (
            ("carla", beds.carla, 9, {"public": "women"}), ("bruno", beds.bruno, 5, {}), ("amina", beds.amina, 2, {"people": 2}),
        )
    }  # fmt: skip
    waiting.assess(found["amina"], "a", ["violence"], by="system:test", at=NOW)
    return found


def text(answer: Any) -> str:
    return str(answer.content.decode())


def fields(html: str) -> dict[str, str]:
    """What the form of the list carries."""
    form = html[html.index('id="queue"') :]
    return dict(re.findall(r'<input type="hidden" name="(list|public|once)" value="([^"]*)">', form)[:3])


def first_place(html: str, called: str) -> str:
    """The value of the button that places somebody."""
    row = html[html.index(f"<b>{called}</b>") :]
    found = re.search(r'name="place" value="([^"]+)"', row)
    assert found
    return found[1]


def test_who_comes_next_with_why_and_where(beds: Beds, night: dict[str, Request]) -> None:
    html = text(signed_in(beds.dave).get(URL))
    assert [html.index(f"<b>{name}</b>") for name in ("Amina", "Carla", "Bruno of the bridge")] == sorted(
        html.index(f"<b>{name}</b>") for name in ("Amina", "Carla", "Bruno of the bridge")
    )
    assert "Danger" in html
    assert "Violence · waits 2 days" in html
    assert "Open Door · Families" in html
    assert Trace.objects.filter(verb="read a waiting list", data__n=3).count() == 1


def test_one_press_places_the_first_and_says_where(beds: Beds, night: dict[str, Request]) -> None:
    client = signed_in(beds.dave)
    html = text(client.get(URL))
    answer = client.post(URL, {**fields(html), "place": first_place(html, "Amina")}, follow=True)
    assert "A place is held for Amina: Open Door · Families." in text(answer)
    stay = Stay.objects.get()
    assert (stay.request, stay.group, stay.state) == (night["amina"], beds.families, "held")
    assert stay.hold_expires_at == NOW + timedelta(minutes=120)
    assert "120 minutes left" in text(answer)
    assert [one.called for one in standing_of(client)] == ["Carla", "Bruno of the bridge"]


def standing_of(client: Client) -> Any:
    return client.get(URL).context["next"]


def test_the_return_key_places_whoever_is_chosen(beds: Beds, night: dict[str, Request]) -> None:
    client = signed_in(beds.dave)
    said = fields(text(client.get(URL)))
    client.post(URL, {**said, "do": "place", "request": str(night["amina"].uuid)})
    assert Stay.objects.get().request == night["amina"]


def test_a_form_sent_twice_places_once(beds: Beds, night: dict[str, Request]) -> None:
    client = signed_in(beds.dave)
    html = text(client.get(URL))
    said = {**fields(html), "place": first_place(html, "Amina")}
    for _again in range(3):
        assert client.post(URL, said).status_code == 302
    assert Stay.objects.count() == Offer.objects.count() == 1


def test_whoever_is_passed_over_needs_a_reason_and_is_noted(beds: Beds, night: dict[str, Request]) -> None:
    client = signed_in(beds.dave)
    html = text(client.get(URL))
    said = {**fields(html), "place": f"{night['carla'].uuid}:{beds.families.uuid}"}
    answer = client.post(URL, said)
    assert answer.status_code == 409
    assert "They stand before, and could have this place" in text(answer)
    assert "<li>Amina</li>" in text(answer)
    assert not Stay.objects.exists()
    place = reverse("desk-tonight-place", args=[night["carla"].uuid])
    chosen = {"list": str(beds.queue.uuid), "group": f"x:{beds.families.uuid}", "reason": "Amina does not answer"}
    assert client.post(place, chosen).status_code == 302
    assert [(one.request, one.reason) for one in PassedOver.objects.all()] == [
        (night["amina"], "Amina does not answer")
    ]


def test_the_last_place_taken_meanwhile_keeps_what_was_typed(beds: Beds, night: dict[str, Request]) -> None:
    client = signed_in(beds.dave)
    place = reverse("desk-tonight-place", args=[night["carla"].uuid])
    assert "Families" in text(client.get(place))
    offers.give(night["amina"], beds.families, by="system:test", at=NOW)  # a colleague was faster
    answer = client.post(
        place, {"list": str(beds.queue.uuid), "group": f"x:{beds.families.uuid}", "reason": "Her own words"}
    )
    assert answer.status_code == 409
    assert "Her own words</textarea>" in text(answer)
    assert "No place of this group can be given" in text(answer)
    assert "What you wrote is kept below" in text(answer)
    assert Stay.objects.count() == 1


def test_a_colleague_who_was_quicker_leads_back_to_the_list_not_to_another_place(
    beds: Beds, night: dict[str, Request]
) -> None:
    client = signed_in(beds.dave)
    html = text(client.get(URL))
    said = {**fields(html), "place": first_place(html, "Amina")}
    offers.give(night["amina"], beds.families, by="system:test", at=NOW)
    answer = client.post(URL, said)
    assert answer.status_code == 409
    assert "Amina: somebody else was quicker, and nothing was done twice." in text(answer)
    assert "Who comes next" in text(answer)
    assert Stay.objects.count() == 1


def test_undo_gives_the_place_back_and_the_person_their_rank(beds: Beds, night: dict[str, Request]) -> None:
    client = signed_in(beds.dave)
    offers.give(night["amina"], beds.families, by="system:test", at=NOW)
    stay = Stay.objects.get()
    answer = client.post(
        reverse("desk-tonight-hold", args=[stay.uuid]), {"do": "undo", "list": beds.queue.uuid}, follow=True
    )
    assert "Amina waits again" in text(answer)
    assert Stay.objects.get().state == "cancelled"
    assert standing_of(client)[0].called == "Amina"


def test_a_centre_sees_its_own_places_and_says_who_came(beds: Beds, night: dict[str, Request]) -> None:
    offers.give(night["amina"], beds.families, by="system:test", at=NOW)
    client = signed_in(beds.bob)
    html = text(client.get(URL))
    assert "Amina" in html
    assert "Who comes next" not in html
    assert "Carla" not in html
    client.post(reverse("desk-tonight-hold", args=[Stay.objects.get().uuid]), {"do": "came", "list": "house"})
    assert Stay.objects.get().state == "in"


def test_no_place_is_counted_with_its_cause_and_they_wait_on(beds: Beds, night: dict[str, Request]) -> None:
    client = signed_in(beds.dave)
    said = fields(text(client.get(URL)))
    for _again in range(2):
        client.post(URL, {**said, "refuse": f"{night['carla'].uuid}:no_place"})
    (refusal,) = Refusal.objects.all()
    assert (refusal.cause, refusal.public, refusal.need) == ("no_place", "women", "emergency-shelter")
    assert client.post(URL, {**said, "refuse": f"{night['carla'].uuid}:bad"}).status_code == 409
    night["carla"].refresh_from_db()
    assert night["carla"].state == "waiting"


def test_by_public(beds: Beds, night: dict[str, Request]) -> None:
    client = signed_in(beds.dave)
    found = client.get(URL, {"list": beds.queue.uuid, "public": "women"}).context["next"]
    assert [(one.called, one.rank) for one in found] == [("Carla", 2)]


def test_somebody_else_finds_nothing(beds: Beds, night: dict[str, Request], cast: Any) -> None:
    offers.give(night["amina"], beds.families, by="system:test", at=NOW)
    stay = Stay.objects.get()
    hugo = signed_in(beds.hugo)
    html = text(hugo.get(URL))
    assert not any(name in html for name in ("Amina", "Carla", "Bruno", "Open Door"))
    assert hugo.get(URL, {"list": beds.queue.uuid}).status_code == 404
    assert hugo.get(URL + "live/", {"list": beds.queue.uuid}).status_code == 404
    assert hugo.post(URL, {"list": beds.queue.uuid, "refuse": f"{night['carla'].uuid}:no_place"}).status_code == 404
    assert hugo.get(reverse("desk-tonight-place", args=[night["carla"].uuid])).status_code == 404
    assert hugo.post(reverse("desk-tonight-hold", args=[stay.uuid]), {"do": "undo"}).status_code == 404
    greta = signed_in(beds.greta)  # she helps Amina, and keeps no list
    assert greta.post(reverse("desk-tonight-hold", args=[stay.uuid]), {"do": "undo"}).status_code == 404
    for user in (cast.alice, cast.dora):  # an editor, the administrator of the territory
        assert signed_in(user).get(URL).status_code == 403
    assert Stay.objects.get().state == "held"


def test_a_confidential_house_is_only_its_area_for_the_dispatch(beds: Beds, night: dict[str, Request]) -> None:
    from maillage.directory.models import Location

    Location.objects.filter(services_here__service=beds.shelter).update(is_confidential=True)
    html = text(signed_in(beds.dave).get(URL))
    assert "Confidential address, North End" in html
    assert "Open Door" not in html
    assert SECRET_STREET not in html
    assert "Open Door" in text(signed_in(beds.bob).get(URL))


def test_the_part_that_looks_again_is_six_queries_beyond_who_asks(beds: Beds, night: dict[str, Request]) -> None:
    client = signed_in(beds.dave)
    stays.hold(beds.women, beds.carla, from_on=NOW.date(), until_on=None, minutes=30, by="system:test", at=NOW)
    address = looks(text(client.get(URL, {"list": beds.queue.uuid})))
    client.get(address)
    with CaptureQueriesContext(connection) as found:
        html = text(client.get(address))
    around = ("django_session", "people_user", "people_membership", "territory_territory")
    data = [one["sql"] for one in found if not any(f'FROM "{table}"' in one["sql"] for table in around)]
    assert len(data) <= 6, data
    assert html.startswith('<div id="live"')
    assert "As of <time" in html


def looks(html: str) -> str:
    """Where the part that looks again looks."""
    found = re.search(r'hx-get="([^"]+)"', html)
    assert found
    return unescape(found[1])


def test_the_trail_has_one_line_for_many_looks(beds: Beds, night: dict[str, Request]) -> None:
    client = signed_in(beds.dave)
    address = looks(text(client.get(URL)))
    for _again in range(3):
        address = looks(text(client.get(address)))
    read = Trace.objects.filter(verb="read a waiting list")
    assert read.count() == 1
    client.get(address.partition("&read=")[0])  # without the stamp that it has been said
    assert read.count() == 2
    other = looks(text(client.get(URL, {"public": "women", "list": beds.queue.uuid})))
    assert read.count() == 3
    client.get(address.partition("&read=")[0] + "&read=" + other.partition("&read=")[2])  # the stamp of another screen
    assert read.count() == 4


def test_a_screen_that_looks_by_itself_does_not_keep_anybody_signed_in(beds: Beds, land: Territory) -> None:
    from maillage.people.accounts import BEGAN, SEEN

    client = signed_in(beds.dave)
    session = client.session
    start = int(NOW.timestamp()) - 1_000
    session[BEGAN], session[SEEN] = start, start
    session.save()
    client.get(URL, headers={"X-Polls": "1"})
    assert client.session[SEEN] == start
    client.get(URL)
    assert client.session[SEEN] == int(NOW.timestamp())


def test_a_person_is_never_named_in_an_address(beds: Beds, night: dict[str, Request]) -> None:
    html = text(signed_in(beds.dave).get(URL))
    addresses = " ".join(re.findall(r'(?:href|action|hx-get)="([^"]+)"', html))
    assert not any(name in addresses for name in ("Amina", "Carla", "Bruno"))


def test_without_a_list_or_a_house_there_is_a_sentence(beds: Beds) -> None:
    assert "No place is known here." in text(signed_in(beds.hugo).get(URL))
