"""A shared list in words: what each service says of itself at this moment, for somebody who holds the page in their hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import qrcode
from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext, ngettext
from qrcode.image.svg import SvgPathImage

from maillage.directory.search.types import Card
from maillage.orientation import queries as orientation
from maillage.orientation import sentences
from maillage.orientation.models import SharedList, SharedListItem
from maillage.web.presenters import service as present
from maillage.web.presenters import words as say
from maillage.web.presenters.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Listed:
    """One of my lists."""

    uuid: str
    title: str
    count: str
    until: str


@dataclass(frozen=True, slots=True)
class Item:
    """A service of a list, as it is now. `page` is empty when it has left the directory."""

    pk: int
    number: int
    note: str
    uuid: str
    page: present.ServicePage | None
    state: str  # open, closed or what else holds at this moment
    is_closed: bool


def lines(lists: Iterable[SharedList]) -> list[Listed]:
    return [
        Listed(
            str(one.uuid),
            one.title,
            ngettext("%(n)s service", "%(n)s services", one.count) % {"n": one.count},  # type: ignore[attr-defined]
            until(one),
        )
        for one in lists
    ]


def until(shared: SharedList) -> str:
    return gettext("until %(date)s") % {"date": date_format(localtime(shared.expires_at), "DATE_FORMAT")}


def name(cards: tuple[Card, ...], words: Vocabulary) -> say.Said:
    return say.said(cards[0], "name", words) if cards else say.NOTHING


def items(
    rows: Iterable[SharedListItem],
    cards: Mapping[UUID, tuple[Card, ...]],
    words: Vocabulary,
    *,
    at: datetime,
    typed: Mapping[str, str] | None = None,
) -> list[Item]:
    """`typed`: a note that was refused stays in its field."""
    typed = typed or {}
    found = []
    for number, row in enumerate(rows, 1):
        known = cards.get(row.service_uuid, ())
        state, is_closed = openness(known[0], words, at=at) if known else ("", False)
        note = typed["note"] if typed.get("item") == str(row.pk) else row.note
        page = present.service_page(known, words, at=at) if known else None
        found.append(Item(row.pk, number, note, str(row.service_uuid), page, state, is_closed))
    return found


def openness(card: Card, words: Vocabulary, *, at: datetime) -> tuple[str, bool]:
    """What holds at this moment, and whether the door is known to be shut."""
    said = sentences.openness(card, None, orientation.vocabulary(words.territory), get_language() or "en", at=at)
    return said, bool(card.closed_at(at)) or card.status != "active"


def drawing(link: str) -> SafeString:
    """The link as a drawing that a telephone reads, black on white in every colour scheme."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, image_factory=SvgPathImage, border=4)
    code.add_data(link)
    return mark_safe(str(code.make_image().to_string(encoding="unicode")))  # noqa: S308  # drawn here, no visitor's text in it
