"""Reminders: who is asked, when, how often, and what the link in the mail is worth."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail as outbox
from django.core.signing import Signer

from maillage.directory.actions import freshness as reminders
from maillage.directory.models import ErrorReport, Reminder, Revision, Service
from maillage.people import audit
from maillage.people.models import Membership, Role, User
from maillage.people.rules import NotAllowed
from maillage.territory.models import Territory
from tests.testland import NOW, SECRET_STREET

OLD = date(2025, 10, 1)


@pytest.fixture
def house(cast: Any, testland: Territory) -> Service:
    """Everything is fresh but one service, that of Alice's house."""
    User.objects.update(language="en")
    Service.objects.update(confirmed_on=NOW.date())
    service = Service.objects.get(code="tenants-desk")
    service.organization, service.confirmed_on, service.is_fictional = cast.organization, OLD, False
    service.save()
    return service


def links(body: str) -> list[str]:
    return re.findall(r"/still-true/([^/\s]+)/", body)


def run(testland: Territory, days: float = 0) -> reminders.Reminded:
    return reminders.remind(testland, at=NOW + timedelta(days=days))


def test_the_editor_is_asked_when_the_contract_ends_in_her_language(
    house: Service, cast: Any, testland: Territory
) -> None:
    User.objects.filter(pk=cast.alice.pk).update(language="en")
    assert run(testland) == reminders.Reminded(letters=1, services=1)
    letter = outbox.outbox[0]
    assert letter.to == [cast.alice.email]
    assert house.name in letter.subject
    assert "confirmed on Oct. 1, 2025" in letter.body
    assert len(links(letter.body)) == 1
    assert [line["verb"] for line in audit.lines()][-1] == "asked whether records are still true"


def test_the_addresses_of_old_letters_are_erased_and_nobody_is_asked_again(house: Service, testland: Territory) -> None:
    run(testland)
    assert reminders.forget_addresses(before=NOW) == 0
    assert reminders.forget_addresses(before=NOW + timedelta(days=1)) == 1
    assert not Reminder.objects.exclude(email="").exists()
    assert run(testland, 2) == reminders.Reminded()


def test_twice_in_a_day_sends_once(house: Service, testland: Territory) -> None:
    run(testland)
    assert run(testland, 0.1) == reminders.Reminded()
    assert len(outbox.outbox) == 1


def test_one_mail_lists_all_the_services_of_a_person_each_with_its_own_link(
    house: Service, cast: Any, testland: Territory
) -> None:
    Service.objects.update(organization=cast.organization, confirmed_on=OLD)
    done = run(testland)
    assert (done.letters, done.services) == (1, Service.objects.count())
    assert len(set(links(outbox.outbox[0].body))) == Service.objects.count()


def test_more_services_than_a_letter_holds_wait_for_tomorrow(
    house: Service, cast: Any, testland: Territory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminders, "MOST_IN_A_LETTER", 6)
    Service.objects.update(organization=cast.organization, confirmed_on=OLD)
    assert [run(testland, days).services for days in (0, 0.1, 1, 2)] == [6, 0, Service.objects.count() - 6, 0]


def test_a_second_reminder_then_the_moderators(house: Service, cast: Any, testland: Territory) -> None:
    for days in (0, 13.9, 14, 20, 28, 29, 60):
        run(testland, days)
    assert [(m.to[0].split("@")[0], m.subject.startswith("Reminder")) for m in outbox.outbox] == [
        ("alice", False),
        ("alice", True),
        ("dora", False),
    ]
    assert list(Reminder.objects.order_by("id").values_list("number", "is_escalation")) == [
        (1, False),
        (2, False),
        (3, True),
    ]
    assert house.name in outbox.outbox[2].body
    assert "/desk/health/" in outbox.outbox[2].body
    assert not links(outbox.outbox[2].body)


def test_a_confirmation_begins_anew(house: Service, testland: Territory) -> None:
    run(testland)
    Service.objects.filter(pk=house.pk).update(confirmed_on=NOW.date())
    Service.objects.exclude(pk=house.pk).update(confirmed_on=(NOW + timedelta(days=400)).date())
    assert run(testland, 28) == reminders.Reminded()
    assert run(testland, 366).services == 1
    assert list(Reminder.objects.values_list("number", flat=True)) == [1, 1]


def test_without_an_editor_the_service_itself_is_asked_in_the_first_language_of_the_territory(
    house: Service, cast: Any, testland: Territory
) -> None:
    Membership.objects.filter(user=cast.alice).delete()
    house.email = "desk@example.org"
    house.save()
    run(testland)
    assert outbox.outbox[0].to == ["desk@example.org"]
    assert testland.default_language == "fr"


@pytest.mark.parametrize("address", ["", "no address"])
def test_without_any_address_the_moderators_are_told_at_once(
    house: Service, cast: Any, testland: Territory, address: str
) -> None:
    Membership.objects.filter(user=cast.alice).delete()
    Service.objects.filter(pk=house.pk).update(email=address)
    assert run(testland) == reminders.Reminded(letters=1, services=0, escalated=1)
    assert run(testland, 1) == reminders.Reminded()


def test_a_fictional_service_has_no_mail_box(house: Service, cast: Any, testland: Territory) -> None:
    Membership.objects.filter(user=cast.alice).delete()
    Service.objects.filter(pk=house.pk).update(is_fictional=True, email="invented@example.org")
    run(testland)
    assert [m.to for m in outbox.outbox] == [[cast.dora.email]]


@pytest.mark.parametrize("said", [{"status": "defunct"}, {"visibility": "hidden"}, {"status": "inactive"}])
def test_what_nobody_reads_is_not_asked_about(house: Service, testland: Territory, said: dict[str, str]) -> None:
    Service.objects.filter(pk=house.pk).update(**said)
    assert run(testland) == reminders.Reminded()


def test_a_mail_that_fails_hinders_no_other_and_is_tried_again(
    house: Service, cast: Any, testland: Territory, monkeypatch: pytest.MonkeyPatch
) -> None:
    Membership.objects.create(
        user=cast.charlie, territory=testland, organization=cast.organization, role=Role.EDITOR, starts_at=NOW
    )
    whole = reminders.letters.ask

    def ask(email: str, *more: Any) -> bool:
        return email != cast.alice.email and whole(email, *more)

    monkeypatch.setattr(reminders.letters, "ask", ask)
    assert run(testland) == reminders.Reminded(letters=1, services=1, failed=1)
    assert list(Reminder.objects.values_list("email", flat=True)) == [cast.charlie.email]


def test_a_moderator_whose_mail_fails_is_told_tomorrow(
    house: Service, cast: Any, testland: Territory, monkeypatch: pytest.MonkeyPatch
) -> None:
    Membership.objects.filter(user=cast.alice).delete()
    monkeypatch.setattr(reminders.letters, "escalate", lambda *_: False)
    assert run(testland) == reminders.Reminded(failed=1)
    monkeypatch.undo()
    assert run(testland, 1).escalated == 1


def test_a_moderator_has_one_letter_a_day(house: Service, cast: Any, testland: Territory) -> None:
    Membership.objects.filter(user=cast.alice).delete()
    other = Service.objects.exclude(pk=house.pk).order_by("pk")[0]
    Reminder.objects.create(
        service=other, number=3, is_escalation=True, user=cast.dora, email=cast.dora.email, sent_at=NOW - timedelta(hours=1)
    )  # fmt: skip
    assert run(testland).escalated == 0
    assert run(testland, 1).escalated == 1


def test_a_day_has_only_so_many_letters(house: Service, cast: Any, testland: Territory) -> None:
    testland.content["reminders"] = {"most_mails": 1}
    testland.save()
    Membership.objects.create(
        user=cast.charlie, territory=testland, organization=cast.organization, role=Role.EDITOR, starts_at=NOW
    )
    assert run(testland).letters == 1
    assert run(testland, 0.1).letters == 0


def test_a_stop_is_heard_between_two_letters(house: Service, testland: Territory) -> None:
    assert reminders.remind(testland, at=NOW, stopping=lambda: True) == reminders.Reminded()


def test_no_letter_ever_holds_the_address_of_a_confidential_place(cast: Any, testland: Territory) -> None:
    Service.objects.update(organization=cast.organization, confirmed_on=OLD)
    for days in (0, 14, 28):
        run(testland, days)
    assert outbox.outbox
    assert all(SECRET_STREET not in letter.body + letter.subject for letter in outbox.outbox)


# ---- the link


@pytest.fixture
def reminder(house: Service, testland: Territory) -> Reminder:
    run(testland)
    return Reminder.objects.get()


def refused(token: str, days: float = 1) -> str:
    with pytest.raises(reminders.LinkRefused) as refusal:
        reminders.opened(token, at=NOW + timedelta(days=days))
    return refusal.value.code


def test_the_link_confirms_once_and_says_who(reminder: Reminder, house: Service) -> None:
    said = reminders.token(reminder)
    found = reminders.opened(said, at=NOW + timedelta(days=1))
    reminders.still_true(found, at=NOW + timedelta(days=1))
    house.refresh_from_db()
    assert house.confirmed_on == date(2026, 11, 21)
    assert Revision.objects.get(field="confirmed").source == "link"
    assert refused(said) == reminders.ANSWERED
    with pytest.raises(reminders.LinkRefused):  # two taps at the same moment
        reminders.still_true(found, at=NOW + timedelta(days=1))


@pytest.mark.parametrize("spoil", [lambda t: t[:-1], lambda t: t + "x", lambda t: t.split(".")[0], lambda t: "a" * 80])
def test_a_forged_link_opens_nothing(reminder: Reminder, spoil: Any) -> None:
    assert refused(spoil(reminders.token(reminder))) == reminders.FORGED


def test_a_signed_link_of_no_reminder_opens_nothing(reminder: Reminder) -> None:
    assert refused(Signer(salt=reminders.SALT, sep=".").sign("not-a-uuid")) == reminders.FORGED
    said = reminders.token(reminder)
    reminder.delete()
    assert refused(said) == reminders.FORGED


def test_a_link_ends(reminder: Reminder) -> None:
    assert refused(reminders.token(reminder), days=30) == reminders.ENDED
    assert reminders.opened(reminders.token(reminder), at=NOW + timedelta(days=29.9)) == reminder


@pytest.mark.parametrize("said", [{"status": "defunct"}, {"visibility": "hidden"}])
def test_a_link_for_what_is_gone_says_so(reminder: Reminder, house: Service, said: dict[str, str]) -> None:
    Service.objects.filter(pk=house.pk).update(**said)
    assert refused(reminders.token(reminder)) == reminders.GONE


def test_a_link_for_what_was_merged_says_so(reminder: Reminder, house: Service) -> None:
    other = Service.objects.exclude(pk=house.pk).first()
    Service.objects.filter(pk=house.pk).update(merged_into=other)
    assert refused(reminders.token(reminder)) == reminders.GONE


def test_when_a_colleague_answered_the_link_has_served(reminder: Reminder, house: Service) -> None:
    Service.objects.filter(pk=house.pk).update(confirmed_on=date(2026, 11, 21))
    assert refused(reminders.token(reminder)) == reminders.ANSWERED


def test_who_left_the_organisation_confirms_no_more(reminder: Reminder, cast: Any, house: Service) -> None:
    Membership.objects.filter(user=cast.alice).delete()
    with pytest.raises(NotAllowed):
        reminders.still_true(reminder, at=NOW)
    reminder.refresh_from_db()
    assert reminder.answered_at is None


def test_what_changed_becomes_a_report_and_ends_the_asking(
    reminder: Reminder, house: Service, testland: Territory
) -> None:
    report = reminders.something_changed(reminder, "We moved", at=NOW + timedelta(days=1), language="nl")
    assert (report.service, report.kind, report.message) == (house, ErrorReport.Kind.OTHER, "We moved")
    assert run(testland, 14) == reminders.Reminded()  # no second reminder
    assert run(testland, 28).escalated == 1  # until somebody mends it


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_letters_leave_in_each_language(house: Service, testland: Territory, language: str) -> None:
    User.objects.update(language=language)
    assert [run(testland, days).failed for days in (0, 14, 28)] == [0, 0, 0]
    assert len(outbox.outbox) == 3
    assert all("%(" not in letter.subject + letter.body for letter in outbox.outbox)
