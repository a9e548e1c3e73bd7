"""Between our tables and what travels of a referral: out of a row, and into one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from maillage.directory.models import Service
from maillage.orientation import referring
from maillage.orientation.actions import received, referrals
from maillage.orientation.models import Referral
from maillage.orientation.rules import referrals as rules
from maillage.people import audit
from maillage.people.models import Organization, User
from maillage.people.queries import carer_in
from maillage.people.rules import NotAllowed, gettext_noop
from maillage.standards.fhir.said import Agreed, Coded, Note, Refused, Said, Side
from maillage.territory.models import Territory

BY = "system:fhir"  # the other side, through a document that somebody here took in
# what the recipient's document says -> what happened here until then, in order
STEPS = {
    rules.ACKNOWLEDGED: (rules.ACKNOWLEDGED,), rules.ACCEPTED: (rules.ACCEPTED,), rules.WAITLISTED: (rules.WAITLISTED,),
    rules.REFUSED: (rules.REFUSED,), rules.STARTED: (rules.ACCEPTED, rules.STARTED), rules.CLOSED: (rules.ACCEPTED, rules.CLOSED),
}  # fmt: skip


def said(referral: Referral) -> Said:
    """What leaves: what the recipient may read, and no more; a referral that came to nothing carries nothing of the person."""
    lines = referring.timeline(referral)
    consent, need, service = referral.consent, referral.need, referral.service
    return Said(
        uuid=str(referral.uuid), state=referral.state, sent_at=referral.sent_at, expires_at=referral.expires_at,
        changed_at=lines[-1].at if lines else None, kind=referral.kind, is_urgent=referral.is_urgent,
        need=Coded(need.code, need.name()) if need else Coded(""), service=Coded(str(service.uuid), service.name) if service else Coded(""),
        sender=_side(referral.sender), recipient=_side(referral.recipient), what=dict(referring.carries(referral)),
        message=referring.message(referral), reason=_coded(referral.code, rules.REFUSALS),
        outcome=referral.outcome, outcome_reason=_coded(referral.outcome_code, rules.OUTCOMES),
        agreed=Agreed(consent.given_at, consent.expires_at, tuple(map(str, consent.what))) if consent else None,
        notes=tuple(Note(line.at, line.side, line.text) for line in lines if line.text),
    )  # fmt: skip


def _side(organization: Organization | None) -> Side | None:
    if organization is None:
        return None
    numbers = organization.identifiers.values_list("scheme", "identifier").order_by("scheme", "identifier")
    return Side(str(organization.uuid), organization.name, tuple(numbers))


def _coded(code: str, reasons: Mapping[str, rules.Reason]) -> Coded:
    known = reasons.get(code)
    return Coded(code, _(known.label) if known else "")


def take_in(found: Said, territory: Territory, *, service: Service | None = None, by: User, at: datetime) -> Referral:
    """A referral of ours: the answer of the other side. Any other: it is received by `service`, or by the one that it names.

    The same document twice changes nothing. Raises Refused, NotAllowed, NotPossible, ConsentMissing, Impossible.
    """
    known = Referral.objects.filter(uuid=found.uuid).first()
    if known is None:
        return _receive(found, territory, service, by, at)
    if known.territory_id != territory.pk or not referring.sides(known, by, at=at):
        raise NotAllowed(gettext_noop("This is for those who sent the referral, or who received it."))
    return _answer(known, found, by, at)


@transaction.atomic
def _answer(known: Referral, found: Said, by: User, at: datetime) -> Referral:
    is_older = found.state in rules.UNANSWERED and known.state != rules.SENT
    if found.state == known.state or is_older:
        return known
    sides = referring.sides(known, by, at=at)
    if found.state == rules.WITHDRAWN and rules.RECIPIENT in sides:
        referrals.withdraw(known, side=rules.SENDER, by=BY, at=at)
    elif rules.SENDER in sides and known.email and found.state in STEPS:
        done = {known.state, rules.ACCEPTED} if known.state == rules.STARTED else {known.state}
        for step in STEPS[found.state]:
            if step not in done:
                _step(known, step, found, at)
    else:
        raise NotAllowed(gettext_noop("The other side answers at its own desk, and not by this document."))
    audit.record("imported a referral", known, by=by, at=at, data={"state": known.state})
    return known


def _step(known: Referral, step: str, found: Said, at: datetime) -> None:
    by: Any = {"side": rules.RECIPIENT, "by": BY, "at": at}
    match step:
        case rules.ACKNOWLEDGED:
            referrals.acknowledge(known, **by)
        case rules.ACCEPTED:
            referrals.accept(known, **by)
        case rules.WAITLISTED:
            referrals.waitlist(known, **by)
        case rules.REFUSED:
            text = found.reason.label or _("The document gives no reason.")
            referrals.refuse(known, found.reason.code, text, **by)
        case rules.STARTED:
            referrals.start(known, **by)
        case _:
            code, label = found.outcome_reason.code, found.outcome_reason.label
            referrals.close(known, found.outcome, code, label, **by)


def _receive(found: Said, territory: Territory, service: Service | None, by: User, at: datetime) -> Referral:
    if found.state not in rules.UNANSWERED:
        raise Refused(gettext_noop("This referral was answered elsewhere already: there is nothing to take in."))
    if not found.what.get("called"):
        raise Refused(gettext_noop("Nobody can be helped who is called nothing: give a name, or an alias."))
    service = service or _own(territory, found.service.code, by, at)
    if service is None:
        raise Refused(gettext_noop("It names none of your services: choose the one that it is for."))
    sender = found.sender
    ours = (
        Organization.objects.filter(territory=territory, uuid=sender.uuid).first() if sender and sender.uuid else None
    )
    agreed = found.agreed
    shown = _("The system of the sender says that the person agreed.")
    return received.receive(
        service, found.what, uuid=UUID(found.uuid), need=found.need.code, message=found.message, is_urgent=found.is_urgent,
        sender=ours, sender_name=sender.name if sender else "", agreed_at=agreed.at if agreed else None,
        agreed_until=agreed.until if agreed else None, agreed=agreed.what if agreed else (), shown=shown, sent_at=found.sent_at,
        expires_at=found.expires_at, by=by, at=at,
    )  # fmt: skip


def _own(territory: Territory, uuid: str, by: User, at: datetime) -> Service | None:
    """The service that it names, when it is one of those where this user helps people; else the only one that they have."""
    mine = Service.objects.visible().filter(territory=territory, organization__in=carer_in(by, territory, at=at))
    named = mine.filter(uuid=uuid).first() if uuid else None
    return named or (mine.first() if mine.count() == 1 else None)
