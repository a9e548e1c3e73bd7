"""The text of a guide: a safe part of Markdown, typed links into the territory, and a note for the source of each fact.

`[[need:emergency-shelter]]` or `[[need:emergency-shelter|a bed]]` leads to a need, a right, a guide or a service by its code;
`[[tel:0800 99 340]]` is a number to touch; `[^samusocial]` names the source of what stands before it. HTML, images and links
to any other place are plain text: nothing that a writer types becomes markup.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

KINDS = ("need", "right", "guide", "service", "tel")
_LINK = re.compile(r"\[\[([a-z]+):([^\]|\n]{1,120})(?:\|([^\]\n]{1,300}))?\]\]")
_NOTE = re.compile(r"\[\^([a-z0-9-]{1,80})\]")


@dataclass(frozen=True, slots=True)
class Link:
    kind: str
    code: str
    text: str = ""  # what the writer wants to be read; "": the name of what it leads to


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph, or one item of a list: `line` counts from 1 in the text."""

    line: int
    text: str
    links: tuple[Link, ...]
    notes: tuple[str, ...]


@lru_cache(maxsize=1)
def _reader() -> MarkdownIt:
    reader = MarkdownIt("zero").enable(["emphasis", "heading", "list", "newline", "escape", "balance_pairs"])
    reader.inline.ruler.before("emphasis", "typed", _typed)
    reader.inline.ruler.before("emphasis", "note", _note)
    reader.add_render_rule("typed", _render_typed)
    reader.add_render_rule("note", _render_note)
    return reader


def _typed(state: StateInline, silent: bool) -> bool:
    found = _LINK.match(state.src, state.pos)
    if found is None:
        return False
    if not silent:
        token = state.push("typed", "", 0)
        token.meta = {"link": Link(found[1], found[2].strip(), (found[3] or "").strip())}
    state.pos = found.end()
    return True


def _note(state: StateInline, silent: bool) -> bool:
    found = _NOTE.match(state.src, state.pos)
    if found is None:
        return False
    if not silent:
        state.push("note", "", 0).meta = {"note": found[1]}
    state.pos = found.end()
    return True


def _render_typed(_renderer: Any, tokens: Sequence[Token], index: int, _options: Any, env: Any) -> str:
    return str(env["link"](tokens[index].meta["link"]))


def _render_note(_renderer: Any, tokens: Sequence[Token], index: int, _options: Any, env: Any) -> str:
    return str(env["note"](tokens[index].meta["note"]))


def blocks(text: str) -> list[Block]:
    """The paragraphs and items of a text, in order, with what each of them refers to; headings are none."""
    found: list[Block] = []
    in_heading = False
    for token in _reader().parse(text):
        in_heading = token.type == "heading_open" or (in_heading and token.type != "heading_close")
        if token.type == "inline" and not in_heading:
            children = token.children or []
            links = tuple(child.meta["link"] for child in children if child.type == "typed")
            notes = tuple(child.meta["note"] for child in children if child.type == "note")
            found.append(Block((token.map or [0])[0] + 1, token.content, links, notes))
    return found


def links(text: str) -> Iterator[Link]:
    for block in blocks(text):
        yield from block.links


def render(text: str, *, link: Callable[[Link], str], note: Callable[[str], str]) -> str:
    """As HTML. `link` and `note` give the HTML of what they are handed; all else is escaped here."""
    return str(_reader().render(text, {"link": link, "note": note}))


def plain(text: str, names: Callable[[Link], str] | None = None) -> str:
    """Without marks, for a summary or an index."""
    said = _LINK.sub(lambda m: m[3] or (names(Link(m[1], m[2].strip())) if names else m[2]), text)
    return " ".join(re.sub(r"[*_#]+", "", _NOTE.sub("", said)).split())


def safe(text: str) -> str:
    """For a `link` or a `note` that shows a writer's words."""
    return escape(text)
