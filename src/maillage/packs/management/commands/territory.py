"""maillage territory import FILE.geojson: real boundaries for the areas of a level."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.translation import gettext as _
from rich.console import Console
from rich.markup import escape

from maillage.directory.search.index import reindex
from maillage.packs import places, screen
from maillage.people import audit
from maillage.territory import actions, rules
from maillage.territory.boundaries import Order, Refused, Report
from maillage.territory.models import Territory

MAX_BYTES = 300_000_000


class Command(BaseCommand):
    help = "Boundaries of areas, from a GeoJSON file."
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        load = verbs.add_parser("import", help="store the boundary of each feature with the area that it means")
        load.add_argument("file", type=Path)
        load.add_argument("--level", required=True, help="level of the areas, such as commune")
        load.add_argument(
            "--code-field", default="", help="property that holds the code, or another name such as a national number"
        )
        load.add_argument(
            "--name-field", default="", help="property that holds the name; name_fr stands for name_nl, name_en ... too"
        )
        load.add_argument("--create", action="store_true", help="make an area of each feature that means none")
        load.add_argument(
            "--simplify", type=float, default=0, metavar="METRES", help="leave out details smaller than this"
        )
        load.add_argument("--source", default="", help="source of the areas that are made")
        load.add_argument("--vintage", default="", help="year of the geography of the areas that are made")
        load.add_argument("--territory", default="", help="code of the territory (the current one unless told)")

    def handle(self, *args: Any, **options: Any) -> None:
        territory = find_territory(options["territory"])
        if not (options["code_field"] or options["name_field"]):
            raise CommandError(_("Say which property tells the area: --code-field, --name-field, or both."))
        features = read_features(options["file"])
        check_fields(features, options["code_field"], options["name_field"])
        order = Order(
            level=options["level"], code_field=options["code_field"], name_field=options["name_field"], create=options["create"],
            simplify_metres=options["simplify"], source=options["source"] or options["file"].name[:60], vintage=options["vintage"],
        )  # fmt: skip
        with transaction.atomic():
            report = actions.import_boundaries(territory, features, order)
            filled, services = places.fill_areas(territory)
            reindex(territory, services)
            if report.stored or filled:
                data = {
                    "file": options["file"].name,
                    "level": order.level,
                    "stored": len(report.stored),
                    "filled": filled,
                }
                audit.record("imported-boundaries", territory, by="system:territory", data=data)
        show(
            screen.console(self.stdout),
            report,
            filled,
        )


def find_territory(code: str) -> Territory:
    found = Territory.objects.filter(code=code).first() if code else Territory.objects.all().current()
    if found is None:
        raise CommandError(
            _("No territory is loaded: `maillage pack load NAME` first.")
            if not code
            else _("No territory “%(code)s” is loaded.") % {"code": code}
        )
    return found


def read_features(path: Path) -> list[Any]:
    """The features of a GeoJSON file, or a sentence that says what is wrong with the file as a whole."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise CommandError(_("%(file)s is larger than %(n)s MB") % {"file": path, "n": MAX_BYTES // 1_000_000})
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise CommandError(
            _("%(file)s cannot be read: %(reason)s") % {"file": path, "reason": error.strerror}
        ) from None
    except UnicodeDecodeError:
        raise CommandError(_("%(file)s is not in UTF-8") % {"file": path}) from None
    except (ValueError, RecursionError) as error:
        raise CommandError(_("%(file)s is not JSON: %(reason)s") % {"file": path, "reason": error}) from None
    if not isinstance(content, dict) or not isinstance(content.get("features"), list):
        raise CommandError(_("%(file)s is not a GeoJSON FeatureCollection") % {"file": path})
    if not rules.is_in_degrees(content):
        raise CommandError(
            _("%(file)s is not in longitude and latitude: convert it to WGS 84 (EPSG:4326) first") % {"file": path}
        )
    features: list[Any] = content["features"]
    return features


def check_fields(features: list[Any], *fields: str) -> None:
    """Refuse a property that no feature has: every one of them would be left out for the wrong reason."""
    said = [f["properties"] for f in features if isinstance(f, dict) and isinstance(f.get("properties"), dict)]
    known = sorted({name for properties in said for name in properties})
    for name in filter(None, fields):
        if known and name not in known:
            values = {"field": name, "known": ", ".join(known[:30])}
            raise CommandError(_("no feature has a property “%(field)s”; they have: %(known)s") % values)


def show(console: Console, report: Report, filled: int) -> None:
    counts = {
        "read": report.read, "stored": len(report.stored), "same": len(report.unchanged), "created": len(report.created),
        "refused": len(report.refused), "filled": filled,
    }  # fmt: skip
    console.print(
        _("%(read)s features: %(stored)s boundaries stored, %(same)s unchanged, %(created)s areas created, %(refused)s left out; "
          "%(filled)s places found their area") % counts
    )  # fmt: skip
    for code, reason in report.repaired:
        console.print(escape(_("  %(code)s: repaired (%(reason)s)") % {"code": code, "reason": reason}))
    for refused in report.refused:
        values = {"n": refused.number, "name": refused.name, "reason": in_words(refused)}
        console.print(escape(_("  feature %(n)s (%(name)s): %(reason)s") % values))
    if report.without:
        console.print(escape(_("Without a boundary still: %(codes)s") % {"codes": ", ".join(report.without)}))


def in_words(refused: Refused) -> str:
    sentence = {
        "no-geometry": _("it draws nothing"),
        "not-a-surface": _("it draws a %(detail)s, not a surface"),
        "unreadable": _("its geometry cannot be read (%(detail)s)"),
        "not-in-degrees": _("its coordinates are not longitude and latitude (%(detail)s)"),
        "crosses-itself": _("its line crosses itself and cannot be repaired (%(detail)s)"),
        "unmatched": _("no area of this level is called so"),
        "ambiguous": _("several areas are called so: %(detail)s"),
        "twice": _("an earlier feature already drew this area (%(detail)s)"),
    }[refused.reason]
    return sentence % {"detail": refused.detail} if "%(detail)s" in sentence else sentence
