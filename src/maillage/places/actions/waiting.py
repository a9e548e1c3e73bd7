"""Who waits: asking for a place, the clock, urgency, who is kept apart, ending. Every write about a request but its offers.

No trace holds a name, a reason in somebody's own words, or a fact: codes only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.db.models import Max, Q

from maillage.methods.text import typed
from maillage.orientation.models import Referral
from maillage.people import audit, tokens
from maillage.people.actions import persons
from maillage.people.models import CareLink, Consent, Household, Organization, Person, User
from maillage.people.queries import carer_in, helps
from maillage.people.rules import NotAllowed, gettext_noop
from maillage.places import clock, links, rules, told, waiting
from maillage.places.actions import followed
from maillage.places.models import Apart, Assessment, ClockEvent, Request, RuleSet, WaitingList

OPEN = (Request.State.WAITING, Request.State.OFFERED)
CANNOT = gettext_noop("Only those who help this person, and those who keep the list, do this.")


def rules_of(waiting_list: WaitingList, *, at: datetime) -> RuleSet | None:
    """The rules that hold at `at`: the version adopted last; drafts never."""
    adopted = RuleSet.objects.filter(waiting_list=waiting_list, is_draft=False)
    adopted = adopted.filter(Q(adopted_at=None) | Q(adopted_at__lte=at))
    return max(adopted, key=lambda one: (one.adopted_at is not None, one.adopted_at or at, one.pk), default=None)


def content_of(waiting_list: WaitingList, *, at: datetime) -> Mapping[str, Any]:
    found = rules_of(waiting_list, at=at)
    return found.content if found else {}


def may_touch(by: User | str, request: Request, *, at: datetime) -> bool:
    """Those who help the person, and the members who help people inside the organisation that keeps the list."""
    if not isinstance(by, User):
        return True
    keeper = request.waiting_list.keeper_id
    kept = keeper is not None and keeper in carer_in(by, request.waiting_list.territory, at=at)
    return kept or helps(by, request.person, at=at)


def _check(by: User | str, request: Request, at: datetime) -> None:
    if not may_touch(by, request, at=at):
        raise NotAllowed(CANNOT)


@transaction.atomic
def ask(
    waiting_list: WaitingList, person: Person, *, people: int = 1, facts: Mapping[str, Any] | None = None,
    wishes: Mapping[str, Any] | None = None, evidence: Sequence[Mapping[str, Any]] = (), referral: Referral | None = None,
    consent: Consent | None = None, channel: str = Request.Channel.DESK, asked_by: Organization | None = None,
    household: Household | None = None, night: date | None = None, area: str = "", public: str = "", by: User | str, at: datetime,
) -> tuple[Request, str]:  # fmt: skip
    """They wait from now on; their clock starts. Gives back the request and the secret of the person's own link (kept as a hash).

    Whoever keeps the list helps them from now on, and reads the request. On a list that another organisation keeps, the person
    agreed to that before (`consent`, of purpose `waiting_list`), but for a bed of one night: that is asked for by being there.
    Raises NotAllowed, Refused (AlreadyWaiting, ConsentMissing).
    """
    if isinstance(by, User) and not helps(by, person, at=at):
        raise NotAllowed(CANNOT)
    waiting.check_people(people)
    _check_consent(waiting_list, person, asked_by, consent, night, by, at)
    letter = _letter(referral, person)
    key = uuid4()
    token = links.following(Request(uuid=key))
    WaitingList.objects.select_for_update().get(pk=waiting_list.pk)  # two who ask at once take two numbers
    last = Request.objects.filter(waiting_list=waiting_list).aggregate(last=Max("number"))["last"] or 0
    try:
        with transaction.atomic():
            made = Request.objects.create(
                uuid=key, token=tokens.hashed(token), waiting_list=waiting_list, number=last + 1, person=person,
                household=household or person.household, people=people, referral=referral, consent=consent,
                asked_by=asked_by, channel=channel, night=night, area=area, public=public, facts=dict(facts or {}),
                wishes=dict(wishes or {}), evidence=[dict(one) for one in evidence], asked_at=at,
            )  # fmt: skip
    except IntegrityError:
        raise waiting.AlreadyWaiting(
            gettext_noop("They stand on this list already: open that request instead.")
        ) from None
    _tick(made, ClockEvent.Kind.START, waiting.ASKED_FOR, by=by, at=at)
    followed.listed(letter, by=by, at=at)
    if night is not None and waiting_list.kind == WaitingList.Kind.DRAW:
        told.registered(made, by=by, at=at)
    if waiting_list.keeper is not None:
        persons.link(person, waiting_list.keeper, CareLink.Reason.LISTED, by=by, at=at)
    audit.record("asked for a place", made, by=by, at=at, data={"list": waiting_list.code, "channel": made.channel})
    return made, token


def _letter(referral: Referral | None, person: Person) -> Referral | None:
    """The referral by which they ask, theirs and no other's."""
    letter = followed.lock(referral.pk if referral else None)
    if letter is not None and letter.person_id != person.pk:
        raise waiting.Refused(gettext_noop("This referral is about somebody else."))
    return letter


def _check_consent(
    waiting_list: WaitingList, person: Person, asked_by: Organization | None, consent: Consent | None, night: date | None,
    by: User | str, at: datetime,
) -> None:  # fmt: skip
    keeper = waiting_list.keeper_id
    if keeper is None or night is not None or not isinstance(by, User) or (asked_by and asked_by.pk == keeper):
        return
    agreed = consent is not None and consent.purpose == Consent.Purpose.WAITING_LIST and consent.person_id == person.pk
    if not agreed or not persons.holds(consent, at=at):
        raise waiting.ConsentMissing(
            gettext_noop("They have not agreed yet that those who keep this list read their request.")
        )


@transaction.atomic
def describe(
    request: Request, *, people: int | None = None, facts: Mapping[str, Any] | None = None,
    wishes: Mapping[str, Any] | None = None, area: str | None = None, public: str | None = None, by: User | str, at: datetime,
) -> None:  # fmt: skip
    """What is needed, and wished, is told again; what is not given stays. Raises NotAllowed, Refused."""
    _check(by, request, at)
    said: dict[str, Any] = {"people": people, "facts": facts, "wishes": wishes, "area": area, "public": public}
    said = {name: value for name, value in said.items() if value is not None}
    if people is not None:
        waiting.check_people(people)
    for name, value in said.items():
        setattr(request, name, value)
    if not Request.objects.filter(pk=request.pk, state__in=OPEN).update(**said):
        raise waiting.Changed(gettext_noop("This request has ended in the meantime."))
    audit.record("described a request", request, by=by, at=at, data={"details": sorted(said)})


@transaction.atomic
def prove(request: Request, code: str, text: str, *, by: User | str, at: datetime) -> None:
    """Evidence of a priority that the rules name: what was seen, by whom, when. Raises NotAllowed, Refused."""
    _check(by, request, at)
    text = typed(text, 2000)
    waiting.check_evidence(content_of(request.waiting_list, at=at), code, text)
    held = Request.objects.select_for_update().get(pk=request.pk)
    who = str(by.uuid) if isinstance(by, User) else by
    held.evidence = [*held.evidence, {"code": code, "text": text, "by": who, "at": at.isoformat()}]
    held.save(update_fields=["evidence"])
    request.evidence = held.evidence
    audit.record("noted evidence", request, by=by, at=at, data={"code": code})


@transaction.atomic
def withdraw_proof(request: Request, number: int, *, by: User | str, at: datetime) -> None:
    """This line of evidence holds no more (a mistake, a paper that ran out). Raises NotAllowed, Changed."""
    _check(by, request, at)
    held = Request.objects.select_for_update().get(pk=request.pk)
    if not 0 <= number < len(held.evidence):
        raise waiting.Changed(gettext_noop("This line was taken away in the meantime."))
    code = held.evidence[number].get("code", "")
    held.evidence = [one for index, one in enumerate(held.evidence) if index != number]
    held.save(update_fields=["evidence"])
    request.evidence = held.evidence
    audit.record("took back evidence", request, by=by, at=at, data={"code": code})


@transaction.atomic
def pause(request: Request, reason: str, *, until: datetime | None = None, by: User | str, at: datetime) -> None:
    """The clock pauses for this reason; `until`: it goes on by itself then. Raises NotAllowed, Refused."""
    _check(by, request, at)
    waiting.check_pause(reason)
    _check_open(request)
    if until is not None and until <= at:
        raise waiting.Refused(gettext_noop("A pause ends after it begins."))
    _tick(request, ClockEvent.Kind.PAUSE, reason, by=by, at=at)
    if until is not None:
        _tick(request, ClockEvent.Kind.RESUME, reason, by=by, at=until)
    audit.record("paused a clock", request, by=by, at=at, data={"reason": reason})


@transaction.atomic
def resume(request: Request, reason: str = "", *, by: User | str, at: datetime) -> None:
    """The pause of this reason is over; without a reason, every pause. A clock that runs stays as it is. Raises NotAllowed."""
    _check(by, request, at)
    _check_open(request)
    state, reasons = clock.now(request.clock.order_by("at", "pk"), at=at)
    if state != clock.PAUSED:
        return
    for one in [reason] if reason in reasons else reasons:
        _tick(request, ClockEvent.Kind.RESUME, one, by=by, at=at)
    audit.record("resumed a clock", request, by=by, at=at, data={"reason": reason})


@transaction.atomic
def stop(request: Request, reason: str, *, by: User | str, at: datetime) -> None:
    """The clock stops: a place was found, or the request ends. For the verbs that change the state of a request."""
    _tick(request, ClockEvent.Kind.STOP, reason, by=by, at=at)
    audit.record("stopped a clock", request, by=by, at=at, data={"reason": reason})


@transaction.atomic
def start(request: Request, reason: str, *, by: User | str, at: datetime) -> None:
    """The clock goes on after a stop, with all the time waited before (a place that fell through)."""
    _tick(request, ClockEvent.Kind.START, reason, by=by, at=at)
    audit.record("started a clock", request, by=by, at=at, data={"reason": reason})


@transaction.atomic
def assess(
    request: Request, tier: str, reasons: Sequence[str], note: str = "", valid_until: datetime | None = None, *,
    by: User | str, at: datetime,
) -> Assessment:  # fmt: skip
    """How urgent, why, by whom, until when. Those before stay, to be read. Raises NotAllowed, Refused."""
    _check(by, request, at)
    _check_open(request)
    waiting.check_assessment(content_of(request.waiting_list, at=at), tier, reasons)
    if valid_until is not None and valid_until <= at:
        raise waiting.Refused(gettext_noop("It holds until a day to come."))
    made = Assessment.objects.create(
        request=request, tier=tier, reasons=list(dict.fromkeys(reasons)), note=typed(note, 4000),
        by=by if isinstance(by, User) else None, made_at=at, valid_until=valid_until,
    )  # fmt: skip
    audit.record("assessed urgency", request, by=by, at=at, data={"tier": tier})
    return made


@transaction.atomic
def keep_apart(
    one: Person, other: Person, reason: str, *, until: datetime | None = None, by: User | str, at: datetime
) -> Apart:
    """Never under one roof. Whoever says so helps both, or keeps a list on which both stand. Raises NotAllowed, Refused."""
    if isinstance(by, User) and not (helps(by, one, at=at) and helps(by, other, at=at)):
        raise NotAllowed(CANNOT)
    reason = typed(reason, waiting.LONGEST_REASON)
    if one.pk == other.pk:
        raise waiting.Refused(gettext_noop("Choose somebody else: this is the same person."))
    if not reason:
        raise waiting.Refused(gettext_noop("Say why they are kept apart."))
    first, second = sorted((one, other), key=lambda person: person.pk)
    said = {"reason": reason, "said_by": by if isinstance(by, User) else None, "said_at": at, "until": until}
    made, _new = Apart.objects.update_or_create(one=first, other=second, defaults=said)
    audit.record("kept two people apart", one, by=by, at=at)
    return made


@transaction.atomic
def apart_no_longer(apart: Apart, *, by: User | str, at: datetime) -> None:
    """It no longer holds. Raises NotAllowed."""
    if isinstance(by, User) and not (helps(by, apart.one, at=at) and helps(by, apart.other, at=at)):
        raise NotAllowed(CANNOT)
    if Apart.objects.filter(Q(until=None) | Q(until__gt=at), pk=apart.pk).update(until=at):
        audit.record("no longer kept apart", apart.one, by=by, at=at)


@transaction.atomic
def renew_link(request: Request, *, by: User | str, at: datetime) -> str:
    """A new link for the person; the one before opens nothing any more. Raises NotAllowed."""
    _check(by, request, at)
    request.refresh_from_db(fields=["token"], from_queryset=Request.objects.select_for_update())
    token = links.following(request)
    request.token = tokens.hashed(token)
    request.save(update_fields=["token"])
    audit.record("gave a link to a request", request, by=by, at=at)
    return token


@transaction.atomic
def end(request: Request, code: str, *, by: User | str, at: datetime) -> None:
    """They wait no more: why is a code. An open offer is taken back before (`offers.withdraw`). Raises NotAllowed, Refused.

    Nothing ends a request but this: no silence, no clock. The keeper's members read the person no longer, when they stand on
    no other list of theirs.
    """
    _check(by, request, at)
    waiting.check_end(code)
    ended = Request.objects.filter(pk=request.pk, state=Request.State.WAITING)
    if not ended.update(state=Request.State.CLOSED, end_code=code, ended_at=at):
        raise waiting.Changed(gettext_noop("A place is offered, or the request has ended: look at it again."))
    request.state, request.end_code, request.ended_at = Request.State.CLOSED, code, at
    _tick(request, ClockEvent.Kind.STOP, code, by=by, at=at)
    let_go(request, by=by, at=at)
    audit.record("ended a request", request, by=by, at=at, data={"code": code})


def let_go(request: Request, *, by: User | str, at: datetime) -> None:
    """Whoever keeps the list helps them no longer for that reason, unless they wait on another list of theirs."""
    keeper = request.waiting_list.keeper
    others = Request.objects.filter(person=request.person_id, waiting_list__keeper=keeper, state__in=OPEN)
    if keeper is not None and not others.exclude(pk=request.pk).exists():
        persons.unlink(request.person, keeper, CareLink.Reason.LISTED, by=by, at=at)


def by_token(token: str, *, territory: int, at: datetime) -> Request | None:
    """The request whose person holds this link: as long as it stands, and some time after it ended."""
    if not 20 <= len(token) <= 100:
        return None
    found = Request.objects.filter(token=tokens.hashed(token), waiting_list__territory=territory)
    found = found.filter(Q(ended_at=None) | Q(ended_at__gt=at - rules.LINK_LASTS))
    return found.select_related("waiting_list__territory", "person").first()


def _tick(request: Request, kind: str, reason: str, *, by: User | str, at: datetime) -> None:
    ClockEvent.objects.create(request=request, kind=kind, at=at, reason=reason, by=by if isinstance(by, User) else None)


def _check_open(request: Request) -> None:
    if not Request.objects.filter(pk=request.pk, state__in=OPEN).exists():
        raise waiting.Changed(gettext_noop("This request has ended in the meantime."))
