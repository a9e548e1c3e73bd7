"""Report an error: no account, a limit, a letter to those who can mend it, an answer, and the address is gone."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from maillage.directory.actions import reports
from maillage.directory.models import ErrorReport, Service
from maillage.people.models import Membership, Trace
from tests.pages import desk as house
from tests.pages.desk import Desk, signed_in
from tests.testland import NOW, SECRET_STREET

if TYPE_CHECKING:
    from maillage.territory.models import Territory
    from tests.conftest import Cast

WRITER = "somebody@example.net"


@pytest.fixture(autouse=True)
def _nobody_was_counted() -> None:
    cache.clear()


@pytest.fixture
def desk(land: Territory, cast: Cast) -> Desk:
    return house.build(land, cast)


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def send(client: Client, desk: Desk, uuid: Any = None, **said: str) -> Any:
    return client.post(reverse("report", args=[uuid or desk.shelter.uuid]), {"kind": "hours", **said})


def test_every_page_of_a_service_and_every_card_leads_to_the_report(desk: Desk, visitor: Client) -> None:
    link = reverse("report", args=[desk.shelter.uuid])
    assert link in visitor.get(reverse("service", args=[desk.shelter.uuid])).content.decode()
    assert link in visitor.post(reverse("results"), {"needs": "emergency-shelter"}).content.decode()
    assert "Report an error" in text(visitor.get(link))


def test_a_report_reaches_the_editors_and_the_moderators_without_saying_who_wrote(
    desk: Desk, visitor: Client, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = send(visitor, desk, message="It opens at eight", email=WRITER)
    assert answer.url == reverse("report-sent")
    assert "Thank you" in text(visitor.get(answer.url))
    kept = ErrorReport.objects.get()
    assert (kept.message, kept.email, kept.language) == ("It opens at eight", WRITER, "en")
    assert sorted(letter.to[0] for letter in mail.outbox) == ["alice@example.org", "mona@example.org"]
    for letter in mail.outbox:
        assert WRITER not in letter.subject + letter.body
        assert "It opens at eight" not in letter.body
        assert str(kept.uuid) in letter.body
    assert "Alice" not in str(list(Trace.objects.values_list("data", flat=True)))
    assert WRITER not in str(list(Trace.objects.values()))


def test_a_service_without_editors_is_told_at_its_own_address(
    desk: Desk, visitor: Client, django_capture_on_commit_callbacks: Any
) -> None:
    Membership.objects.filter(user=desk.cast.alice).delete()
    Service.objects.filter(pk=desk.shelter.pk).update(email="Door@example.org", is_fictional=False)
    with django_capture_on_commit_callbacks(execute=True):
        send(visitor, desk, message="It opens at eight", email=WRITER)
        send(visitor, desk, email="door@example.org")  # their own words do not come back to them
    assert sorted(letter.to[0] for letter in mail.outbox) == [
        "Door@example.org",
        "mona@example.org",
        "mona@example.org",
    ]
    (letter,) = [letter for letter in mail.outbox if letter.to == ["Door@example.org"]]
    assert reverse("service", args=[desk.shelter.uuid]) in letter.body
    assert "It opens at eight" not in letter.body
    assert WRITER not in letter.body


def test_without_a_moderator_the_administrators_are_told(
    desk: Desk, visitor: Client, django_capture_on_commit_callbacks: Any
) -> None:
    Membership.objects.filter(user=desk.mona).delete()
    with django_capture_on_commit_callbacks(execute=True):
        send(visitor, desk)
    assert sorted(letter.to[0] for letter in mail.outbox) == ["alice@example.org", "dora@example.org"]


def test_a_report_needs_to_say_what_is_wrong_and_keeps_what_was_typed(desk: Desk, visitor: Client) -> None:
    answer = visitor.post(reverse("report", args=[desk.shelter.uuid]), {"message": "Kept <b>", "email": "nonsense"})
    assert "Kept &lt;b&gt;" in answer.content.decode()
    assert 'value="nonsense"' in answer.content.decode()
    assert not ErrorReport.objects.exists()


def test_a_report_needs_the_token_of_its_form(desk: Desk) -> None:
    answer = Client(enforce_csrf_checks=True).post(reverse("report", args=[desk.shelter.uuid]), {"kind": "hours"})
    assert answer.status_code == 403


def test_machines_that_fill_in_everything_are_thanked_and_forgotten(desk: Desk, visitor: Client) -> None:
    assert send(visitor, desk, website="https://spam.example").url == reverse("report-sent")
    assert not ErrorReport.objects.exists()


def test_one_address_reports_five_times_an_hour(desk: Desk, visitor: Client) -> None:
    for _ in range(5):
        assert send(visitor, desk).status_code == 302
    answer = send(visitor, desk, message="the sixth")
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 3600
    assert "Many messages came at once" in text(answer)
    assert "the sixth" in answer.content.decode()
    assert ErrorReport.objects.count() == 5


def test_one_service_is_reported_twenty_times_a_day(desk: Desk) -> None:
    for number in range(20):
        assert send(Client(REMOTE_ADDR=f"10.0.0.{number}"), desk).status_code == 302
    assert send(Client(REMOTE_ADDR="10.0.1.1"), desk).status_code == 429
    assert send(Client(REMOTE_ADDR="10.0.1.1"), desk, uuid=desk.other.uuid).status_code == 302


def test_a_household_of_ipv6_is_one_visitor_and_an_address_nobody_knows_is_another(rf: Any) -> None:
    from maillage.web import rate

    assert rate.visitor(rf.get("/", REMOTE_ADDR="2001:db8::1")) == rate.visitor(rf.get("/", REMOTE_ADDR="2001:db8::2"))
    assert rate.visitor(rf.get("/", REMOTE_ADDR="2001:db8::1")) != rate.visitor(rf.get("/", REMOTE_ADDR="2001:db9::1"))
    assert rate.visitor(rf.get("/", REMOTE_ADDR="")) == "unknown"


def test_a_report_on_a_confidential_service_echoes_nothing(
    desk: Desk, visitor: Client, django_capture_on_commit_callbacks: Any
) -> None:
    url = reverse("report", args=[desk.refuge.uuid])
    assert SECRET_STREET not in visitor.get(url).content.decode()
    answer = visitor.post(url, {"message": SECRET_STREET, "email": SECRET_STREET})
    assert SECRET_STREET not in answer.content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        send(visitor, desk, uuid=desk.refuge.uuid, message=f"It is at {SECRET_STREET}")
    assert all(SECRET_STREET not in letter.body + letter.subject for letter in mail.outbox)
    one = ErrorReport.objects.get()
    for user in (desk.mona, desk.cast.dora, desk.cast.alice):
        assert SECRET_STREET not in signed_in(user).get(reverse("desk-report", args=[one.uuid])).content.decode()
    Membership.objects.filter(user=desk.cast.alice).update(sees_confidential_places=True)
    assert SECRET_STREET in signed_in(desk.cast.alice).get(reverse("desk-report", args=[one.uuid])).content.decode()


def test_what_does_not_exist_or_is_hidden_cannot_be_reported(desk: Desk, visitor: Client) -> None:
    type(desk.shelter).objects.filter(pk=desk.shelter.pk).update(visibility="hidden")
    assert visitor.get(reverse("report", args=[desk.shelter.uuid])).status_code == 404


# --- answers ----------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def told(desk: Desk) -> ErrorReport:
    return reports.report(desk.shelter, "hours", message="It opens at eight", email=WRITER, language="fr", at=NOW)


def test_an_answer_is_mailed_and_the_address_erased(
    desk: Desk, told: ErrorReport, django_capture_on_commit_callbacks: Any
) -> None:
    alice, url = signed_in(desk.cast.alice), reverse("desk-report", args=[told.uuid])
    page = alice.get(url)
    assert "It opens at eight" in text(page)
    assert WRITER not in page.content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        alice.post(url, {"do": "answer", "answer": "Thank you, it is mended."})
    told.refresh_from_db()
    assert (told.state, told.email, told.answered_by) == ("answered", "", desk.cast.alice)
    (letter,) = mail.outbox
    assert letter.to == [WRITER]
    assert "Thank you, it is mended." in letter.body
    assert alice.post(url, {"do": "answer", "answer": "Twice"}).status_code == 409
    assert "Thank you, it is mended." in text(alice.get(url))
    assert "Open Door" in text(alice.get(reverse("desk-reports") + "?answered"))


def test_an_answer_says_something_or_the_report_is_closed_without(desk: Desk, told: ErrorReport) -> None:
    alice, url = signed_in(desk.cast.alice), reverse("desk-report", args=[told.uuid])
    answer = alice.post(url, {"do": "answer", "answer": " "})
    assert answer.status_code == 400
    assert "close the report without one" in text(answer)
    alice.post(url, {"do": "close"})
    told.refresh_from_db()
    assert (told.state, told.email, told.answer) == ("answered", "", "")
    assert "Closed without an answer." in text(alice.get(url))
    assert mail.outbox == []


def test_a_letter_that_could_not_leave_is_tried_again(
    desk: Desk, told: ErrorReport, django_capture_on_commit_callbacks: Any, settings: Any, caplog: Any
) -> None:
    alice, url = signed_in(desk.cast.alice), reverse("desk-report", args=[told.uuid])
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_PORT = 1  # nobody listens there
    with django_capture_on_commit_callbacks(execute=True):
        alice.post(url, {"do": "answer", "answer": "Mended"})
    told.refresh_from_db()
    assert told.email == WRITER
    assert WRITER not in caplog.text
    assert "could not be mailed" in text(alice.get(url))
    again = reverse("desk-report-again", args=[told.uuid])
    assert "could not be mailed" in text(alice.post(again, follow=True))
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert "The answer has left." in text(alice.post(again, follow=True))
    told.refresh_from_db()
    assert told.email == ""


def test_addresses_do_not_stay_for_ever(told: ErrorReport) -> None:
    assert reports.forget_addresses(before=NOW) == 0
    assert reports.forget_addresses(before=NOW + timedelta(days=1)) == 1
    assert ErrorReport.objects.exclude(message="").exists()  # nobody has answered: the words still serve
    ErrorReport.objects.update(state=ErrorReport.State.ANSWERED)
    reports.forget_addresses(before=NOW + timedelta(days=1))
    assert not ErrorReport.objects.exclude(message="").exists()
    assert not ErrorReport.objects.exclude(email="").exists()


def test_the_first_page_of_the_desk_knows_what_waits(desk: Desk, told: ErrorReport) -> None:
    from maillage.directory.actions import editing
    from maillage.web.desk import moderation, services
    from maillage.web.desk import reports as page
    from maillage.web.seat import Seat

    change = editing.propose(desk.shelter, {"email": "door@example.org"}, by=desk.cast.alice, at=NOW)
    mona = Seat(desk.mona, frozenset({"moderator"}))
    alice = Seat(desk.cast.alice, organizations={desk.cast.organization.pk: frozenset({"editor"})})
    eve = Seat(desk.eve, organizations={desk.other.organization_id or 0: frozenset({"editor"})})
    assert [count for _, count, _ in page.waiting(mona, desk.territory)] == [1]
    assert [count for _, count, _ in page.waiting(alice, desk.territory)] == [1]
    assert page.waiting(eve, desk.territory) == page.waiting(Seat(), desk.territory) == []
    ((label, count, url),) = moderation.waiting(mona, desk.territory)
    assert (str(label), count, url) == ("change to decide on", 1, reverse("desk-moderation"))
    assert moderation.waiting(alice, desk.territory) == []
    assert services.waiting(alice, desk.territory) == services.waiting(Seat(), desk.territory) == []
    editing.send_back(change, "Why?", by=desk.mona, at=NOW)
    assert [count for _, count, _ in services.waiting(alice, desk.territory)] == [1]
