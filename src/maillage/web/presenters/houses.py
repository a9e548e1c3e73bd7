"""A house and its places in words: what is free, who is there and until when, what cannot be used and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from maillage.places.models import OutOfUse, Place, PlaceGroup, Site, Stay
from maillage.web.presenters import waiting as words


@dataclass(frozen=True, slots=True)
class Staying:
    """A stay on a place. `called` is empty when the reader may not know who, and so is all that would tell: how many, since when,
    until when, and the key of the stay."""

    uuid: str
    person: str
    called: str
    people: str
    nights: str
    state: str
    is_here: bool
    is_late: bool  # still there after their last night
    until: str  # of a hold
    last: str  # ISO date, for a form


@dataclass(frozen=True, slots=True)
class Bed:
    uuid: str
    label: str
    room: str
    state: str
    said: str
    why: str
    staying: Staying | None


@dataclass(frozen=True, slots=True)
class GroupLine:
    uuid: str
    name: str
    public: str
    is_dormitory: bool
    count: str
    free: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class House:
    uuid: str
    name: str
    kind: str
    area: str
    room: str
    is_full: bool
    closing: str
    is_fictional: bool


def day(on: date | None) -> str:
    return date_format(on, "D j F") if on else ""


def free_of(free: int, total: int) -> str:
    return gettext("%(free)s free of %(total)s") % {"free": free, "total": total}


def house(site: Site, room: tuple[int, int], *, held: Sequence[int], leaving: int = 0) -> House:
    return House(
        str(site.uuid), words.where(site, held=held), site.get_kind_display(), site.area.name() if site.area else "",
        free_of(*room), not room[0], closing(site, leaving), site.is_fictional,
    )  # fmt: skip


def closing(site: Site, leaving: int) -> str:
    """A house that is lent for a time: until when, and how many need another roof by then."""
    if site.closes_on is None:
        return ""
    said = gettext("closes on %(day)s") % {"day": date_format(site.closes_on, "DATE_FORMAT")}
    if not leaving:
        return said
    more = ngettext("%(n)s household to rehouse by then", "%(n)s households to rehouse by then", leaving) % {
        "n": leaving
    }
    return f"{said}: {more}"


def went(found: Mapping[str, int]) -> list[tuple[str, int]]:
    """Where people went who left for good, in the order of the form."""
    return [(str(label), found[code]) for code, label in Stay.Exit.choices if found.get(code)]


def nights(stay: Stay) -> str:
    if stay.until_on is None:
        return gettext("since %(day)s") % {"day": day(stay.from_on)}
    return gettext("%(first)s to %(last)s") % {"first": day(stay.from_on), "last": day(stay.until_on)}


def staying(stay: Stay, *, known: bool, tonight: date, at: datetime | None = None) -> Staying:
    is_here = stay.state == Stay.State.IN
    if not known:
        return Staying("", "", "", "", "", stay.get_state_display(), is_here, False, "", "")
    return Staying(
        uuid=str(stay.uuid),
        person=str(stay.person.uuid),
        called=stay.person.called(),
        people=words.heads(stay.people),
        nights=nights(stay),
        state=stay.get_state_display(),
        is_here=is_here,
        is_late=is_here and stay.until_on is not None and stay.until_on <= tonight,
        until=words.soon(stay.hold_expires_at, at=at) if at and not is_here else "",
        last=stay.until_on.isoformat() if stay.until_on else "",
    )


def beds(
    places: Iterable[Place], stays: Mapping[int, Staying], out: Mapping[int, OutOfUse], *, at: datetime
) -> list[Bed]:
    """Each place with its state now; why it is out of use, and until when."""
    labels = dict(Place.State.choices)
    found = []
    for one in places:
        state = one.now  # type: ignore[attr-defined]
        stop = out.get(one.pk)
        why = ""
        if stop and state in {"cleaning", "works", "closed"}:
            until = gettext("until %(when)s") % {"when": words.moment(stop.ends_at)} if stop.ends_at else ""
            why = " · ".join(filter(None, (stop.reason, until)))
        found.append(Bed(str(one.uuid), one.label, one.room, state, str(labels[state]), why, stays.get(one.pk)))
    return found


def group(one: PlaceGroup, free: int, total: int, *, public: str, is_chosen: bool) -> GroupLine:
    return GroupLine(
        str(one.uuid), one.name(), public, one.kind == PlaceGroup.Kind.DORMITORY, free_of(free, total), free, is_chosen
    )
