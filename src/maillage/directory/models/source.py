"""Where each record came from: the raw record is kept, every field knows its source, every import tells what it did."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from maillage.people.models import User
from maillage.territory.models import Territory


class ImportSchedule(models.Model):
    """A feed that is fetched again and again. `location` is an https address, or a file that the operator allowed."""

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="import_schedules")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    source = models.CharField(max_length=200)
    format = models.CharField(max_length=40)
    location = models.CharField(max_length=1000)
    licence = models.CharField(max_length=400, blank=True)
    every_hours = models.PositiveIntegerField(default=24)
    next_at = models.DateTimeField()
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["territory", "source"], name="import_schedule_once")]

    def __str__(self) -> str:
        return self.source


class ImportRun(models.Model):
    """One import. A run that is `asked` waits for the worker (`maillage work`), which tells its progress here."""

    class State(models.TextChoices):
        ASKED = "asked", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    state = models.CharField(max_length=10, choices=State, default=State.DONE)
    is_trial = models.BooleanField(default=False)  # nothing is changed: `preview` says what would be
    is_partial = models.BooleanField(default=False)  # a part of its feed: what it does not hold is not gone
    preview = models.JSONField(default=dict)
    progress = models.JSONField(default=dict)  # {"phase": "read" | "write" | "index", "done": n, "total": n}
    error = models.CharField(max_length=400, blank=True)  # why it failed, as a stable code and its values
    file = models.CharField(max_length=400, blank=True)  # what was handed in, under MAILLAGE_VAR/imports
    schedule = models.ForeignKey(ImportSchedule, null=True, blank=True, on_delete=models.SET_NULL, related_name="runs")
    asked_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="import_runs")
    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="import_runs")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    format = models.CharField(max_length=40)
    source = models.CharField(max_length=200)  # the name that the operator gives to the feed
    licence = models.CharField(max_length=400, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    counts = models.JSONField(default=dict)  # entity -> {read, created, updated, unchanged, rejected}
    fill_rates = models.JSONField(default=dict)  # entity -> field -> share of rows that had a value

    class Meta:
        indexes = [models.Index(fields=["territory", "-id"], name="import_run_list")]


class ImportIssue(models.Model):
    """One thing wrong with one row. The record itself stays in SourceRecord."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="issues")
    entity = models.CharField(max_length=40)
    row = models.CharField(max_length=200)  # file and line, or the record's id
    external_id = models.CharField(max_length=200, blank=True)  # of the record, where there is one: see SourceRecord
    field = models.CharField(max_length=80, blank=True)
    code = models.CharField(
        max_length=60
    )  # the reason, as a stable code; the sentence is made in the reader's language
    value = models.TextField(blank=True)  # shortened to 500 characters
    is_rejection = models.BooleanField(default=False)  # the whole row was left out

    class Meta:
        indexes = [models.Index(fields=["run", "code", "id"], name="import_issue_by_reason")]


class SourceRecord(models.Model):
    """One record as it came. What a person decided about one that its source no longer has stays until it comes back."""

    class Decision(models.TextChoices):
        NONE = "", _("to be decided")
        KEPT = "kept", _("kept")
        WITHDRAWN = "withdrawn", _("withdrawn")

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="source_records")
    run = models.ForeignKey(ImportRun, null=True, blank=True, on_delete=models.SET_NULL, related_name="records")
    source = models.CharField(max_length=200)
    entity = models.CharField(max_length=40)
    external_id = models.CharField(max_length=200)
    payload = models.JSONField()
    sha256 = models.CharField(max_length=64)
    licence = models.CharField(max_length=400, blank=True)
    fetched_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True, blank=True)  # a whole feed came without it
    decision = models.CharField(max_length=10, choices=Decision, blank=True, default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["territory", "source", "entity", "external_id"], name="source_record_once")
        ]
        indexes = [
            models.Index(fields=["territory", "gone_at"], condition=models.Q(gone_at__isnull=False), name="record_gone")
        ]


class FieldProvenance(models.Model):
    """The fields of one object that were last set from `record`."""

    kind = models.CharField(max_length=30)
    object_id = models.BigIntegerField()
    record = models.ForeignKey(SourceRecord, on_delete=models.CASCADE, related_name="provenances")
    fields = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "object_id", "record"], name="provenance_once")]
