"""A write that a telephone may repeat: the same key, of the same person, for the same verb, is written once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac

from maillage.people.models import Once, User

KEPT: Final = timedelta(days=7)  # a form that is sent again later than this is a new one


@transaction.atomic
def once(key: str, verb: str, *, by: User | str, at: datetime, do: Callable[[], UUID | None]) -> UUID | None:
    """`do()` the first time; afterwards its answer, and nothing is written. Without a key it is done each time.

    When `do` raises, nothing is kept: the next try is a first one. Two that come at once wait for each other.
    """
    if not key:
        return do()
    who = str(by.uuid) if isinstance(by, User) else by
    hashed = salted_hmac("maillage.once", f"{verb}|{who}|{key[:200]}", algorithm="sha256").hexdigest()
    try:
        with transaction.atomic():
            row = Once.objects.create(key=hashed, at=at)
    except IntegrityError:
        return Once.objects.get(key=hashed).target
    row.target = do()
    if row.target is not None:
        row.save(update_fields=["target"])
    return row.target


def forget(at: datetime) -> int:
    """Erase keys that no telephone repeats any more. How many they were."""
    return Once.objects.filter(at__lt=at - KEPT).delete()[0]
