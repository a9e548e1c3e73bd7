"""Reads about referrals: who may open one, by which link, what it carries, and what each side reads of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from maillage.directory.models import EligibilityRule, Service
from maillage.orientation.models import Referral, ReferralEvent
from maillage.orientation.queries import vocabulary
from maillage.orientation.rules import referrals as rules
from maillage.people import tokens
from maillage.people.models import Membership, Organization, Person, Role, User
from maillage.people.queries import carer_in
from maillage.territory.models import Territory

JUDGING = (EligibilityRule.Effect.REQUIRE, EligibilityRule.Effect.EXCLUDE)


# ---- what it carries


def judged(service: Service) -> tuple[str, ...]:
    """The criteria by which this service takes somebody or not, each once."""
    rows = EligibilityRule.objects.filter(service=service, effect__in=JUDGING).order_by("pk")
    found = list(dict.fromkeys(rows.values_list("criterion", flat=True)))
    if service.minimum_age is not None or service.maximum_age is not None:
        found.append("age")
    return tuple(dict.fromkeys(found))


def sensitive(territory: Territory) -> frozenset[str]:
    """Criteria that the pack calls sensitive."""
    return frozenset(code for code, said in vocabulary(territory).criteria.items() if said.get("sensitive"))


def details(person: Person) -> dict[str, Any]:
    """What a record says of somebody, besides facts."""
    born = person.born_on
    return {
        "called": person.called(), "language": person.language, "spoken": list(person.spoken), "gender": person.gender,
        "birth_year": born.year if born else person.birth_year, "born_on": born.isoformat() if born else "",
        "phone": person.phone, "email": person.email,
    }  # fmt: skip


def what_for(service: Service, person: Person, facts: Mapping[str, Any] | None = None) -> rules.Carried:
    """The least that this service needs to judge and to answer, and what is known beyond it, which needs the person's leave by name.

    `facts`: known besides those of the record.
    """
    by = judged(service)
    known = {**person.facts, **(facts or {})}
    return rules.carried(details(person), known, by, sensitive=sensitive(service.territory))


# ---- who reads it


def of_organizations(territory: Territory, organizations: Iterable[int]) -> QuerySet[Referral]:
    """Those that these organisations sent or received."""
    keys = list(organizations)
    return Referral.objects.filter(territory=territory).filter(Q(sender__in=keys) | Q(recipient__in=keys))


def visible(user: User, territory: Territory, *, at: datetime) -> QuerySet[Referral]:
    """Those of the organisations in which this user helps people; nobody else's, whatever their role in the territory."""
    return of_organizations(territory, carer_in(user, territory, at=at))


def sides(referral: Referral, user: User, *, at: datetime) -> frozenset[str]:
    """For which side this user speaks: the sender, the recipient, both inside one organisation, or none."""
    inside = carer_in(user, referral.territory, at=at)
    here = {rules.SENDER: referral.sender_id, rules.RECIPIENT: referral.recipient_id}
    return frozenset(side for side, organization in here.items() if organization in inside)


def timeline(referral: Referral) -> list[ReferralEvent]:
    """The same lines, in the same order, for the sender, the recipient and the person."""
    return list(referral.events.select_related("by").order_by("at", "pk"))


def carries(referral: Referral) -> Mapping[str, Any]:
    """What the recipient reads of the person: nothing any more once it came to nothing, has ended, or the leave was taken back."""
    return referral.what if _is_read(referral) else {}


def message(referral: Referral) -> str:
    """What the sender wrote to the recipient: read as long as what it carries is."""
    return referral.message if _is_read(referral) else ""


def _is_read(referral: Referral) -> bool:
    taken_back = referral.consent is not None and referral.consent.withdrawn_at is not None
    return referral.state in rules.OPEN and not taken_back


def is_confidential(service: Service | None) -> bool:
    """One of its places must not be found."""
    return service is not None and service.at_locations.filter(location__is_confidential=True).exists()


def told_service(referral: Referral) -> str:
    """The name of the service as the person's own link says it; "" when it must not be found, or is gone."""
    return referral.service.name if referral.service and not is_confidential(referral.service) else ""


def told_organization(organization: Organization | None) -> str:
    """The name of a side as a link may say it to somebody without an account; "" when one of its places must not be found."""
    hidden = organization is None or organization.locations.filter(is_confidential=True).exists()
    return "" if hidden or organization is None else organization.name


# ---- links


def by_token(territory: Territory, token: str, *, at: datetime) -> Referral | None:
    """The referral that a recipient's link opens, while it lives."""
    found = _of(territory).filter(token=tokens.hashed(token)).first() if token else None
    if found is None:
        return None
    ends = rules.link_ends_at(found.state, expires_at=found.expires_at, answered_at=found.answered_at)
    return found if ends is not None and at < ends else None


def by_person_token(territory: Territory, token: str, *, at: datetime) -> Referral | None:
    """The referral that the person's own link opens: as long as it is open, and a while after its last line."""
    found = _of(territory).filter(person_token=tokens.hashed(token)).first() if token else None
    if found is None or found.state in rules.OPEN:
        return found
    last = found.events.order_by("-at").values_list("at", flat=True).first() or found.sent_at
    return found if at < last + timedelta(days=rules.AFTERWARDS_DAYS) else None


def _of(territory: Territory) -> QuerySet[Referral]:
    related = ("person", "service", "recipient", "sender", "need", "consent", "territory")
    return Referral.objects.filter(territory=territory).select_related(*related)


def carers(organization: Organization | None, *, at: datetime) -> list[User]:
    """Who reads the referrals of this organisation."""
    if organization is None:
        return []
    held = Membership.objects.active(at=at).filter(
        organization=organization, role__in=(Role.PROFESSIONAL, Role.ADMINISTRATOR), user__is_active=True
    )
    return list(User.objects.filter(pk__in=held.values("user")).order_by("pk"))
