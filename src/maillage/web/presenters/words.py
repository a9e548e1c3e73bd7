"""Words for coded values, and a text in the language that is there, saying which when it is not the reader's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import get_language, gettext, gettext_lazy, ngettext

from maillage.directory import freshness
from maillage.directory.search.types import Card
from maillage.web.presenters.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Said:
    text: str
    language: str = ""  # when it is not the reader's
    note: str = ""

    def __bool__(self) -> bool:
        return bool(self.text)


NOTHING = Said("")

VERDICTS = {
    "fits": gettext_lazy("Fits"),
    "verify": gettext_lazy("To verify"),
    "no": gettext_lazy("Does not fit"),
}
COSTS = {
    "free": gettext_lazy("Free"),
    "means-tested": gettext_lazy("Price according to income"),
    "paid": gettext_lazy("Paid"),
    "": gettext_lazy("Cost not known"),
}
ACCESS = {
    "walk_in": gettext_lazy("come without an appointment"),
    "phone": gettext_lazy("call first"),
    "appointment": gettext_lazy("by appointment"),
    "referral": gettext_lazy("sent by a professional"),
    "online": gettext_lazy("register online"),
}
DELIVERY = {
    "on_site": gettext_lazy("on the spot"),
    "remote": gettext_lazy("by telephone or online"),
    "home": gettext_lazy("at your home"),
    "outreach": gettext_lazy("in the street"),
}
ROOM = {
    "capacity": gettext_lazy("Has room"),
    "no-capacity": gettext_lazy("Full"),
    "waitlist": gettext_lazy("Waiting list"),
    "additional-assessment-required": gettext_lazy("Room after an interview"),
    "": gettext_lazy("Room not known"),
}
STATUSES = {
    "inactive": gettext_lazy("Not active at the moment"),
    "temporarily closed": gettext_lazy("Temporarily closed"),
    "defunct": gettext_lazy("No longer exists"),
}
PARTS = {
    "text": gettext_lazy("Your words"),
    "distance": gettext_lazy("Distance"),
    "open": gettext_lazy("Open when you need it"),
    "language": gettext_lazy("Language"),
    "freshness": gettext_lazy("How recently it was confirmed"),
    "capacity": gettext_lazy("Room"),
    "quality": gettext_lazy("How complete the record is"),
    "preference": gettext_lazy("People it is meant for first"),
}


def reader() -> str:
    return (get_language() or "en").split("-")[0]


def language_note(language: str, status: str, words: Vocabulary) -> str:
    notes = [gettext("in %(language)s") % {"language": words.language_name(language)}] if language != reader() else []
    if status == "machine":
        notes.append(gettext("translated by machine"))
    if status == "stale":
        notes.append(gettext("translation of an older text"))
    return ", ".join(notes)


def said_in(
    texts: Mapping[str, str], words: Vocabulary, status: Mapping[str, str] | None = None, field: str = ""
) -> Said:
    """The text in the reader's language, else in another one, which is then named."""
    wanted = reader()
    order = [wanted, *(str(code) for code in words.territory.languages), *texts]
    language = next((code for code in order if texts.get(code)), "")
    if not language:
        return NOTHING
    note = language_note(language, (status or {}).get(f"{field}:{language}", ""), words)
    return Said(texts[language], "" if language == wanted else language, note)


def said(card: Card, field: str, words: Vocabulary) -> Said:
    return said_in(card.texts.get(field, {}), words, card.text_status, field)


def closure(card: Card, words: Vocabulary, *, at: datetime) -> str:
    """ "Temporarily closed until 27 November", the closure that comes next, or nothing. The last day is the last closed one."""
    zone = ZoneInfo(words.territory.timezone)

    def day(moment: datetime) -> str:
        return date_format(moment.astimezone(zone), "DATE_FORMAT")

    if now := card.closed_at(at):
        if now.ends_at is None:
            return str(STATUSES["temporarily closed"])
        return gettext("Temporarily closed until %(date)s") % {"date": day(now.ends_at - timedelta(seconds=1))}
    if coming := card.closing_after(at):
        first, last = day(coming.starts_at), coming.ends_at
        if last is None:
            return gettext("Will be closed from %(first)s") % {"first": first}
        return gettext("Will be closed from %(first)s to %(last)s") % {
            "first": first,
            "last": day(last - timedelta(seconds=1)),
        }
    return ""


def closure_message(card: Card, words: Vocabulary, *, at: datetime) -> Said:
    """What the service says of the closure that holds, or of the next one."""
    found = card.closed_at(at) or card.closing_after(at)
    return said_in(found.message, words) if found else NOTHING


def labels(codes: Iterable[str], of: Mapping[str, object]) -> str:
    return ", ".join(str(of.get(code, code)) for code in codes)


def spoken(card: Card, words: Vocabulary) -> str:
    """Languages spoken; a sentence when nobody knows."""
    names = [words.language_name(code) for code in card.languages]
    if card.has_interpreter:
        names.append(gettext("an interpreter on request"))
    return ", ".join(names) or gettext("Languages not known")


def wheelchair(value: bool | None) -> str:
    if value is None:
        return gettext("Wheelchair access not known")
    return gettext("Accessible by wheelchair") if value else gettext("Not accessible by wheelchair")


def confirmed(on: date | None) -> str:
    if on is None:
        return gettext("Never confirmed by the service")
    return gettext("Confirmed on %(date)s") % {"date": date_format(on, "DATE_FORMAT")}


def source(card: Card, words: Vocabulary) -> str:
    """Who says it: the title of a source of the territory, an organisation, a feed; never somebody's address."""
    row = words.sources.get(card.source, {})
    return str(row.get("title") or ("" if "@" in card.source else card.source))


def source_line(card: Card, words: Vocabulary) -> str:
    """The source as a sentence, or nothing."""
    origin = source(card, words)
    return gettext("Source: %(source)s") % {"source": origin} if origin else ""


def told(card: Card, words: Vocabulary) -> str:
    """How old it is and who says it: it stands wherever a service is shown."""
    return " · ".join(filter(None, (confirmed(card.confirmed_on), source_line(card, words))))


def checked(months: int) -> str:
    """The freshness contract of this kind of service; nothing when the card was written before contracts were."""
    if not months:
        return ""
    return ngettext("checked every month", "checked every %(n)s months", months) % {"n": months}


def overdue(on: date | None, months: int, *, today: date) -> str:
    """A word of warning when the contract has ended without an answer."""
    if on is None or not months or freshness.state(on, months, on=today) == freshness.FRESH:
        return ""
    due = date_format(freshness.due_on(on, months), "DATE_FORMAT")
    return gettext("It should have been confirmed again by %(date)s: call before you go.") % {"date": due}


def place(card: Card, words: Vocabulary) -> str:
    """Where it is, as far as anyone may know."""
    area = words.area_name(card.area)
    return confidential(area) if card.is_confidential else card.address or area


def confidential(area: str) -> str:
    """All that is said of a place that must not be found: the area around it, when there is one."""
    return f"{gettext('Confidential address')}, {area}" if area else gettext("Confidential address")
