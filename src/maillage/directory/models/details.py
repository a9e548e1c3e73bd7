"""What hangs on a service or a place: hours, phones, languages, prices, conditions, room, dates."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from maillage.directory.models.service import Location, Service, ServiceAtLocation
from maillage.people.models import Organization


class OwnedQuerySet(models.QuerySet[Any]):
    def told(self) -> OwnedQuerySet:
        """Without those that hang on a confidential place: a telephone, a funder, a name of there would say where it is."""
        place, placing = "location", "service_at_location__location"
        return self.filter(
            models.Q(**{place: None}) | models.Q(**{f"{place}__is_confidential": False}),
            models.Q(**{placing: None}) | models.Q(**{f"{placing}__is_confidential": False}),
        )


class Owned(models.Model):
    """Belongs to at least one of: organisation, service, location, service at location."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    organization = models.ForeignKey(
        Organization, null=True, blank=True, on_delete=models.CASCADE, related_name="%(class)ss"
    )
    service = models.ForeignKey(Service, null=True, blank=True, on_delete=models.CASCADE, related_name="%(class)ss")
    location = models.ForeignKey(Location, null=True, blank=True, on_delete=models.CASCADE, related_name="%(class)ss")
    service_at_location = models.ForeignKey(
        ServiceAtLocation, null=True, blank=True, on_delete=models.CASCADE, related_name="%(class)ss"
    )

    objects = OwnedQuerySet.as_manager()

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(organization=None, service=None, location=None, service_at_location=None),
                name="%(class)s_has_an_owner",
            )
        ]


class Contact(Owned):
    """A function that answers, not a person, by default."""

    name = models.CharField(max_length=200, blank=True)
    title = models.CharField(max_length=200, blank=True)
    department = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=320, blank=True)


class Phone(Owned):
    contact = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.CASCADE, related_name="phones")
    number = models.CharField(max_length=200)
    extension = models.CharField(max_length=40, blank=True)
    type = models.CharField(max_length=40, blank=True)
    description = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints = ()  # a phone may belong to a contact alone


class Schedule(Owned):
    """Opening hours. `osm` (OpenStreetMap opening_hours) is the truth; HSDS rows are derived; `raw` keeps what the source wrote."""

    class Parse(models.TextChoices):
        PARSED = "parsed", _("read")
        PARTLY = "partly", _("partly read")
        UNREAD = "unread", _("not readable by machine")

    osm = models.CharField(max_length=1000, blank=True)
    raw = models.TextField(blank=True)
    parse = models.CharField(max_length=10, choices=Parse, default=Parse.PARSED)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    description = models.TextField(blank=True)

    class Meta(Owned.Meta):
        constraints = [
            *Owned.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(parse="unread") | ~models.Q(osm=""), name="schedule_says_when_it_is_unread"
            ),
        ]


class Language(Owned):
    """A language spoken. `code` ISO 639-1 or -3, empty when the source's words name none we know (they stay in `note`)."""

    code = models.CharField(max_length=8, blank=True)
    name = models.CharField(max_length=200, blank=True)
    note = models.CharField(max_length=400, blank=True)
    level = models.CharField(max_length=20, blank=True)  # * fluent, limited, on-request


class CostOption(models.Model):
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="cost_options")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    option = models.CharField(max_length=400, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    amount_cents = models.BigIntegerField(null=True, blank=True)
    amount_description = models.TextField(blank=True)


class RequiredDocument(models.Model):
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="required_documents")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    document = models.CharField(max_length=400)
    uri = models.CharField(max_length=1000, blank=True)


class Accessibility(models.Model):
    location = models.ForeignKey(Location, on_delete=models.CASCADE, related_name="accessibility")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    description = models.CharField(max_length=400, blank=True)
    details = models.TextField(blank=True)
    url = models.CharField(max_length=1000, blank=True)


class Funding(Owned):
    source = models.CharField(max_length=400)


class Accreditation(Owned):
    """* Recognised by an authority, under a law or scheme, for a time (HSDS: Service.accreditations, as one text)."""

    authority = models.CharField(max_length=400)
    scheme = models.CharField(max_length=400, blank=True)  # the law, the kind of recognition
    number = models.CharField(max_length=80, blank=True)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=400, blank=True)


class ServiceCapacity(models.Model):
    """How much room, as said at `updated_at`. After `expires_at` nobody knows: `known_status` is unknown.

    `is_derived`: nobody said it, it is counted from the places themselves; search reads it live, without indexing again.
    """

    class Status(models.TextChoices):  # HL7 Gravity SDOH capacity codes
        CAPACITY = "capacity", _("has room")
        NO_CAPACITY = "no-capacity", _("full")
        WAITLIST = "waitlist", _("waiting list")
        ASSESSMENT = "additional-assessment-required", _("room after an interview")

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="capacities")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    unit = models.CharField(max_length=60)
    available = models.IntegerField(null=True, blank=True)
    maximum = models.IntegerField(null=True, blank=True)
    status = models.CharField(max_length=40, choices=Status, blank=True)  # *
    population = models.CharField(max_length=200, blank=True)  # *
    description = models.TextField(blank=True)
    updated_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)  # *
    is_derived = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(available=None) | models.Q(available__gte=0), name="available_is_not_negative"
            ),
            models.UniqueConstraint(
                fields=["service", "unit"], condition=models.Q(is_derived=True), name="capacity_derived_once"
            ),
        ]


class EligibilityRule(models.Model):
    """* Who may come, as data: `criterion op value`. require: must hold; exclude: must not; prefer: raises the rank."""

    class Op(models.TextChoices):
        EQ, NE, IN, GTE, LTE, BETWEEN = "eq", "ne", "in", "gte", "lte", "between"

    class Effect(models.TextChoices):
        REQUIRE, EXCLUDE, PREFER = "require", "exclude", "prefer"

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="rules")
    criterion = models.CharField(max_length=40)
    op = models.CharField(max_length=10, choices=Op)
    value = models.JSONField()
    effect = models.CharField(max_length=10, choices=Effect, default=Effect.REQUIRE)
    source_text = models.TextField(blank=True)
    checked_on = models.DateField(null=True, blank=True)


class Activity(models.Model):
    """* A dated offer of a service: first start, length, and an iCalendar RRULE when it repeats."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="activities")
    location = models.ForeignKey(Location, null=True, blank=True, on_delete=models.SET_NULL, related_name="activities")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    starts_at = models.DateTimeField()
    minutes = models.PositiveIntegerField()
    rrule = models.CharField(max_length=400, blank=True)
    until = models.DateField(null=True, blank=True)
    excluded = models.JSONField(default=list)  # ISO dates on which it does not take place
    is_cancelled = models.BooleanField(default=False)
