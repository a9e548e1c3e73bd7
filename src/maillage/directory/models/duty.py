"""What the clock (`maillage work`) does again and again for a territory, and who is doing it now."""

from __future__ import annotations

from django.db import models

from maillage.territory.models import Territory


class Duty(models.Model):
    """One duty of one territory. Taking it is one UPDATE that the database lets one process win, on any number of machines;
    a process that dies in between loses it when `taken_until` is over."""

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="duties")
    code = models.CharField(max_length=40)
    next_at = models.DateTimeField()
    taken_until = models.DateTimeField(null=True, blank=True)
    taken_by = models.CharField(max_length=80, blank=True)  # machine and process
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=400, blank=True)  # what it did in a few words; no personal data
    failures = models.PositiveIntegerField(default=0)  # in a row

    class Meta:
        constraints = [models.UniqueConstraint(fields=["territory", "code"], name="duty_once")]
