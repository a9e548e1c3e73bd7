"""maillage demo: a territory with a fictional offer, served on this machine. Started again, it is there at once and loses nothing."""

from __future__ import annotations

import logging
import os
import socket
import sys
from io import StringIO
from threading import Thread
from time import sleep
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import close_old_connections, connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django.utils.translation import gettext as _

from maillage.directory.models import Service
from maillage.directory.search.index import reindex
from maillage.packs import actions, houses, pack, screen
from maillage.packs.fiction import accounts, places
from maillage.packs.fiction import actions as fiction
from maillage.packs.problems import PackInvalid, PackNotFound
from maillage.territory.models import Territory

log = logging.getLogger(__name__)
SECONDS_BETWEEN_LOOKS = 5
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class Command(BaseCommand):
    help = "Create the database, load a pack, generate a fictional offer, and serve it."
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--pack", default="", help="name or folder of the pack")
        parser.add_argument("--services", type=int, default=0, help="size of the fictional offer (default 3000)")
        parser.add_argument("--seed", type=int, default=None, help="another seed draws another offer (default 1)")
        parser.add_argument("--no-serve", action="store_true", help="prepare the database and stop there")
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["no_serve"]:
            check_port(options["host"], options["port"])
        self.console = screen.console(self.stdout)
        try:
            folder = pack.find(options["pack"] or pack.default_name())
            is_older = self.create_database()
            territory = self.prepare(folder, options["services"], options["seed"], is_older)
        except PackNotFound as error:
            raise CommandError(str(error)) from None
        except PackInvalid as error:
            screen.problems(self.console, error.problems)
            raise CommandError(_("the pack has errors: nothing was written")) from None
        except fiction.NoMaterial as error:
            raise CommandError(
                _("the pack “%(pack)s” has no demo.yaml: there is nothing to draw an offer from") % {"pack": error}
            ) from None
        if not options["no_serve"]:
            self.open_desk(territory, is_local=options["host"] in LOOPBACK)
            connections.close_all()
            self.serve(territory, options["host"], options["port"])

    def create_database(self) -> bool:
        """Create the tables, or bring those of an older Maillage up to date. True when there was an older one."""
        executor = MigrationExecutor(connection)
        if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return False
        is_older = bool(executor.loader.applied_migrations)
        self.console.print(_("Bringing the database up to date ...") if is_older else _("Creating the database ..."))
        call_command("migrate", verbosity=0, interactive=False)
        return is_older

    def prepare(self, folder: Any, services: int, seed: int | None, is_older: bool) -> Territory:
        """Load, draw and index what is not there yet. The files are read only when something is missing."""
        if is_older:  # what an older Maillage wrote for search may be of another shape
            with screen.bar(_("Indexing"), total=Service.objects.count()) as advance:
                for known in Territory.objects.all():
                    reindex(known, progress=advance)
        territory = Territory.objects.filter(pack_hash=pack.fingerprint(folder)).first()
        if territory is None:
            territory = self.load(folder)
        told = fiction.state(territory)
        if told and seed not in (None, told["seed"]):
            sentence = _(
                "An offer drawn with the seed %(seed)s is there and stays: give MAILLAGE_VAR another folder for another one."
            )
            self.console.print(sentence % told)
        elif services > told.get("services", 0) or not told:
            self.generate(territory, folder, services or 3000, told.get("seed", 1 if seed is None else seed))
        self.people(territory, folder)
        if not fiction.state(territory)["indexed"]:
            with screen.bar(_("Indexing"), total=fiction.unindexed(territory)) as advance:
                fiction.index(territory, progress=advance)
        if fiction.is_stale(territory, at=timezone.now()):
            with screen.bar(_("Saying again what room there is tonight"), total=None) as advance:
                fiction.refresh(territory, at=timezone.now(), progress=advance)
        told = fiction.state(territory)
        names = {"territory": territory, "services": told["services"], "seed": told["seed"]}
        self.console.print(
            _("%(territory)s: %(services)s fictional services (seed %(seed)s), labelled so on every page") % names
        )
        return territory

    def people(self, territory: Territory, folder: Any) -> None:
        """Houses with people in them, and tonight: written once, brought up to date when it is another night."""
        at = timezone.now()
        is_there = bool(places.state(territory))
        if not (folder / houses.DEMO).exists():
            return
        if is_there and not places.is_stale(territory, at=at):
            places.begin(territory, at=at)
            return
        with screen.bar(_("Drawing houses, people and nights"), total=None) as advance:
            found = pack.read_valid(folder)
            if is_there:
                advance(places.refresh(territory, found, at=at))
            else:
                advance(places.generate(territory, found, seed=fiction.state(territory)["seed"], at=at))
        places.begin(territory, at=at)

    def load(self, folder: Any) -> Territory:
        found = pack.read_valid(folder)
        with screen.bar(_("Loading %(pack)s") % {"pack": found.code}, total=None) as advance:
            loaded = actions.load(found, by="system:demo", progress=advance)
        if not loaded.difference.is_first:
            screen.difference(self.console, loaded.difference)
        return loaded.territory

    def generate(self, territory: Territory, folder: Any, services: int, seed: int) -> None:
        missing = services - fiction.state(territory).get("services", 0)
        with screen.bar(_("Drawing a fictional offer"), total=missing) as advance:
            fiction.generate(territory, pack.read_valid(folder), services=services, seed=seed, progress=advance)

    def open_desk(self, territory: Territory, *, is_local: bool) -> None:
        """Accounts to try the desk, told on this screen only; none where another machine could use them."""
        if not accounts.offered(territory, is_local=is_local):
            accounts.close_all()
            return
        opened, password = accounts.open_all(territory, at=timezone.now())
        self.console.print(
            _("To try the desk, sign in (“For professionals”, at the foot of each page) as one of these:")
        )
        for account in opened:
            self.console.print(f"  {account.email}  {account.role} ({account.where})", markup=False)
        self.console.print(
            _("with the password %(password)s (another one at each start)") % {"password": password}, markup=False
        )

    def serve(self, territory: Territory, host: str, port: int) -> None:
        from granian import Granian
        from granian.constants import Interfaces
        from granian.log import LogLevels

        os.environ["TERRITORY"] = territory.code  # the workers read their settings from the environment
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", settings.SETTINGS_MODULE)
        if host not in LOOPBACK:
            self.console.print(_("Other machines may ask for it: name them in ALLOWED_HOSTS."))
        shown = f"[{host}]" if ":" in host else host
        os.environ.setdefault("SITE_URL", f"http://{shown}:{port}")  # where the letters of this demonstration lead
        settings.SITE_URL = os.environ["SITE_URL"]  # and a worker that is forked keeps the settings of its parent
        self.console.print(
            _("Maillage is on http://%(host)s:%(port)s/ - Ctrl-C stops it") % {"host": shown, "port": port}
        )
        sys.stdout.flush()
        server = Granian(
            "maillage.wsgi:application", address=host, port=port, interface=Interfaces.WSGI, workers=2, blocking_threads=2,
            log_access=False, log_level=LogLevels.warning,
        )  # fmt: skip
        Thread(target=imports_in_the_background, daemon=True).start()
        server.serve()


def imports_in_the_background() -> None:
    """What is asked for at the desk is done, as `maillage work` does it; a demonstration sends no letters and asks no other site.

    Free places are not offered by themselves here: the dispatcher of the demonstration gives them by hand. `maillage work` beside it does.
    """
    while True:
        sleep(SECONDS_BETWEEN_LOOKS)
        try:
            close_old_connections()
            call_command("work", "--once", "--only", "imports", stdout=StringIO())
        except Exception as failure:  # noqa: BLE001  # the demonstration goes on
            log.error("the worker of the demonstration failed: %s", type(failure).__name__)


def check_port(host: str, port: int) -> None:
    """Say now, not after a minute of work, that the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            said = {"host": host, "port": port, "reason": getattr(error, "strerror", None) or error}
            raise CommandError(
                _("%(host)s:%(port)s cannot be used (%(reason)s): choose another with --port") % said
            ) from None
