"""`maillage places replay RUN`: a run made again from what was kept of it, and read by the checker."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from maillage.places.engine.frozen import ENGINE, Broken
from maillage.places.engine.replay import replay
from maillage.places.models import AllocationRun


class Command(BaseCommand):
    help = "Runs of the shared lists: made again, byte for byte, and checked."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        again = verbs.add_parser(
            "replay", help="make a run again from its snapshot, rules and seed; exit 1 when it differs"
        )
        again.add_argument("run", help='the UUID of a run, or "last"')

    def handle(self, *args: Any, run: str, **options: Any) -> None:
        found = _run(run)
        try:
            told = replay(found)
        except Broken as broken:
            raise CommandError(f"run {found.uuid}: {broken}") from None
        engine = "" if told.is_same_engine else f"; it was made by engine {found.engine}, this one is {ENGINE}"
        same = "the same, byte for byte" if told.is_same else f"NOT the same: {told.result_hash} now"
        self.stdout.write(f"run {found.uuid}: {told.lines} lines, {found.result_hash}: {same}{engine}")
        for fault in told.faults:
            self.stderr.write(f"the checker: {fault}")
        if told.faults or not told.is_same:
            sys.exit(1)
        self.stdout.write("the checker finds no fault")


def _run(said: str) -> AllocationRun:
    rows = AllocationRun.objects.select_related("rules")
    if said == "last":
        found = rows.order_by("-started_at", "-pk").first()
    else:
        try:
            found = rows.filter(uuid=UUID(said)).first()
        except ValueError:
            raise CommandError(f"{said}: give the UUID of a run, as its page shows it, or last.") from None
    if found is None:
        raise CommandError("No such run.")
    return found
