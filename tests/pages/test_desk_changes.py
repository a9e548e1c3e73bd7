"""Editing at the desk: what was touched is proposed, nothing typed is lost, a moderator decides, the history tells, undo."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail
from django.urls import reverse

from maillage.directory import sheet
from maillage.directory.actions import editing
from maillage.directory.models import Change, FieldProvenance, Phone, SourceRecord
from tests.pages import desk as house
from tests.pages.desk import Desk, signed_in
from tests.testland import NOW

if TYPE_CHECKING:
    from django.test import Client

    from maillage.territory.models import Territory
    from tests.conftest import Cast


@pytest.fixture
def desk(land: Territory, cast: Cast) -> Desk:
    return house.build(land, cast)


@pytest.fixture
def alice(desk: Desk) -> Client:
    return signed_in(desk.cast.alice)


@pytest.fixture
def mona(desk: Desk) -> Client:
    return signed_in(desk.mona)


def text(answer: Any) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode())))


def fields(page: str) -> dict[str, list[str]]:
    """What a browser would send back from the form, untouched."""
    form = page[page.index('id="sheet"') :]
    found: dict[str, list[str]] = {}

    def say(name: str, value: str) -> None:
        found.setdefault(html.unescape(name), []).append(html.unescape(value))

    for tag in re.findall(r"<input[^>]*>", form):
        said = dict(re.findall(r'([a-z-]+)="([^"]*)"', tag))
        if said.get("type") in ("checkbox", "radio") and " checked" not in tag:
            continue
        if "name" in said:
            say(said["name"], said.get("value", "on"))
    for name, value in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>\n?(.*?)</textarea>', form, re.DOTALL):
        say(name, value.replace("\n", "\r\n"))
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        say(name, chosen[1] if chosen else "")
    return found


def opened(client: Client, desk: Desk, **more: str) -> dict[str, list[str]]:
    return fields(client.get(reverse("desk-service-edit", args=[desk.shelter.uuid]), more).content.decode())


def send(client: Client, desk: Desk, said: dict[str, Any], **changed: Any) -> Any:
    return client.post(reverse("desk-service-edit", args=[desk.shelter.uuid]), {**said, **changed}, follow=True)


def proposal(desk: Desk, **fields: Any) -> Change:
    return editing.propose(desk.shelter, fields, by=desk.cast.alice, at=NOW)


def test_an_untouched_form_proposes_nothing(desk: Desk, alice: Client) -> None:
    answer = send(alice, desk, opened(alice, desk))
    assert answer.status_code == 400
    assert "Nothing is different" in text(answer)
    assert not Change.objects.exists()


def test_what_an_editor_changes_is_proposed_and_shown_as_a_difference(desk: Desk, alice: Client) -> None:
    said = opened(alice, desk)
    answer = send(alice, desk, said, hours="Mon-Fri 9:00-12:30", email="door@example.org", note="new hours")
    change = Change.objects.get()
    assert set(change.fields) == {"hours", "email"}
    assert change.state == "proposed"
    page = text(answer)
    assert "A moderator reads your change" in page
    assert "Monday" in page
    assert "09:00 to 12:30" in page
    assert "door@example.org" in page
    assert "new hours" in page
    assert "Open Door" in page


def test_a_moderators_own_change_stands_at_once(desk: Desk, mona: Client) -> None:
    said = opened(mona, desk)
    answer = send(mona, desk, said, email="door@example.org")
    desk.shelter.refresh_from_db()
    assert desk.shelter.email == "door@example.org"
    assert Change.objects.get().state == "accepted"
    assert answer.status_code == 200


def test_errors_stand_beside_their_field_and_nothing_typed_is_lost(desk: Desk, alice: Client) -> None:
    said = opened(alice, desk)
    typed = {
        "email": "not an address", "description:fr": "Un texte long", "minimum_age": "abc", "phones-number": ["call me"],
        "phones-description": ["night"], "has_interpreter": "yes", "documents": "One\nTwo", "note": "a word",
    }  # fmt: skip
    answer = send(alice, desk, said, **typed)
    assert answer.status_code == 400
    page = answer.content.decode()
    assert "This is not an e-mail address." in page
    assert "This is not a number." in page
    assert "is not a telephone number" in page
    again = fields(page)
    for name, value in typed.items():
        if name != "documents":
            assert again[name][: len(value) if isinstance(value, list) else 1] == (
                value if isinstance(value, list) else [value]
            )
    assert again["documents"] == ["One\r\nTwo"]
    assert not Change.objects.exists()


def test_hours_are_read_back_before_anything_is_sent(desk: Desk, alice: Client) -> None:
    said = opened(alice, desk)
    answer = send(alice, desk, said, hours="lundi de 9h à 12h", check="hours", email="kept@example.org")
    page = text(answer)
    assert "We read:" in page
    assert "Monday 09:00 to 12:00" in page
    assert fields(answer.content.decode())["email"] == ["kept@example.org"]
    assert not Change.objects.exists()


def test_hours_that_cannot_be_read_say_so(desk: Desk, alice: Client) -> None:
    answer = send(alice, desk, opened(alice, desk), hours="when the moon is full", check="hours")
    assert "We could not read these hours" in text(answer)


def test_two_who_edit_at_once_do_not_write_over_each_other(desk: Desk, alice: Client) -> None:
    said = opened(alice, desk)
    editing.propose(desk.shelter, {"url": "https://new.example.org"}, by=desk.mona, at=NOW)
    send(alice, desk, said, email="door@example.org")
    assert set(Change.objects.filter(author=desk.cast.alice).get().fields) == {"email"}


def test_the_form_holds_every_field_of_the_sheet(desk: Desk, alice: Client) -> None:
    page = alice.get(reverse("desk-service-edit", args=[desk.shelter.uuid])).content.decode()
    for name in sheet.field_names(desk.territory):
        assert f'name="seen-{name}"' in page, name


def test_a_phone_is_added_and_a_code_is_taken_away(desk: Desk, alice: Client) -> None:
    said = opened(alice, desk)
    said["phones-number"][1] = "+32 2 111 11 11"
    said["languages"].remove("ar")
    send(alice, desk, said)
    change = Change.objects.get()
    assert [row["number"] for row in change.fields["phones"]["new"]] == ["+32 2 000 00 00", "+32 2 111 11 11"]
    assert change.fields["languages"]["new"] == ["fr", "nl"]


# --- decisions --------------------------------------------------------------------------------------------------------------------


def test_the_queue_shows_the_oldest_first_with_its_age_and_who(
    desk: Desk, mona: Client, django_assert_max_num_queries: Any
) -> None:
    proposal(desk, email="door@example.org")
    mona.get(reverse("desk-moderation"))
    with django_assert_max_num_queries(5):
        page = text(mona.get(reverse("desk-moderation")))
    assert "Open Door" in page
    assert "proposed by Alice" in page
    assert "E-mail address" in page


def test_the_lists_of_changes_and_reports_ask_five_times(
    desk: Desk, alice: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(3):
        proposal(desk, email=f"door{number}@example.org")
    for name in ("desk-changes", "desk-reports"):
        alice.get(reverse(name))
        with django_assert_max_num_queries(5):
            assert alice.get(reverse(name)).status_code == 200


@pytest.mark.parametrize("name", ["desk-moderation", "desk-changes", "desk-reports"])
def test_long_lists_are_read_page_by_page(desk: Desk, mona: Client, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    from maillage.directory.actions import reports
    from maillage.web.desk import moderation
    from maillage.web.desk import reports as pages

    monkeypatch.setattr(moderation, "PAGE", 2)
    monkeypatch.setattr(pages, "PAGE", 2)
    kind = "reports" if name == "desk-reports" else "changes"
    made = [
        reports.report(desk.shelter, "hours", at=NOW)
        if kind == "reports"
        else proposal(desk, email=f"d{number}@example.org")
        for number in range(5)
    ]
    url, seen = reverse(name), []
    while url:
        page = mona.get(url).content.decode()
        seen += re.findall(rf'href="/desk/{kind}/([0-9a-f-]{{36}})/"', page)
        following = re.search(r'href="([^"]+after=[^"]+)"', page)
        url = following[1] if following else ""
    expected = [str(one.uuid) for one in made]
    assert seen == (expected[::-1] if name == "desk-changes" else expected)


def test_a_moderator_accepts_and_the_next_one_opens(
    desk: Desk, mona: Client, django_capture_on_commit_callbacks: Any
) -> None:
    one, two = proposal(desk, email="door@example.org"), proposal(desk, url="https://door.example.org")
    with django_capture_on_commit_callbacks(execute=True):
        answer = mona.post(reverse("desk-change-decide", args=[one.uuid]), {"do": "accept"})
    assert answer.url == reverse("desk-change", args=[two.uuid])
    desk.shelter.refresh_from_db()
    assert desk.shelter.email == "door@example.org"
    (letter,) = mail.outbox
    assert letter.to == ["alice@example.org"]
    assert str(one.uuid) in letter.body
    answer = mona.post(reverse("desk-change-decide", args=[two.uuid]), {"do": "accept"})
    assert answer.url == reverse("desk-moderation")


def test_a_change_returns_with_a_reason_in_the_authors_language_and_is_mended(
    desk: Desk, mona: Client, alice: Client, django_capture_on_commit_callbacks: Any
) -> None:
    one = proposal(desk, email="door@example.org", url="https://door.example.org")
    with django_capture_on_commit_callbacks(execute=True):
        mona.post(reverse("desk-change-decide", args=[one.uuid]), {"do": "return", "reason": "Is the address public?"})
    (letter,) = mail.outbox
    assert "Is the address public?" in letter.body
    page = alice.get(reverse("desk-change", args=[one.uuid]))
    assert "Is the address public?" in text(page)
    assert "Is the address public?" in text(alice.get(reverse("desk-changes")))
    said = opened(alice, desk, again=str(one.uuid))
    assert said["email"] == ["door@example.org"]
    send(alice, desk, said)
    assert set(Change.objects.filter(state="proposed").get().fields) == {"email", "url"}


def test_a_return_without_a_reason_is_refused(desk: Desk, mona: Client) -> None:
    one = proposal(desk, email="door@example.org")
    answer = mona.post(reverse("desk-change-decide", args=[one.uuid]), {"do": "return", "reason": "  "})
    assert answer.status_code == 409
    assert "Say why" in text(answer)
    one.refresh_from_db()
    assert one.state == "proposed"


def test_a_conflict_is_shown_and_overridden_knowingly(desk: Desk, mona: Client) -> None:
    one = proposal(desk, email="door@example.org")
    editing.propose(desk.shelter, {"email": "meanwhile@example.org"}, by=desk.mona, at=NOW)
    page = text(mona.get(reverse("desk-change", args=[one.uuid])))
    assert "Somebody changed this field meanwhile. It now says: meanwhile@example.org" in page
    answer = mona.post(reverse("desk-change-decide", args=[one.uuid]), {"do": "accept"})
    assert answer.status_code == 409
    assert "Changed by somebody else" in text(answer)
    mona.post(reverse("desk-change-decide", args=[one.uuid]), {"do": "force"})
    desk.shelter.refresh_from_db()
    assert desk.shelter.email == "door@example.org"


def test_a_moderator_edits_then_accepts(desk: Desk, mona: Client) -> None:
    one = proposal(desk, email="door@example.org")
    url = reverse("desk-change-edit", args=[one.uuid])
    said = fields(mona.get(url).content.decode())
    assert said["email"] == ["door@example.org"]
    mona.post(url, {**said, "email": "desk@example.org", "note": "The general address"})
    desk.shelter.refresh_from_db()
    one.refresh_from_db()
    assert desk.shelter.email == "desk@example.org"
    assert (one.state, one.reason) == ("accepted", "The general address")


def test_edit_then_accept_keeps_what_was_typed_when_it_is_wrong(desk: Desk, mona: Client) -> None:
    one = proposal(desk, email="door@example.org")
    url = reverse("desk-change-edit", args=[one.uuid])
    said = fields(mona.get(url).content.decode())
    answer = mona.post(url, {**said, "email": "nonsense", "check": "hours"})
    assert fields(answer.content.decode())["email"] == ["nonsense"]
    answer = mona.post(url, {**said, "email": "nonsense"})
    assert answer.status_code == 400
    assert fields(answer.content.decode())["email"] == ["nonsense"]
    editing.propose(desk.shelter, {"email": "meanwhile@example.org"}, by=desk.mona, at=NOW)
    answer = mona.post(url, {**said, "email": "desk@example.org"})
    assert answer.status_code == 409
    assert fields(answer.content.decode())["email"] == ["desk@example.org"]


def test_who_proposed_takes_it_back_once(desk: Desk, alice: Client) -> None:
    one = proposal(desk, email="door@example.org")
    assert "Take it back" in text(alice.get(reverse("desk-change", args=[one.uuid])))
    alice.post(reverse("desk-change-withdraw", args=[one.uuid]))
    one.refresh_from_db()
    assert one.state == "withdrawn"
    assert alice.post(reverse("desk-change-withdraw", args=[one.uuid])).status_code == 409


# --- history ----------------------------------------------------------------------------------------------------------------------


def test_the_history_says_who_when_and_from_where_and_a_moderator_undoes(
    desk: Desk, alice: Client, mona: Client
) -> None:
    one = editing.propose(desk.shelter, {"email": "door@example.org"}, by=desk.mona, at=NOW)
    editing.still_true(desk.shelter, by=desk.cast.alice, at=NOW)
    url = reverse("desk-history", args=[desk.shelter.uuid])
    page = text(alice.get(url))
    assert "Mona" in page
    assert "at the desk" in page
    assert "door@example.org" in page
    assert "Confirmed as true" in page
    assert "Undo this change" not in page
    assert "Confirmed as true" not in text(alice.get(url, {"field": "email"}))
    assert "Undo this change" in text(mona.get(url))
    mona.post(reverse("desk-change-undo", args=[one.uuid]))
    desk.shelter.refresh_from_db()
    assert desk.shelter.email == ""
    assert "a change was undone" in text(alice.get(url))


def test_a_field_that_never_changed_says_which_feed_told_it(desk: Desk, alice: Client, mona: Client) -> None:
    record = SourceRecord.objects.create(
        territory=desk.territory, source="city-feed", entity="service", external_id="7", fetched_at=NOW, payload={}
    )
    FieldProvenance.objects.create(kind="service", object_id=desk.shelter.pk, record=record, fields=["email"])
    url = reverse("desk-history", args=[desk.shelter.uuid])
    told = text(mona.get(url, {"field": "email"}))
    assert "What stands there now was last said:" in told
    assert "city-feed" in told
    assert reverse("desk-import-record", args=[record.pk]) in mona.get(url, {"field": "email"}).content.decode()
    assert reverse("desk-import-record", args=[record.pk]) not in alice.get(url, {"field": "email"}).content.decode()
    assert "last said" not in text(alice.get(url, {"field": "cost"}))


def test_what_cannot_be_undone_says_why(desk: Desk, mona: Client) -> None:
    one = editing.propose(desk.shelter, {"email": "door@example.org"}, by=desk.mona, at=NOW)
    editing.propose(desk.shelter, {"email": "later@example.org"}, by=desk.mona, at=NOW)
    answer = mona.post(reverse("desk-change-undo", args=[one.uuid]))
    assert answer.status_code == 409
    assert "cannot be undone" in text(answer)


def test_a_long_history_is_read_page_by_page(desk: Desk, mona: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from maillage.web.desk import history

    monkeypatch.setattr(history, "PAGE", 2)
    for number in range(5):
        editing.propose(desk.shelter, {"email": f"door{number}@example.org"}, by=desk.mona, at=NOW)
    url, seen = reverse("desk-history", args=[desk.shelter.uuid]), ""
    while url:
        page = mona.get(url).content.decode()
        seen += page
        following = re.search(r'href="([^"]+before=\d+)"', page)
        url = following[1] if following else ""
    assert all(f"door{number}@example.org" in seen for number in range(5))


def test_room_and_closures_are_told_in_words(desk: Desk, alice: Client) -> None:
    alice.post(
        reverse("desk-room", args=[desk.shelter.uuid]),
        {"status": "no-capacity", "available": "0", "unit": "bed", "holds": "12h"},
    )
    alice.post(
        reverse("desk-close", args=[desk.shelter.uuid]), {"first": "2026-12-24", "last": "", "message_en": "Works"}
    )
    page = text(alice.get(reverse("desk-history", args=[desk.shelter.uuid])))
    assert "Full, 0 of 20 free" in page
    assert "until further notice. Works" in page
    assert "{" not in page


def test_a_bad_number_or_field_in_the_address_is_no_breakdown(desk: Desk, alice: Client) -> None:
    url = reverse("desk-history", args=[desk.shelter.uuid])
    for query in ({"before": "9" * 30}, {"before": "x"}, {"field": "a\x00b"}, {"field": "nowhere:xx"}):
        assert alice.get(url, query).status_code == 200
    assert alice.get(reverse("desk-services"), {"after": "x"}).status_code == 200
    assert alice.get(reverse("desk-room", args=[desk.shelter.uuid]), {"say": "²", "unit": "\x00"}).status_code == 200


def test_controls_of_a_keyboard_never_reach_the_database(desk: Desk, alice: Client) -> None:
    said = opened(alice, desk)
    send(alice, desk, said, **{"description:en": "A\x00 door\x07 that opens", "note": "\x00"})
    assert Change.objects.get().fields["description:en"]["new"] == "A door that opens"
    assert Phone.objects.filter(service=desk.shelter).count() == 1
