"""Who waits, in words: where somebody stands in the order and why, how long they waited, what their clock did. No score exists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext

from maillage.directory.models import ServiceAtLocation
from maillage.places import clock, waiting
from maillage.places import rules as places
from maillage.places.models import Assessment, ClockEvent, Offer, PlaceGroup, Request, Site, WaitingList
from maillage.places.standing import Standing
from maillage.territory.models import label_in
from maillage.web.presenters.vocabulary import Vocabulary
from maillage.web.presenters.words import confidential

KINDS = {"waiting": "", "offered": "verify", "placed": "fits", "closed": "no"}
MOMENT = "j F Y H:i"


@dataclass(frozen=True, slots=True)
class Row:
    """Somebody on a list. `kind`: how the badge of their state looks."""

    uuid: str
    number: int
    called: str
    rank: int
    people: str
    tier: str
    level: int  # of the tier, 1 the most urgent
    reasons: str
    waited: str
    paused: str
    first: str  # the priority of the rules that puts them before every tier
    state: str
    kind: str
    list_name: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """A span of the clock, as a line."""

    words: str
    when: str
    state: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """An assessment, as a line. `counts`: it is the one that holds now."""

    tier: str
    reasons: str
    note: str
    by: str
    counts: bool


def days(number: int) -> str:
    return ngettext("%(n)s day", "%(n)s days", number) % {"n": number} if number else gettext("less than a day")


def heads(number: int) -> str:
    return ngettext("%(n)s person", "%(n)s people", number) % {"n": number}


def heads_waiting(number: int) -> str:
    return ngettext("%(n)s request waits", "%(n)s requests wait", number) % {"n": number}


def moment(at: datetime | None) -> str:
    return date_format(localtime(at), MOMENT) if at else ""


def soon(then: datetime | None, *, at: datetime) -> str:
    """A deadline as somebody at work says it: today and tomorrow by their names."""
    if then is None:
        return ""
    days_ahead = (localtime(then).date() - localtime(at).date()).days
    hour = date_format(localtime(then), "H:i")
    if days_ahead == 0:
        return gettext("today at %(hour)s") % {"hour": hour}
    if days_ahead == 1:
        return gettext("tomorrow at %(hour)s") % {"hour": hour}
    return moment(then)


def day(at: datetime | None) -> str:
    return date_format(localtime(at), "DATE_FORMAT") if at else ""


def coded(table: Mapping[str, str], code: str) -> str:
    """The word of a code that the software knows; else what was written."""
    return gettext(table[code]) if code in table else code


def paused_words(reasons: Sequence[str]) -> str:
    said = ", ".join(coded(waiting.PAUSES, one) for one in reasons)
    return gettext("clock paused: %(why)s") % {"why": said} if said else ""


class Rules:
    """The words of one version of a list's rules."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self.content = content
        self.tiers: Sequence[Mapping[str, Any]] = content.get("tiers") or ()
        self.absolute: Sequence[Mapping[str, Any]] = content.get("absolute") or ()

    def tier(self, code: str) -> str:
        found = next((one for one in self.tiers if one["code"] == code), None)
        return label_in(found.get("labels") or {}, fallback=code) if found else code

    def level(self, code: str) -> int:
        return next((n for n, one in enumerate(self.tiers, 1) if one["code"] == code), len(self.tiers) or 1)

    def reasons(self, tier: str, codes: Iterable[str]) -> str:
        found = next((one for one in self.tiers if one["code"] == tier), None)
        known = {one["code"]: one.get("labels") or {} for one in (found.get("reasons") or () if found else ())}
        return ", ".join(label_in(known.get(code, {}), fallback=code) for code in codes)

    def first(self, code: str) -> str:
        found = next((one for one in self.absolute if one["code"] == code), None)
        return label_in(found.get("labels") or {}, fallback=code) if found else code

    def choices(self) -> list[tuple[str, str, list[tuple[str, str]]]]:
        """Each tier with its reasons, for a form."""
        return [
            (
                one["code"],
                label_in(one.get("labels") or {}, fallback=one["code"]),
                [
                    (why["code"], label_in(why.get("labels") or {}, fallback=why["code"]))
                    for why in one.get("reasons") or ()
                ],
            )
            for one in self.tiers
        ]

    def order(self) -> list[str]:
        """How the list is ordered, a sentence for each key, in their order."""
        said = {
            "absolute": gettext("First come those to whom the rules give priority: %(which)s.")
            % {"which": ", ".join(self.first(one["code"]) for one in self.absolute)},
            "tier": gettext("Then by urgency: %(tiers)s.")
            % {"tiers": ", ".join(self.tier(one["code"]) for one in self.tiers)},
            "waited": gettext("At the same urgency, whoever has waited longer comes first."),
            "number": gettext("After the same wait, whoever asked first."),
            "lot": gettext("At the same urgency, the draw of the night decides."),
        }
        keys = self.content.get("order") or ("absolute", "tier", "waited", "number")
        return [
            said[key]
            for key in keys
            if key in said and (key != "absolute" or self.absolute) and (key != "tier" or self.tiers)
        ]

    def ageing(self) -> list[str]:
        """What waiting alone changes."""
        return [
            gettext("After %(days)s in “%(tier)s”, they rise to “%(above)s”.")
            % {
                "days": days(one["promote_after_days"]),
                "tier": self.tier(one["code"]),
                "above": self.tier(above["code"]),
            }
            for above, one in zip(self.tiers, self.tiers[1:], strict=False)
            if one.get("promote_after_days") is not None
        ]


def list_name(one: WaitingList) -> str:
    return one.name()


def row(request: Request, rules: Rules, standing: Standing | None) -> Row:
    """One line of a list. Without a standing (ended, placed), where it stands is not said."""
    tier = standing.tier if standing else None
    return Row(
        uuid=str(request.uuid),
        number=request.number,
        called=request.person.called(),
        rank=standing.rank if standing else 0,
        people=heads(request.people),
        tier=rules.tier(tier.code) if tier else "",
        level=tier.index + 1 if tier else 0,
        reasons=rules.reasons(tier.assessed, standing.reasons) if tier and standing else "",
        waited=days(standing.days) if standing else "",
        paused=paused_words(standing.paused) if standing else "",
        first=", ".join(rules.first(code) for code in standing.absolute) if standing else "",
        state=request.get_state_display(),
        kind=KINDS[request.state],
        list_name=list_name(request.waiting_list),
    )


def why(standing: Standing, rules: Rules, *, total: int, before: Mapping[str, int]) -> list[str]:
    """Why they stand where they stand, in sentences. `before`: how many stand before them, by what sets them before."""
    tier = standing.tier
    said = [
        gettext("Number %(rank)s of %(total)s in the order at this moment.") % {"rank": standing.rank, "total": total}
    ]
    if standing.absolute:
        said.append(
            gettext("The rules give priority: %(which)s.")
            % {"which": ", ".join(rules.first(code) for code in standing.absolute)}
        )
    if tier.code:
        said.append(gettext("Urgency: %(tier)s.") % {"tier": rules.tier(tier.code)})
    if tier.is_aged:
        said.append(
            gettext("They rose there by waiting; they were judged “%(tier)s”.")
            % {"tier": rules.tier(tier.assessed) if tier.assessed else gettext("not yet judged")}
        )
    elif tier.code and not tier.assessed:
        said.append(gettext("Nobody has judged how urgent it is: they stand in the last degree."))
    said.append(gettext("Waited %(days)s.") % {"days": days(standing.days)})
    if standing.paused:
        said.append(
            gettext("Their clock is paused: %(why)s.")
            % {"why": ", ".join(coded(waiting.PAUSES, one) for one in standing.paused)}
        )
    if tier.next_after is not None and not standing.paused:
        said.append(
            gettext("After %(days)s of waiting, the urgency rises by itself.") % {"days": days(tier.next_after.days)}
        )
    ahead = {
        "absolute": ngettext("%(n)s stands before by priority", "%(n)s stand before by priority", before["absolute"]),
        "tier": ngettext("%(n)s is more urgent", "%(n)s are more urgent", before["tier"]),
        "waited": ngettext(
            "%(n)s of the same urgency comes before (a longer wait, or the draw)",
            "%(n)s of the same urgency come before (a longer wait, or the draw)",
            before["waited"],
        ),
    }
    told = [words % {"n": before[name]} for name, words in ahead.items() if before[name]]
    said.append(
        gettext("Before them: %(who)s.") % {"who": "; ".join(told)} if told else gettext("Nobody stands before them.")
    )
    return said


def ahead_of(mine: Standing, others: Iterable[Standing]) -> dict[str, int]:
    """How many stand before, by what sets them before: a priority, a tier, or the same tier."""
    found = {"absolute": 0, "tier": 0, "waited": 0}
    for one in others:
        if one.rank >= mine.rank:
            continue
        if bool(one.absolute) != bool(mine.absolute):
            found["absolute"] += 1
        elif one.tier.index < mine.tier.index:
            found["tier"] += 1
        else:
            found["waited"] += 1
    return found


def stretches(events: Iterable[ClockEvent], *, at: datetime, zone: ZoneInfo) -> list[Stretch]:
    """What the clock did, the latest first."""
    states = {
        clock.RUNNING: gettext("waiting"), clock.PAUSED: gettext("paused"), clock.STOPPED: gettext("stopped"),
    }  # fmt: skip
    words = {**waiting.ENDS, **waiting.MOMENTS, **waiting.PAUSES}
    return [
        Stretch(
            states[one.state] + (": " + ", ".join(coded(words, why) for why in one.reasons) if one.reasons else ""),
            gettext("from %(start)s to %(end)s") % {"start": moment(one.start), "end": moment(one.end)}
            if one.end < at
            else gettext("since %(start)s") % {"start": moment(one.start)},
            one.state,
        )
        for one in reversed(clock.spans(events, at=at))
    ]


def judgements(rows: Sequence[Assessment], rules: Rules, *, at: datetime) -> list[Judgement]:
    """The latest first."""
    counts = clock.judged(rows, rules.tiers, at=at)
    return [
        Judgement(
            rules.tier(one.tier),
            rules.reasons(one.tier, one.reasons),
            one.note,
            _by(one),
            one is counts,
        )
        for one in reversed(rows)
    ]


def _by(one: Assessment) -> str:
    who = str(one.by) if one.by else gettext("the software")
    said = gettext("%(who)s, %(when)s") % {"who": who, "when": moment(one.made_at)}
    return said + " · " + gettext("holds until %(date)s") % {"date": day(one.valid_until)} if one.valid_until else said


def wished(wishes: Mapping[str, Any], words: Vocabulary) -> list[str]:
    """What they would like best, as lines."""
    areas = [words.area_name(code) or code for code in wishes.get("areas") or ()]
    languages = [words.language_name(code) for code in wishes.get("languages") or ()]
    said = []
    if areas:
        said.append(gettext("In: %(areas)s") % {"areas": ", ".join(areas)})
    if languages:
        said.append(gettext("Spoken there: %(languages)s") % {"languages": ", ".join(languages)})
    return said


def known_facts(facts: Mapping[str, Any], words: Vocabulary) -> list[str]:
    """Facts of the request, as lines: criterion and answer."""
    said = []
    for code, value in sorted(facts.items()):
        answer = {True: gettext("yes"), False: gettext("no")}.get(value) if isinstance(value, bool) else None
        said.append(f"{words.criterion_name(code)}: {answer or words.fact_value(code, str(value))}")
    return said


@dataclass(frozen=True, slots=True)
class Offered:
    """An open offer. `where`: the house by its name, or only its area when its address is confidential."""

    where: str
    group: str
    until: str
    is_late: bool
    reason: str
    is_by_hand: bool


@dataclass(frozen=True, slots=True)
class Proof:
    """A line of evidence. `line`: its place in the row, to take it back."""

    line: int
    first: str
    text: str
    when: str


def where(site: Site, *, held: Sequence[int] = ()) -> str:
    """How a house is called by somebody who does not work there: a confidential one only by its area."""
    if is_confidential(site) and site.service.organization_id not in held:
        return confidential(site.area.name() if site.area else "")
    return site.called()


def places_called(groups: Iterable[PlaceGroup]) -> list[str]:
    """House and group of each, for somebody who does not work there: of a confidential house its area and for whom. One query."""
    rows = list(groups)
    at = ServiceAtLocation.objects.filter(
        service__in={one.site.service_id for one in rows}, location__is_confidential=True
    )
    hidden = set(at.values_list("service_id", flat=True))
    return [
        " · ".join(filter(None, (where(one.site) if one.site.service_id in hidden else one.site.called(), one.name())))
        for one in rows
    ]


def is_confidential(site: Site) -> bool:
    return ServiceAtLocation.objects.filter(service=site.service_id, location__is_confidential=True).exists()


def offered(offer: Offer, *, held: Sequence[int], at: datetime) -> Offered:
    return Offered(
        where=where(offer.group.site, held=held),
        group=offer.group.name(),
        until=soon(offer.expires_at, at=at),
        is_late=offer.expires_at <= at,
        reason=offer.reason,
        is_by_hand=offer.line_id is None,
    )


@dataclass(frozen=True, slots=True)
class ToAnswer:
    """An offer that waits for somebody's answer, as a line."""

    uuid: str  # of the request
    called: str
    group: str
    list_name: str
    until: str


def answer_line(offer: Offer, *, at: datetime) -> ToAnswer:
    one = offer.request
    return ToAnswer(
        str(one.uuid),
        one.person.called(),
        offer.group.name(),
        list_name(one.waiting_list),
        soon(offer.expires_at, at=at),
    )


def past_offers(rows: Iterable[Offer]) -> list[str]:
    """What became of the offers before, without the name of a house."""
    said = []
    for one in rows:
        why = coded(places.DECLINES.get(one.side, {}), one.code) if one.code else ""
        said.append(
            f"{moment(one.made_at)}: {one.get_state_display()}" + (f" ({one.get_side_display()}: {why})" if why else "")
        )
    return said


def proofs(evidence: Sequence[Mapping[str, Any]], rules: Rules) -> list[Proof]:
    return [
        Proof(
            number,
            rules.first(str(one.get("code", ""))),
            str(one.get("text", "")),
            _when(str(one.get("at", ""))),
        )
        for number, one in enumerate(evidence)
    ]


def _when(said: str) -> str:
    try:
        return moment(datetime.fromisoformat(said))
    except ValueError:
        return ""


def needs(request: Request, words: Vocabulary) -> list[str]:
    """What is needed: how many, for whom, where they are, by which way they asked."""
    said = [heads(request.people)]
    if request.public:
        said.append(words.public_name(request.public))
    if request.area:
        said.append(gettext("now in %(area)s") % {"area": words.area_name(request.area) or request.area})
    said.append(
        gettext("asked %(how)s, %(when)s") % {"how": request.get_channel_display(), "when": moment(request.asked_at)}
    )
    if request.asked_by:
        said.append(gettext("brought by %(who)s") % {"who": request.asked_by.name})
    return said
