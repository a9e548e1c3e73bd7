"""maillage work: what is to be done again and again, beside the web server."""

from __future__ import annotations

import signal
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, close_old_connections
from django.utils.translation import gettext as _

from maillage.standards import work


class Command(BaseCommand):
    help = "Do what is due, again and again: imports, reminders, link checks, duplicates, what has expired."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="do what is due now, and end (for cron)")
        parser.add_argument("--every", type=int, default=20, help="seconds between two looks (default 20)")
        parser.add_argument("--only", nargs="+", default=[], metavar="CHORE", help="only these: " + ", ".join(known()))

    def handle(self, *args: Any, **options: Any) -> None:
        only = frozenset(options["only"])
        if unknown := only - set(known()):
            raise CommandError(_("There is no chore “%(name)s”.") % {"name": min(unknown)})
        stop = Event()
        if options["once"]:
            done = work.turn(stop.is_set, only=only)
            self.stdout.write(_("Done: %(n)s") % {"n": done})
            return
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, lambda *_: stop.set())
        self.stdout.write(_("At work. Ctrl-C, or SIGTERM, ends after what is being done."))
        self.stdout.flush()
        while not stop.is_set():
            close_old_connections()
            try:
                work.turn(stop.is_set, only=only)
            except DatabaseError as failure:  # the database restarts: so do we, with the next look
                work.log.error("the database did not answer: %s", type(failure).__name__)
            stop.wait(options["every"])


def known() -> list[str]:
    return [chore.code for chore in work.CHORES]
