"""An orientation on a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from rich.console import Console
from rich.markup import escape

from maillage.directory.search.types import Card
from maillage.orientation.queries import Vocabulary
from maillage.orientation.shape import text_of
from maillage.orientation.types import Orientation, Question, RedFlag, RightSaid, Suggestion

COLOURS = {"fits": "green", "verify": "yellow", "no": "red"}


def show(found: Orientation, words: Vocabulary, console: Console) -> None:
    """Danger first, then what was understood, the services with their reasons, and what to say next."""
    for flag in found.red_flags:
        _red_flag(flag, console)
    if found.understood:
        console.print(_("Understood: %(words)s") % {"words": ", ".join(escape(one.label) for one in found.understood)})
    for typed, read_as in found.corrected:
        console.print(_("“%(typed)s” was read as “%(read)s”.") % {"typed": escape(typed), "read": escape(read_as)})
    said = {"total": found.total, "fits": found.fits, "verify": found.verify}
    total = ngettext("%(total)s service", "%(total)s services", found.total) % said
    console.print(f"[bold]{total}[/bold]: " + _("%(fits)s fit, %(verify)s to verify") % said)
    for number, one in enumerate(found.suggestions, 1):
        _suggestion(number, one, found, words, console)
    if found.near_misses:
        console.print("\n[bold]" + _("Does not fit, but nearly") + "[/bold]")
        for one in found.near_misses:
            console.print(f"[red]✗[/red] {escape(_name(one.card, found, words))}")
            _lines(one.blockers + one.would_fit_if, "  ", console)
    for _relaxation, sentence in found.relaxations:
        console.print(f"→ {escape(sentence)}")
    if found.rights:
        console.print("\n[bold]" + _("Rights you may have") + "[/bold]")
        for right in found.rights:
            _right(right, console)
    if found.question:
        _question(found.question, console)
    if found.next:
        console.print(_("More: --after %(cursor)s") % {"cursor": found.next}, style="dim")


def _red_flag(flag: RedFlag, console: Console) -> None:
    console.print(f"[bold red]{escape(flag.label)}[/bold red]")
    console.print(escape(flag.message))
    for one in flag.contacts:
        about = " · ".join(filter(None, (one.hours, " ".join(one.languages), one.note)))
        console.print(
            f"  [bold]{escape(one.number)}[/bold]  {escape(one.name)}" + (f"  ({escape(about)})" if about else "")
        )
    console.print()


def _suggestion(number: int, one: Suggestion, found: Orientation, words: Vocabulary, console: Console) -> None:
    mark = {"fits": "✓", "verify": "?", "no": "✗"}[one.verdict]
    fiction = " [dim](" + _("fictional") + ")[/dim]" if one.card.is_fictional else ""
    name, house = escape(_name(one.card, found, words)), escape(one.card.organization_name)
    console.print(f"\n{number}. [{COLOURS[one.verdict]}]{mark}[/] [bold]{name}[/bold]{fiction}")
    distance = "" if one.distance_km is None else f"{one.distance_km:.1f} km"
    place = one.card.address or (words.label("areas", one.card.area, found.situation.language) if one.card.area else "")
    about = [house if house != name else "", escape(place), distance, " / ".join(map(escape, one.card.phones[:2]))]
    console.print("   " + " · ".join(filter(None, about)), style="dim")
    console.print("   " + " · ".join(map(escape, (one.openness, one.room, one.freshness))))
    _lines([f"[green]+[/green] {escape(sentence)}" for sentence in one.why], "   ", console, plain=False)
    _lines([f"[yellow]?[/yellow] {escape(sentence)}" for sentence in one.to_verify], "   ", console, plain=False)
    for obstacle in one.obstacles:
        console.print(f"   [red]![/red] {escape(obstacle.sentence)}")
        for lift in obstacle.lifts:
            phones = " / ".join(lift.card.phones[:1])
            text = " ".join(filter(None, (lift.sentence, _name(lift.card, found, words))))
            console.print(f"      → {escape(text)}" + (f" · {escape(phones)}" if phones else ""))


def _right(one: RightSaid, console: Console) -> None:
    limit = f" · {escape(one.time_limit)}" if one.time_limit else ""
    console.print(f"   [bold]{escape(one.label)}[/bold]: {escape(one.gives)}{limit}")
    _lines([f"[green]+[/green] {escape(sentence)}" for sentence in one.why], "   ", console, plain=False)
    _lines([f"[yellow]?[/yellow] {escape(sentence)}" for sentence in one.to_verify], "   ", console, plain=False)
    console.print(f"   → {escape(one.claim.at)}" + (f" · {escape(one.claim.phone)}" if one.claim.phone else ""))


def _lines(sentences: Iterable[str], indent: str, console: Console, *, plain: bool = True) -> None:
    for sentence in sentences:
        console.print(indent + (escape(sentence) if plain else sentence))


def _name(card: Card, found: Orientation, words: Vocabulary) -> str:
    return text_of(card.texts.get("name", {}), (found.situation.language, *words.territory.languages))[0]


def _question(question: Question, console: Console) -> None:
    console.print(
        f"\n[bold]{escape(question.text)}[/bold]" + (f"  [dim]{escape(question.why)}[/dim]" if question.why else "")
    )
    option = "--need {}" if question.kind == "need" else f"--fact {question.code}={{}}"
    for answer in question.answers:
        console.print(f"   {escape(answer.label)}  [dim]{escape(option.format(answer.code))}[/dim]")
    if not question.answers:
        console.print(f"   [dim]{escape(option.format('N'))}[/dim]")
