"""Somebody says that a record is wrong; somebody answers. The address to answer to is erased as soon as it has served."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from maillage.directory import queries, rules
from maillage.directory.models import ErrorReport, Service
from maillage.methods.text import typed
from maillage.people import audit, mail
from maillage.people.models import User
from maillage.people.queries import standing

VISITOR = "system:visitor"  # without an account: the trail knows nothing more
LONGEST = 2_000  # characters of a message or of an answer

SERVICE = _(
    "Hello,\n\nsomebody says of what the directory of %(territory)s tells about “%(service)s”: %(kind)s.\n\n"
    "This is what everybody reads there:\n%(link)s\n\n"
    "When it is wrong, say so with “Report an error” on that page: the moderators read it.\n\nMaillage"
)
TOLD = _("Somebody says that a record is wrong: %(service)s")
TELL = _(
    "Hello,\n\nsomebody says of the service “%(service)s”: %(kind)s.\n\n"
    "Read what they write, and answer, at the desk:\n%(link)s\n\nMaillage"
)
ANSWERED = _("Your message about %(service)s")
ANSWER = _(
    "Hello,\n\nyou told us that something was wrong about the service “%(service)s”. Here is the answer:\n\n%(answer)s\n\n"
    "Your address served for this answer alone: we have erased it.\n\nMaillage"
)


class AnsweredAlready(Exception):
    """Somebody answered this report before."""


@transaction.atomic
def report(
    service: Service, kind: ErrorReport.Kind | str, *, at: datetime, message: str = "", email: str = "", language: str = ""
) -> ErrorReport:  # fmt: skip
    """Keep it, and tell the service's editors and the moderators by mail; a service without editors, at its own address. The
    letter holds neither the message, which may name somebody or say where a confidential place is, nor who wrote it."""
    kept = ErrorReport.objects.create(
        territory=service.territory, service=service, kind=ErrorReport.Kind(kind), message=typed(message, LONGEST),
        email=email, language=language, reported_at=at,
    )  # fmt: skip
    editors = queries.editors(service, at=at)
    if not editors:
        _tell_service(kept)
    for reader in editors | queries.moderators(service.territory, at=at):
        values = {
            "service": service.name,
            "kind": kept.Kind(kept.kind).label,
            "link": mail.link("desk-report", uuid=kept.uuid),
        }
        mail.later(reader.email, mail.language_of(reader, service.territory), TOLD, TELL, values)
    audit.record("reported an error", kept, by=VISITOR, at=at, data={"service": service.uuid, "kind": kept.kind})
    return kept


def _tell_service(kept: ErrorReport) -> None:
    """Nobody there has an account: what is doubted, and the page that everybody reads. Not when it was they who wrote."""
    service = kept.service
    own = queries.own_address(service)
    if not own or own.lower() == kept.email.lower():
        return
    values = {
        "territory": service.territory,
        "service": service.name,
        "kind": kept.Kind(kept.kind).label,
        "link": mail.link("service", uuid=service.uuid),
    }
    mail.later(own, mail.language_of(User(), service.territory), TOLD, SERVICE, values)


@transaction.atomic
def answer(report: ErrorReport, text: str, *, by: User, at: datetime) -> None:
    """Answer it, once; the answer is mailed to whoever left an address, which is erased when the letter has left.

    Without text it is closed: nobody is written to, and the address goes at once. Raises NotAllowed, AnsweredAlready.
    """
    check_can_answer(report, by=by, at=at)
    text = typed(text, LONGEST)
    open_one = ErrorReport.objects.filter(pk=report.pk, state=ErrorReport.State.OPEN)
    said = {"state": ErrorReport.State.ANSWERED, "answer": text, "answered_at": at, "answered_by": by}
    if not open_one.update(**said):
        raise AnsweredAlready(str(report.uuid))
    report.refresh_from_db()
    if text and report.email:
        transaction.on_commit(partial(deliver, report))
    else:
        _erase(report)
    audit.record("answered a report", report, by=by, at=at, data={"with_text": bool(text)})


def deliver(report: ErrorReport) -> bool:
    """Mail an answer that was given, then erase the address. Whether it left; when not, it can be tried again."""
    values = {"service": report.service.name, "answer": report.answer}
    if not (report.email and mail.post(report.email, report.language, ANSWERED, ANSWER, values)):
        return False
    _erase(report)
    return True


def forget_addresses(*, before: datetime) -> int:
    """Erase what may name somebody in reports older than `before`: the address, answered or not, and the words, once
    answered. Returns how many reports changed."""
    old = ErrorReport.objects.filter(reported_at__lt=before)
    addressed = set(old.exclude(email="").values_list("pk", flat=True))
    worded = set(old.filter(state=ErrorReport.State.ANSWERED).exclude(message="").values_list("pk", flat=True))
    ErrorReport.objects.filter(pk__in=addressed).update(email="")
    ErrorReport.objects.filter(pk__in=worded).update(message="")
    return len(addressed | worded)


def check_can_answer(report: ErrorReport, *, by: User, at: datetime) -> None:
    """Whoever may edit the service answers about it. Raises NotAllowed."""
    service = report.service
    rules.check_can_edit_service(standing(by, service.territory, service.organization, at=at))


def _erase(report: ErrorReport) -> None:
    ErrorReport.objects.filter(pk=report.pk).update(email="")
    report.email = ""
