"""From a person's need to the services that fit, and to the one that answers: the tree of needs, kept matches, referrals."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from maillage.directory.models import Service, TaxonomyTerm
from maillage.people.models import Consent, Organization, Person, User
from maillage.territory.models import Territory, label_in


class Need(models.Model):
    """A node of the territory's tree of needs. `term` is the category of the services that answer it."""

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="needs")
    code = models.CharField(max_length=80)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="children")
    term = models.ForeignKey(TaxonomyTerm, on_delete=models.PROTECT, related_name="needs")
    also = models.ManyToManyField(TaxonomyTerm, related_name="also_needs", blank=True)
    labels = models.JSONField(default=dict)
    hints = models.JSONField(default=dict)
    question = models.JSONField(default=dict)  # its answers are the children
    synonyms = models.JSONField(default=dict)
    ask = models.JSONField(default=list)  # criteria worth asking here
    icon = models.CharField(max_length=60, blank=True)
    window = models.CharField(max_length=20, blank=True)
    red_flag = models.CharField(max_length=40, blank=True)
    order = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["territory", "code"], name="need_once")]

    def name(self, language: str | None = None) -> str:
        return label_in(self.labels, language, fallback=self.code)


class Match(models.Model):
    """A verdict that was given, with all it was decided on and no identity, so that it can be replayed and explained."""

    class Verdict(models.TextChoices):
        FITS = "fits", _("fits")
        VERIFY = "verify", _("to verify")
        NO = "no", _("does not fit")

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="matches")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    service_uuid = models.UUIDField()  # no foreign key: the match outlives the service
    verdict = models.CharField(max_length=10, choices=Verdict)
    facts = models.JSONField(default=dict)
    rules = models.JSONField(default=list)  # the rules as they stood
    rules_hash = models.CharField(max_length=64)
    service_hash = models.CharField(max_length=64)
    tree_hash = models.CharField(max_length=64)
    engine = models.CharField(max_length=20)
    reasons = models.JSONField(default=list)
    matched_at = models.DateTimeField()


class UnmetNeed(models.Model):
    """How often, on a day, a need met nothing in an area, and why. A count and no person; leaves only through
    `queries.unmet`, protected by the pack's smallest cell."""

    class Cause(models.TextChoices):
        EMPTY = "empty", _("nothing found")
        FULL = "full", _("everything is full")
        CLOSED = "closed", _("everything is closed at that time")
        UNVERIFIED = "unverified", _("refused to give what was to be verified")
        ABANDONED = "abandoned", _("questions left before the end")
        REFUSED = "refused", _("refused by the service")
        EXPIRED = "expired", _("never answered by the service")
        NOT_MET = "not_met", _("helped, and the need is not met")

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="unmet_needs")
    need = models.CharField(max_length=80)  # code; "" not said
    area = models.CharField(max_length=80, blank=True)  # code, at the level of the tile map; "" not said
    cause = models.CharField(max_length=12, choices=Cause)
    public = models.CharField(max_length=80, blank=True)
    filter = models.CharField(max_length=60, blank=True)  # what emptied the list most: a code of search's relaxations
    day = models.DateField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["territory", "need", "area", "cause", "public", "filter", "day"], name="unmet_need_once"
            )
        ]
        indexes = [models.Index(fields=["territory", "day"], name="unmet_by_day")]


class SharedList(models.Model):
    """Services that a professional noted for somebody. It says nothing of that person, and ends by itself."""

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="shared_lists")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="shared_lists")
    title = models.CharField(max_length=120)
    language = models.CharField(max_length=8, blank=True)  # in which it is printed
    token = models.CharField(max_length=64, unique=True)  # who has the link reads it, without an account
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()


class SharedListItem(models.Model):
    shared_list = models.ForeignKey(SharedList, on_delete=models.CASCADE, related_name="items")
    service_uuid = models.UUIDField()  # no foreign key: the list says when a service is gone
    note = models.CharField(max_length=400, blank=True)
    order = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shared_list", "service_uuid"], name="shared_list_item_once")]


class Referral(models.Model):
    """A person sent to a service, from the first word to what came of it. Its states are a table: `rules.REFERRAL_NEXT`.

    `what` is exactly what the recipient reads, as it was shown to the person who agreed: criterion or detail -> value. A recipient
    without an account answers through a signed link that expires. `code` is one of `rules.REFUSALS`.
    """

    class State(models.TextChoices):
        SENT = "sent", _("sent")
        ACKNOWLEDGED = "acknowledged", _("received")
        ACCEPTED = "accepted", _("accepted")
        WAITLISTED = "waitlisted", _("on the waiting list")
        REFUSED = "refused", _("refused")
        EXPIRED = "expired", _("never answered")
        WITHDRAWN = "withdrawn", _("taken back")
        STARTED = "started", _("help has begun")
        CLOSED = "closed", _("ended")

    class Kind(models.TextChoices):
        LETTER = "letter", _("referral")
        WARM = "warm", _("handed over in person")
        SELF = "self", _("asked by the person")

    class Outcome(models.TextChoices):
        MET = "met", _("the need is met")
        PARTLY = "partly", _("the need is partly met")
        NOT = "not", _("the need is not met")

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="referrals")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="referrals")
    need = models.ForeignKey(Need, null=True, blank=True, on_delete=models.SET_NULL, related_name="referrals")
    area = models.CharField(max_length=80, blank=True)  # code, at the level of the tile map: where the need is
    service = models.ForeignKey(Service, null=True, on_delete=models.SET_NULL, related_name="referrals")
    recipient = models.ForeignKey(
        Organization, null=True, blank=True, on_delete=models.SET_NULL, related_name="referrals_received"
    )
    sender = models.ForeignKey(
        Organization, null=True, blank=True, on_delete=models.SET_NULL, related_name="referrals_sent"
    )
    sent_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="referrals")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.LETTER)
    state = models.CharField(max_length=12, choices=State, default=State.SENT)
    is_urgent = models.BooleanField(default=False)
    what = models.JSONField(default=dict)
    message = models.TextField(blank=True)  # from the sender to the recipient; shown to the person before
    consent = models.ForeignKey(Consent, null=True, blank=True, on_delete=models.SET_NULL, related_name="referrals")
    email = models.CharField(max_length=320, blank=True)  # of a recipient without an account
    token = models.CharField(max_length=64, blank=True, db_index=True)  # hash of the recipient's link
    person_token = models.CharField(max_length=64, blank=True, db_index=True)  # hash of the person's link
    sent_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)  # accepted, put on the list, or refused
    started_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()  # without an answer
    code = models.CharField(max_length=40, blank=True)  # why it was refused
    outcome = models.CharField(max_length=8, choices=Outcome, blank=True)
    outcome_code = models.CharField(max_length=40, blank=True)
    is_fictional = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["recipient", "state", "sent_at"], name="referral_inbox"),
            models.Index(fields=["sender", "state", "sent_at"], name="referral_outbox"),
            models.Index(fields=["territory", "state", "expires_at"], name="referral_by_deadline"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="refused") | ~models.Q(code=""), name="referral_refused_with_a_code"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="closed") | ~models.Q(outcome=""), name="referral_closed_with_an_outcome"
            ),
        ]


class ReferralEvent(models.Model):
    """One line of the timeline that the sender, the recipient and the person all read. Never changed."""

    class Side(models.TextChoices):
        SENDER = "sender", _("who sent it")
        RECIPIENT = "recipient", _("who receives it")
        PERSON = "person", _("the person")
        CLOCK = "clock", _("the time that passed")

    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=Referral.State, blank=True)  # what it became; "" a word only
    side = models.CharField(max_length=10, choices=Side)
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="referral_events")
    code = models.CharField(max_length=40, blank=True)
    text = models.TextField(blank=True)  # read by all three: the form says so

    class Meta:
        indexes = [models.Index(fields=["referral", "at", "id"], name="referral_timeline")]
