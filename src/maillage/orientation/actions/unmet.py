"""How often a need met nothing: counts, and no person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db import IntegrityError, transaction
from django.db.models import F

from maillage.orientation.models import UnmetNeed
from maillage.territory.models import Territory


def count_unmet(
    territory: Territory,
    cause: str,
    *,
    needs: Sequence[str],
    area: str = "",
    public: str = "",
    without: str = "",
    on: date,
) -> None:
    """One more need that met nothing, on that day: a count for each need said, and no person. `without`: the filter that
    emptied the list most. No trace: nobody acted."""
    for need in needs or ("",):
        said = {
            "territory": territory, "need": need, "area": area, "cause": cause, "public": public, "filter": without, "day": on,
        }  # fmt: skip
        if UnmetNeed.objects.filter(**said).update(count=F("count") + 1):
            continue
        try:
            with transaction.atomic():
                UnmetNeed.objects.create(**said, count=1)
        except IntegrityError:  # somebody was faster
            UnmetNeed.objects.filter(**said).update(count=F("count") + 1)
