"""What is said to the people who are helped: few words, in their language, by the way that is safe for them, once.

A telephone is read by others. No message names a service, an organisation or an address, but `where` of a place that is not
confidential; subjects are neutral; what there is to know stands behind a link that ends. A row of Message says that it was said,
never the words and never the address. It leaves after the transaction; what could not leave is tried again by the clock
(`send_waiting`), for a day.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from maillage.people import audit
from maillage.people.channels import channel
from maillage.people.models import Message, Person, User
from maillage.territory.models import Territory

log = logging.getLogger(__name__)

Values = Mapping[str, object]  # labels and functions are said in the language of the message
PATIENCE: Final = timedelta(
    minutes=5
)  # before the clock takes a message up: its own transaction may still be sending it
GIVE_UP: Final = timedelta(hours=24)  # news that is older helps nobody any more
SUBJECT: Final = _("News for you")
# `where`: for a confidential place the area alone, or nothing: who calls knows which it is. `until`, `since`: moments in words.
TEMPLATES: Final[Mapping[str, Promise]] = {
    "referral-sent": _("Your request was sent. Follow it, or take it back, here: %(link)s"),
    "referral-accepted": _("Good news: your request was accepted. What comes next: %(link)s"),
    "referral-waitlisted": _("Your request was put on a waiting list. Follow it here: %(link)s"),
    "referral-refused": _("Your request could not be accepted. Why, and what else there is: %(link)s"),
    "referral-expired": _("Nobody answered your request in time. What else there is: %(link)s"),
    "offer": _("A place is free for you. Answer before %(until)s: %(link)s"),
    "offer-expired": _("Nobody answered in time, and the place that was offered has gone to somebody else."),
    "offer-withdrawn": _("The place that was offered to you is no longer free. You are still on the list."),
    "place": _("You have a place from %(since)s: %(where)s. Come before %(until)s."),
    "place-secret": _(
        "You have a place from %(since)s. Ask the person who helps you where, and come before %(until)s."
    ),
    "place-call": _("You have a place from %(since)s. Call %(phone)s to hear where, and come before %(until)s."),
    "draw-registered": _("You are registered for tonight's draw. Your receipt: %(link)s"),
    "draw-place": _("You have a place tonight: %(where)s. Come before %(until)s."),
    "draw-place-secret": _("You have a place tonight. Ask the person who helps you where, before %(until)s."),
    "draw-place-call": _("You have a place tonight. Call %(phone)s to hear where, and come before %(until)s."),
    "draw-nothing": _("There was no place left for you tonight. Your receipt, and what else there is: %(link)s"),
    "news": _("There is news for you. Ask the person who helps you."),
}


@dataclass(frozen=True, slots=True)
class Done:
    sent: int
    failed: int


@transaction.atomic
def say(
    person: Person, template: str, values: Values | None = None, *, key: str, at: datetime, by: User | str
) -> Message:
    """Say it once: the same `key` is never said twice, and gives the first row again.

    Held, so that the person who helps them says it, when nothing may be written or there is nothing to write to. `template`: one of
    TEMPLATES; raises KeyError for another, and for a value that it asks for and is not given.
    """
    person = person.same_as or person
    to = _address(person)
    said = _words(person, template, values or {}) if to else Said(person.language, "", str(TEMPLATES[template]))
    made, is_new = Message.objects.get_or_create(
        key=key,
        defaults={
            "territory": person.territory, "person": person, "template": template, "language": said.language, "channel": person.contact,
            "state": Message.State.WAITING if to else Message.State.HELD, "created_at": at,
        },
    )  # fmt: skip
    if is_new and to:
        transaction.on_commit(partial(_deliver, made, to, said, at))
    if is_new:
        audit.record("wrote to somebody", made, by=by, at=at, data={"template": template, "channel": person.contact})
    return made


def send_waiting(
    territory: Territory, *, at: datetime, again: Callable[[Message], Values | None] = lambda message: None
) -> Done:
    """Try once more what could not leave; after a day it failed. How it went.

    `again`: the values of a message, from its key; None when nobody knows them any more: then only that there is news is said.
    """
    waiting = Message.objects.filter(territory=territory, state=Message.State.WAITING, created_at__lte=at - PATIENCE)
    failed = waiting.filter(created_at__lte=at - GIVE_UP).update(state=Message.State.FAILED)
    sent = 0
    for message in waiting.select_related("person", "person__territory").order_by("pk")[:1000]:
        to = _address(message.person)
        if not to:  # meanwhile they asked not to be written to
            Message.objects.filter(pk=message.pk, state=Message.State.WAITING).update(state=Message.State.HELD)
            continue
        values = again(message)
        known = values is not None and message.template in TEMPLATES
        sent += _deliver(message, to, _words(message.person, message.template if known else "news", values or {}), at)
    return Done(sent, failed)


@dataclass(frozen=True, slots=True)
class Said:
    language: str
    subject: str
    text: str


def _deliver(message: Message, to: str, said: Said, at: datetime) -> bool:
    """Whether it left. A failure is logged by its kind: what a server answers may hold the address."""
    name = "sms" if message.person.contact == Person.Contact.SMS else "email"
    waiting = Message.objects.filter(pk=message.pk, state=Message.State.WAITING)
    try:
        channel(name).send(to, said.subject, said.text)
    except Exception as failure:  # noqa: BLE001  # whatever the server or the network says
        log.warning("a message could not be sent: %s", type(failure).__name__)
        waiting.update(error=type(failure).__name__[:80])
        return False
    return bool(waiting.update(state=Message.State.SENT, sent_at=at, error=""))


def _address(person: Person) -> str:
    """Where it is safe to write to; "" when nowhere is."""
    return {Person.Contact.SMS: person.phone, Person.Contact.EMAIL: person.email}.get(
        Person.Contact(person.contact), ""
    )


def _words(person: Person, template: str, values: Values) -> Said:
    """In the first of their languages in which the words are there: ours, or one that the pack translates."""
    ours, pack = {code for code, _name in settings.LANGUAGES}, _of_pack(person.territory)
    text, usual = TEMPLATES[template], _usual(person.territory)
    for language in _languages(person):
        if language in ours:
            return _said(language, language, text, SUBJECT, values)
        written = pack.get(template, {}).get(language)
        if isinstance(written, str):
            try:
                subject = pack.get("subject", {}).get(language) or "-"
                return _said(language, usual, written, str(subject), values)
            except (KeyError, ValueError, TypeError):  # a translation that asks for what there is not
                continue
    return _said(usual, usual, text, SUBJECT, values)


def _said(language: str, spoken: str, text: Promise | str, subject: Promise | str, values: Values) -> Said:
    with translation.override(spoken):
        filled = {name: str(value() if callable(value) else value) for name, value in values.items()}
        return Said(language, str(subject), str(text) % filled)


def _languages(person: Person) -> Iterator[str]:
    yield from (code for code in (person.language, *map(str, person.spoken)) if code)


def _usual(territory: Territory) -> str:
    ours = {code for code, _name in settings.LANGUAGES}
    return next((str(code) for code in territory.languages if code in ours), settings.LANGUAGE_CODE)


def _of_pack(territory: Territory) -> Mapping[str, Any]:
    """`places.messages` of the pack: template -> language -> text; "subject" too."""
    found = (territory.content.get("places") or {}).get("messages") or {}
    return {code: said for code, said in found.items() if isinstance(said, Mapping)}
