"""Invented referrals: sent by those who help, answered or not, begun and ended; with their timeline and what was missing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from maillage.directory.models import Service
from maillage.orientation import links
from maillage.orientation.models import Referral, ReferralEvent, UnmetNeed
from maillage.orientation.rules import referrals as rules
from maillage.packs.bulk import Table
from maillage.packs.fiction.ledger import Ledger
from maillage.packs.fiction.people import Keys, Party, People
from maillage.packs.fiction.rows import Identity, moment
from maillage.people.models import CareLink, Consent
from maillage.territory.models import Territory

State, Side, Cause = Referral.State, ReferralEvent.Side, UnmetNeed.Cause
DAYS = 75
# how it went, with running shares: of those whom a help line sent about a third got help
COURSES: tuple[tuple[tuple[str, ...], float], ...] = (
    ((rules.SENT,), 0.12),
    ((rules.SENT, rules.ACKNOWLEDGED), 0.2),
    ((rules.SENT, rules.ACCEPTED), 0.27),
    ((rules.SENT, rules.WAITLISTED), 0.35),
    ((rules.SENT, rules.REFUSED), 0.57),
    ((rules.SENT, rules.EXPIRED), 0.63),
    ((rules.SENT, rules.WITHDRAWN), 0.66),
    ((rules.SENT, rules.ACCEPTED, rules.STARTED), 0.8),
    ((rules.SENT, rules.ACKNOWLEDGED, rules.ACCEPTED, rules.STARTED, rules.CLOSED), 1.0),
)
RECENT = frozenset({rules.SENT, rules.ACKNOWLEDGED})
REFUSALS = (
    "full",
    "no-capacity",
    "waitlist-closed",
    "not-eligible",
    "unreachable",
    "absent",
    "not-mobile",
    "not-interested",
)
OUTCOMES = (
    (rules.MET, "", 0.5),
    (rules.PARTLY, "partial-help", 0.75),
    (rules.NOT, "no-place", 0.9),
    (rules.NOT, "no-funds", 1.0),
)
WORDS = {
    "fr": "Fiction : je suis d'accord que ce service lise ces quelques lignes sur moi.",
    "nl": "Fictie: ik ga ermee akkoord dat deze dienst deze regels over mij leest.",
    "en": "Fiction: I agree that this service reads these few lines about me.",
}


class Letters:
    """Rows of referrals until they are written."""

    def __init__(self, territory: Territory, people: People, ledger: Ledger, identity: Identity, now: datetime) -> None:
        self.territory, self.people, self.identity, self.dice, self.now = territory, people, identity, people.dice, now
        self.remind, self.expire = rules.days(territory.content)
        self.ledger = ledger  # writes what people agreed to
        self.referrals = Table(
            Referral, "territory_id", "uuid", "person_id", "need_id", "area", "service_id", "recipient_id", "sender_id", "kind",
            "state", "is_urgent", "what", "message", "consent_id", "sent_at", "reminded_at", "answered_at", "started_at", "closed_at",
            "expires_at", "code", "outcome", "outcome_code", "is_fictional",
        )  # fmt: skip
        self.events = Table(ReferralEvent, "referral_id", "at", "state", "side", "code", "text")
        self.referral_key = Keys(self.referrals)
        self.unmet: Counter[tuple[str, str, str, str, str, Any]] = Counter()
        self.open: list[int] = []
        self.number = 0

    def send(self, party: Party, sender: int, service: Service, need: tuple[int, str] | None) -> None:
        """One referral, somewhere on its way."""
        dice = self.dice
        self.number += 1
        drawn = dice.roll()
        course = next(course for course, share in COURSES if drawn <= share)
        age = dice.roll() * (9 if set(course) <= RECENT else DAYS)
        sent = self.now - timedelta(
            days=max(age, self.expire + 1) if rules.EXPIRED in course else age, minutes=dice.between(1, 50)
        )
        key, said = self.referral_key(), self._course(course, sent)
        consent = self._consent(party, service, sent)
        last = course[-1]
        code = said.get("code", "")
        what = {
            "called": party.called,
            **{name: value for name, value in party.facts.items() if name in ("gender", "age", "children")},
        }
        kind = Referral.Kind.WARM if dice.chance(0.1) else Referral.Kind.LETTER
        reminded = (
            sent + timedelta(days=self.remind) if last in RECENT and (self.now - sent).days >= self.remind else None
        )
        self.referrals.add(
            key, self.territory.pk, self.identity(f"referral/{self.number}"), party.persons[0], need[0] if need else None, party.area,
            service.pk, service.organization_id, sender, str(kind), last, dice.chance(0.12), json.dumps(what), "", consent,
            moment(sent), moment(reminded) if reminded else None, _moment(said.get("answered")), _moment(said.get("started")),
            _moment(said.get("closed")), moment(sent + timedelta(days=self.expire)), code, said.get("outcome", ""),
            said.get("outcome_code", ""), True,
        )  # fmt: skip
        for state, at in zip(course, said["times"], strict=True):
            side = (
                Side.CLOCK
                if state == rules.EXPIRED
                else Side.SENDER
                if state in (rules.SENT, rules.WITHDRAWN)
                else Side.RECIPIENT
            )
            mark = code if state == rules.REFUSED else said.get("outcome_code", "") if state == rules.CLOSED else ""
            self.events.add(None, key, moment(at), state, str(side), mark, "")
        self._links(party, sender, service, last, sent, said["times"][-1])
        if last in rules.OPEN:
            self.open.append(key)
        if need and last in (rules.REFUSED, rules.EXPIRED):
            cause = Cause.REFUSED if last == rules.REFUSED else Cause.EXPIRED
            self.unmet[
                need[1],
                party.area,
                str(cause),
                party.public,
                f"refused:{code}" if code else "",
                said["times"][-1].date(),
            ] += 1

    def write(self) -> int:
        written = sum(table.write() for table in (self.referrals, self.events))
        for referral in Referral.objects.filter(pk__in=self.open):
            links.keep(referral, rules.PERSON)
        for (need, area, cause, public, without, day), count in self.unmet.items():
            UnmetNeed.objects.get_or_create(
                territory=self.territory, need=need, area=area, cause=cause, public=public, filter=without, day=day,
                defaults={"count": count},
            )  # fmt: skip
        return written

    def _course(self, course: Sequence[str], sent: datetime) -> dict[str, Any]:
        """When each step was, and its codes."""
        said: dict[str, Any] = {"times": [sent]}
        for state in course[1:]:
            last = said["times"][-1]
            at = last + (self.now - last) * (0.15 + 0.6 * self.dice.roll())
            if state == rules.EXPIRED:
                at = sent + timedelta(days=self.expire)
            said["times"].append(at)
            if state in (rules.ACCEPTED, rules.WAITLISTED, rules.REFUSED):
                said["answered"] = at
            if state == rules.STARTED:
                said["started"] = at
            if state in (rules.CLOSED, rules.WITHDRAWN):
                said["closed"] = at
            if state == rules.REFUSED:
                said["code"] = self.dice.pick(REFUSALS)
            if state == rules.CLOSED:
                drawn = self.dice.roll()
                said["outcome"], said["outcome_code"] = next(
                    (one, code) for one, code, share in OUTCOMES if drawn <= share
                )
        return said

    def _consent(self, party: Party, service: Service, at: datetime) -> int:
        what = ("called", "gender", "age", "children")
        return self.ledger.consent(
            party, service.organization_id, WORDS, at, purpose=Consent.Purpose.REFERRAL, what=what
        )

    def _links(self, party: Party, sender: int, service: Service, last: str, sent: datetime, then: datetime) -> None:
        self.people.link(party, sender, CareLink.Reason.REGISTERED, sent, None)
        if service.organization_id and last in (rules.ACCEPTED, rules.STARTED, rules.CLOSED):
            until = then if last == rules.CLOSED else None
            since = min(sent + timedelta(days=1), then)
            self.people.link(party, service.organization_id, CareLink.Reason.REFERRED, since, until)


def _moment(at: datetime | None) -> str | None:
    return moment(at) if at else None
