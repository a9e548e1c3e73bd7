"""Who stays where, over which nights. The database itself refuses that two stays meet in one place or for one person."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from maillage.people.models import Household, Person, User
from maillage.places.models.sites import Place, PlaceGroup
from maillage.territory.models import Territory


class StayQuerySet(models.QuerySet["Stay"]):
    def held(self, *, on: date, at: datetime) -> StayQuerySet:
        """Held for that night, and the hold has not run out: time itself ends a hold, no job needs to have run."""
        return (
            self.filter(state=Stay.State.HELD, from_on__lte=on)
            .filter(Q(until_on=None) | Q(until_on__gt=on))
            .filter(Q(hold_expires_at=None) | Q(hold_expires_at__gt=at))
        )

    def present(self) -> StayQuerySet:
        return self.filter(state=Stay.State.IN)


class Stay(models.Model):
    """A household in one place (or in so many beds of a dormitory) for the nights from `from_on` up to, not with, `until_on`.

    A family over several places has several stays of one `request`. No `until_on`: until they leave. Its states are a table:
    `rules.STAY_NEXT`. What meets what is refused by the database (migration 0002), for held, in and out.
    """

    class State(models.TextChoices):
        HELD = "held", _("held")
        IN = "in", _("present")
        OUT = "out", _("gone")
        NO_SHOW = "no_show", _("did not come")
        CANCELLED = "cancelled", _("cancelled")

    class Exit(models.TextChoices):
        HOUSED = "housed", _("to a home of their own")
        MOVED = "moved", _("to another place")
        FAMILY = "family", _("to family or friends")
        HOSPITAL = "hospital", _("to a hospital")
        CARE = "care", _("to an institution or care home")
        STREET = "street", _("to the street")
        EXCLUDED = "excluded", _("excluded by the house")
        UNKNOWN = "unknown", _("nobody knows")
        OTHER = "other", _("elsewhere")

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="stays")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    group = models.ForeignKey(PlaceGroup, on_delete=models.PROTECT, related_name="stays")
    place = models.ForeignKey(Place, null=True, blank=True, on_delete=models.PROTECT, related_name="stays")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="stays")  # who answers for it
    household = models.ForeignKey(Household, null=True, blank=True, on_delete=models.SET_NULL, related_name="stays")
    request = models.ForeignKey(
        "places.Request", null=True, blank=True, on_delete=models.SET_NULL, related_name="stays"
    )
    offer = models.ForeignKey("places.Offer", null=True, blank=True, on_delete=models.SET_NULL, related_name="stays")
    people = models.PositiveSmallIntegerField(default=1)  # beds that it takes in a dormitory, heads in a place
    from_on = models.DateField()
    until_on = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.HELD)
    hold_expires_at = models.DateTimeField(null=True, blank=True)
    came_at = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)
    exit = models.CharField(max_length=10, choices=Exit, blank=True)
    after = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="next")  # moved
    held_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="stays_held")
    created_at = models.DateTimeField()

    objects = StayQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(until_on=None) | Q(until_on__gte=F("from_on")), name="stay_ends_later"),
            models.CheckConstraint(condition=Q(people__gte=1), name="stay_of_somebody"),
            models.UniqueConstraint(fields=["place"], condition=Q(state="in"), name="one_stay_in_a_place"),
        ]
        indexes = [
            models.Index(fields=["place", "state", "from_on"], name="stay_of_place"),
            models.Index(fields=["group", "state", "from_on"], name="stay_of_group"),
            models.Index(fields=["state", "hold_expires_at"], name="stay_hold_runs_out"),
        ]


class Occupant(models.Model):
    """Each person of a stay, with its nights and state again: so that the database can refuse that one person is in two places.

    Of a place that is held for somebody who sleeps elsewhere: `cancelled`, which the database does not judge, until they come
    (`actions.moving`): their nights are where they sleep. Written only by `actions.claims`, together with the stay.
    """

    stay = models.ForeignKey(Stay, on_delete=models.CASCADE, related_name="occupants")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="nights")
    from_on = models.DateField()
    until_on = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=Stay.State)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stay", "person"], name="occupant_once"),
            models.UniqueConstraint(fields=["person"], condition=Q(state="in"), name="one_place_for_a_person"),
            models.CheckConstraint(
                condition=Q(until_on=None) | Q(until_on__gte=F("from_on")), name="occupant_ends_later"
            ),
        ]
        indexes = [models.Index(fields=["person", "state", "from_on"], name="occupant_of_person")]


class Refusal(models.Model):
    """A place that somebody asked for and did not get, with the hour: demand that a full house hides. No person is named."""

    class Cause(models.TextChoices):
        NO_PLACE = "no_place", _("no place was free")
        RULE = "rule", _("the rules of the house exclude")
        PROVIDER = "provider", _("refused by the house")
        PERSON = "person", _("declined by the person")

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="refusals")
    group = models.ForeignKey(PlaceGroup, null=True, blank=True, on_delete=models.SET_NULL, related_name="refusals")
    need = models.CharField(max_length=80, blank=True)
    area = models.CharField(max_length=80, blank=True)
    public = models.CharField(max_length=80, blank=True)
    people = models.PositiveSmallIntegerField(default=1)
    cause = models.CharField(max_length=10, choices=Cause)
    code = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["territory", "at"], name="refusal_by_moment")]
