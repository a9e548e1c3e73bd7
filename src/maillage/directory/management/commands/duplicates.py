"""maillage duplicates search|list: propose what may be one service, and say what was compared. Decisions are made at the desk."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from rich.progress import Progress

from maillage.directory.actions import duplicates
from maillage.directory.models import DuplicatePair, Service
from maillage.territory.models import Territory


class Command(BaseCommand):
    help = "Look for records that may be one and the same service (search), or tell the pairs that are known (list)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("do", choices=["search", "list"])
        parser.add_argument("--territory", default="", help="its code; without it, the one that the site serves")
        parser.add_argument(
            "--state", default="open", choices=DuplicatePair.State.values, help="list: pairs of this state"
        )
        parser.add_argument("--limit", type=int, default=50, help="list: at most so many pairs")
        parser.add_argument("--json", action="store_true", help="answer as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        known = Territory.objects.filter(code=options["territory"]).first()
        territory = known if options["territory"] else Territory.objects.current()
        if territory is None:
            raise CommandError(_("No territory %(code)s is loaded.") % {"code": options["territory"]})
        said = self.search(territory, options) if options["do"] == "search" else listed(territory, options)
        if options["json"]:
            self.stdout.write(json.dumps(said, ensure_ascii=False))
        elif options["do"] == "list":
            for one in said["pairs"]:
                codes = ", ".join(reason["code"] for reason in one["reasons"])
                self.stdout.write(f"{one['score']:.2f}  {one['left_name']}  =?  {one['right_name']}  ({codes})")
        else:
            for name, value in said.items():
                self.stdout.write(f"{name}: {value}")

    def search(self, territory: Territory, options: dict[str, Any]) -> dict[str, Any]:
        with Progress(transient=True, disable=options["json"]) as screen:
            bar = screen.add_task(str(territory), total=1.0)
            found = duplicates.search(
                territory, at=timezone.now(), by="system:duplicates",
                progress=lambda phase, share: screen.update(bar, completed=share, description=phase),
            )  # fmt: skip
        blocks = Counter(one.kind for one in found.capped)
        largest = {kind: max(one.size for one in found.capped if one.kind == kind) for kind in blocks}
        return {
            "services": found.services, "compared": found.compared, "found": found.found, "new": found.new, "gone": found.gone,
            "vetoed": dict(found.vetoed),
            "capped": {kind: {"blocks": count, "largest": largest[kind]} for kind, count in blocks.items()},
        }  # fmt: skip


def listed(territory: Territory, options: dict[str, Any]) -> dict[str, Any]:
    pairs = DuplicatePair.objects.filter(territory=territory, state=options["state"]).order_by("-score", "pk")
    shown = list(pairs[: max(options["limit"], 0)])
    uuids = {uuid for pair in shown for uuid in (pair.left, pair.right)}
    names = dict(Service.objects.filter(uuid__in=uuids).values_list("uuid", "name"))
    return {
        "total": pairs.count(),
        "pairs": [
            {
                "uuid": str(pair.uuid), "score": pair.score, "state": pair.state, "reasons": pair.reasons, "vetoes": pair.vetoes,
                "left": str(pair.left), "left_name": names.get(pair.left, ""),
                "right": str(pair.right), "right_name": names.get(pair.right, ""),
            }
            for pair in shown
        ],
    }  # fmt: skip
