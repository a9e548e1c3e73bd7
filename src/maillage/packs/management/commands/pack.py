"""maillage pack list | check PATH | load NAME: territory packs."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from rich.console import Console
from rich.table import Table

from maillage.packs import actions, pack, screen
from maillage.packs.difference import compare
from maillage.packs.problems import PackInvalid, PackNotFound
from maillage.territory.models import Territory


class Command(BaseCommand):
    requires_system_checks: tuple[str, ...] = ()  # the pages have nothing to do with it
    help = "Territory packs: list them, check one, load one."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="the packs that come with Maillage, and what is loaded")
        check = verbs.add_parser("check", help="say everything that is wrong with a pack")
        check.add_argument("pack", help="a folder, or the name of a pack that comes with Maillage")
        load = verbs.add_parser("load", help="show what would change, then load")
        load.add_argument("pack", help="a folder, or the name of a pack that comes with Maillage")
        load.add_argument("--yes", action="store_true", help="do not ask")
        load.add_argument("--dry-run", action="store_true", help="only show what would change")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        try:
            {"list": self.list, "check": self.check_pack, "load": self.load}[verb](**options)
        except PackNotFound as error:
            raise CommandError(str(error)) from None
        except PackInvalid as error:
            screen.problems(self.console(), error.problems)
            raise CommandError(_("the pack has errors: nothing was written"), returncode=1) from None

    def console(self) -> Console:
        return screen.console(self.stdout)

    def list(self, **_options: Any) -> None:
        loaded = {territory.code: territory for territory in Territory.objects.all()}
        table = Table(_("pack"), _("name"), _("version"), _("loaded"))
        for name in pack.shelf():
            found, _problems = pack.read(pack.find(name))
            label = found.head.get("names", {})
            held = loaded.get(name)
            table.add_row(
                name, label.get("en", ""), str(found.head.get("version", "")), held.pack_version if held else ""
            )
        self.console().print(table)

    def check_pack(self, **options: Any) -> None:
        found, problems = pack.read(pack.find(options["pack"]))
        console = self.console()
        screen.problems(console, problems)
        if problems:
            raise CommandError(_("%(n)s errors") % {"n": len(problems)}, returncode=1)
        console.print(screen.summary(found))

    def load(self, **options: Any) -> None:
        found = pack.read_valid(pack.find(options["pack"]))
        difference = compare(found)
        console = self.console()
        screen.difference(console, difference)
        if difference.is_loaded or options["dry_run"]:
            return
        if not (options["yes"] or difference.is_first or self.agreed()):
            raise CommandError(_("nothing was written; add --yes to load without being asked"))
        with screen.bar(_("Indexing"), total=None) as advance:
            loaded = actions.load(found, by="system:pack", progress=advance)
        if loaded.kept:
            console.print(_("Left the pack, kept because others use it: %(codes)s") % {"codes": ", ".join(loaded.kept)})
        console.print(_("Loaded: %(pack)s %(version)s") % {"pack": found.code, "version": found.version})

    def agreed(self) -> bool:
        return sys.stdin.isatty() and input(_("Load it? [y/N] ")).strip().lower() in {"y", "yes", "o", "oui", "j", "ja"}
