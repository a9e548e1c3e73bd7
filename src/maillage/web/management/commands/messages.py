"""`maillage messages`: update the catalogues from the sources and compile them; `--check` only says what is wrong."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from maillage.web import catalogues


class Command(BaseCommand):
    help = "Update the message catalogues (fr, nl, en) from the sources and compile them, without the gettext programs."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="change nothing; fail when something is missing, fuzzy or unused"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        texts = catalogues.found()
        if not options["check"]:
            for language in catalogues.LANGUAGES:
                catalogues.save(catalogues.updated(language, texts), language)
            self.stdout.write(f"{catalogues.compile_stale()} compiled")
        wrong = catalogues.problems(texts)
        for line in wrong[:200]:
            self.stderr.write(line)
        if wrong:
            raise CommandError(f"{len(wrong)} things to mend in src/maillage/locale")
        self.stdout.write(f"{len({text.id for text in texts})} texts, complete in {', '.join(catalogues.LANGUAGES)}")
