"""`maillage restore PATH`: put a backup into an empty database, and prove that it is the same; `--check` only looks at the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import Progress

from maillage.standards import archive


class Command(BaseCommand):
    help = "Put a backup back into an empty database (SQLite or PostgreSQL), all of it or nothing, and compare."

    requires_system_checks: list[str] = []  # a site that is broken is backed up too

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="a file that `maillage backup` wrote")
        parser.add_argument("--check", action="store_true", help="only look whether the file is whole")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["check"]:
                told = archive.checked(options["path"])
            else:
                call_command("migrate", verbosity=0, interactive=False)
                with Progress(console=Console(stderr=True)) as bar:
                    task = bar.add_task(_("Reading"), total=None)
                    told = archive.restore(
                        options["path"],
                        progress=lambda table, number, of: bar.update(task, completed=number, total=of),
                    )
        except archive.NotRestored as refusal:
            raise CommandError(str(refusal)) from None
        rows = sum(table["rows"] for table in told["tables"].values())
        said = {"rows": rows, "tables": len(told["tables"]), "at": told["taken_at"]}
        if options["check"]:
            self.stdout.write(_("The file is whole: %(rows)d rows of %(tables)d tables, taken %(at)s.") % said)
        else:
            self.stdout.write(_("Restored and compared: %(rows)d rows of %(tables)d tables, taken %(at)s.") % said)
