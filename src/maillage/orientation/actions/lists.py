"""Shared lists: the trail says that a list changed, never which service somebody was shown."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Max

from maillage.directory.models import Service
from maillage.methods.text import typed
from maillage.orientation import rules
from maillage.orientation.models import SharedList, SharedListItem
from maillage.people import audit, tokens
from maillage.people.models import User
from maillage.people.rules import NotAllowed, gettext_noop
from maillage.territory.models import Territory


class ListFull(Exception):
    """There are as many lists, or services in one, as somebody can read."""


@transaction.atomic
def start_list(territory: Territory, title: str, *, language: str = "", by: User, at: datetime) -> SharedList:
    """An empty list, which ends by itself and which nobody else reads before it is handed over. Raises Personal, ListFull."""
    title = _of_nobody(title, 120, territory)
    if SharedList.objects.filter(owner=by, territory=territory, expires_at__gt=at).count() >= rules.MOST_LISTS:
        raise ListFull
    made = SharedList.objects.create(
        territory=territory, owner=by, title=title, language=language, token=tokens.hashed(secrets.token_urlsafe(32)),
        created_at=at, expires_at=at + timedelta(days=rules.LIST_DAYS),
    )  # fmt: skip
    audit.record("started a list", made, by=by, at=at)
    return made


@transaction.atomic
def describe_list(shared: SharedList, *, title: str, language: str, by: User) -> None:
    """Its title, and the language in which it is read. Raises Personal, NotAllowed."""
    _own(shared, by)
    shared.title, shared.language = _of_nobody(title, 120, shared.territory), language
    shared.save(update_fields=["title", "language"])
    audit.record("described a list", shared, by=by)


@transaction.atomic
def add_to_list(shared: SharedList, service: Service, *, note: str = "", by: User) -> SharedListItem:
    """At the end of the list; a service that is there already keeps its place, and its note when none is given.

    Raises Personal, ListFull, NotAllowed.
    """
    _own(shared, by)
    note = _of_nobody(note, 400, shared.territory)
    last = shared.items.aggregate(n=Max("order"), count=Count("pk"))
    there = shared.items.filter(service_uuid=service.uuid).first()
    if there is None and last["count"] >= rules.MOST_IN_A_LIST:
        raise ListFull
    if there is None:
        there = SharedListItem(shared_list=shared, service_uuid=service.uuid, order=(last["n"] or 0) + 1)
    there.note = note or there.note
    there.save()
    audit.record("added to a list", shared, by=by)
    return there


@transaction.atomic
def note_in_list(item: SharedListItem, note: str, *, by: User) -> None:
    """What to say of this service; empty takes it out. Raises Personal, NotAllowed."""
    _own(item.shared_list, by)
    item.note = _of_nobody(note, 400, item.shared_list.territory)
    item.save(update_fields=["note"])
    audit.record("noted in a list", item.shared_list, by=by)


@transaction.atomic
def move_in_list(item: SharedListItem, steps: int, *, by: User) -> None:
    """Up (-1) or down (+1); beyond the ends it stays. Raises NotAllowed."""
    _own(item.shared_list, by)
    row = list(item.shared_list.items.order_by("order", "pk"))
    here = next(index for index, one in enumerate(row) if one.pk == item.pk)
    row.insert(min(max(here + steps, 0), len(row) - 1), row.pop(here))
    for order, one in enumerate(row, 1):
        one.order = order
    SharedListItem.objects.bulk_update(row, ["order"])
    audit.record("moved in a list", item.shared_list, by=by)


@transaction.atomic
def remove_from_list(item: SharedListItem, *, by: User) -> None:
    """Raises NotAllowed."""
    _own(item.shared_list, by)
    item.delete()
    audit.record("removed from a list", item.shared_list, by=by)


@transaction.atomic
def hand_over(shared: SharedList, *, by: User, at: datetime) -> str:
    """The secret of its address, 256 random bits, told this once: only its hash is kept. The link before it no longer works.

    The list lives on for its whole time from here. Raises NotAllowed.
    """
    _own(shared, by)
    token = secrets.token_urlsafe(32)
    shared.token, shared.expires_at = tokens.hashed(token), at + timedelta(days=rules.LIST_DAYS)
    shared.save(update_fields=["token", "expires_at"])
    audit.record("handed over a list", shared, by=by, at=at)
    return token


@transaction.atomic
def end_list(shared: SharedList, *, by: User) -> None:
    """At once: the list, its notes and its link are gone. Raises NotAllowed."""
    _own(shared, by)
    shared.delete()
    audit.record("ended a list", shared, by=by)


def forget_lists(at: datetime) -> int:
    """Erase those whose time is over. How many they were."""
    return SharedList.objects.filter(expires_at__lte=at).delete()[1].get("orientation.SharedList", 0)


def handed_over(territory: Territory, token: str, *, at: datetime) -> SharedList | None:
    """The list that this link opens, while it lives."""
    return SharedList.objects.filter(territory=territory, token=tokens.hashed(token), expires_at__gt=at).first()


def _own(shared: SharedList, by: User) -> None:
    if shared.owner_id != by.pk:
        raise NotAllowed(gettext_noop("Only the person who made this list changes it."))


def _of_nobody(text: str, limit: int, territory: Territory) -> str:
    text = typed(text, limit)
    rules.check_says_nobody(text, territory.country)
    return text
