"""Every write about the people who are helped: their record, who helps them, what they agreed to. No trace holds a name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, models, transaction

from maillage.methods.text import typed
from maillage.people import audit, rules
from maillage.people.models import CareLink, Consent, Household, Organization, Person, User
from maillage.people.queries import carer_in, helps
from maillage.territory.models import Territory

TEXTS: Final = {"alias": 80, "given_name": 120, "family_name": 120, "phone": 40, "email": 320, "language": 8}
DETAILS: Final = frozenset({*TEXTS, "born_on", "birth_year", "gender", "spoken", "contact", "facts"})


class Impossible(ValueError):
    """What was said of somebody cannot be; the message is an English sentence to translate."""


@transaction.atomic
def register(
    territory: Territory, organization: Organization, *, by: User | str, at: datetime, household: Household | None = None,
    **details: Any,
) -> Person:  # fmt: skip
    """Somebody whom this organisation helps from now on. An alias is enough. Raises NotAllowed, Impossible."""
    if isinstance(by, User):
        rules.check_can_help(organization.pk in carer_in(by, territory, at=at))
    person = Person(territory=territory, household=household, created_at=at)
    _fill(person, details, on=at.date())
    person.save()
    CareLink.objects.create(person=person, organization=organization, reason=CareLink.Reason.REGISTERED, since=at)
    audit.record("registered somebody", person, by=by, at=at, data={"organization": str(organization.uuid)})
    return person


@transaction.atomic
def describe(person: Person, *, by: User | str, at: datetime, **details: Any) -> None:
    """What is known of them now; what is not given stays. Raises NotAllowed, Impossible."""
    _check(person, by, at)
    _fill(person, details, on=at.date())
    person.save(update_fields=sorted(details))
    audit.record("described somebody", person, by=by, at=at, data={"details": sorted(details)})


@transaction.atomic
def link(person: Person, organization: Organization, reason: str, *, by: User | str, at: datetime) -> CareLink:
    """This organisation helps them from now on. Asked by the rooms above, which say why it may."""
    made, is_new = CareLink.objects.get_or_create(
        person=person, organization=organization, reason=reason, until=None, defaults={"since": at}
    )
    if is_new:
        said = {"organization": str(organization.uuid), "reason": reason}
        audit.record("began to help", person, by=by, at=at, data=said)
    return made


@transaction.atomic
def unlink(person: Person, organization: Organization, reason: str, *, by: User | str, at: datetime) -> None:
    """No longer for this reason: when it was the last one, the organisation's members read nothing of them from now on."""
    ended = (
        CareLink.objects.filter(person=person, organization=organization, reason=reason).open(at=at).update(until=at)
    )
    if ended:
        said = {"organization": str(organization.uuid), "reason": reason}
        audit.record("ceased to help", person, by=by, at=at, data=said)


@transaction.atomic
def household_of(persons: Sequence[Person], *, by: User | str, at: datetime) -> Household:
    """They want one roof together: one household, that of the first who has one. Raises NotAllowed, Impossible."""
    for person in persons:
        _check(person, by, at)
    if not persons:
        raise Impossible(rules.gettext_noop("A household has somebody in it."))
    first = persons[0]
    household = next((one.household for one in persons if one.household), None)
    household = household or Household.objects.create(territory=first.territory, created_at=at)
    Person.objects.filter(pk__in=[one.pk for one in persons]).update(household=household)
    for person in persons:
        person.household = household
    audit.record("joined a household", household, by=by, at=at, data={"persons": len(persons)})
    return household


@transaction.atomic
def leave_household(person: Person, *, by: User | str, at: datetime) -> None:
    """On their own from now on. Raises NotAllowed."""
    _check(person, by, at)
    person.household = None
    person.save(update_fields=["household"])
    audit.record("left a household", person, by=by, at=at)


@transaction.atomic
def join(duplicate: Person, into: Person, *, by: User | str, at: datetime) -> Person:
    """Two records of one person become one: all that says `duplicate`, in every room, says `into` from now on.

    What `into` does not know is taken from `duplicate`. The record that is left says `same_as` and opens no more. Raises NotAllowed,
    Impossible: the same record, another territory, or two stays or requests that cannot both be of one person.
    """
    _check(duplicate, by, at)
    _check(into, by, at)
    if duplicate.pk == into.pk or duplicate.same_as_id or into.same_as_id:
        raise Impossible(rules.gettext_noop("These are one record already."))
    if duplicate.territory_id != into.territory_id:
        raise Impossible(rules.gettext_noop("These records belong to two territories."))
    kept = CareLink.objects.filter(person=into, until=None).values_list("organization_id", "reason")
    for organization, reason in kept:
        CareLink.objects.filter(person=duplicate, organization=organization, reason=reason).open(at=at).update(until=at)
    try:
        with transaction.atomic():
            for relation in _said_of(Person):
                relation.related_model.objects.filter(**{relation.field.name: duplicate}).update(
                    **{relation.field.name: into}
                )
    except IntegrityError:
        raise Impossible(
            rules.gettext_noop("Both have a stay or a request at the same time: end one of them first.")
        ) from None
    for name in (*TEXTS, "born_on", "birth_year", "gender", "household_id"):
        if not getattr(into, name):
            setattr(into, name, getattr(duplicate, name))
    into.facts = {**duplicate.facts, **into.facts}
    into.spoken = list(dict.fromkeys([*into.spoken, *duplicate.spoken]))
    into.save()
    Person.objects.filter(pk=duplicate.pk).update(same_as=into)
    duplicate.same_as = into
    audit.record("joined two records", into, by=by, at=at, data={"other": str(duplicate.uuid)})
    return into


@transaction.atomic
def agree(
    person: Person, purpose: str, *, organization: Organization | None = None, what: Sequence[str] = (), shown: str,
    language: str, how: str, by: User | str, at: datetime, expires_at: datetime | None = None,
) -> Consent:  # fmt: skip
    """What they agreed to, in the words that they were shown. Nothing shown: nothing was agreed. Raises Impossible."""
    if not shown.strip():
        raise Impossible(rules.gettext_noop("Nobody agrees to what they were not shown."))
    if expires_at is not None and expires_at <= at:
        raise Impossible(rules.gettext_noop("An agreement ends after it begins."))
    made = Consent.objects.create(
        person=person, purpose=purpose, organization=organization, what=list(what), shown=shown, language=language, how=how,
        given_at=at, expires_at=expires_at, recorded_by=by if isinstance(by, User) else None,
    )  # fmt: skip
    audit.record("noted an agreement", made, by=by, at=at, data={"purpose": purpose})
    return made


@transaction.atomic
def withdraw(consent: Consent, *, by: User | str, at: datetime) -> None:
    """From now on they no longer agree; what was sent before stays sent. A second time changes nothing."""
    if Consent.objects.filter(pk=consent.pk, withdrawn_at=None).update(withdrawn_at=at):
        consent.withdrawn_at = at
        audit.record("withdrew an agreement", consent, by=by, at=at)


def holds(consent: Consent | None, *, at: datetime) -> bool:
    """Given, not withdrawn, not over."""
    return (
        consent is not None
        and consent.withdrawn_at is None
        and consent.given_at <= at
        and (consent.expires_at is None or at < consent.expires_at)
    )


def _said_of(model: type[models.Model]) -> Iterable[Any]:
    """Every foreign key of any room that names a person, but the one that joins records."""
    return (one for one in model._meta.related_objects if one.related_model is not model)


def _check(person: Person, by: User | str, at: datetime) -> None:
    if isinstance(by, User):
        rules.check_can_help(helps(by, person, at=at))


def _fill(person: Person, details: dict[str, Any], *, on: date) -> None:
    if unknown := sorted(details.keys() - DETAILS):
        raise TypeError(f"a person has no {', '.join(unknown)}")
    for name, value in details.items():
        setattr(person, name, typed(value or "", TEXTS[name]) if name in TEXTS else value)
    person.alias = person.alias.strip()
    if not person.called().strip():
        raise Impossible(rules.gettext_noop("Say how they are called: a name, or any alias."))
    if person.email:
        try:
            validate_email(person.email)
        except ValidationError:
            raise Impossible(rules.gettext_noop("This is not an e-mail address.")) from None
    born = person.born_on.year if person.born_on else person.birth_year
    if born is not None and not on.year - rules.OLDEST <= born <= (on + timedelta(days=1)).year:
        raise Impossible(rules.gettext_noop("Nobody who lives was born in this year."))
    if (person.gender and person.gender not in Person.Gender.values) or person.contact not in Person.Contact.values:
        raise Impossible(rules.gettext_noop("There is no such choice."))
    if person.contact == Person.Contact.SMS and not person.phone:
        raise Impossible(rules.gettext_noop("To write text messages, give a telephone number."))
    if person.contact == Person.Contact.EMAIL and not person.email:
        raise Impossible(rules.gettext_noop("To write e-mails, give an address."))
