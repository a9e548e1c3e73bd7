"""What orientation says, in the reader's language: one plain sentence for each rule, filter, place, hour and age."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from maillage.directory.search.hours import parsed
from maillage.directory.search.types import Card, CardCapacity, CardClosure, CardRule, Relaxation, Window
from maillage.orientation import rules
from maillage.orientation.queries import Vocabulary
from maillage.orientation.types import Situation

RANGES = frozenset({"gte", "lte", "between"})
YES_OR_NO = 4  # letters of an answer that says nothing without its question
NAMES_IN_LOWER_CASE = frozenset({"fr"})  # "arabe", but "Arabic", "Arabisch"


# ---- conditions of a service


def statement(rule: CardRule, words: Vocabulary, language: str) -> str:
    """The rule in a sentence: as its source wrote it, else built from the pack's labels."""
    if rule.text:
        return rule.text
    said = {"condition": condition(rule, words, language)}
    if rule.effect == "exclude":
        return _("Not for: %(condition)s") % said
    if rule.effect == "prefer":
        return _("First for: %(condition)s") % said
    if rule.op in RANGES:
        return said["condition"][:1].upper() + said["condition"][1:]
    return _("For: %(condition)s") % said


def condition(rule: CardRule, words: Vocabulary, language: str) -> str:
    """What must be true of the person: “with children”, “age: from 18 to 25 years”, “a woman”."""
    label = lower_first(words.label("criteria", rule.criterion, language))
    values = rule.value if isinstance(rule.value, list) else [rule.value]
    if rule.op in RANGES:
        return f"{label}: {_range(rule.op, values, _unit(words, rule.criterion))}"
    if all(isinstance(value, bool) for value in values):
        wanted = bool(values and values[0]) != (rule.op == "ne")
        return label if wanted else _("%(label)s: no") % {"label": label}
    answers = [_value(words, rule.criterion, value, language) for value in values]
    named = _(" or ").join(answers)
    speaks_alone = words.criteria.get(rule.criterion, {}).get("kind") == "choice" and min(map(len, answers)) > YES_OR_NO
    if not speaks_alone:
        named = f"{label}: {named}"
    return _("not %(condition)s") % {"condition": named} if rule.op == "ne" else named


def _value(words: Vocabulary, criterion: str, value: object, language: str) -> str:
    if isinstance(value, float | int) and not isinstance(value, bool):
        return number_format(round(value, 2), use_l10n=True).removesuffix(".0").removesuffix(",0")
    return lower_first(words.option_label(criterion, value, language))


def _unit(words: Vocabulary, criterion: str) -> str:
    unit = str(words.criteria.get(criterion, {}).get("unit") or "")
    if unit == "years":
        unit = _("years")
    return f" {unit}" if unit else ""


def _range(op: str, values: Sequence[object], unit: str) -> str:
    numbers = [_number(value) for value in values]
    low, high = (numbers[0], numbers[-1]) if op == "between" else (numbers[0], "") if op == "gte" else ("", numbers[0])
    if low and high:
        return _("from %(low)s to %(high)s%(unit)s") % {"low": low, "high": high, "unit": unit}
    if low:
        return _("from %(low)s%(unit)s") % {"low": low, "unit": unit}
    return _("up to %(high)s%(unit)s") % {"high": high, "unit": unit}


def _number(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else ""


def lower_first(text: str) -> str:
    """The label inside a sentence; an abbreviation keeps its capitals."""
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] in {" ", "'", "’"} else text


def to_check(rule: CardRule, words: Vocabulary, language: str) -> str:
    said = rule.text or (
        lower_first(statement(rule, words, language)) if rule.effect == "exclude" else condition(rule, words, language)
    )
    return _("To check: %(condition)s") % {"condition": said}


def would_fit_if(rule: CardRule, words: Vocabulary, language: str) -> str:
    said = {"condition": condition(rule, words, language)}
    if rule.effect == "exclude":
        return _("Would fit if this were not so: %(condition)s") % said
    return _("Would fit if: %(condition)s") % said


# ---- filters


def unknown_filter(code: str, card: Card, situation: Situation, words: Vocabulary) -> str:
    """What to ask because nobody wrote it down."""
    language = situation.language
    match code:
        case "languages":
            spoken = languages(situation.languages, words, language)
            if card.has_interpreter:
                return _("An interpreter can come: ask for %(language)s.") % {"language": spoken}
            return _("Ask whether %(language)s is spoken.") % {"language": spoken}
        case "window":
            return _("The opening hours are not known: call first.")
        case "cost":
            return _("Ask whether it is free of charge.")
        case "wheelchair":
            return _("Ask whether a wheelchair can enter.")
        case "served" | "area":
            return _("Ask whether people from %(area)s can come.") % {
                "area": words.label("areas", situation.area, language)
            }
        case "near":
            return _("How far it is is not known.")
        case "has_room":
            return _("Ask whether there is room.")
        case "remote":
            return _("Ask whether it can be done at a distance.")
        case "conditions" if card.texts.get("eligibility_description"):
            return _("Read who can come, or ask.")
        case "conditions":
            return _("Nobody told us who can come: ask before going.")
    return ""


def met_filter(code: str, card: Card, situation: Situation, words: Vocabulary) -> str:
    """What is known to suit; nothing for what the page says elsewhere (hours, distance, room)."""
    language = situation.language
    match code:
        case "languages":
            spoken = [one for one in situation.languages if one in card.languages]
            return _("Spoken here: %(language)s") % {"language": languages(spoken, words, language)}
        case "cost":
            return _("Free of charge")
        case "wheelchair":
            return _("A wheelchair can enter")
        case "served":
            return _("Open to people from %(area)s") % {"area": words.label("areas", situation.area, language)}
        case "remote":
            return _("Possible at a distance")
    return ""


def languages(codes: Iterable[str], words: Vocabulary, language: str) -> str:
    names = [words.label("languages", code, language) for code in codes]
    return _(" or ").join(map(lower_first, names) if language in NAMES_IN_LOWER_CASE else names)


def relaxed(relaxation: Relaxation, situation: Situation, words: Vocabulary) -> str:
    """“Without “tonight”: 12 services”."""
    said = {"filter": _named_filter(relaxation.code, situation, words), "n": number_format(relaxation.count)}
    return ngettext("Without %(filter)s: %(n)s service", "Without %(filter)s: %(n)s services", relaxation.count) % said


def _named_filter(code: str, situation: Situation, words: Vocabulary) -> str:
    language = situation.language
    if code.startswith("fact:"):
        return _quoted(fact_label(code.removeprefix("fact:"), situation, words))
    match code:
        case "languages":
            return _quoted(languages(situation.languages, words, language))
        case "window":
            return _quoted(words.label("windows", situation.window, language))
        case "served" | "area":
            return _quoted(words.label("areas", situation.area, language))
        case "needs":
            return _quoted(_(" or ").join(words.label("needs", need, language) for need in situation.needs))
        case "text":
            return _quoted(situation.text)
        case "near":
            return _("the limit of distance")
        case "cost":
            return _quoted(_("Free of charge"))
        case "wheelchair":
            return _quoted(_("Wheelchair accessible"))
        case "remote":
            return _quoted(_("At a distance"))
        case "has_room":
            return _quoted(_("Has room"))
    return _quoted(code)


def _quoted(text: str) -> str:
    return _("“%(text)s”") % {"text": text}


def fact_label(criterion: str, situation: Situation, words: Vocabulary) -> str:
    label = words.label("criteria", criterion, situation.language)
    value = situation.facts.get(criterion)
    if value is None:
        implied = [words.publics.get(public, {}).get("facts") or {} for public in situation.publics]
        value = next((facts[criterion] for facts in implied if criterion in facts), None)
    if value is None or value is True:
        return label
    if value is False:
        return _("%(label)s: no") % {"label": label}
    return f"{label}: {_value(words, criterion, value, situation.language)}"


# ---- room, hours, freshness


def room(capacities: Sequence[CardCapacity], *, at: datetime) -> str:
    """Whether there is room, and since when that is known; what has expired is no longer known."""
    said = next((one for one in capacities if one.status or one.available is not None), None)
    if said is None:
        return _("Nobody said whether there is room.")
    age = ago(said.updated_at, at)
    if said.expires_at is not None and said.expires_at <= at:
        return _("Not known: what was said %(age)s is no longer valid.") % {"age": age}
    return _("%(room)s, said %(age)s") % {"room": _room(said), "age": age}


def _room(said: CardCapacity) -> str:
    match said.status:
        case "no-capacity":
            return _("Full")
        case "waitlist":
            return _("Waiting list")
        case "additional-assessment-required":
            return _("Room after an interview")
    count = said.available
    if count is None:
        return _("Has room")
    if said.unit == "bed":
        return ngettext("%(n)s bed free", "%(n)s beds free", count) % {"n": count}
    return ngettext("%(n)s place free", "%(n)s places free", count) % {"n": count}


def ago(then: datetime, at: datetime) -> str:
    count, unit = rules.age_of(then, at)
    if unit == "minutes":
        return ngettext("%(n)s minute ago", "%(n)s minutes ago", count) % {"n": count} if count else _("just now")
    if unit == "hours":
        return ngettext("%(n)s hour ago", "%(n)s hours ago", count) % {"n": count}
    return ngettext("%(n)s day ago", "%(n)s days ago", count) % {"n": count}


def freshness(confirmed_on: date | None, *, on: date) -> str:
    if confirmed_on is None:
        return _("Never confirmed")
    days = max(0, (on - confirmed_on).days)
    if days == 0:
        return _("Confirmed today")
    if days < 60:
        return ngettext("Confirmed %(n)s day ago", "Confirmed %(n)s days ago", days) % {"n": days}
    months = days * 12 // 365
    return ngettext("Confirmed %(n)s month ago", "Confirmed %(n)s months ago", months) % {"n": months}


def openness(card: Card, window: Window | None, words: Vocabulary, language: str, *, at: datetime) -> str:
    """Open until when, or closed until when, in the window that was asked, else now."""
    if card.status == "temporarily closed":
        return _("Closed for the time being")
    territory = words.territory
    if closure := card.closed_at(window.start if window else at):
        return closed(closure.ends_at, at=at, zone=ZoneInfo(territory.timezone))
    country = str(territory.content.get("holidays_country") or "")
    hours = parsed(card.osm_hours, country, territory.timezone) if card.osm_hours else None
    if hours is None:
        return _("Hours as written: %(hours)s") % {"hours": card.raw_hours} if card.raw_hours else _("Hours not known")
    zone = ZoneInfo(territory.timezone)
    start = (window.start if window else at).astimezone(zone)
    end = window.end.astimezone(zone) if window else start
    when = "" if window is None or window.code == "now" else words.label("windows", window.code, language)
    if hours.is_open(start):
        closing = _sooner(hours.next_change(start), card.closing_after(start), zone)
        until = "" if closing is None or closing - start > timedelta(hours=24) else _clock(closing, start)
        return _open(when, until, always=closing is None)
    if card.hours_parse == "partly" and card.raw_hours:  # what could not be read may say that it is open
        return _("Hours as written: %(hours)s") % {"hours": card.raw_hours}
    opening = hours.next_change(start)
    while opening is not None and not hours.is_open(opening):
        opening = hours.next_change(opening)
    if opening is None:
        return _("Closed")
    if opening < end:
        return _("%(when)s: opens at %(time)s") % {"when": when, "time": _clock(opening, start)}
    said = {"when": when, "time": _clock(opening, start)}
    return _("%(when)s: closed, opens %(time)s") % said if when else _("Closed now, opens %(time)s") % said


def closed(until: datetime | None, *, at: datetime, zone: ZoneInfo) -> str:
    """Closed for a time: until an hour of today, or a day, the last one on which it is closed; without end, for now."""
    if until is None:
        return _("Closed for the time being")
    here, end = at.astimezone(zone), until.astimezone(zone)
    if end.date() == here.date():
        return _("Closed until %(time)s") % {"time": end.strftime("%H:%M")}
    return _("Temporarily closed until %(date)s") % {"date": date_format(end - timedelta(seconds=1), "DATE_FORMAT")}


def _sooner(closing: datetime | None, closure: CardClosure | None, zone: ZoneInfo) -> datetime | None:
    """What comes first: the end of the opening hours, or a closure."""
    begins = closure.starts_at.astimezone(zone) if closure else None
    return min(filter(None, (closing, begins)), default=None)


def _open(when: str, until: str, *, always: bool) -> str:
    if always:
        return _("Open day and night")
    if when:
        return (
            _("%(when)s: open until %(time)s") % {"when": when, "time": until}
            if until
            else _("%(when)s: open") % {"when": when}
        )
    return _("Open now, until %(time)s") % {"time": until} if until else _("Open now")


def _clock(moment: datetime, after: datetime) -> str:
    """The hour; with the day when it is not within a day."""
    clock = moment.strftime("%H:%M")
    if moment - after < timedelta(hours=20) or moment.date() == after.date():
        return clock
    return f"{WEEKDAYS[moment.weekday()]} {clock}" if moment - after < timedelta(days=7) else f"{moment:%d/%m} {clock}"
