"""Where each record came from: the raw record is kept, every field knows its source, every import tells what it did."""

from __future__ import annotations

import uuid

from django.db import models

from maillage.territory.models import Territory


class ImportRun(models.Model):
    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="import_runs")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    format = models.CharField(max_length=40)
    source = models.CharField(max_length=200)  # the name that the operator gives to the feed
    licence = models.CharField(max_length=400, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    counts = models.JSONField(default=dict)  # entity -> {read, created, updated, unchanged, rejected}
    fill_rates = models.JSONField(default=dict)  # entity -> field -> share of rows that had a value


class ImportIssue(models.Model):
    """One thing wrong with one row. The record itself stays in SourceRecord."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="issues")
    entity = models.CharField(max_length=40)
    row = models.CharField(max_length=200)  # file and line, or the record's id
    field = models.CharField(max_length=80, blank=True)
    code = models.CharField(
        max_length=60
    )  # the reason, as a stable code; the sentence is made in the reader's language
    value = models.TextField(blank=True)  # shortened to 500 characters
    is_rejection = models.BooleanField(default=False)  # the whole row was left out


class SourceRecord(models.Model):
    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="source_records")
    run = models.ForeignKey(ImportRun, null=True, blank=True, on_delete=models.SET_NULL, related_name="records")
    source = models.CharField(max_length=200)
    entity = models.CharField(max_length=40)
    external_id = models.CharField(max_length=200)
    payload = models.JSONField()
    sha256 = models.CharField(max_length=64)
    licence = models.CharField(max_length=400, blank=True)
    fetched_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["territory", "source", "entity", "external_id"], name="source_record_once")
        ]


class FieldProvenance(models.Model):
    """The fields of one object that were last set from `record`."""

    kind = models.CharField(max_length=30)
    object_id = models.BigIntegerField()
    record = models.ForeignKey(SourceRecord, on_delete=models.CASCADE, related_name="provenances")
    fields = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "object_id", "record"], name="provenance_once")]
