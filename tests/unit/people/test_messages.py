"""Words to the people who are helped: by the way that is safe, in their language, once, and nothing kept of what was said."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from hypothesis import given
from hypothesis import strategies as st

from maillage.people import audit, channels, messages
from maillage.people.actions import persons
from maillage.people.models import Message, Organization, Person
from maillage.territory.models import Territory
from tests.testland import NOW

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

LINK = {"link": "https://example.org/x"}
LATER = NOW + timedelta(minutes=10)


@pytest.fixture
def amina(testland: Territory) -> Person:
    house = Organization.objects.create(territory=testland, name="House")
    return persons.register(
        testland, house, given_name="Amina", language="fr", email="amina@example.org", phone="+32 470/00 00 11",
        contact="email", by="system:test", at=NOW,
    )  # fmt: skip


@pytest.fixture
def commit(django_capture_on_commit_callbacks: Any) -> Any:
    return lambda: django_capture_on_commit_callbacks(execute=True)


def say(person: Person, template: str = "referral-sent", key: str = "k", **values: object) -> Message:
    return messages.say(person, template, {**LINK, **values}, key=key, at=NOW, by="system:test")


def test_it_leaves_after_the_transaction_and_nothing_of_it_is_kept(amina: Person, commit: Any) -> None:
    with commit():
        said = say(amina)
        assert mail.outbox == []
    said.refresh_from_db()
    assert (said.state, said.sent_at, said.language, said.channel) == ("sent", NOW, "fr", "email")
    (letter,) = mail.outbox
    assert LINK["link"] in letter.body
    kept = str(list(Message.objects.values())) + str(list(audit.lines()))
    assert LINK["link"] not in kept
    assert "amina@" not in kept


def test_the_same_key_is_said_once(amina: Person, commit: Any) -> None:
    with commit():
        assert say(amina) == say(amina, template="referral-accepted")
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("contact", ["none", "worker"])
def test_nobody_writes_where_it_is_not_safe(amina: Person, commit: Any, contact: str) -> None:
    amina.contact = contact
    amina.save()
    with commit():
        said = say(amina)
    assert said.state == "held"
    assert mail.outbox == []
    assert Message.objects.filter(person=amina).get() == said


def test_without_an_address_it_is_held(amina: Person, commit: Any) -> None:
    amina.email = ""
    with commit():
        assert say(amina).state == "held"


def test_a_server_that_does_not_answer_undoes_nothing_and_the_clock_tries_again(
    amina: Person, commit: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuses(*_args: Any, **_kwargs: Any) -> int:
        raise ConnectionError("amina@example.org refused")

    with monkeypatch.context() as broken, commit():
        broken.setattr(channels, "send_mail", refuses)
        said = say(amina)
    with monkeypatch.context() as broken:
        broken.setattr(channels, "send_mail", lambda *args, **kwargs: 0)
        assert messages.send_waiting(amina.territory, at=LATER) == messages.Done(0, 0)
    said.refresh_from_db()
    assert (said.state, said.error) == ("waiting", "ConnectionError")
    assert "amina@" not in caplog.text
    assert messages.send_waiting(amina.territory, at=NOW + timedelta(minutes=4)) == messages.Done(0, 0)
    assert messages.send_waiting(amina.territory, at=LATER, again=lambda message: LINK) == messages.Done(1, 0)
    assert LINK["link"] in mail.outbox[0].body
    said.refresh_from_db()
    assert (said.state, said.error) == ("sent", "")


def test_when_nobody_knows_the_words_any_more_it_says_that_there_is_news(amina: Person) -> None:
    say(amina)
    assert messages.send_waiting(amina.territory, at=LATER).sent == 1
    assert "%(" not in mail.outbox[0].body
    assert "http" not in mail.outbox[0].body


def test_after_a_day_it_has_failed_and_who_asked_not_to_be_written_to_is_not(amina: Person) -> None:
    old, new = say(amina, key="old"), say(amina, key="new")
    Message.objects.filter(pk=old.pk).update(created_at=NOW - timedelta(days=1))
    Person.objects.filter(pk=amina.pk).update(contact="none")
    assert messages.send_waiting(amina.territory, at=LATER) == messages.Done(0, 1)
    assert [Message.objects.get(pk=one.pk).state for one in (old, new)] == ["failed", "held"]


def test_a_text_message_goes_to_the_number_through_the_chosen_gateway(
    amina: Person, commit: Any, settings: SettingsWrapper
) -> None:
    amina.contact = "sms"
    amina.save()
    settings.MESSAGE_CHANNELS = {**settings.MESSAGE_CHANNELS, "sms": "maillage.people.channels.TextMessageByMail"}
    settings.SMS_GATEWAY = ""
    with commit():
        said = say(amina)
    said.refresh_from_db()
    assert said.error == ImproperlyConfigured.__name__
    settings.SMS_GATEWAY = "sms.example.net"
    assert messages.send_waiting(amina.territory, at=LATER).sent == 1
    assert (mail.outbox[0].to, mail.outbox[0].subject) == (["+32470000011@sms.example.net"], "")


def test_the_gateway_that_takes_nothing_is_a_failure(
    settings: SettingsWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SMS_GATEWAY = "sms.example.net"
    monkeypatch.setattr(channels, "send_mail", lambda *args, **kwargs: 0)
    for one in (channels.TextMessageByMail(), channels.Mail()):
        with pytest.raises(ConnectionError):
            one.send("1", "s", "t")


def test_the_console_hides_the_address(capsys: pytest.CaptureFixture[str]) -> None:
    channels.Console().send("+32470000011", "News", "Come in")
    assert capsys.readouterr().err == "[to ...11] Come in\n"


def test_a_language_of_the_pack_is_spoken_where_the_words_are_translated(amina: Person, commit: Any) -> None:
    amina.territory.content["places"] = {
        "messages": {
            "referral-sent": {"ar": "وصل طلبكم: %(link)s", "ti": "%(nothing)s"},
            "subject": {"ar": "خبر"},
            "offer": "no",
        }
    }
    amina.language, amina.spoken = "ti", ["so", "ar"]
    with commit():
        said = say(amina)
    assert said.language == "ar"
    assert (mail.outbox[0].subject, mail.outbox[0].body) == ("خبر", "وصل طلبكم: https://example.org/x")
    amina.spoken = []
    with commit():
        assert say(amina, key="k2").language == "fr"  # the first of the territory that we speak


def test_labels_and_functions_are_said_in_the_language_of_the_message(amina: Person, commit: Any) -> None:
    with commit():
        say(amina, template="place", since=lambda: "20/11", where=_("North"), until="20:30")
    assert "20/11" in mail.outbox[0].body


def test_a_word_that_is_missing_is_an_error_of_ours_before_anything_is_written(amina: Person) -> None:
    with pytest.raises(KeyError):
        messages.say(amina, "offer", LINK, key="k", at=NOW, by="system:test")
    with pytest.raises(KeyError):
        messages.say(amina, "no-such", LINK, key="k", at=NOW, by="system:test")
    assert not Message.objects.exists()


def test_a_record_that_was_joined_is_written_to_as_the_one_that_is_kept(amina: Person) -> None:
    other = persons.register(
        amina.territory, Organization.objects.get(name="House"), alias="A.", by="system:test", at=NOW
    )
    persons.join(other, amina, by="system:test", at=NOW)
    other.refresh_from_db()
    assert say(other).person == amina


@given(st.sampled_from(sorted(messages.TEMPLATES)))
def test_every_text_fits_in_a_text_message_with_its_link_and_names_nobody(template: str) -> None:
    values = {"link": "", "until": "20:30", "since": "20:30", "where": "", "phone": ""}
    assert len(str(messages.TEMPLATES[template]) % values) <= 110
