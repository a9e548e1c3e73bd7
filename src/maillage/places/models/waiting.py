"""Who waits for a place: shared lists, requests and their clocks, urgency, runs of the allocation, offers, who was passed over."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from maillage.orientation.models import Need, Referral
from maillage.people.models import Consent, Household, Organization, Person, User
from maillage.places.models.sites import PlaceGroup
from maillage.territory.models import Territory, label_in


class WaitingList(models.Model):
    """One list that several services share. `keeper`: the organisation whose members run it. Its rules are versions: RuleSet."""

    class Kind(models.TextChoices):
        QUEUE = "queue", _("by urgency and time waited")
        DRAW = "draw", _("one draw each night")

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="waiting_lists")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    code = models.CharField(max_length=80)
    labels = models.JSONField(default=dict)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.QUEUE)
    need = models.ForeignKey(Need, null=True, blank=True, on_delete=models.SET_NULL, related_name="waiting_lists")
    keeper = models.ForeignKey(
        Organization, null=True, blank=True, on_delete=models.SET_NULL, related_name="lists_kept"
    )
    groups = models.ManyToManyField(PlaceGroup, related_name="waiting_lists", blank=True)
    is_fictional = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["territory", "code"], name="waiting_list_once")]

    def name(self, language: str | None = None) -> str:
        return label_in(self.labels, language, fallback=self.code)


class RuleSet(models.Model):
    """One version of the rules of a list, as the pack said them. Never changed: a run is replayed with the version it was made by.

    `content`: tiers, ageing, keys of the order, what is kept apart, quotas, offer and hold times (packs/README.md).
    """

    waiting_list = models.ForeignKey(WaitingList, on_delete=models.CASCADE, related_name="rule_sets")
    version = models.CharField(max_length=40)
    content = models.JSONField(default=dict)
    hash = models.CharField(max_length=64)
    is_draft = models.BooleanField(default=False)  # only to try what it would have done
    adopted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["waiting_list", "version"], name="rule_set_once")]


class Request(models.Model):
    """A household that asks for a place on a list. How long it has waited is derived from its clock, never stored.

    `facts` decide what it may occupy (criterion -> value); `wishes` only what is best of that: {"areas": [...], "groups": [...],
    "languages": [...]}; `evidence`: [{"code", "text", "by", "at"}]. Its states are a table: `rules.REQUEST_NEXT`.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        OFFERED = "offered", _("a place is offered")
        PLACED = "placed", _("placed")
        CLOSED = "closed", _("ended")

    class Channel(models.TextChoices):
        DESK = "desk", _("at a desk")
        STREET = "street", _("in the street")
        TELEPHONE = "telephone", _("by telephone")
        SELF = "self", _("by themselves")
        REFERRAL = "referral", _("by a referral")

    waiting_list = models.ForeignKey(WaitingList, on_delete=models.CASCADE, related_name="requests")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    number = models.PositiveIntegerField()  # in the list, in the order of asking: what a receipt and a certificate name
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="requests")
    household = models.ForeignKey(Household, null=True, blank=True, on_delete=models.SET_NULL, related_name="requests")
    people = models.PositiveSmallIntegerField(default=1)
    referral = models.ForeignKey(Referral, null=True, blank=True, on_delete=models.SET_NULL, related_name="requests")
    consent = models.ForeignKey(Consent, null=True, blank=True, on_delete=models.SET_NULL, related_name="requests")
    asked_by = models.ForeignKey(  # the organisation that brought the person
        Organization, null=True, blank=True, on_delete=models.SET_NULL, related_name="requests"
    )
    channel = models.CharField(max_length=10, choices=Channel, default=Channel.DESK)
    night = models.DateField(null=True, blank=True)  # of a draw
    area = models.CharField(max_length=80, blank=True)  # code: where they are
    public = models.CharField(max_length=80, blank=True)
    facts = models.JSONField(default=dict)
    wishes = models.JSONField(default=dict)
    evidence = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    end_code = models.CharField(max_length=40, blank=True)
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    token = models.CharField(max_length=64, blank=True, db_index=True)  # hash of the person's link

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["waiting_list", "number"], name="request_number_once"),
            models.UniqueConstraint(
                fields=["waiting_list", "person"],
                condition=Q(night=None, state__in=["waiting", "offered"]),
                name="one_open_request_on_a_list",
            ),
            models.UniqueConstraint(
                fields=["waiting_list", "person", "night"], condition=~Q(night=None), name="one_request_for_a_night"
            ),
            models.CheckConstraint(condition=Q(people__gte=1), name="request_of_somebody"),
        ]
        indexes = [models.Index(fields=["waiting_list", "state", "id"], name="request_open")]


class ClockEvent(models.Model):
    """The waiting clock: starts, pauses, goes on, stops, each with a reason. Never changed; a correction is a new event."""

    class Kind(models.TextChoices):
        START = "start", _("the clock starts")
        PAUSE = "pause", _("the clock pauses")
        RESUME = "resume", _("the clock goes on")
        STOP = "stop", _("the clock stops")

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="clock")
    kind = models.CharField(max_length=8, choices=Kind)
    at = models.DateTimeField()
    reason = models.CharField(max_length=200)
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="clock_events")

    class Meta:
        indexes = [models.Index(fields=["request", "at", "id"], name="clock_of_request")]


class Assessment(models.Model):
    """How urgent, and why: a tier of the list's rules, with reasons and an author. The latest valid one counts; no score exists."""

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="assessments")
    tier = models.CharField(max_length=40)  # code of the rules
    reasons = models.JSONField(default=list)  # codes of the rules
    note = models.TextField(blank=True)
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="assessments")
    made_at = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["request", "made_at"], name="assessment_of_request")]


class Apart(models.Model):
    """Two people never under one roof (a former partner, a threat). Read by the engine; shown to nobody who stays."""

    one = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="apart_from")
    other = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="apart_to")
    reason = models.CharField(max_length=200)
    said_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="kept_apart")
    said_at = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["one", "other"], name="apart_once"),
            models.CheckConstraint(condition=~Q(one=models.F("other")), name="nobody_is_apart_from_themselves"),
        ]


class AllocationRun(models.Model):
    """One run of the engine, frozen: what it saw (`snapshot`, its hash), by which rules, seed and engine. The same four give the
    same lines, byte for byte. Neither the run nor its lines are ever changed (the database refuses)."""

    class Kind(models.TextChoices):
        LIST = "list", _("the whole list")
        FREED = "freed", _("a place that came free")
        DRAW = "draw", _("the draw of a night")

    waiting_list = models.ForeignKey(WaitingList, on_delete=models.CASCADE, related_name="runs")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.LIST)
    night = models.DateField(null=True, blank=True)
    rules = models.ForeignKey(RuleSet, on_delete=models.PROTECT, related_name="runs")
    rules_hash = models.CharField(max_length=64)
    snapshot = models.BinaryField()  # canonical JSON, compressed
    snapshot_hash = models.CharField(max_length=64)
    seed = models.CharField(max_length=64, blank=True)  # hexadecimal; "" no lot decides
    engine = models.CharField(max_length=20)
    result_hash = models.CharField(max_length=64)
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="runs")

    class Meta:
        indexes = [models.Index(fields=["waiting_list", "started_at"], name="run_of_list")]


class AllocationLine(models.Model):
    """What a run decided about one request, and why: `certificate` is what `methods.allocation.check` verifies."""

    class Outcome(models.TextChoices):
        PLACED = "placed", _("a place is proposed")
        NOT_SERVED = "not_served", _("every place went to people before")
        NO_OPTION = "no_option", _("no place exists that this household may occupy")

    run = models.ForeignKey(AllocationRun, on_delete=models.CASCADE, related_name="lines")
    request = models.ForeignKey(Request, null=True, on_delete=models.SET_NULL, related_name="lines")
    number = models.PositiveIntegerField()  # of the request
    rank = models.PositiveIntegerField()
    outcome = models.CharField(max_length=12, choices=Outcome)
    group = models.ForeignKey(PlaceGroup, null=True, blank=True, on_delete=models.SET_NULL, related_name="lines")
    certificate = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="line_once")]


class Draw(models.Model):
    """The draw of a night: when one registers, the hash of the list published before, the beacon, the run. In that order."""

    waiting_list = models.ForeignKey(WaitingList, on_delete=models.CASCADE, related_name="draws")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    night = models.DateField()
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    list_hash = models.CharField(max_length=64, blank=True)
    listed = models.BinaryField(
        null=True, blank=True
    )  # the requests as they were published: canonical JSON, compressed
    published_at = models.DateTimeField(null=True, blank=True)
    beacon = models.CharField(
        max_length=200, blank=True
    )  # a public value that nobody could know when the list was published
    run = models.OneToOneField(AllocationRun, null=True, blank=True, on_delete=models.PROTECT, related_name="draw")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["waiting_list", "night"], name="draw_once"),
            models.CheckConstraint(condition=Q(closes_at__gt=models.F("opens_at")), name="draw_closes_after_it_opens"),
            models.CheckConstraint(condition=Q(run=None) | ~Q(list_hash=""), name="draw_is_published_before"),
        ]


class Offer(models.Model):
    """A place offered to a household, until `expires_at`. By a run (`line`), or by hand with a written reason. It is held by
    `stays` meanwhile (several when a family takes several beds). Declined or expired: the next on the list is asked."""

    class State(models.TextChoices):
        OPEN = "open", _("waiting for an answer")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        EXPIRED = "expired", _("not answered in time")
        WITHDRAWN = "withdrawn", _("taken back")

    class Side(models.TextChoices):
        PERSON = "person", _("the person")
        PROVIDER = "provider", _("the house")

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="offers")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    group = models.ForeignKey(PlaceGroup, on_delete=models.PROTECT, related_name="offers")
    line = models.ForeignKey(AllocationLine, null=True, blank=True, on_delete=models.PROTECT, related_name="offers")
    reason = models.TextField(blank=True)  # of a manual act
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    made_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="offers")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    side = models.CharField(max_length=10, choices=Side, blank=True)  # who declined
    code = models.CharField(max_length=40, blank=True)  # of rules.DECLINES
    text = models.TextField(blank=True)
    token = models.CharField(max_length=64, blank=True, db_index=True)  # hash of the person's link

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(line__isnull=False) | ~Q(reason=""), name="manual_offer_has_a_reason"),
            models.UniqueConstraint(fields=["request"], condition=Q(state="open"), name="one_open_offer"),
        ]
        indexes = [models.Index(fields=["state", "expires_at"], name="offer_runs_out")]


class PassedOver(models.Model):
    """Somebody of a higher rank who could have had the place that a manual act gave to another."""

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="passed_over")
    offer = models.ForeignKey(Offer, on_delete=models.CASCADE, related_name="passed_over")
    reason = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request", "offer"], name="passed_over_once")]
