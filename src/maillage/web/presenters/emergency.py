"""Whom to call, by danger: from the pack, with its sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from maillage.orientation.types import RedFlag
from maillage.territory.models import label_in
from maillage.web.presenters.hours import readable
from maillage.web.presenters.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Contact:
    name: str
    number: str
    url: str
    hours: str
    languages: str
    note: str


@dataclass(frozen=True, slots=True)
class Flag:
    code: str
    label: str
    message: str
    contacts: tuple[Contact, ...]


def spoken(codes: Iterable[str], words: Vocabulary) -> str:
    return ", ".join(words.language_name(str(code)) for code in codes)


def text_of(value: object) -> str:
    """A label, whether the pack wrote a word or one in each language."""
    return label_in(value) if isinstance(value, Mapping) else str(value or "")


def contact_of(row: Mapping[str, Any], words: Vocabulary) -> Contact:
    return Contact(
        text_of(row.get("name")),
        str(row.get("number") or ""),
        str(row.get("url") or ""),
        readable(str(row.get("hours") or "")),
        spoken(row.get("languages") or (), words),
        text_of(row.get("note")),
    )


def flags(words: Vocabulary) -> list[Flag]:
    """Every danger the pack knows, with its contacts, in the pack's order."""
    return [
        Flag(
            item.code,
            item.name(),
            text_of(item.data.get("message")),
            tuple(contact_of(row, words) for row in item.data.get("contacts") or ()),
        )
        for item in words.red_flags.values()
    ]


def first_calls(every: list[Flag]) -> tuple[Contact, ...]:
    """Numbers that several dangers share: they stand once, at the top."""
    uses: dict[str, list[Contact]] = {}
    for flag in every:
        for contact in flag.contacts:
            uses.setdefault(contact.number, []).append(contact)
    shared = sorted((rows for number, rows in uses.items() if number and len(rows) > 2), key=len, reverse=True)
    return tuple(rows[0] for rows in shared)


def besides(every: list[Flag], shared: tuple[Contact, ...]) -> list[Flag]:
    """Each danger without what already stands at the top, unless nothing would be left."""
    numbers = {contact.number for contact in shared}
    return [
        replace(flag, contacts=tuple(c for c in flag.contacts if c.number not in numbers) or flag.contacts)
        for flag in every
    ]


def raised(found: Iterable[RedFlag], words: Vocabulary) -> list[Flag]:
    """The dangers that the engine read in what was said."""
    return [
        Flag(
            flag.code,
            flag.label,
            flag.message,
            tuple(
                Contact(c.name, c.number, c.url, readable(c.hours), spoken(c.languages, words), c.note)
                for c in flag.contacts
            ),
        )
        for flag in found
    ]
