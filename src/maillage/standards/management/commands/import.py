"""`maillage import hsds|data-inclusion|social-brussels PATH`: take in a feed, and tell what was wrong with it, row by row."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from maillage.standards import imports
from maillage.territory.models import Territory


class Command(BaseCommand):
    help = "Import a feed: never aborts, says what is wrong with each row and field; a second import of the same file changes nothing."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("format", choices=sorted(imports.FORMATS), help="the format of the feed")
        parser.add_argument("path", type=Path, help="a file, a folder or a zip")
        parser.add_argument(
            "--source",
            default="",
            help="the name of the feed (default: the name of the file); keep it from one import to the next",
        )
        parser.add_argument("--licence", default="", help="the licence of the data, kept with every record")
        parser.add_argument(
            "--territory", default="", help="code of the territory (default: the one that the site serves)"
        )
        parser.add_argument(
            "--language", default="", help="language of texts that do not say theirs (default: the territory's first)"
        )
        parser.add_argument("--dry-run", action="store_true", help="read and report everything, change nothing")
        parser.add_argument(
            "--take-over", action="store_true", help="change also what came from elsewhere and has the same identifier"
        )
        parser.add_argument(
            "--with-names", action="store_true", help="keep the names of contact persons (you need a legal ground)"
        )
        parser.add_argument(
            "--partial", action="store_true", help="the file is a part of the feed: what it does not hold is not gone"
        )
        parser.add_argument("--json", action="store_true", help="print the report as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        if not path.exists():
            raise CommandError(_("There is no file or folder %(path)s.") % {"path": path})
        prepare_database(options["verbosity"])
        territory = territory_of(options["territory"], options["language"])
        started = time.perf_counter()
        with bar(show=not options["json"]) as progress:
            outcome = imports.run(
                path, options["format"], territory, source=options["source"], licence=options["licence"], language=options["language"],
                dry_run=options["dry_run"], take_over=options["take_over"], with_names=options["with_names"], partial=options["partial"],
                progress=progress.told,
            )  # fmt: skip
        seconds = time.perf_counter() - started
        if options["json"]:
            self.stdout.write(json.dumps(as_json(outcome, seconds), ensure_ascii=False, indent=1))
        else:
            show(outcome, seconds)


def prepare_database(verbosity: int = 1) -> None:
    """Create the tables of an empty database; a database that is behind is left to its operator."""
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return
    if executor.loader.applied_migrations:
        raise CommandError(_("The database is older than this version of Maillage: run “maillage migrate” first."))
    call_command("migrate", verbosity=0, interactive=False)


def territory_of(code: str, language: str) -> Territory:
    if code:
        found = Territory.objects.filter(code=code).first()
        if found is None:
            raise CommandError(_("No territory %(code)s is loaded here.") % {"code": code})
        return found
    return Territory.objects.current() or imports.bare_territory(language)


class bar:
    """A progress bar, one line a phase."""

    def __init__(self, *, show: bool) -> None:
        self._progress = Progress(
            TextColumn("{task.description:<24}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn(),
            console=Console(stderr=True), disable=not show,
        )  # fmt: skip
        self._tasks: dict[str, Any] = {}
        self._names = {"read": _("Reading"), "write": _("Comparing and writing"), "index": _("Indexing for search")}

    def __enter__(self) -> bar:
        self._progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.stop()

    def told(self, phase: str, done: int, total: int) -> None:
        if phase not in self._tasks:
            self._tasks[phase] = self._progress.add_task(self._names.get(phase, phase), total=total)
        self._progress.update(self._tasks[phase], completed=min(done, total), total=total)


def as_json(outcome: imports.Outcome, seconds: float) -> dict[str, Any]:
    report = outcome.report
    return {
        "territory": outcome.territory.code, "source": outcome.source, "dry_run": outcome.is_dry_run, "seconds": round(seconds, 2),
        "run": str(report.run.uuid) if report.run and not outcome.is_dry_run else None, "counts": report.counts,
        "fill_rates": report.fill_rates, "issues": report.summary(), "indexed": outcome.indexed,
    }  # fmt: skip


def show(outcome: imports.Outcome, seconds: float) -> None:
    console, report = Console(emoji=False), outcome.report
    names = {
        "read": _("read"), "created": _("created"), "updated": _("updated"), "unchanged": _("unchanged"), "held": _("left to others"),
        "attached": _("part of a record"), "rejected": _("rejected"),
    }  # fmt: skip
    counts = Table(
        title=_("Import of %(source)s into %(territory)s") % {"source": outcome.source, "territory": outcome.territory}
    )
    counts.add_column("")
    for name in names.values():
        counts.add_column(name, justify="right")
    for entity, tally in report.counts.items():
        counts.add_row(entity, *(str(tally[name]) for name in names))
    console.print(counts)
    if summary := report.summary():
        remarks = Table(title=_("What was wrong"))
        for title in (_("rows"), _("where"), _("why"), _("for example")):
            remarks.add_column(title, overflow="fold")
        for issue in summary[:60]:
            place = f"{issue['entity']}.{issue['field']}" if issue["field"] else issue["entity"]
            remarks.add_row(str(issue["count"]), place, issue["reason"], f"{issue['row']}: {issue['value'][:80]}")
        console.print(remarks)
    filled = Table(title=_("Filled fields"))
    filled.add_column("")
    filled.add_column("")
    for entity, rates in report.fill_rates.items():
        filled.add_row(
            entity, ", ".join(f"{name} {rate:.0%}" for name, rate in sorted(rates.items(), key=lambda r: -r[1]))
        )
    console.print(filled)
    done = (
        _("Tried only, nothing was changed.")
        if outcome.is_dry_run
        else _("%(number)d search documents changed.") % {"number": outcome.indexed}
    )
    console.print(done, _("%(seconds).1f seconds.") % {"seconds": seconds})
