"""Write the search documents again: after an upgrade that changes them, or rows changed by hand."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from rich.progress import Progress

from maillage.directory.models import Service
from maillage.directory.search.index import reindex
from maillage.territory.models import Territory


class Command(BaseCommand):
    help = "Write the search documents of a territory again; those that did not change are left alone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--territory", default="", help="its code; without it, every territory")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = (
            Territory.objects.filter(code=options["territory"]) if options["territory"] else Territory.objects.all()
        )
        if options["territory"] and not wanted:
            raise CommandError(_("No territory %(code)s is loaded.") % {"code": options["territory"]})
        for territory in wanted:
            count = Service.objects.filter(territory=territory).count()
            with Progress(transient=True) as progress:
                bar = progress.add_task(str(territory), total=count)
                changed = reindex(territory, progress=lambda done, bar=bar, to=progress: to.advance(bar, done))  # type: ignore[misc]
            self.stdout.write(
                _("%(territory)s: %(count)s documents changed") % {"territory": territory, "count": changed}
            )
