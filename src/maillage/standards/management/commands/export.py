"""`maillage export hsds PATH [--ndjson]`: the published directory, for others."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import Progress

from maillage.standards.hsds import export
from maillage.territory.models import Territory


def check_database() -> None:
    """A database that was never made, or is older than the code, is told in a sentence."""
    executor = MigrationExecutor(connection)
    if not executor.loader.applied_migrations:
        raise CommandError(_("There is no directory here yet: nothing can be exported."))
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise CommandError(_("The database is older than this version of Maillage: run “maillage migrate” first."))


class Command(BaseCommand):
    help = "Write the published directory as HSDS 3.1: one JSON document, or one object a line (--ndjson)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("format", choices=["hsds"])
        parser.add_argument("path", type=Path, help="the file to write")
        parser.add_argument(
            "--ndjson", action="store_true", help="one object a line (as for a PATH that ends in .ndjson)"
        )
        parser.add_argument(
            "--territory", default="", help="code of the territory (default: the one that the site serves)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        check_database()
        code = options["territory"]
        territory = Territory.objects.filter(code=code).first() if code else Territory.objects.current()
        if territory is None:
            told = (
                _("No territory %(code)s is loaded here.") % {"code": code}
                if code
                else _("No territory is loaded here yet.")
            )
            raise CommandError(told)
        path: Path = options["path"]
        draft = path.with_name(f".{path.name}.part")
        write = export.write_lines if options["ndjson"] or path.suffix == ".ndjson" else export.write_document
        try:
            with Progress(console=Console(stderr=True)) as bar, draft.open("wb") as file:
                task = bar.add_task(_("Writing"), total=None)
                counts = write(territory, file, lambda done, total: bar.update(task, completed=done, total=total))
            os.replace(draft, path)  # a reader sees the old file or the whole new one
        except OSError as trouble:
            raise CommandError(
                _("%(path)s cannot be written: %(why)s") % {"path": path, "why": trouble.strerror}
            ) from trouble
        finally:
            draft.unlink(missing_ok=True)
        self.stdout.write(
            _("%(number)d services written to %(path)s.") % {"number": counts.get("contents", 0), "path": path}
        )
