"""Waiting lists: who must see nothing of a request, an offer or a stay, on every address."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from maillage.places.actions import offers, stays
from maillage.web import addresses
from tests.beds import Beds
from tests.pages.test_access import example
from tests.pages.test_waiting import _a_little_later as _a_little_later  # fixtures
from tests.pages.test_waiting import ask, at_desk, page_of, text
from tests.pages.test_waiting import beds as beds
from tests.testland import NOW


def concerned(beds: Beds) -> dict[str, UUID]:
    """Keys that stand in addresses, each of a thing that is not Hugo's."""
    request, _ = ask(beds, beds.amina)
    offer, _ = offers.offer(request, beds.women, reason="first", by=beds.dave, at=NOW)
    stay = stays.hold(beds.families, beds.carla, from_on=NOW.date(), until_on=None, minutes=60, by=beds.bob, at=NOW)[0]
    found = {
        "request": request.uuid,
        "offer": offer.uuid,
        "stay": stay.uuid,
        "list": beds.queue.uuid,
        "site": beds.site.uuid,
    }
    return found | {"person": beds.amina.uuid, "place": beds.places[0].uuid, "group": beds.women.uuid}


def test_a_member_of_another_organisation_sees_nothing_on_any_address(beds: Beds) -> None:
    """Every address of the map, with every key of a request, an offer or a stay in its place: no name, no reason, no number."""
    keys = concerned(beds)
    hugo, seen = at_desk(beds.hugo), 0
    for line in addresses.addresses():
        if not line.name.startswith("desk") or "<uuid:" not in line.path:
            continue
        for key in keys.values():
            address = example(re.sub(r"<uuid:\w+>", str(key), line.path))
            for answer in (
                hugo.get(address),
                hugo.post(address, {"do": "accept", "stay": key, "place": key, "request": key}),
            ):
                html = "" if answer.streaming else text(answer)
                for secret in ("Amina", "Carla", "Bruno of the bridge", "Sami", "violence"):
                    assert secret not in html, (address, secret)
                assert answer.status_code in {403, 404, 405}, (address, answer.status_code)
            seen += 1
    assert seen > 100


def test_no_page_of_a_desk_lists_somebody_whom_one_does_not_help(beds: Beds) -> None:
    concerned(beds)
    hugo = at_desk(beds.hugo)
    for line in addresses.addresses():
        if line.name.startswith("desk") and "<" not in line.path:
            html = text(hugo.get("/" + line.path))
            for secret in ("Amina", "Carla", "Bruno of the bridge", "Sami"):
                assert secret not in html, (line.path, secret)


def test_nobody_writes_about_a_request_that_is_not_theirs(beds: Beds) -> None:
    request, _ = ask(beds, beds.amina)
    for user in (beds.hugo, beds.bob):
        client = at_desk(user)
        for do in (
            "assess",
            "pause",
            "resume",
            "prove",
            "wish",
            "give",
            "accept",
            "decline",
            "apart",
            "end",
            "link",
            "find",
        ):
            assert client.post(page_of(request), {"do": do}).status_code == 404
        assert client.post(f"/desk/people/{beds.amina.uuid}/ask/", {}).status_code == 404
    assert request.clock.count() == 1


def test_those_without_an_organisation_read_nobody(beds: Beds, cast: Any) -> None:
    request, _ = ask(beds, beds.amina)
    for user in (cast.dora, cast.alice, cast.charlie):
        assert at_desk(user).get(page_of(request)).status_code == 403
    assert at_desk(cast.alice).get("/desk/waiting/").status_code == 403
    html = text(at_desk(cast.dora).get("/desk/waiting/"))
    assert f"/desk/waiting/{beds.queue.uuid}/simulate/" in html
    assert "Amina" not in html
    assert "requests wait" not in html


def test_other_rules_are_tried_on_the_past_without_a_name(beds: Beds, cast: Any) -> None:
    ask(beds, beds.amina)
    for user in (beds.dave, cast.dora):
        page = at_desk(user).get(
            f"/desk/waiting/{beds.queue.uuid}/simulate/", {"try": "1", "order": "waited", "days-c": "30"}
        )
        assert page.status_code == 200
        assert "What would have changed" in text(page)
        assert "Amina" not in text(page)
    assert (
        at_desk(beds.dave).get(f"/desk/waiting/{beds.queue.uuid}/simulate/", {"try": "1", "days-c": "x"}).status_code
        == 200
    )
    for user in (beds.hugo, beds.greta):
        assert at_desk(user).get(f"/desk/waiting/{beds.queue.uuid}/simulate/").status_code == 404
