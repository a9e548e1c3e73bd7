"""A person's record in words: for those who help them, and nobody else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from maillage.people.actions.persons import holds
from maillage.people.models import CareLink, Consent, Person
from maillage.places.models import Request, Stay
from maillage.web.presenters import results
from maillage.web.presenters.vocabulary import Vocabulary

# details of a record, as a consent and a referral name them
DETAILS: Final[dict[str, Promise]] = {
    "called": _("Name"),
    "name": _("Name"),
    "alias": _("What they want to be called"),
    "given_name": _("First name"),
    "family_name": _("Family name"),
    "born_on": _("Date of birth"),
    "birth_year": _("Year of birth"),
    "gender": _("Gender"),
    "language": _("Language"),
    "written": _("Language in which they are written to"),
    "spoken": _("Languages that they speak"),
    "phone": _("Telephone"),
    "email": _("E-mail address"),
    "contact": _("Safe way to write to them"),
    "people": _("How many people"),
    "message": _("Message"),
}


@dataclass(frozen=True, slots=True)
class Somebody:
    """One line of a list."""

    uuid: str
    called: str
    note: str


@dataclass(frozen=True, slots=True)
class Line:
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Agreed:
    uuid: str
    title: str
    what: str
    when: str
    shown: str
    language: str
    state: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Step:
    """A request or a stay, in one line; `url` when this desk may open it."""

    title: str
    state: str
    when: str
    kind: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Helped:
    organization: str
    why: str
    reason: str
    key: int
    can_end: bool


def day(moment: date | datetime | None) -> str:
    if moment is None:
        return ""
    return date_format(localtime(moment).date() if isinstance(moment, datetime) else moment, "DATE_FORMAT")


def clock(moment: datetime) -> str:
    return date_format(localtime(moment), "j F Y H:i")


def age(person: Person, *, on: date) -> str:
    """In years; about, when only the year is known."""
    if person.born_on:
        born = person.born_on
        years = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
        return ngettext("%(n)s year old", "%(n)s years old", max(years, 0)) % {"n": max(years, 0)}
    if person.birth_year:
        years = max(on.year - person.birth_year, 0)
        return ngettext("about %(n)s year old", "about %(n)s years old", years) % {"n": years}
    return ""


def somebody(person: Person, words: Vocabulary, *, on: date) -> Somebody:
    also = person.alias if person.alias and person.called() != person.alias else ""
    spoken = ", ".join(words.language_name(code) for code in person.spoken[:3])
    note = " · ".join(filter(None, (also, age(person, on=on), spoken)))
    return Somebody(str(person.uuid), person.called(), note)


def details(person: Person, words: Vocabulary, *, on: date) -> list[Line]:
    """What is known of them; what is not known is not said."""
    spoken = ", ".join(words.language_name(code) for code in person.spoken)
    said: list[tuple[str, object]] = [
        ("alias", person.alias if person.alias != person.called() else ""),
        ("born_on", f"{day(person.born_on)} ({age(person, on=on)})" if person.born_on else ""),
        (
            "birth_year",
            "" if person.born_on or not person.birth_year else f"{person.birth_year} ({age(person, on=on)})",
        ),
        ("gender", person.get_gender_display() if person.gender else ""),
        ("spoken", spoken),
        ("written", words.language_name(person.language) if person.language else ""),
        ("contact", person.get_contact_display()),
        ("phone", person.phone),
        ("email", person.email),
    ]
    return [Line(str(DETAILS[code]), str(value)) for code, value in said if value]


def facts(person: Person, words: Vocabulary) -> list[str]:
    """Criteria of the pack first in its own order; what the pack no longer knows, as it was written."""
    order = {code: number for number, code in enumerate(words.criteria)}
    known = sorted(person.facts.items(), key=lambda one: (order.get(one[0], len(order)), one[0]))
    return [results.fact_label(code, number(value), words) for code, value in known]


def number(value: Any) -> Any:
    """34.0 is said 34."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def detail_name(code: str, words: Vocabulary) -> str:
    return str(DETAILS[code]) if code in DETAILS else words.criterion_name(code)


def agreed(consents: Iterable[Consent], words: Vocabulary, *, at: datetime) -> list[Agreed]:
    found = []
    for one in consents:
        to = one.organization.name if one.organization else ""
        title = f"{one.get_purpose_display()} · {to}" if to else str(one.get_purpose_display())
        found.append(
            Agreed(
                str(one.uuid), title, ", ".join(detail_name(code, words) for code in one.what),
                f"{day(one.given_at)}, {one.get_how_display()}", one.shown, one.language, _consent_state(one, at),
                holds(one, at=at),
            )
        )  # fmt: skip
    return found


def _consent_state(one: Consent, at: datetime) -> str:
    if one.withdrawn_at:
        return gettext("withdrawn on %(date)s") % {"date": day(one.withdrawn_at)}
    if one.expires_at and one.expires_at <= at:
        return gettext("ended on %(date)s") % {"date": day(one.expires_at)}
    return gettext("until %(date)s") % {"date": day(one.expires_at)} if one.expires_at else gettext("holds")


def helped(links: Iterable[CareLink]) -> list[Helped]:
    return [
        Helped(
            one.organization.name,
            gettext("%(reason)s, since %(date)s") % {"reason": one.get_reason_display(), "date": day(one.since)},
            one.reason, one.organization_id, one.reason in {CareLink.Reason.REGISTERED, CareLink.Reason.REFERRED},
        )
        for one in links
    ]  # fmt: skip


def requests(rows: Iterable[Request]) -> list[Step]:
    kinds = {Request.State.PLACED: "fits", Request.State.OFFERED: "verify", Request.State.CLOSED: "no"}
    return [
        Step(
            one.waiting_list.name(), str(one.get_state_display()),
            gettext("asked on %(date)s") % {"date": day(one.asked_at)}, kinds.get(Request.State(one.state), ""),
            reverse("desk-request", args=[one.uuid]),
        )
        for one in rows
    ]  # fmt: skip


def stays(rows: Iterable[tuple[Stay, str]]) -> list[Step]:
    """Each with the words for its place, which whoever reads may know (`desk.people`)."""
    kinds = {Stay.State.IN: "fits", Stay.State.HELD: "verify"}
    return [
        Step(place, str(one.get_state_display()), nights(one), kinds.get(Stay.State(one.state), ""))
        for one, place in rows
    ]


def nights(stay: Stay) -> str:
    if stay.until_on:
        return gettext("from %(first)s to %(last)s") % {"first": day(stay.from_on), "last": day(stay.until_on)}
    return gettext("from %(first)s") % {"first": day(stay.from_on)}


def others(count: int) -> str:
    """Members of a household whom the reader's organisation does not help: that they are there, and no more."""
    return (
        ngettext("and %(n)s person whom you do not help", "and %(n)s people whom you do not help", count) % {"n": count}
        if count
        else ""
    )


def read_elsewhere(count: int) -> str:
    said = ngettext(
        "Read %(n)s time by others who help this person.", "Read %(n)s times by others who help this person.", count
    )
    return said % {"n": count} if count else ""
