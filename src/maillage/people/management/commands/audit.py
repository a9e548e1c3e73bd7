"""`maillage audit verify [--head HASH]` and `maillage audit export [PATH]`."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from maillage.people import audit


class Command(BaseCommand):
    help = "Checks the audit trail, or writes it out as lines of JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verify = verbs.add_parser("verify", help="read the whole chain; exit 1 at the first broken line")
        verify.add_argument("--head", default="", help="a hash that an earlier verify printed: it must still be there")
        export = verbs.add_parser("export", help="write every line as JSON, oldest first")
        export.add_argument("path", nargs="?", default="-", help="a file; - for the terminal (default)")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        if verb == "export":
            self.export(options["path"])
            return
        result = audit.verify(head=options["head"])
        if result.broken:
            self.stderr.write(
                f"broken at line {result.broken.sequence}: {result.broken.reason} ({result.lines} lines hold)"
            )
            sys.exit(1)
        self.stdout.write(f"the trail holds: {result.lines} lines, head {result.head}")

    def export(self, path: str) -> None:
        if path == "-":
            for line in audit.lines():
                self.stdout.write(json.dumps(line, ensure_ascii=False))
            return
        with open(path, "w", encoding="utf-8") as file:
            count = sum(1 for line in audit.lines() if file.write(json.dumps(line, ensure_ascii=False) + "\n"))
        self.stdout.write(f"{count} lines written to {path}")
