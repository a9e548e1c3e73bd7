"""Who does what the clock asks: a duty is taken, done, and put down until its next time. One process at a time, anywhere."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F, Q

from maillage.directory.models import Duty
from maillage.territory.models import Territory

LONGEST_OUTCOME = 400


def take(territory: Territory, code: str, *, by: str, at: datetime, lease: timedelta) -> Duty | None:
    """The duty, when it is due and nobody has it; None otherwise. Whoever takes it holds it until `lease` is over."""
    duty, _ = Duty.objects.get_or_create(territory=territory, code=code, defaults={"next_at": at})
    free = Q(taken_until=None) | Q(taken_until__lte=at)
    won = Duty.objects.filter(free, pk=duty.pk, next_at__lte=at).update(taken_until=at + lease, taken_by=by[:80])
    if not won:
        return None
    duty.refresh_from_db()
    return duty


def put_down(duty: Duty, *, by: str, at: datetime, next_at: datetime, outcome: str = "", failed: bool = False) -> bool:
    """It was done, or failed; the next time is told. False when the lease was over and somebody else has it: nothing changes."""
    held = Duty.objects.filter(pk=duty.pk, taken_by=by[:80], taken_until=duty.taken_until)
    return bool(
        held.update(
            taken_until=None, taken_by="", ended_at=at, next_at=next_at, outcome=outcome[:LONGEST_OUTCOME],
            failures=F("failures") + 1 if failed else 0,
        )
    )  # fmt: skip
