"""A referral in words: for who sends it, for who receives it, and for the person it is about. One timeline, read by the three."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.utils.timesince import timesince
from django.utils.translation import gettext

from maillage.directory.search.types import Card
from maillage.orientation.models import Referral
from maillage.web.presenters import words as say
from maillage.web.presenters.people import day
from maillage.web.presenters.vocabulary import Vocabulary

State = Referral.State
KINDS: Final[Mapping[str, str]] = {
    State.ACCEPTED: "fits", State.STARTED: "fits", State.WAITLISTED: "verify", State.SENT: "verify",
    State.ACKNOWLEDGED: "verify", State.REFUSED: "no", State.EXPIRED: "no", State.WITHDRAWN: "no", State.CLOSED: "",
}  # fmt: skip
WAITING: Final = frozenset({State.SENT, State.ACKNOWLEDGED})


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a box. `kind`: the colour of its state."""

    uuid: str
    pk: int
    title: str
    note: str
    state: str
    kind: str
    deadline: str
    is_urgent: bool
    is_late: bool


def rows(
    found: Iterable[Referral],
    words: Vocabulary,
    *,
    at: datetime,
    box: str = "of",
    cards: Mapping[UUID, tuple[Card, ...]] | None = None,
) -> list[Row]:
    """`box`: "in" and "out" begin with who it is about, "of" (a person's own page) with where they were sent."""
    return [row(one, words, at=at, box=box, cards=cards or {}) for one in found]


def row(one: Referral, words: Vocabulary, *, at: datetime, box: str, cards: Mapping[UUID, tuple[Card, ...]]) -> Row:
    service, need = service_name(one, words, cards), words.need_name(one.need.code) if one.need else ""
    from_whom = one.sender.name if one.sender else str(Referral.Kind(one.kind).label)
    sent = gettext("sent on %(date)s") % {"date": day(one.sent_at)}
    title, note = {
        "in": (called(one), (need, from_whom, sent)),
        "out": (called(one), (service, sent)),
        "of": (service, (need, sent)),
    }[box]
    waits = one.state in WAITING
    return Row(
        str(one.uuid), one.pk, title, " · ".join(filter(None, note)), str(one.get_state_display()), KINDS.get(one.state, ""),
        deadline(one, at=at) if waits else "", one.is_urgent and waits, waits and one.reminded_at is not None,
    )  # fmt: skip


def called(one: Referral) -> str:
    """As the letter names them: who receives it knows no more than it says."""
    return str(one.what.get("called") or one.what.get("alias") or gettext("Somebody"))


def service_name(one: Referral, words: Vocabulary, cards: Mapping[UUID, tuple[Card, ...]]) -> str:
    if one.service is None:
        return gettext("This service has left the directory.")
    found = cards.get(one.service.uuid, ())
    return say.said(found[0], "name", words).text if found else one.service.name


def deadline(one: Referral, *, at: datetime) -> str:
    if one.expires_at <= at:
        return gettext("the time to answer is over")
    return gettext("to answer before %(date)s (%(left)s left)") % {
        "date": day(one.expires_at), "left": timesince(at, one.expires_at).split(",")[0],
    }  # fmt: skip


def value(code: str, given: Any, words: Vocabulary) -> str:
    """A fact or a detail of a letter, as it is read."""
    if isinstance(given, list | tuple):
        return ", ".join(words.language_name(str(one)) for one in given)
    if isinstance(given, bool):
        return gettext("yes") if given else gettext("no")
    if isinstance(given, float) and given.is_integer():
        return str(int(given))
    return words.fact_value(code, str(given))
