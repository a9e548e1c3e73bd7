"""maillage find "logement d'urgence" --near Schaerbeek --language ar --with children --tonight [--json]"""

from __future__ import annotations

import json
import os
import sys
from typing import IO, Any, cast

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from rich.console import Console

from maillage.orientation import screen
from maillage.orientation.engine import orient
from maillage.orientation.queries import Vocabulary, vocabulary
from maillage.orientation.shape import as_mapping
from maillage.orientation.situation import SituationError, from_mapping
from maillage.orientation.understanding import read
from maillage.territory.models import Territory

WINDOWS = ("now", "tonight", "evening", "sunday", "weekend", "weekday")


class Command(BaseCommand):
    help = "Finds services for a need, with the engine of the pages and of the API. Nothing is stored."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("text", nargs="*", help="the need, in everyday words (fr, nl, en)")
        parser.add_argument("--near", default="", help="a place: its name in any language, or a postal code")
        parser.add_argument("--within", default="", metavar="KM", help="not farther than this")
        parser.add_argument("--need", action="append", default=[], help="code of a need of the tree")
        parser.add_argument("--language", action="append", default=[], help="a language that the person speaks")
        parser.add_argument(
            "--with", action="append", default=[], dest="people", help="children, women, no-papers, ..."
        )
        parser.add_argument(
            "--fact", action="append", default=[], metavar="CRITERION=VALUE", help="age=78, papers=none"
        )
        when = parser.add_mutually_exclusive_group()
        for window in WINDOWS:
            when.add_argument(f"--{window}", action="store_const", const=window, dest="window", help=f"open {window}")
        when.add_argument("--window", metavar="CODE", help="another moment that the territory names")
        parser.add_argument("--free", action="store_true", help="free of charge")
        parser.add_argument("--wheelchair", action="store_true", help="accessible with a wheelchair")
        parser.add_argument("--remote", action="store_true", help="by telephone or online")
        parser.add_argument("--room", action="store_true", help="not known to be full")
        parser.add_argument("--limit", default="10")
        parser.add_argument("--after", default="", help="the `next` of the page before")
        parser.add_argument(
            "--lang", default="", help="language of the answer; else that of the machine, or the territory's"
        )
        parser.add_argument("--territory", default="", help="code; else the one that this site serves")
        parser.add_argument("--json", action="store_true", help="the same answer as POST /api/orientation")

    def handle(self, *args: Any, **options: Any) -> None:
        territory = _territory(options["territory"])
        language = options["lang"] or _machine_language() or territory.default_language
        words = vocabulary(territory)
        with translation.override(language if language in dict(settings.LANGUAGES) else "en"):
            try:
                asked = from_mapping(_asked(options, words, language), territory, language)
            except SituationError as error:
                raise CommandError("\n".join(f"{field}: {sentence}" for field, sentence in error.messages)) from None
            at = timezone.now()
            found = orient(asked, at=at)
            if options["json"]:
                self.stdout.write(json.dumps(as_mapping(found, words, at=at), ensure_ascii=False, indent=1))
            else:
                screen.show(found, words, self.console())

    def console(self) -> Console:
        colours = sys.stdout.isatty()
        return Console(
            file=cast(IO[str], self.stdout), highlight=False, emoji=False, no_color=not colours, soft_wrap=not colours
        )


def _territory(code: str) -> Territory:
    try:
        found = Territory.objects.filter(code=code).first() if code else Territory.objects.current()
    except DatabaseError:  # no table yet
        found = None
    if found is None:
        raise CommandError(_("No territory is loaded: maillage pack load NAME, or maillage demo."))
    return found


def _machine_language() -> str:
    """The language of the terminal ($LANG), when the interface has it."""
    code = os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return code[:2] if code[:2] in dict(settings.LANGUAGES) and code[2:3] in {"", "_", "."} else ""


def _asked(options: dict[str, Any], words: Vocabulary, language: str) -> dict[str, Any]:
    """The options as the fields of a situation."""
    asked: dict[str, Any] = {
        "text": " ".join(options["text"]),
        "near": options["near"],
        "radius_km": options["within"],
        "needs": options["need"],
        "window": options["window"] or "",
        "cost": "free" if options["free"] else "",
        "wheelchair": options["wheelchair"],
        "remote": options["remote"],
        "has_room": options["room"],
        "limit": options["limit"],
        "after": options["after"],
        "languages": [code for word in options["language"] for code in _languages(word, words, language)],
    }
    facts: dict[str, Any] = {}
    publics: list[str] = []
    for word in options["people"]:
        _people(word, words, language, publics, facts)
    for pair in options["fact"]:
        criterion, sign, value = pair.partition("=")
        if not sign:
            raise CommandError(_("--fact %(pair)s: write criterion=value, as age=78.") % {"pair": pair})
        facts[criterion] = value
    return {**asked, "publics": publics, "facts": facts}


def _languages(word: str, words: Vocabulary, language: str) -> list[str]:
    """Codes, with commas between; or a name of a language."""
    codes = [code.strip() for code in word.split(",") if code.strip()]
    return [
        found for code in codes for found in ([code] if code in words.languages else read(code, words, language).languages or [code])
    ]  # fmt: skip


def _people(word: str, words: Vocabulary, language: str, publics: list[str], facts: dict[str, Any]) -> None:
    """A public by its code or its words; a yes-or-no criterion by its code."""
    if word in words.publics:
        publics.append(word)
    elif words.criteria.get(word, {}).get("kind") == "boolean":
        facts[word] = True
    elif (said := read(word, words, language)).publics or said.facts:
        publics.extend(said.publics)
        facts.update(said.facts)
    else:
        known = ", ".join(sorted(words.publics)) or "-"
        raise CommandError(_("--with %(word)s: not known here. Known: %(known)s.") % {"word": word, "known": known})
