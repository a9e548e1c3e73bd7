"""The imports that wait, done by the worker (`maillage work`): asked for at the desk, or due because a feed comes again."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from maillage.directory import incoming, outward
from maillage.directory.actions import imports as asked
from maillage.directory.models import ImportRun
from maillage.standards import imports

log = logging.getLogger(__name__)
SECONDS: Final = 600  # to fetch a feed
ENDINGS: Final = {  # of a feed whose address has none
    "application/json": ".json",
    "application/x-ndjson": ".ndjson",
    "text/csv": ".csv",
    "application/zip": ".zip",
    "application/gzip": ".gz",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}


class NotFetched(Exception):
    """The feed is not here: `code` says why, as `ImportRun.error` keeps it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def ask_due(at: datetime) -> int:
    """Ask for every scheduled feed whose hour has come."""
    return asked.ask_due(at=at)


def run_asked(at: datetime, stopping: Callable[[], bool] = lambda: False) -> int:
    """Do the imports that wait, one after the other. How many were done or failed; two workers never do the same one."""
    asked.give_up_on_the_silent(at=at)
    done = 0
    while not stopping() and (run := asked.claim(at=timezone.now())):
        done += 1
        _do(run)
    return done


def forget_files(at: datetime) -> int:
    """Remove files whose import ended long ago."""
    return asked.forget_files(before=at - timedelta(days=settings.IMPORT_KEEP_DAYS))


def _do(run: ImportRun) -> None:
    try:
        imports.run(
            _path(run), run.format, run.territory, source=run.source, licence=run.licence, dry_run=run.is_trial,
            partial=run.is_partial, by=run.asked_by or "system:work", asked=run, progress=Teller(run),
        )  # fmt: skip
    except NotFetched as trouble:
        asked.failed(run, trouble.code, at=timezone.now())
    except Exception as trouble:  # noqa: BLE001  # whatever it is, the next import goes on
        log.error("import %s failed: %s", run.uuid, type(trouble).__name__)  # its words may hold a record
        asked.failed(run, f"failed:{type(trouble).__name__}", at=timezone.now())


def _path(run: ImportRun) -> Path:
    """What was handed in, or what the schedule says, fetched now."""
    if run.file:
        found = incoming.path_of(run.file)
        if found is None:
            raise NotFetched("file-forgotten")
        return found
    if run.schedule is None:
        raise NotFetched("file-forgotten")
    local = incoming.allowed_file(run.schedule.location)
    return local or _fetch(run, run.schedule.location)


def _fetch(run: ImportRun, url: str) -> Path:
    kept, path = incoming.place(unquote(urlsplit(url).path) or "feed")
    try:
        with path.open("xb") as file:
            answer = outward.ask(
                url, into=file, seconds=SECONDS, most_bytes=incoming.most_bytes(), https_only=True
            )  # fmt: skip
        if answer.status != 200:
            raise NotFetched(f"status:{answer.status}")
    except outward.Unreachable as trouble:
        incoming.forget(kept)
        raise NotFetched(f"unreachable:{trouble.code}") from None
    except BaseException:
        incoming.forget(kept)
        raise
    if not incoming.has_known_ending(path.name):
        ending = ENDINGS.get(answer.headers.get("content-type", "").partition(";")[0].strip().lower(), ".json")
        path = path.rename(path.with_name(path.name + ending))
        kept += ending
    ImportRun.objects.filter(pk=run.pk).update(file=kept)
    run.file = kept
    return path


class Teller:
    """Writes how far the import is, at most once a second, so that others see it: past the trial that is taken back."""

    EVERY = 1.0

    def __init__(self, run: ImportRun) -> None:
        self.run = run
        self._last, self._phase = 0.0, ""
        self._home: BaseDatabaseWrapper = connections[DEFAULT_DB_ALIAS]

    def __call__(self, phase: str, done: int, total: int) -> None:
        now = time.monotonic()
        if phase == self._phase and now - self._last < self.EVERY:
            return
        self._last, self._phase = now, phase
        here = connections[DEFAULT_DB_ALIAS]
        if here is self._home and not connection.in_atomic_block:
            self._tell(phase, done, total)
        elif here is not self._home:  # a trial on a copy: the run waits in the original
            connections[DEFAULT_DB_ALIAS] = self._home
            try:
                self._tell(phase, done, total)
            finally:
                connections[DEFAULT_DB_ALIAS] = here
        else:  # a trial in a transaction: another connection tells
            self._tell_aside(phase, done, total)

    def _tell(self, phase: str, done: int, total: int) -> None:
        with suppress(Exception):  # progress is a courtesy: an import does not fail for it
            asked.progressed(self.run, phase, min(done, total), total, at=timezone.now())

    def _tell_aside(self, phase: str, done: int, total: int) -> None:
        here = connections[DEFAULT_DB_ALIAS]
        if here.vendor == "sqlite":
            return  # its one writer is this transaction
        aside = connections.create_connection(DEFAULT_DB_ALIAS)
        connections[DEFAULT_DB_ALIAS] = aside
        try:
            self._tell(phase, done, total)
        finally:
            connections[DEFAULT_DB_ALIAS] = here
            aside.close()
