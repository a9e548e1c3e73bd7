"""Organisations offer services, at locations, for areas."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from maillage.people.models import Organization
from maillage.territory.models import Area, Territory


class Program(models.Model):
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="programs")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    name = models.CharField(max_length=400)
    description = models.TextField(blank=True)


class ServiceQuerySet(models.QuerySet["Service"]):
    def visible(self) -> ServiceQuerySet:
        """What anyone may see: not withdrawn, not defunct, not merged into another."""
        shown = self.filter(visibility=Service.Visibility.PUBLIC, merged_into=None)
        return shown.exclude(status=Service.Status.DEFUNCT)


class Service(models.Model):
    """Something offered to people (HSDS service). Texts in every language are Text rows (name, description, application_process,
    fees_description, eligibility_description, access, alert, interpretation_services); `name` is the original one, for sorting.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", _("active")
        INACTIVE = "inactive", _("inactive")
        DEFUNCT = "defunct", _("defunct")
        CLOSED = "temporarily closed", _("temporarily closed")

    class Visibility(models.TextChoices):
        PUBLIC = "public", _("public")
        HIDDEN = "hidden", _("hidden")

    class Cost(models.TextChoices):
        FREE = "free", _("free")
        MEANS = "means-tested", _("according to income")
        PAID = "paid", _("paid")
        UNKNOWN = "", _("cost not known")

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="services")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    code = models.CharField(max_length=200, blank=True)
    organization = models.ForeignKey(
        Organization, null=True, blank=True, on_delete=models.CASCADE, related_name="services"
    )
    program = models.ForeignKey(Program, null=True, blank=True, on_delete=models.SET_NULL, related_name="services")
    name = models.CharField(max_length=400)
    status = models.CharField(max_length=20, choices=Status, default=Status.ACTIVE)
    visibility = models.CharField(max_length=10, choices=Visibility, default=Visibility.PUBLIC)
    url = models.CharField(max_length=1000, blank=True)
    email = models.CharField(max_length=320, blank=True)
    minimum_age = models.FloatField(null=True, blank=True)
    maximum_age = models.FloatField(null=True, blank=True)
    cost = models.CharField(max_length=20, choices=Cost, blank=True, default=Cost.UNKNOWN)  # *
    access = models.JSONField(default=list)  # * walk_in, phone, appointment, referral, online; empty: unknown
    delivery = models.JSONField(default=list)  # * on_site, remote, home, outreach; empty: unknown
    has_interpreter = models.BooleanField(null=True)  # * null: unknown
    conditions_known = models.BooleanField(
        default=False
    )  # * somebody said who may come: the rules, or anyone without rules
    confirmed_on = models.DateField(null=True, blank=True)  # HSDS assured_date
    confirmed_by = models.CharField(max_length=200, blank=True)  # HSDS assurer_email, or the name of a source
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="merged"
    )  # * a person decided that it is the same as another: see models/duplicates.py
    update_months = models.PositiveSmallIntegerField(null=True, blank=True)  # * freshness contract
    is_fictional = models.BooleanField(default=False)
    last_modified = models.DateTimeField(default=timezone.now)

    objects = ServiceQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["territory", "uuid"], name="service_page"),  # keyset paging of the API
            models.Index(fields=["territory", "code"], name="service_by_code"),
            models.Index(fields=["territory", "last_modified"], name="service_modified"),
        ]

    def __str__(self) -> str:
        return self.name


class Location(models.Model):
    """A place (HSDS location). When `is_confidential`, coordinates and addresses are read only through
    `queries.exact_place`; everything else shows `area`."""

    class Type(models.TextChoices):
        PHYSICAL = "physical", _("on site")
        POSTAL = "postal", _("postal address")
        VIRTUAL = "virtual", _("online")

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="locations")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    code = models.CharField(max_length=200, blank=True)
    organization = models.ForeignKey(
        Organization, null=True, blank=True, on_delete=models.CASCADE, related_name="locations"
    )
    location_type = models.CharField(max_length=10, choices=Type, default=Type.PHYSICAL)
    name = models.CharField(max_length=400, blank=True)
    area = models.ForeignKey(Area, null=True, blank=True, on_delete=models.SET_NULL, related_name="locations")
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    is_confidential = models.BooleanField(default=False)  # *
    is_wheelchair_accessible = models.BooleanField(null=True)  # * null: unknown
    transportation = models.TextField(blank=True)
    url = models.CharField(max_length=1000, blank=True)
    external_identifier = models.CharField(max_length=80, blank=True)  # statistical sector in Belgium
    external_identifier_type = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes = [models.Index(fields=["territory", "code"], name="location_by_code")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(latitude=None, longitude=None)
                | models.Q(latitude__gte=-90, latitude__lte=90, longitude__gte=-180, longitude__lte=180),
                name="location_is_on_earth",
            )
        ]


class Address(models.Model):
    location = models.ForeignKey(Location, on_delete=models.CASCADE, related_name="addresses")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    attention = models.CharField(max_length=400, blank=True)
    address_1 = models.CharField(max_length=400)
    address_2 = models.CharField(max_length=400, blank=True)
    city = models.CharField(max_length=200, blank=True)
    region = models.CharField(max_length=200, blank=True)
    state_province = models.CharField(max_length=80, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=2, blank=True)
    address_type = models.CharField(max_length=10, default="physical")


class ServiceAtLocation(models.Model):
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="at_locations")
    location = models.ForeignKey(Location, on_delete=models.CASCADE, related_name="services_here")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    description = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["service", "location"], name="service_at_location_once")]


class ServiceArea(models.Model):
    """Where the people served live: an area of the territory, or `extent` as the source wrote it. No row at all: unknown."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="service_areas")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    area = models.ForeignKey(Area, null=True, blank=True, on_delete=models.CASCADE, related_name="service_areas")
    name = models.CharField(max_length=400, blank=True)
    extent = models.TextField(blank=True)
    extent_type = models.CharField(max_length=40, blank=True)
    uri = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["service", "area"], condition=~models.Q(area=None), name="served_area_once")
        ]
