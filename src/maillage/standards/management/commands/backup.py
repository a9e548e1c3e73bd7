"""`maillage backup PATH`: everything that the database knows, in one file, while the site serves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import Progress

from maillage.standards import archive


class Command(BaseCommand):
    help = "Write everything that the database knows into one file, while the site serves. It holds personal data: keep it as such."

    requires_system_checks: list[str] = []  # a site that is broken is backed up too

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="the file to write; one that is there is replaced at the end")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise CommandError(
                _("The database is of an older Maillage: back it up with that one, or run `maillage migrate` first.")
            )
        try:
            with Progress(console=Console(stderr=True)) as bar:
                task = bar.add_task(_("Writing"), total=None)
                told = archive.back_up(
                    path,
                    at=timezone.now(),
                    progress=lambda table, number, of: bar.update(task, completed=number, total=of),
                )
        except OSError as trouble:
            raise CommandError(
                _("%(path)s cannot be written: %(why)s") % {"path": path, "why": trouble.strerror}
            ) from trouble
        rows = sum(table["rows"] for table in told["tables"].values())
        said = {"rows": rows, "tables": len(told["tables"]), "path": path, "bytes": path.stat().st_size}
        self.stdout.write(_("%(rows)d rows of %(tables)d tables in %(path)s, %(bytes)d bytes.") % said)
