"""What the commands of this room show on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any, cast

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from maillage.packs import content
from maillage.packs.difference import Difference, in_words
from maillage.packs.pack import Pack
from maillage.packs.problems import Problems

SHOWN = 8  # codes of a section; the rest is counted


def console(stdout: Any) -> Console:
    """The output of a command: plain words, without colours where nobody looks at them."""
    plain = not sys.stdout.isatty()
    return Console(file=cast(IO[str], stdout), highlight=False, emoji=False, soft_wrap=True, no_color=plain)


def problems(console: Console, found: Problems) -> None:
    for problem in found:
        mark = f"[yellow]{_('warning')}[/] " if problem.is_warning else ""
        console.print(mark + escape(str(problem)))


def summary(pack: Pack) -> str:
    counts = {
        "areas": len(pack.areas),
        "links": len(pack.links),
        "needs": len(content.needs(pack)),
        "criteria": len(pack.criteria.get("criteria", ())),
        "publics": len(pack.criteria.get("publics", ())),
        "obstacles": len(pack.obstacles.get("obstacles", ())),
        "red_flags": len(pack.red_flags.get("red_flags", ())),
        "organizations": len(content.organizations(pack)),
        "services": len(content.services(pack)),
        "sites": len(content.sites(pack)),
        "lists": len(content.waiting_lists(pack)),
        "guides": len(pack.guides),
        "library": len(content.documents(pack)),
    }
    said = ", ".join(f"{count} {in_words(name)}" for name, count in counts.items())
    return _("%(pack)s %(version)s is correct: %(said)s") % {"pack": pack.code, "version": pack.version, "said": said}


def difference(console: Console, found: Difference) -> None:
    names = {"pack": found.pack, "version": found.version, "loaded": found.loaded_version}
    if found.is_loaded:
        console.print(_("%(pack)s %(version)s is already loaded") % names)
        return
    if found.is_first:
        console.print(_("%(pack)s %(version)s: first load") % names)
    elif found.same_version:
        console.print(_("%(pack)s %(version)s has changed under the same version") % names)
    else:
        console.print(_("%(pack)s: version %(loaded)s is loaded, this is %(version)s") % names)
    for name, section in found.sections.items():
        for sign, colour, codes in (
            ("+", "green", section.added),
            ("~", "yellow", section.changed),
            ("-", "red", section.removed),
        ):
            if codes:
                line = f"{sign} {in_words(name)} ({len(codes)}): {_some(codes)}"
                console.print(f"  [{colour}]{escape(line)}[/]")


def _some(codes: tuple[object, ...]) -> str:
    said = [" > ".join(map(str, code[:2])) if isinstance(code, tuple) else str(code) for code in codes[:SHOWN]]
    more = len(codes) - len(said)
    if more:
        said.append(ngettext("and %(n)s more", "and %(n)s more", more) % {"n": more})
    return ", ".join(said)


@contextmanager
def bar(title: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A progress bar on the terminal, nothing elsewhere; the block is given what to call with each step."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(title, total=total)
        yield lambda steps: progress.advance(task, steps)
