"""A referral that comes from another system: taken in by who works at the service that it is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from maillage.directory.models import Service
from maillage.methods.text import typed
from maillage.orientation import links
from maillage.orientation.actions.referrals import ConsentMissing
from maillage.orientation.models import Need, Referral, ReferralEvent
from maillage.orientation.queries import vocabulary
from maillage.orientation.rules import referrals as rules
from maillage.people import audit
from maillage.people.actions import persons
from maillage.people.models import Consent, Organization, User
from maillage.people.queries import carer_in
from maillage.people.rules import NotAllowed, gettext_noop

RECORD = ("language", "gender", "birth_year", "born_on", "phone", "email")


@transaction.atomic
def receive(
    service: Service, what: Mapping[str, Any], *, uuid: UUID, need: str = "", message: str = "", is_urgent: bool = False,
    sender: Organization | None = None, sender_name: str = "", agreed_at: datetime | None, agreed_until: datetime | None = None,
    agreed: Sequence[str] = (), shown: str, sent_at: datetime, expires_at: datetime | None = None, by: User, at: datetime,
) -> Referral:  # fmt: skip
    """The person is registered by the service's organisation, and the referral stands among those that it received.

    `what`: criterion or detail -> value; criteria that this territory does not have are left out. `shown`: in words, on what the
    sender's system says that the person agreed. Raises NotAllowed, ConsentMissing, and Impossible for what no record can hold.
    """
    organization, territory = service.organization, service.territory
    if organization is None or organization.pk not in carer_in(by, territory, at=at):
        raise NotAllowed(gettext_noop("Only those who help people at this service take in a referral to it."))
    if agreed_at is None or agreed_at > at or (agreed_until is not None and agreed_until <= at):
        raise ConsentMissing(gettext_noop("It does not say that the person agreed to this referral: ask its sender."))
    words = vocabulary(territory)
    facts = {code: value for code, value in what.items() if code in words.criteria and code not in rules.DETAILS}
    details = {name: what[name] for name in RECORD if what.get(name)}
    person = persons.register(
        territory, organization, by=by, at=at, alias=typed(str(what["called"]), 80), spoken=list(what.get("spoken") or ()),
        facts=facts, **details,
    )  # fmt: skip
    consent = persons.agree(
        person, Consent.Purpose.REFERRAL, organization=organization, what=list(agreed), shown=shown, language="",
        how=Consent.How.SAID, by=by, at=at, expires_at=agreed_until,
    )  # fmt: skip
    kept = {name: value for name, value in what.items() if name in rules.DETAILS or name in facts}
    _remind, days = rules.days(territory.content)
    ends = expires_at if expires_at is not None and expires_at > at else at + timedelta(days=days)
    made = Referral.objects.create(
        territory=territory, uuid=uuid, person=person, need=Need.objects.filter(territory=territory, code=need).first(),
        service=service, recipient=organization, sender=sender, kind=Referral.Kind.LETTER, state=rules.ACKNOWLEDGED,
        is_urgent=is_urgent, what=kept, message=typed(message, rules.LONGEST), consent=consent, sent_at=min(sent_at, at),
        expires_at=min(ends, at + timedelta(days=365)),
    )  # fmt: skip
    line = {"referral": made, "side": rules.SENDER, "text": typed(sender_name, 400)}
    ReferralEvent.objects.create(**line, at=made.sent_at, state=rules.SENT)
    ReferralEvent.objects.create(referral=made, at=at, state=rules.ACKNOWLEDGED, side=rules.RECIPIENT, by=by)
    links.keep(made, rules.PERSON)
    audit.record("imported a referral", made, by=by, at=at, data={"carries": sorted(kept)})
    return made
