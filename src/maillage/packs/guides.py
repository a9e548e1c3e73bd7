"""Guides of a pack: one Markdown file a guide and language, `guides/<code>.<language>.md`, read and checked line by line."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from maillage.directory import prose
from maillage.packs.problems import Problems
from maillage.packs.reading import Mapped, read_text, read_yaml_text
from maillage.packs.shapes import CODE, MARKUP, Spot, code, full_day, list_of, record, text, whole

if TYPE_CHECKING:
    from maillage.packs.references import Checker

FOLDER = "guides"
OURS = "assume"  # `[^assume]`: this paragraph is advice of ours, no fact
NAME = re.compile(r"([a-z0-9]+(?:-[a-z0-9]+)*)\.([a-z]{2,3})\.md")
STEP = re.compile(r"##[ \t]+(\S.*?)[ \t]*\{#([^}\s]*)\}[ \t]*")
SHOWN = 60  # characters of a paragraph that a problem shows
SHARED = ("needs", "checked_on", "order")  # the same in every language

head = record(
    {"title": text(200), "summary": text(600), "needs": list_of(code, least=1), "checked_on": full_day},
    {"order": whole(0, 1000)},
)


@dataclass(frozen=True)
class Step:
    code: str
    title: str
    body: str
    line: int  # of its heading
    blocks: tuple[prose.Block, ...]

    def line_of(self, block: prose.Block) -> int:
        return self.line + block.line

    @property
    def needs(self) -> tuple[str, ...]:
        found = (link.code for block in self.blocks for link in block.links if link.kind == "need")
        return tuple(dict.fromkeys(found))

    @property
    def sources(self) -> tuple[str, ...]:
        found = (note for block in self.blocks for note in block.notes if note != OURS)
        return tuple(dict.fromkeys(found))


@dataclass
class Draft:
    """A guide in one language."""

    file: str
    head: Mapped = field(default_factory=Mapped)
    steps: list[Step] = field(default_factory=list)


Guides = dict[str, dict[str, Draft]]  # code -> language -> draft


def files(folder: Path) -> list[Path]:
    """What the fingerprint of the pack covers."""
    return sorted((folder / FOLDER).glob("*.md")) if (folder / FOLDER).is_dir() else []


def read(folder: Path, spot: Spot) -> Guides:
    found: Guides = {}
    for path in files(folder):
        name = f"{FOLDER}/{path.name}"
        parts = NAME.fullmatch(path.name)
        if parts is None or parts[2] not in spot.languages:
            spot.problems.add(name, 0, "", _("must be named CODE.LANGUAGE.md, in a language of the pack"))
            continue
        written = read_text(path, spot.problems)
        if written is not None:
            draft = _draft(name, written, spot)
            found.setdefault(parts[1], {})[parts[2]] = draft
    return found


def _draft(name: str, written: str, spot: Spot) -> Draft:
    draft = Draft(name)
    lines = written.splitlines()
    end = next((n for n, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), 0)
    if not lines or lines[0].rstrip() != "---" or not end:
        spot.problems.add(name, 1, "", _("must begin with keys and values between two lines of three hyphens (---)"))
        return draft
    draft.head = read_yaml_text("\n".join(["", *lines[1:end]]), name, spot.problems) or Mapped()
    head(Spot(name, spot.problems, spot.compulsory, spot.languages), draft.head)
    draft.steps = list(_steps(name, lines, end + 1, spot.problems))
    if not draft.steps:
        spot.problems.add(name, end + 1, "", _("has no step: a step begins with a line “## Title {#code}”"))
    return draft


def _steps(name: str, lines: list[str], start: int, problems: Problems) -> Iterator[Step]:
    marks = [n for n in range(start, len(lines)) if lines[n].startswith("## ") or lines[n].rstrip() == "##"]
    before = next((n for n in range(start, marks[0] if marks else start) if lines[n].strip()), None)
    if before is not None:
        problems.add(name, before + 1, "", _("stands before the first step"))
    for n, stop in zip(marks, [*marks, len(lines)][1:], strict=True):
        title = STEP.fullmatch(lines[n])
        if title is None or not CODE.fullmatch(title[2]):
            problems.add(name, n + 1, "", _("a step needs a title and a code: “## Title {#code}”"))
            continue
        body = "\n".join(lines[n + 1 : stop]).rstrip()
        for at in range(n, stop):
            if MARKUP.search(lines[at]):
                problems.add(name, at + 1, title[2], _("holds HTML: write plain text"))
        yield Step(title[2], title[1], body, n + 1, tuple(prose.blocks(body)))


def check(checker: Checker, languages: tuple[str, ...]) -> None:
    """Needs, links and sources that exist, and the same guide in every language of the interface."""
    for name, drafts in checker.pack.guides.items():
        for language in languages:
            if language not in drafts:
                first = next(iter(drafts.values()))
                checker.problems.add(first.file, 0, "", _("is missing in the language “%s”") % language)
        for draft in drafts.values():
            _refers(checker, draft)
        ordered = sorted(drafts.values(), key=lambda draft: draft.file)
        for other in ordered[1:]:
            _agrees(checker, ordered[0], other)
        _once(checker, name, ordered)


def _refers(checker: Checker, draft: Draft) -> None:
    checker.known(draft.file, draft.head, "needs", "", checker.needs, _("need"))
    if not checker.sourced(draft.file, "", draft.head, False):
        checker.say(
            draft.file,
            draft.head,
            "source",
            "",
            _("has no source: name one of the pack's sources, or write assume: true"),
        )
    for step in draft.steps:
        for block in step.blocks:
            for sentence in _wrong(checker, block):
                checker.problems.add(draft.file, step.line_of(block), step.code, f"{sentence}: “{_shown(block)}”")


def _wrong(checker: Checker, block: prose.Block) -> Iterator[str]:
    allowed: dict[str, Collection[Any]] = {
        "need": checker.needs,
        "right": checker.rights,
        "guide": set(checker.pack.guides),
        "service": checker.services,
    }
    for link in block.links:
        if link.kind not in prose.KINDS:
            yield _("there is no link “%(kind)s” (only %(kinds)s)") % {
                "kind": link.kind,
                "kinds": ", ".join(prose.KINDS),
            }
        elif link.kind in allowed and link.code not in allowed[link.kind]:
            yield _("the link “%(kind)s:%(code)s” leads nowhere") % {"kind": link.kind, "code": link.code}
    named = [note for note in block.notes if note != OURS]
    checker.used.update(named)
    for note in named:
        if note not in checker.sources:
            yield _("there is no source “%(id)s” in this pack") % {"id": note}
    if not block.notes:
        yield _("says no source: end with [^source], or with [^assume] when it is advice of yours")
    elif not named and re.search(r"\d", prose.plain(block.text)):
        yield _("holds a number, which is never assumed: name its source")


def _agrees(checker: Checker, first: Draft, other: Draft) -> None:
    for key in SHARED:
        if first.head and other.head and first.head.get(key) != other.head.get(key):
            checker.say(other.file, other.head, key, "", _("is not the same as in %(other)s"), other=first.file)
    if [step.code for step in first.steps] != [step.code for step in other.steps]:
        said = ", ".join(step.code for step in first.steps)
        sentence = _("the steps are not those of %(file)s: %(steps)s")
        checker.problems.add(other.file, 0, "", sentence % {"file": first.file, "steps": said})
        return
    for ours, theirs in zip(first.steps, other.steps, strict=True):
        if ours.needs != theirs.needs or set(ours.sources) != set(theirs.sources):
            sentence = _("the needs or the sources of this step are not those of %(file)s")
            checker.problems.add(other.file, theirs.line, theirs.code, sentence % {"file": first.file})


def _once(checker: Checker, name: str, drafts: list[Draft]) -> None:
    for draft in drafts:
        seen: set[str] = set()
        for step in draft.steps:
            if step.code in seen:
                checker.problems.add(draft.file, step.line, step.code, _("this step stands twice"))
            seen.add(step.code)


def _shown(block: prose.Block) -> str:
    said = prose.plain(block.text)
    return said if len(said) <= SHOWN else f"{said[:SHOWN].rstrip()}…"


def row(drafts: dict[str, Draft], default: str) -> dict[str, Any]:
    """The guide as it is kept: language -> text for each of its parts."""
    first = drafts.get(default) or next(iter(drafts.values()))
    return {
        "titles": {language: draft.head["title"] for language, draft in drafts.items()},
        "summaries": {language: draft.head["summary"] for language, draft in drafts.items()},
        "steps": [
            {
                "code": step.code,
                "titles": {language: draft.steps[n].title for language, draft in drafts.items()},
                "bodies": {language: draft.steps[n].body.strip("\n") for language, draft in drafts.items()},
                "needs": list(step.needs),
                "sources": list(step.sources),
            }
            for n, step in enumerate(first.steps)
        ],
        "sources": list(dict.fromkeys(source for step in first.steps for source in step.sources)),
        "checked_on": str(first.head["checked_on"]),
        "needs": sorted(set(first.head["needs"])),
        "order": first.head.get("order", 0),
    }
