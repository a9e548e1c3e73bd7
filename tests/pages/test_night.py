"""A bed tonight: registering without an account, a receipt, a list published before the draw, and a draw that anybody verifies."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from maillage.people.actions import persons
from maillage.people.models import Consent, Membership, Person
from maillage.people.queries import helps
from maillage.places import queries, standing, waiting
from maillage.places.actions import registering, runs
from maillage.places.actions import waiting as act
from maillage.places.models import AllocationRun, Draw, Offer, Request
from tests.beds import Beds
from tests.testland import NOW

ENGLISH = {"accept-language": "en"}
DAY = NOW + timedelta(days=1)
EARLY, NOON, CLOSED = (
    DAY.replace(hour=7),
    DAY.replace(hour=12),
    DAY.replace(hour=17),
)  # one registers from 10:00 to 16:00


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, _friday_evening: None) -> Any:
    """Says what time it is."""
    standing.forget()

    def at(moment: Any) -> None:
        monkeypatch.setattr(timezone, "now", lambda: moment)

    at(NOON)
    return at


@pytest.fixture
def beds(beds: Beds) -> Beds:
    Membership.objects.update(accepted_at=NOW)
    return beds


def text(answer: Any) -> str:
    return str(answer.content.decode())


def somebody(n: int = 1, **more: str) -> dict[str, str]:
    return {"alias": f"Somebody {n}", "contact": "none", "people": "1", "gender": "man", "birth_year": "1980", **more}


def at_desk(user: Any) -> Client:
    client = Client(headers=ENGLISH)
    client.force_login(user)
    return client


def registered(n: int = 1, **more: str) -> str:
    """The address of the receipt."""
    answer = Client(headers=ENGLISH).post("/night/", somebody(n, **more))
    assert answer.status_code == 302, text(answer)
    return str(answer.headers["Location"])


def test_registering_gives_a_receipt_without_a_name(beds: Beds, clock: Any) -> None:
    page = text(Client(headers=ENGLISH).get("/night/"))
    assert "Register until 16:00" in page
    assert page.index("How may we tell you the answer?") < page.index("What shall we call you?")
    receipt = registered(language="")
    request = Request.objects.get()
    assert (request.channel, request.night, request.state) == ("self", queries.night(beds.territory, NOON), "waiting")
    assert Consent.objects.get().how == "self"
    assert helps(beds.dave, request.person, at=NOON)
    assert not helps(beds.greta, request.person, at=NOON)
    html = text(Client(headers=ENGLISH).get(receipt))
    assert "Somebody 1" not in html
    assert "Your receipt" in html
    assert "<svg" in html


def test_the_first_pages_lead_to_the_draw_while_one_may_register(beds: Beds, clock: Any) -> None:
    for moment, is_there in ((EARLY, False), (NOON, True), (CLOSED, False)):
        clock(moment)
        for page in ("/", "/help/"):
            assert ('href="/night/"' in text(Client(headers=ENGLISH).get(page))) is is_there, (moment, page)


def test_the_receipt_says_when_the_answer_comes(beds: Beds, clock: Any) -> None:
    assert "The draw comes after 16:00" in text(Client(headers=ENGLISH).get(registered()))


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_it_is_asked_in_three_languages(beds: Beds, clock: Any, language: str) -> None:
    page = Client(headers={"accept-language": language}).get("/night/")
    assert f'<html lang="{language}"' in text(page)
    answer = Client(headers={"accept-language": language}).post("/night/", somebody())
    assert answer.headers["Location"].endswith(f"?language={language}")
    assert Person.objects.latest("pk").language == language


def test_outside_the_window_nobody_comes_in(beds: Beds, clock: Any) -> None:
    for moment, said in (
        (NOW.replace(hour=8), "Registration opens today at 10:00"),
        (CLOSED, "Registration is closed for tonight."),
    ):
        clock(moment)
        assert said in text(Client(headers=ENGLISH).get("/night/"))
        answer = Client(headers=ENGLISH).post("/night/", somebody())
        assert answer.status_code == 400
        assert "Somebody 1" in text(answer)  # nothing typed is lost
    assert not Request.objects.exists()
    with pytest.raises(waiting.WindowClosed):
        registering.register(beds.draw, registering.Registration({"alias": "x", "contact": "none"}), at=CLOSED)


def test_what_is_wrong_is_said_beside_what_was_typed(beds: Beds, clock: Any) -> None:
    for more, said in (
        ({"contact": "sms"}, "give a telephone number"), ({"contact": "email", "email": "x"}, "valid e"), ({"alias": " "}, "required"),
        ({"people": "0"}, "greater than or equal to 1"), ({"birth_year": "1900"}, "Nobody who lives"), ({"website": "x"}, "leave the last"),
    ):  # fmt: skip
        answer = Client(headers=ENGLISH).post("/night/", somebody(1, **more))
        assert answer.status_code == 400
        assert said in text(answer), more
    assert Client(headers=ENGLISH).post("/night/", {"alias": "\x00"}).status_code == 400
    assert not Person.objects.filter(alias__startswith="Somebody").exists()


def test_a_telephone_that_stands_there_already_tells_nothing_and_the_desk_sees_it(beds: Beds, clock: Any) -> None:
    first = registered(1, contact="sms", phone="+32 470 12 34 56")
    second = registered(2, contact="sms", phone="0470/12.34.56", birth_year="1991")
    assert first != second
    html = text(at_desk(beds.dave).get(f"/desk/waiting/{beds.draw.uuid}/draw/"))
    assert "Perhaps one person twice" in html
    assert len(registering.doubles(beds.draw, NOON.date())) == 1
    registered(3, alias="Somebody 1")
    assert len(registering.doubles(beds.draw, NOON.date())) == 2


def test_many_from_one_address_are_asked_to_wait(beds: Beds, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maillage.web.public.night.MOST_OF_ONE", 1)
    registered(1)
    answer = Client(headers=ENGLISH).post("/night/", somebody(2))
    assert answer.status_code == 429
    assert "Somebody 2" in text(answer)


def test_the_list_is_published_then_drawn_and_anybody_verifies_it(beds: Beds, clock: Any, tmp_path: Path) -> None:
    receipts = [registered(n) for n in range(5)]
    dave, address = at_desk(beds.dave), f"/desk/waiting/{beds.draw.uuid}/draw/"
    assert "Close and publish" not in text(dave.get(address))
    assert dave.post(address, {"do": "publish"}).status_code == 400  # the window is open
    clock(CLOSED)
    assert "Close and publish" in text(dave.get(address))
    assert dave.post(address, {"do": "draw", "beacon": "7 12 31"}).status_code == 400  # not published
    dave.post(address, {"do": "publish"})
    dave.post(address, {"do": "publish"})
    draw = Draw.objects.get()
    public = Client(headers=ENGLISH)
    published = public.get(f"/draws/{draw.uuid}/list.txt")
    assert hashlib.sha256(published.content).hexdigest() == draw.list_hash
    assert draw.list_hash in text(public.get(f"/draws/{draw.uuid}/"))
    assert "Somebody" not in published.content.decode()
    clock(CLOSED + timedelta(minutes=10))
    assert dave.post(address, {"do": "draw", "beacon": " "}).status_code == 400
    dave.post(address, {"do": "draw", "beacon": "7 12 31 'of the lottery'; $(x)"})
    dave.post(address, {"do": "draw", "beacon": "another"})
    draw.refresh_from_db()
    assert draw.run is not None
    assert AllocationRun.objects.filter(kind="draw").count() == 1
    assert Offer.objects.count() == 3  # beds of the dormitory
    page = text(public.get(f"/draws/{draw.uuid}/"))
    assert "3 households have a bed." in page
    assert "Somebody" not in page
    told = [text(public.get(one)) for one in receipts]
    assert sum("there was no bed for you" in one for one in told) == 2
    assert not any("You take part in the draw" in one or "The draw comes after" in one for one in told)
    html = text(public.get(receipts[0]))
    mark = re.search(r'class="hash">([0-9a-f]{16})<', html)
    assert mark
    assert mark[1] in page
    receipt = runs.receipt(draw, Request.objects.order_by("number")[0])
    assert receipt
    listed, verify = tmp_path / "list.txt", tmp_path / "verify.py"
    listed.write_bytes(published.content)
    verify.write_text(runs.RECIPE)
    command = [sys.executable, str(verify), str(listed), draw.beacon, mark[1], str(receipt.rank)]
    assert (
        "same" in subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    )  # our own recipe


def test_a_draw_is_replayed_from_its_page(beds: Beds, clock: Any) -> None:
    registered(1)
    clock(CLOSED)
    draw = Draw.objects.get()
    runs.publish(draw, by=beds.dave, at=CLOSED)
    run = runs.draw(draw, "1 2 3", by=beds.dave, at=CLOSED + timedelta(minutes=1))
    dave = at_desk(beds.dave)
    html = text(dave.post(f"/desk/runs/{run.uuid}/", {"do": "replay"}))
    assert "Replayed: the same results, byte for byte." in html
    assert run.result_hash in html
    assert at_desk(beds.greta).get(f"/desk/runs/{run.uuid}/").status_code == 404


def test_run_now_once_and_each_one_reads_why(beds: Beds, clock: Any) -> None:
    clock(NOW + timedelta(minutes=9))
    for person, minutes in ((beds.carla, 1), (beds.amina, 2), (beds.bruno, 3)):
        leave = persons.agree(person, "waiting_list", shown="x", language="en", how="said", by=beds.greta, at=NOW)
        act.ask(
            beds.queue, person, consent=leave, asked_by=beds.street, by=beds.greta, at=NOW + timedelta(minutes=minutes)
        )
    dave, address = at_desk(beds.dave), f"/desk/waiting/{beds.queue.uuid}/runs/"
    assert "Run now" in text(dave.get(address))
    first = dave.post(address, {"do": "run", "once": "abc"})
    again = dave.post(address, {"do": "run", "once": "abc"})
    assert first.headers["Location"] == again.headers["Location"]
    run = AllocationRun.objects.get()
    html = text(dave.get(f"/desk/runs/{run.uuid}/"))
    assert "Carla" in html
    assert "A place is proposed" in html
    assert "No place of this list is for this household" in html or "went to" in html
    assert "Carla" in text(dave.get(f"/desk/runs/{run.uuid}/?outcome=placed"))
    assert run.kind == "list"
    assert str(run.uuid) in text(dave.get(address))
    refused = Request.objects.get(person=beds.bruno)
    assert "What the runs said" in text(at_desk(beds.greta).get(f"/desk/requests/{refused.uuid}/"))
    assert str(run.uuid) not in text(at_desk(beds.greta).get(f"/desk/requests/{refused.uuid}/"))


def test_who_does_not_keep_the_list_runs_and_draws_nothing(beds: Beds, clock: Any) -> None:
    for user in (beds.hugo, beds.greta, beds.bob):
        client = at_desk(user)
        for path in ("runs/", "draw/", "simulate/", ""):
            assert client.get(f"/desk/waiting/{beds.draw.uuid}/{path}").status_code == 404
            assert client.post(f"/desk/waiting/{beds.draw.uuid}/{path}", {"do": "run"}).status_code in {404, 405}
    assert not AllocationRun.objects.exists()


def test_yesterdays_requests_end(beds: Beds, clock: Any) -> None:
    receipt = registered(1)
    assert registering.end_past_nights(beds.territory, by="system:test", at=NOON) == 0
    tomorrow = NOON + timedelta(days=1)
    assert registering.end_past_nights(beds.territory, by="system:test", at=tomorrow) == 1
    assert registering.end_past_nights(beds.territory, by="system:test", at=tomorrow) == 0
    clock(tomorrow)
    assert "the night is over" in text(Client(headers=ENGLISH).get(receipt))


def test_where_nothing_is_drawn_there_is_no_page(beds: Beds, clock: Any) -> None:
    beds.draw.delete()
    assert Client().get("/night/").status_code == 404
    assert Client().get("/draws/").status_code == 404
