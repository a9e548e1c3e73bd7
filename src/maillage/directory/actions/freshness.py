"""Ask those who keep a record whether it is still true, before readers find out that it is not.

When the freshness contract of a service ends, its editors get a mail; a second one after a while; then the moderators do. Who has
no account is written to at the address of the service. A mail holds one link for each record, which confirms it in one tap
without a password: signed, for a time, good for that record alone. It never holds an address: some must stay secret.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.db.models import F

from maillage.directory import contracts, freshness, letters, queries
from maillage.directory.actions import editing, reports
from maillage.directory.freshness import Rhythm
from maillage.directory.models import ErrorReport, Reminder, Service, Text
from maillage.people import audit, mail
from maillage.people.models import Membership, Role, User
from maillage.territory.models import Territory

SALT = "maillage.still-true"
MOST_IN_A_LETTER = 40  # services; the others wait for tomorrow
ASKED = (Service.Status.ACTIVE, Service.Status.CLOSED)
FORGED, ENDED, ANSWERED, GONE = "forged", "ended", "answered", "gone"


class LinkRefused(Exception):
    """A link that opens nothing: `code` is forged, ended, answered or gone; `reminder` when there is one."""

    def __init__(self, code: str, reminder: Reminder | None = None) -> None:
        super().__init__(code)
        self.code, self.reminder = code, reminder


@dataclass(slots=True)
class Reminded:
    """What one run did. `services` were asked about; `failed` letters that no server took are tried again next time."""

    letters: int = 0
    services: int = 0
    escalated: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody to write to. Without an account: the address of the service or of its organisation."""

    email: str
    language: str
    user: User | None = None


@dataclass
class _Run:
    territory: Territory
    at: datetime
    rhythm: Rhythm
    done: Reminded = field(default_factory=Reminded)

    @property
    def on(self) -> date:
        return self.day(self.at)

    def day(self, at: datetime) -> date:
        return at.astimezone(ZoneInfo(self.territory.timezone)).date()

    def ago(self, days: int) -> datetime:
        return self.at - timedelta(days=days)


def remind(
    territory: Territory, *, at: datetime, by: str = "system:work", stopping: Callable[[], bool] = lambda: False
) -> Reminded:
    """Write to whoever must be asked today. Twice in a day sends once; one letter a person a day lists all their services.

    A letter that fails leaves no reminder behind, and hinders no other one.
    """
    run = _Run(territory, at, freshness.rhythm(territory.content))
    services = _due(run)
    asked, unheard = _to_ask(run, services)
    for reader, wanted in _letters_of_today(run, asked):
        if stopping():
            break
        _send(run, reader, wanted)
    if unheard and not stopping():
        _escalate(run, unheard)
    if run.done.letters:
        said = {name: getattr(run.done, name) for name in Reminded.__slots__}
        audit.record("asked whether records are still true", territory, by=by, at=at, data=said)
    return run.done


def _due(run: _Run) -> list[Service]:
    """What anyone reads and is no longer fresh, the longest unconfirmed first, what was never confirmed last."""
    seen = Service.objects.visible().filter(territory=run.territory, status__in=ASKED)
    aged = seen.annotate(freshness=contracts.state(run.territory, on=run.on)).exclude(freshness=freshness.FRESH)
    return list(aged.select_related("organization").order_by(F("confirmed_on").asc(nulls_last=True), "id"))


Asked = dict[str, tuple[Reader, list[tuple[Service, int]]]]


def _to_ask(run: _Run, services: list[Service]) -> tuple[Asked, list[Service]]:
    """(who is asked about what, for which time; services whose turn it is to go to the moderators)."""
    past = _past(run, services)
    readers = _readers(run, services)
    asked: Asked = {}
    unheard = []
    for service in services:
        step = _step(run, past.get(service.pk, []), bool(readers.get(service.pk)))
        if step == ESCALATE:
            unheard.append(service)
        elif step:
            for reader in readers[service.pk]:
                asked.setdefault(reader.email.lower(), (reader, []))[1].append((service, step))
    return asked, unheard


ESCALATE = 3


def _step(run: _Run, past: list[Reminder], has_reader: bool) -> int:
    """1 or 2: the reminder whose turn it is; ESCALATE; 0: nothing today."""
    if any(one.is_escalation for one in past):
        return 0
    if not past:
        return 1 if has_reader else ESCALATE
    first = min(one.sent_at for one in past)
    if first <= run.ago(run.rhythm.escalate_days):
        return ESCALATE
    quiet = len({one.number for one in past}) == 1 and not any(one.answered_at for one in past)
    return 2 if has_reader and quiet and first <= run.ago(run.rhythm.again_days) else 0


def _past(run: _Run, services: Iterable[Service]) -> dict[int, list[Reminder]]:
    """The reminders of each service since it was last confirmed."""
    confirmed = {service.pk: service.confirmed_on or date.min for service in services}
    found: dict[int, list[Reminder]] = defaultdict(list)
    for one in Reminder.objects.filter(service__territory=run.territory).order_by("id").iterator():
        if run.day(one.sent_at) > confirmed.get(one.service_id, date.max):
            found[one.service_id].append(one)
    return found


def _readers(run: _Run, services: Iterable[Service]) -> dict[int, list[Reader]]:
    """Who is asked about each service: its editors; without any, the service itself at its address."""
    held = Membership.objects.active(at=run.at).filter(
        territory=run.territory, organization__isnull=False, role__in=(Role.EDITOR, Role.ADMINISTRATOR), user__is_active=True
    )  # fmt: skip
    editors: dict[int, dict[int, User]] = defaultdict(dict)
    for one in held.select_related("user").order_by("id"):
        editors[one.organization_id or 0][one.user_id] = one.user
    nobody = mail.language_of(User(), run.territory)
    found = {}
    for service in services:
        users = editors.get(service.organization_id or 0, {}).values()
        own = [Reader(user.email, mail.language_of(user, run.territory), user) for user in users]
        address = "" if own else queries.own_address(service)
        found[service.pk] = own or ([Reader(address, nobody)] if address else [])
    return found


def _letters_of_today(run: _Run, asked: Asked) -> list[tuple[Reader, list[tuple[Service, int]]]]:
    """Without those who had a letter today, and no more than the territory sends in a day."""
    recent = Reminder.objects.filter(service__territory=run.territory, sent_at__gt=run.ago(2), is_escalation=False)
    told = {email.lower() for email, at in recent.values_list("email", "sent_at") if run.day(at) == run.on}
    left = max(0, run.rhythm.most_mails - len(told))
    return [pair for email, pair in asked.items() if email not in told][:left]


def _send(run: _Run, reader: Reader, wanted: list[tuple[Service, int]]) -> None:
    """The reminders are kept before the letter leaves: whoever stops us in between loses one letter, and never sends two."""
    kept = Reminder.objects.bulk_create(
        Reminder(service=service, number=number, user=reader.user, email=reader.email, sent_at=run.at)
        for service, number in wanted[:MOST_IN_A_LETTER]
    )
    names = _names([one.service for one in kept], reader.language)
    lines = [letters.Line(names[one.service_id], one.service.confirmed_on, one.number, link(one)) for one in kept]
    if letters.ask(reader.email, reader.language, run.territory, lines, run.rhythm.link_days):
        run.done.letters += 1
        run.done.services += len(kept)
    else:
        Reminder.objects.filter(pk__in=[one.pk for one in kept]).delete()
        run.done.failed += 1


def _escalate(run: _Run, services: list[Service]) -> None:
    """Tell the moderators what nobody answered for, in one letter each. Where there is none, the page of health shows it."""
    today = Reminder.objects.filter(service__territory=run.territory, is_escalation=True, sent_at__gt=run.ago(2))
    told = {email for email, at in today.values_list("email", "sent_at") if run.day(at) == run.on}
    took: set[int] = set()
    for user in queries.moderators(run.territory, at=run.at):
        if user.email in told:
            continue
        language = mail.language_of(user, run.territory)
        names = _names(services, language)
        kept = Reminder.objects.bulk_create(
            Reminder(service=one, number=ESCALATE, is_escalation=True, user=user, email=user.email, sent_at=run.at)
            for one in services
        )
        if letters.escalate(user.email, language, run.territory, [names[one.pk] for one in services]):
            run.done.letters += 1
            took.update(one.pk for one in services)
        else:
            Reminder.objects.filter(pk__in=[one.pk for one in kept]).delete()
            run.done.failed += 1
    run.done.escalated = len(took)


def forget_addresses(*, before: datetime) -> int:
    """Erase the addresses that letters older than `before` went to; that a service was asked stays. Returns how many."""
    return Reminder.objects.exclude(email="").filter(sent_at__lt=before).update(email="")


def _names(services: list[Service], language: str) -> dict[int, str]:
    """Their names as this reader says them; the original one where nobody translated it."""
    known = Text.objects.filter(kind="service", field="name", language=language, object_id__in=[s.pk for s in services])
    return {service.pk: service.name for service in services} | dict(known.values_list("object_id", "value"))


# ---- the link


def token(reminder: Reminder) -> str:
    return Signer(salt=SALT, sep=".").sign(reminder.uuid.hex)


def link(reminder: Reminder) -> str:
    return mail.link("still-true", token=token(reminder))


def opened(said: str, *, at: datetime) -> Reminder:
    """The reminder that a link is for. Raises LinkRefused: forged; ended; answered (by anybody, since); gone (merged, no longer
    offered, no longer shown)."""
    try:
        known = UUID(hex=Signer(salt=SALT, sep=".").unsign(said))
    except (BadSignature, ValueError):
        raise LinkRefused(FORGED) from None
    found = Reminder.objects.select_related(
        "service__territory", "service__organization", "service__merged_into", "user"
    )
    reminder = found.filter(uuid=known, is_escalation=False).first()
    if reminder is None:
        raise LinkRefused(FORGED)
    service = reminder.service
    run = _Run(service.territory, at, freshness.rhythm(service.territory.content))
    if service.merged_into_id or service.status not in ASKED or service.visibility != Service.Visibility.PUBLIC:
        raise LinkRefused(GONE, reminder)
    if reminder.answered_at or (service.confirmed_on and service.confirmed_on >= run.day(reminder.sent_at)):
        raise LinkRefused(ANSWERED, reminder)
    if reminder.sent_at <= run.ago(run.rhythm.link_days):
        raise LinkRefused(ENDED, reminder)
    return reminder


@transaction.atomic
def still_true(reminder: Reminder, *, at: datetime) -> None:
    """Whoever has the link says that the record is true. Once. Raises LinkRefused, NotAllowed (no longer an editor)."""
    _answer(reminder, at)
    editing.still_true(reminder.service, by=reminder.user, source="link", at=at)


@transaction.atomic
def something_changed(reminder: Reminder, text: str, *, at: datetime, language: str = "") -> ErrorReport:
    """Whoever has the link says what is no longer true: the moderators read it, and answer to the address of the service."""
    _answer(reminder, at)
    return reports.report(
        reminder.service, ErrorReport.Kind.OTHER, at=at, message=text, email=reminder.email, language=language
    )


def _answer(reminder: Reminder, at: datetime) -> None:
    """Of two taps at the same moment, the database lets one through."""
    if not Reminder.objects.filter(pk=reminder.pk, answered_at=None).update(answered_at=at):
        raise LinkRefused(ANSWERED, reminder)
