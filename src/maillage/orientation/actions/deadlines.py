"""What time does to referrals: the recipient is asked once more, then nobody waits any longer; what was sent is erased one day."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models.functions import Coalesce

from maillage.orientation import letters, links, referring
from maillage.orientation.actions.referrals import count_as_unmet, senders
from maillage.orientation.models import Referral, ReferralEvent, UnmetNeed
from maillage.orientation.rules import referrals as rules
from maillage.people import audit, messages
from maillage.people.models import User
from maillage.territory.models import Territory

MOST: int = 1000  # in one turn of the clock; the next one goes on


def remind(territory: Territory, *, at: datetime, by: User | str) -> int:
    """Ask the recipient once more when the days of the pack have passed without an answer. How many."""
    after, _expire = rules.days(territory.content)
    due = Referral.objects.filter(
        territory=territory, state__in=rules.UNANSWERED, reminded_at=None, sent_at__lte=at - timedelta(days=after), expires_at__gt=at
    )  # fmt: skip
    return sum(
        _remind(referral, at, by) for referral in due.select_related("recipient", "territory").order_by("pk")[:MOST]
    )


@transaction.atomic
def _remind(referral: Referral, at: datetime, by: User | str) -> bool:
    still = Referral.objects.filter(pk=referral.pk, state__in=rules.UNANSWERED, reminded_at=None)
    if not still.update(reminded_at=at):
        return False  # answered, or reminded of, a moment ago
    ReferralEvent.objects.create(referral=referral, at=at, side=rules.CLOCK, code="reminded")
    if referral.email:
        links.keep(referral, rules.RECIPIENT)
    letters.arrived(referral, referring.carers(referral.recipient, at=at), again=True)
    audit.record("reminded of a referral", referral, by=by, at=at)
    return True


def expire(territory: Territory, *, at: datetime, by: User | str) -> int:
    """Those whose time is over without an answer: the need is counted as unmet, the person and the sender are told. How many."""
    due = Referral.objects.filter(territory=territory, state__in=rules.UNANSWERED, expires_at__lte=at)
    related = ("person", "sender", "need", "territory")
    return sum(_expire(referral, at, by) for referral in due.select_related(*related).order_by("pk")[:MOST])


@transaction.atomic
def _expire(referral: Referral, at: datetime, by: User | str) -> bool:
    due = Referral.objects.filter(pk=referral.pk, state__in=rules.UNANSWERED, expires_at__lte=at)
    if not due.update(state=rules.EXPIRED, closed_at=at):
        return False
    referral.state = rules.EXPIRED
    ReferralEvent.objects.create(referral=referral, at=at, state=rules.EXPIRED, side=rules.CLOCK)
    count_as_unmet(referral, UnmetNeed.Cause.EXPIRED, "", at=at)
    link = {"link": partial(letters.person_link, referral)}
    messages.say(referral.person, "referral-expired", link, key=f"referral:{referral.uuid}:expired", at=at, by=by)
    letters.expired(referral, senders(referral, at=at))
    audit.record("let a referral expire", referral, by=by, at=at)
    return True


def forget(territory: Territory, *, at: datetime) -> int:
    """Erase what was sent, the message and the links of those that ended long ago; states, codes and days stay. How many."""
    ended = Referral.objects.filter(territory=territory).exclude(state__in=rules.OPEN)
    old = ended.annotate(end=Coalesce("closed_at", "answered_at", "expires_at")).filter(
        end__lt=at - timedelta(days=rules.KEPT_DAYS)
    )
    rows = old.exclude(what={}, message="", email="", token="", person_token="")
    return Referral.objects.filter(pk__in=list(rows.values_list("pk", flat=True)[:MOST])).update(
        what={}, message="", email="", token="", person_token=""
    )
