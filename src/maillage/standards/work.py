"""The clock of the house: what is to be done again and again, and when. `maillage work` runs it beside the web server.

A duty that fails is told in the log by its kind alone (a message may hold somebody's address), hinders no other one, and is tried
again sooner. Road not taken: docs/adr/0010-the-clock.md.
"""

from __future__ import annotations

import logging
import os
import socket
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from maillage.directory import links
from maillage.directory.actions import duplicates, duties, freshness, reports
from maillage.orientation import letters
from maillage.orientation.actions import deadlines, lists
from maillage.people import messages, once
from maillage.people.actions import members as people
from maillage.people.models import Message
from maillage.places import told
from maillage.places.actions import claims, freed, offers, registering, sites, stays
from maillage.standards import jobs
from maillage.territory.models import Territory

log = logging.getLogger(__name__)
BY: Final = "system:work"
MORNING: Final = time(8)  # when letters leave: nobody likes one at three in the morning
AGAIN: Final = timedelta(minutes=15)  # after a failure; doubles each time
KEPT_DAYS: Final = 180  # how long the address of who reported an error, or was asked about a record, is kept at most
Stopping = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Chore:
    """`run` says in a few words what it did. `every`: how often; `at_dawn`: in the morning of the territory."""

    code: str
    every: timedelta
    run: Callable[[Territory, datetime, Stopping], str]
    at_dawn: bool = False
    lease: timedelta = timedelta(hours=2)


def _reminders(territory: Territory, at: datetime, stopping: Stopping) -> str:
    done = freshness.remind(territory, at=at, by=BY, stopping=stopping)
    return f"{done.letters} letters, {done.services} services, {done.escalated} to moderators, {done.failed} failed"


def _memberships(territory: Territory, at: datetime, stopping: Stopping) -> str:
    return f"{people.remind_expiring(at)} members"


def _links(territory: Territory, at: datetime, stopping: Stopping) -> str:
    return links.check(territory, at=at, stopping=stopping).summary


def _duplicates(territory: Territory, at: datetime, stopping: Stopping) -> str:
    found = duplicates.search(territory, at=at, by=BY)
    return f"{found.found} pairs, {found.new} new"


def _imports(territory: Territory, at: datetime, stopping: Stopping) -> str:
    return f"{jobs.ask_due(at)} due, {jobs.run_asked(at, stopping)} done"


def _referrals(territory: Territory, at: datetime, stopping: Stopping) -> str:
    expired = deadlines.expire(territory, at=at, by=BY)
    return f"{deadlines.remind(territory, at=at, by=BY)} reminded, {expired} expired"


def _messages(territory: Territory, at: datetime, stopping: Stopping) -> str:
    told.results(territory, by=BY, at=at, most=1000)

    def again(message: Message) -> messages.Values | None:
        values = letters.again(message)
        return told.again(message) if values is None else values

    done = messages.send_waiting(territory, at=at, again=again)
    return f"{done.sent} sent, {done.failed} failed"


def _places(territory: Territory, at: datetime, stopping: Stopping) -> str:
    ended = stays.sweep(territory, by=BY, at=at)
    late = len(offers.expire(territory, by=BY, at=at))
    registering.end_past_nights(territory, by=BY, at=at)
    made = len(freed.pass_on(territory, by=BY, at=at))
    claims.tell_all_rooms(territory, at=at)
    return f"{ended} stays, {late} offers, {made} runs"


def _counters(territory: Territory, at: datetime, stopping: Stopping) -> str:
    return f"{sites.reconcile(territory, at=at)} counters mended"


def _purge(territory: Territory, at: datetime, stopping: Stopping) -> str:
    ended = lists.forget_lists(at)
    before = at - timedelta(days=KEPT_DAYS)
    addresses = reports.forget_addresses(before=before) + freshness.forget_addresses(before=before)
    referrals, keys = deadlines.forget(territory, at=at), once.forget(at)
    return f"{ended} lists, {addresses} addresses, {jobs.forget_files(at)} files, {referrals} referrals, {keys} keys"


CHORES: Final = (
    Chore("imports", timedelta(seconds=5), _imports),
    Chore("places", timedelta(seconds=20), _places, lease=timedelta(minutes=5)),
    Chore("counters", timedelta(days=1), _counters, at_dawn=True),
    Chore("reminders", timedelta(days=1), _reminders, at_dawn=True),
    Chore("memberships", timedelta(days=1), _memberships, at_dawn=True),
    Chore("referrals", timedelta(days=1), _referrals, at_dawn=True),
    Chore("messages", timedelta(minutes=5), _messages),
    Chore("purge", timedelta(days=1), _purge),
    Chore("duplicates", timedelta(days=7), _duplicates),
    Chore("links", timedelta(days=1), _links),
)


def whoami() -> str:
    """This process, among those of all machines."""
    return f"{socket.gethostname()}:{os.getpid()}"


def turn(stopping: Stopping = lambda: False, *, only: frozenset[str] = frozenset(), by: str = "") -> int:
    """Do what is due now, in every territory; `only` these chores. How many were done."""
    done = 0
    for territory in Territory.objects.order_by("pk"):
        for chore in CHORES:
            if stopping():
                return done
            if not only or chore.code in only:
                done += _do(territory, chore, by or whoami(), stopping)
    return done


def _do(territory: Territory, chore: Chore, by: str, stopping: Stopping) -> bool:
    """Take it, do it, put it down. False when it is not due, or another process has it."""
    at = timezone.now()
    duty = duties.take(territory, chore.code, by=by, at=at, lease=chore.lease)
    if duty is None:
        return False
    failed, outcome = False, ""
    try:
        outcome = chore.run(territory, at, stopping)
        # imports are looked for every few seconds: nothing done is nothing to tell
        level = logging.INFO if any(sign in "123456789" for sign in outcome) else logging.DEBUG
        log.log(level, "a chore was done", extra={"job": f"{chore.code} of {territory.code}: {outcome}"})
    except Exception as failure:  # noqa: BLE001  # whatever it is, the other chores go on
        failed, outcome = True, type(failure).__name__
        frames = reversed(traceback.extract_tb(failure.__traceback__))
        where = " < ".join(f"{frame.name}:{frame.lineno}" for frame in frames)
        log.error("a chore failed", extra={"job": f"{chore.code} of {territory.code}: {outcome} in {where}"})
        if isinstance(failure, DatabaseError):
            close_old_connections()  # the database may have restarted
    ended = timezone.now()
    following = later(chore, ended, territory.timezone, failures=duty.failures + 1 if failed else 0)
    duties.put_down(duty, by=by, at=ended, next_at=following, outcome=outcome, failed=failed)
    return True


def later(chore: Chore, at: datetime, zone: str, *, failures: int = 0) -> datetime:
    """When it is due again; after failures sooner, but less and less soon."""
    following = at + chore.every
    if chore.at_dawn:
        day = (at + chore.every).astimezone(ZoneInfo(zone)).date()
        following = datetime.combine(day, MORNING, ZoneInfo(zone))
    if failures:
        return min(following, at + AGAIN * int(2 ** min(failures - 1, 6)))
    return following
