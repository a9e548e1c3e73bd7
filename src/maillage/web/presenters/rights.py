"""Rights in words: beside the results, all of them by theme, and one in full."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext

from maillage.directory.search.types import Card
from maillage.orientation import rights as orienting
from maillage.orientation.queries import Vocabulary as Words
from maillage.orientation.rights import Right
from maillage.orientation.types import PublicSource, RightSaid
from maillage.territory.models import label_in
from maillage.web.presenters import words as say
from maillage.web.presenters.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Office:
    uuid: str
    name: say.Said
    place: str
    phone: str


@dataclass(frozen=True, slots=True)
class RightCard:
    """A right that the situation may open."""

    code: str
    label: str
    gives: str
    verdict: str
    verdict_label: str
    why: tuple[str, ...]
    to_verify: tuple[str, ...]
    at: str
    phone: str
    offices: tuple[Office, ...]
    documents: tuple[str, ...]
    time_limit: str
    is_assumed: bool


@dataclass(frozen=True, slots=True)
class Source:
    title: str
    about: str  # article, publisher, date
    url: str


@dataclass(frozen=True, slots=True)
class RightPage:
    code: str
    label: str
    gives: str
    conditions: tuple[str, ...]
    at: str
    url: str
    phone: str
    offices: tuple[Office, ...]
    need: str
    documents: tuple[str, ...]
    time_limit: str
    answer: str
    amounts: tuple[str, ...]
    law: tuple[Source, ...]
    pages: tuple[Source, ...]
    valid_from: str
    checked: str
    is_assumed: bool
    note: say.Said


@dataclass(frozen=True, slots=True)
class Theme:
    code: str
    name: str
    icon: str
    rights: tuple[tuple[str, str, str], ...]  # code, label, what it gives


def office(card: Card, words: Vocabulary) -> Office:
    return Office(card.service, say.said(card, "name", words), say.place(card, words), next(iter(card.phones), ""))


def card(one: RightSaid, words: Vocabulary) -> RightCard:
    return RightCard(
        one.code,
        one.label,
        one.gives,
        one.verdict,
        gettext("You seem to meet the conditions") if one.verdict == "open" else gettext("To verify"),
        one.why,
        one.to_verify,
        one.claim.at,
        one.claim.phone,
        tuple(office(service, words) for service in one.claim.services),
        one.documents,
        one.time_limit,
        one.is_assumed,
    )


def cards(found: Iterable[RightSaid], words: Vocabulary) -> list[RightCard]:
    return [card(one, words) for one in found]


def day(text: str) -> str:
    """2025-02-01 as the reader writes it; a year or a month as it stands."""
    return date_format(date.fromisoformat(text), "DATE_FORMAT") if len(text) == 10 else text


def source(one: PublicSource) -> Source:
    article = gettext("article %(article)s") % {"article": one.article} if one.article else ""
    return Source(one.title, ", ".join(filter(None, (article, one.publisher, day(one.date)))), one.url)


def amounts(rows: Iterable[Mapping[str, Any]], language: str) -> list[str]:
    return [
        gettext("%(amount)s (on %(date)s)") % {"amount": label_in(row["text"], language), "date": day(str(row["date"]))}
        for row in rows
    ]


def page(right: Right, offices: Iterable[Card], words: Vocabulary, known: Words, language: str) -> RightPage:
    item = right.item
    claim, need = item["claim"], str(item["claim"].get("need") or "")
    note = str(item.get("note") or "")
    return RightPage(
        code=right.code,
        label=label_in(item["labels"], language),
        gives=label_in(item["gives"], language),
        conditions=tuple(orienting.in_words(group, known, language) for group in right.groups),
        at=label_in(claim["at"], language),
        url=str(claim.get("url") or ""),
        phone=str(claim.get("phone") or ""),
        offices=tuple(office(one, words) for one in offices),
        need=need if need in words.needs else "",
        documents=tuple(label_in(document, language) for document in item.get("documents") or ()),
        time_limit=label_in((item.get("time_limit") or {}).get("text") or {}, language),
        answer=label_in((item.get("answer") or {}).get("text") or {}, language),
        amounts=tuple(amounts(item.get("amounts") or (), language)),
        law=tuple(source(orienting.public_source(row)) for row in item.get("law") or ()),
        pages=tuple(source(orienting.public_source(row)) for row in item.get("pages") or ()),
        valid_from=day(str(item.get("valid_from") or "")),
        checked=day(str(item.get("checked_on") or "")),
        is_assumed=bool(item.get("assume")),
        note=say.Said(note, "" if language == "en" else "en", "" if language == "en" else gettext("in English")),
    )


def themes(found: Iterable[Right], words: Vocabulary, language: str) -> list[Theme]:
    """By the branch of the tree of the first need of each, in the order of the tree."""
    by_branch: dict[str, list[tuple[str, str, str]]] = {}
    for right in found:
        first = next((str(code) for code in right.item.get("needs") or () if code in words.needs), "")
        branch = words.lineage(first)[-1] if first else ""
        line = (right.code, label_in(right.item["labels"], language), label_in(right.item["gives"], language))
        by_branch.setdefault(branch, []).append(line)
    order = {code: number for number, code in enumerate(words.needs)}
    return [
        Theme(branch, words.need_name(branch), words.needs[branch].icon if branch else "", tuple(by_branch[branch]))
        for branch in sorted(by_branch, key=lambda code: order.get(code, -1))
    ]
