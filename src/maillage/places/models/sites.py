"""Where people can stay: sites, groups of places that are alike, single places, and the times when they cannot be used."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from django.db import models
from django.db.models import Case, Exists, OuterRef, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from maillage.directory.models import Service
from maillage.people.models import User
from maillage.places.rules import night_of
from maillage.territory.models import Area, Territory, label_in


class SiteQuerySet(models.QuerySet["Site"]):
    def open(self, *, on: date) -> SiteQuerySet:
        return self.filter(Q(opens_on=None) | Q(opens_on__lte=on)).filter(Q(closes_on=None) | Q(closes_on__gt=on))


class Site(models.Model):
    """A house, a centre, a building lent for a time. Its address, and whether it is confidential, are the directory's."""

    class Kind(models.TextChoices):
        SHELTER = "shelter", _("emergency shelter")
        RECEPTION = "reception", _("reception home")
        HOUSING = "housing", _("housing with support")
        TEMPORARY = "temporary", _("negotiated temporary occupation")
        CARE = "care", _("residential mental health care")
        SURGE = "surge", _("opened by a cold-weather plan")

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="sites")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="sites")
    code = models.CharField(max_length=80, blank=True)  # from a pack
    name = models.CharField(max_length=200)  # to sort by, and where no other is told
    labels = models.JSONField(default=dict)  # the name in each language, when it is not the same in all
    kind = models.CharField(max_length=12, choices=Kind)
    area = models.ForeignKey(Area, null=True, blank=True, on_delete=models.SET_NULL, related_name="sites")
    opens_on = models.DateField(null=True, blank=True)  # S9: a site lent for a time, from opening to closing
    closes_on = models.DateField(null=True, blank=True)
    is_fictional = models.BooleanField(default=False)

    objects = SiteQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(opens_on=None) | Q(closes_on=None) | Q(closes_on__gt=models.F("opens_on")),
                name="site_closes_after_it_opens",
            ),
            models.UniqueConstraint(fields=["territory", "code"], condition=~Q(code=""), name="site_code_once"),
        ]

    def __str__(self) -> str:
        return self.called()

    def called(self, language: str | None = None) -> str:
        return label_in(self.labels, language, fallback=self.name)


class PlaceGroup(models.Model):
    """Places of a site that are alike: for whom, and under which rules of the house.

    `rules`: as those of a service (criterion, op, value, effect), checked by `methods.eligibility`. `accredited`: places that the
    authority recognised, never what is open: those are its places in use, or `beds` of a dormitory.
    """

    class Kind(models.TextChoices):
        PLACES = "places", _("named places")
        DORMITORY = "dormitory", _("dormitory, counted by night")

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="groups")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    code = models.CharField(max_length=80, blank=True)
    labels = models.JSONField(default=dict)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.PLACES)
    public = models.CharField(max_length=80, blank=True)  # code of the pack; "" everyone
    genders = models.JSONField(default=list)  # of Person.Gender; empty: all
    rooms_of_one_gender = models.BooleanField(default=False)  # a room takes the gender of who is in it
    minimum_age = models.PositiveSmallIntegerField(null=True, blank=True)
    maximum_age = models.PositiveSmallIntegerField(null=True, blank=True)
    care_level = models.PositiveSmallIntegerField(
        default=0
    )  # 0 none, 1 support by day, 2 staff day and night, 3 nursing
    languages = models.JSONField(default=list)
    is_wheelchair_accessible = models.BooleanField(null=True, blank=True)  # None: nobody said
    unit_size = models.PositiveSmallIntegerField(default=1)  # people that one place holds
    rules = models.JSONField(default=list)
    accredited = models.PositiveIntegerField(null=True, blank=True)
    beds = models.PositiveIntegerField(default=0)  # of a dormitory: open each night unless GroupNight says otherwise
    surge = models.CharField(max_length=80, blank=True)  # code of the plan that opens it; "" always open
    order = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(unit_size__gte=1), name="place_holds_somebody"),
            models.UniqueConstraint(fields=["site", "code"], condition=~Q(code=""), name="place_group_code_once"),
        ]

    def name(self, language: str | None = None) -> str:
        return label_in(self.labels, language, fallback=self.code)


class PlaceQuerySet(models.QuerySet["Place"]):
    def with_state(self, *, at: datetime) -> PlaceQuerySet:
        """`now`: the state of each place at a moment, derived from stays and times out of use, never stored."""
        from maillage.places.models.stays import Stay

        night = night_of(timezone.localtime(at))
        here = Stay.objects.filter(place=OuterRef("pk"))
        out = OutOfUse.objects.filter(place=OuterRef("pk"), starts_at__lte=at).filter(
            Q(ends_at=None) | Q(ends_at__gt=at)
        )
        return self.annotate(
            now=Case(
                When(Exists(here.filter(state=Stay.State.IN)), then=Value(Place.State.OCCUPIED)),
                When(Exists(here.held(on=night, at=at)), then=Value(Place.State.HELD)),
                When(Exists(out.filter(state=Place.State.CLOSED)), then=Value(Place.State.CLOSED)),
                When(Exists(out.filter(state=Place.State.WORKS)), then=Value(Place.State.WORKS)),
                When(Exists(out), then=Value(Place.State.CLEANING)),
                default=Value(Place.State.FREE),
                output_field=models.CharField(),
            )
        )

    def free(self, *, at: datetime) -> PlaceQuerySet:
        return self.with_state(at=at).filter(now=Place.State.FREE)  # type: ignore[misc]  # the annotation above


class Place(models.Model):
    """One bed, room or flat: what is given to one household, once."""

    class State(models.TextChoices):
        FREE = "free", _("free")
        HELD = "held", _("held")
        OCCUPIED = "occupied", _("occupied")
        CLEANING = "cleaning", _("being cleaned")
        WORKS = "works", _("under repair")
        CLOSED = "closed", _("closed")

    group = models.ForeignKey(PlaceGroup, on_delete=models.CASCADE, related_name="places")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    label = models.CharField(max_length=40)
    room = models.CharField(max_length=40, blank=True)
    order = models.PositiveIntegerField(default=0)

    objects = PlaceQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "label"], name="place_label_once")]

    def __str__(self) -> str:
        return self.label


class OutOfUse(models.Model):
    """From when to when nobody can be put in a place, and why. `by`: who said it."""

    place = models.ForeignKey(Place, on_delete=models.CASCADE, related_name="times_out")
    state = models.CharField(max_length=10, choices=Place.State)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="places_put_out")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=["cleaning", "works", "closed"]), name="out_of_use_says_why"),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gt=models.F("starts_at")), name="out_of_use_ends_after_it_starts"
            ),
        ]
        indexes = [models.Index(fields=["place", "starts_at"], name="out_of_use_of_place")]


class GroupNight(models.Model):
    """How many beds of a dormitory are open on a night, and how many are given: the database counts, and refuses one too many."""

    group = models.ForeignKey(PlaceGroup, on_delete=models.CASCADE, related_name="nights")
    night = models.DateField()  # the evening's date
    beds = models.PositiveIntegerField()
    used = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["group", "night"], name="group_night_once"),
            models.CheckConstraint(condition=Q(used__lte=models.F("beds")), name="group_night_is_never_overfull"),
        ]
