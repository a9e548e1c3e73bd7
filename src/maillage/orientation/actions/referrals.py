"""A person sent to a service: sent, answered, begun, ended. Every step is one line of the timeline that all three sides read.

Who acts without an account came through a signed link, which the page has checked: `by=LINK`, with the side of that link.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from maillage.directory.models import Service
from maillage.methods.text import typed
from maillage.orientation import letters, links, referring
from maillage.orientation.actions.unmet import count_unmet
from maillage.orientation.models import Need, Referral, ReferralEvent, UnmetNeed
from maillage.orientation.queries import vocabulary
from maillage.orientation.referring import by_person_token as by_person_token
from maillage.orientation.referring import by_token as by_token
from maillage.orientation.referring import what_for as what_for
from maillage.orientation.rules import referrals as rules
from maillage.orientation.rules.referrals import ConsentMissing as ConsentMissing
from maillage.orientation.rules.referrals import NotPossible as NotPossible
from maillage.people import audit, messages
from maillage.people.actions import persons
from maillage.people.models import CareLink, Consent, Organization, Person, User
from maillage.people.once import once
from maillage.people.queries import carer_in
from maillage.people.rules import NotAllowed, gettext_noop
from maillage.territory.models import Territory

LINK: Final = "system:link"  # whoever holds a signed link: the trail knows no name
DONE: Final[Mapping[str, str]] = {
    rules.ACKNOWLEDGED: "acknowledged a referral", rules.ACCEPTED: "accepted a referral",
    rules.WAITLISTED: "waitlisted a referral", rules.REFUSED: "refused a referral", rules.WITHDRAWN: "withdrew a referral",
    rules.STARTED: "started a referral", rules.CLOSED: "closed a referral",
}  # fmt: skip
TAKEN: Final = (rules.ACCEPTED, rules.WAITLISTED, rules.STARTED)  # the recipient's members read the record
NOT_MET: Final = UnmetNeed.Cause.NOT_MET.value  # before the reason, where what was missing says why
TOLD: Final = {rules.ACCEPTED, rules.WAITLISTED, rules.REFUSED}  # answers: the person and the sender are told


def send(
    person: Person, service: Service, *, sender: Organization | None, need: Need | None, area: str = "",
    kind: str = Referral.Kind.LETTER, what: Mapping[str, Any], message: str = "", consent: Consent | None,
    is_urgent: bool = False, email: str = "", key: str = "", by: User | str, at: datetime,
) -> tuple[Referral, str]:  # fmt: skip
    """Refer this person to this service. With it the secret of the recipient's link, "" when they answer at their desk.

    `what`: criterion or detail -> value, exactly what the recipient reads. `consent`: what the person agreed to, in the words that
    they were shown. `sender`: none when they ask by themselves. `email`: of a recipient without an account; without one, the
    address that the directory has. `key`: of a form that may be sent twice. Raises ConsentMissing, NotPossible, NotAllowed.
    """

    def do() -> UUID:
        made = _send(person, service, sender=sender, need=need, area=area, kind=kind, what=what, message=message,
                     consent=consent, is_urgent=is_urgent, email=email, by=by, at=at)  # fmt: skip
        return made.uuid

    uuid = once(key, "send a referral", by=by, at=at, do=do)
    referral = Referral.objects.get(uuid=uuid or "")
    return referral, links.token(referral, rules.RECIPIENT) if referral.token else ""


@transaction.atomic
def _send(
    person: Person, service: Service, *, sender: Organization | None, need: Need | None, area: str, kind: str,
    what: Mapping[str, Any], message: str, consent: Consent | None, is_urgent: bool, email: str, by: User | str, at: datetime,
) -> Referral:  # fmt: skip
    person = (
        Person.objects.select_for_update(of=("self",))
        .select_related("territory")
        .get(pk=person.same_as_id or person.pk)
    )
    _check_sender(person, sender, kind, by, at)
    recipient, to = _recipient(service, person.territory, email, at)
    message, carried = typed(message, rules.LONGEST), _what(what, service)
    _check_consent(consent, person, recipient, service, carried, message, at)
    if kind == Referral.Kind.WARM and not message:
        raise NotPossible(
            gettext_noop("Say with whom it was agreed: a hand-over in person has somebody on the other side.")
        )
    if Referral.objects.filter(person=person, service=service, state__in=rules.OPEN).exists():
        raise NotPossible(
            gettext_noop("This person has been referred to this service already, and the answer is still open.")
        )
    _remind, expire = rules.days(person.territory.content)
    made = Referral.objects.create(
        territory=person.territory, person=person, need=need, area=tile_area(person.territory, area), service=service,
        recipient=recipient, sender=sender, sent_by=by if isinstance(by, User) else None, kind=kind, is_urgent=is_urgent,
        what=carried, message=message, consent=consent, email=to, sent_at=at, expires_at=at + timedelta(days=expire),
        is_fictional=person.is_fictional,
    )  # fmt: skip
    side = rules.SENDER if sender else rules.PERSON
    _line(made, rules.SENT, side, by, at)
    if kind == Referral.Kind.WARM:  # they stood or spoke together: it is received already
        Referral.objects.filter(pk=made.pk).update(state=rules.ACKNOWLEDGED)
        _line(made, rules.ACKNOWLEDGED, side, by, at, code="warm")
        made.refresh_from_db()
    links.keep(made, rules.PERSON)
    if to:
        links.keep(made, rules.RECIPIENT)
    letters.arrived(made, referring.carers(recipient, at=at))
    _tell(made, "sent", by, at)
    audit.record("sent a referral", made, by=by, at=at, data={"kind": kind, "carries": sorted(carried)})
    return made


def acknowledge(referral: Referral, *, side: str = rules.RECIPIENT, by: User | str, at: datetime) -> None:
    """It is received, and somebody will answer. Raises NotPossible, NotAllowed, as all verbs here."""
    _become(referral, rules.ACKNOWLEDGED, side=side, by=by, at=at)


@transaction.atomic
def accept(referral: Referral, *, text: str = "", side: str = rules.RECIPIENT, by: User | str, at: datetime) -> None:
    """They take the person; from now on their members read the person's record."""
    _become(referral, rules.ACCEPTED, side=side, by=by, at=at, text=text, answered_at=at)
    _open_record(referral, by, at)


@transaction.atomic
def waitlist(referral: Referral, *, text: str = "", side: str = rules.RECIPIENT, by: User | str, at: datetime) -> None:
    """Yes, but later: they answer for the person from now on, and read the record, so that they can put them on a list.

    Waiting has no end of its own: it is accepted, refused or taken back one day.
    """
    _become(referral, rules.WAITLISTED, side=side, by=by, at=at, text=text, answered_at=at)
    _open_record(referral, by, at)


@transaction.atomic
def refuse(
    referral: Referral, code: str, text: str = "", *, side: str = rules.RECIPIENT, by: User | str, at: datetime
) -> None:
    """No, and why (one of REFUSALS). The need is counted as unmet, without the person."""
    rules.check_reason(code, text)
    if _become(referral, rules.REFUSED, side=side, by=by, at=at, code=code, text=text, answered_at=at):
        count_as_unmet(referral, UnmetNeed.Cause.REFUSED, f"refused:{code}", at=at)
        _close_record(referral, by, at)


@transaction.atomic
def withdraw(referral: Referral, text: str = "", *, side: str = rules.SENDER, by: User | str, at: datetime) -> None:
    """The sender, or the person, takes it back: the recipient reads nothing of them any more."""
    if _become(referral, rules.WITHDRAWN, side=side, by=by, at=at, text=text, closed_at=at):
        _close_record(referral, by, at)


@transaction.atomic
def start(referral: Referral, *, text: str = "", side: str = rules.RECIPIENT, by: User | str, at: datetime) -> None:
    """Help has begun."""
    _become(referral, rules.STARTED, side=side, by=by, at=at, text=text, started_at=at)
    _open_record(referral, by, at)


@transaction.atomic
def close(
    referral: Referral, outcome: str, code: str = "", text: str = "", *, side: str = rules.RECIPIENT, by: User | str,
    at: datetime,
) -> None:  # fmt: skip
    """What came of it: met, partly or not; the last two with a reason (one of OUTCOMES).

    Not met, for a reason that leaves the need where it was: counted as unmet, without the person.
    """
    rules.check_outcome(outcome, code, text)
    said = {"outcome": outcome, "outcome_code": code, "closed_at": at}
    if _become(referral, rules.CLOSED, side=side, by=by, at=at, code=code, text=text, **said):
        if outcome == rules.NOT and code in rules.STILL_UNMET:
            count_as_unmet(referral, UnmetNeed.Cause.NOT_MET, f"{NOT_MET}:{code}", at=at)
        _close_record(referral, by, at)


def remark(referral: Referral, text: str, *, side: str, key: str = "", by: User | str, at: datetime) -> None:
    """A word that all three sides read, at any time."""
    text = typed(text, rules.LONGEST)

    def do() -> UUID:
        _check_side(referral, side, by, at)
        if not text:
            raise NotPossible(gettext_noop("Write what you want to say."))
        _line(referral, "", side, by, at, text=text)
        audit.record("remarked on a referral", referral, by=by, at=at)
        return referral.uuid

    once(key, "remark on a referral", by=by, at=at, do=do)


@transaction.atomic
def relink(referral: Referral, *, side: str = rules.RECIPIENT, email: str = "", by: User | str, at: datetime) -> str:
    """Another link for the recipient without an account, or for the person; the one before opens nothing any more. Its secret.

    With `email`, or to the address before, a letter takes it to the recipient. Only who helps the person asks for it.
    """
    if isinstance(by, User) and not referring.sides(referral, by, at=at):
        raise NotAllowed(gettext_noop("This is for those who sent the referral, or who received it."))
    if side == rules.RECIPIENT:
        if referral.state not in rules.OPEN:
            raise NotPossible(rules.ENDED[referral.state])
        referral.email = _address(email) or referral.email or _known(referral.service)
        if not referral.email:
            raise NotPossible(NOBODY)
        referral.save(update_fields=["email"])
    _line(referral, "", rules.SENDER, by, at, code=links.ANEW[side])
    made = links.keep(referral, side)
    if side == rules.RECIPIENT:
        letters.arrived(referral, [], again=True)
    audit.record("made a link to a referral", referral, by=by, at=at, data={"side": side})
    return made


def person_token(referral: Referral) -> str:
    """The secret of the link by which the person follows it: to be shown or printed by who helps them."""
    return links.token(referral, rules.PERSON)


def count_as_unmet(referral: Referral, cause: str, without: str, *, at: datetime) -> None:
    """One need that met nothing more: its need, area and public, the cause and the reason, and no person."""
    words = vocabulary(referral.territory)
    publics = ((code, said.get("facts") or {}) for code, said in words.publics.items())
    person = referral.person
    known = {**({"gender": person.gender} if person.gender else {}), **person.facts}
    count_unmet(
        referral.territory, cause, needs=[referral.need.code] if referral.need else [], area=referral.area,
        public=rules.public_of(known, publics), without=without,
        on=at.astimezone(ZoneInfo(referral.territory.timezone)).date(),
    )  # fmt: skip


def tile_area(territory: Territory, code: str) -> str:
    """The area at the level of the tile map that holds this one; "" when none is known."""
    words, level = vocabulary(territory), territory.content.get("tile_level")
    return next((one for one in words.area_line(code) if words.areas[one].level == level or level is None), "")


# ---- one step


@transaction.atomic
def _become(
    referral: Referral,
    new: str,
    *,
    side: str,
    by: User | str,
    at: datetime,
    code: str = "",
    text: str = "",
    **fields: Any,
) -> bool:
    """Let it become `new`, unless somebody was faster. False when this side has said exactly that before: nothing is written."""
    _check_side(referral, side, by, at)
    text = typed(text, rules.LONGEST)
    now = Referral.objects.select_for_update().get(pk=referral.pk)
    if now.state == new and now.events.filter(state=new, side=side, code=code).exists():
        referral.refresh_from_db()
        return False
    rules.check_can_become(now.state, new, side=side, at=at, expires_at=now.expires_at)
    said = {"code": code} if new == rules.REFUSED else {}
    if not Referral.objects.filter(pk=now.pk, state=now.state).update(state=new, **said, **fields):
        raise NotPossible(gettext_noop("Somebody answered at the same moment: read what they said."))
    referral.refresh_from_db()
    _line(referral, new, side, by, at, code=code, text=text)
    if new in TOLD:
        _tell(referral, new, by, at)
        letters.answered(referral, senders(referral, at=at))
    audit.record(DONE[new], referral, by=by, at=at, data={"side": side, **({"code": code} if code else {})})
    return True


def senders(referral: Referral, *, at: datetime) -> list[User]:
    """Who sent it, as long as they work there; else those who read what their organisation sent."""
    there = referring.carers(referral.sender, at=at)
    return [user for user in there if user.pk == referral.sent_by_id] or there


def _line(
    referral: Referral, state: str, side: str, by: User | str, at: datetime, *, code: str = "", text: str = ""
) -> ReferralEvent:
    return ReferralEvent.objects.create(
        referral=referral, at=at, state=state, side=side, by=by if isinstance(by, User) else None, code=code, text=text
    )


def _tell(referral: Referral, state: str, by: User | str, at: datetime) -> None:
    link = {"link": partial(letters.person_link, referral)}
    messages.say(referral.person, f"referral-{state}", link, key=f"referral:{referral.uuid}:{state}", at=at, by=by)


def _open_record(referral: Referral, by: User | str, at: datetime) -> None:
    if referral.recipient:
        persons.link(referral.person, referral.recipient, CareLink.Reason.REFERRED, by=by, at=at)


def _close_record(referral: Referral, by: User | str, at: datetime) -> None:
    """Unless another referral still brings the person there."""
    others = Referral.objects.filter(person=referral.person_id, recipient=referral.recipient_id, state__in=TAKEN)
    if referral.recipient and not others.exists():
        persons.unlink(referral.person, referral.recipient, CareLink.Reason.REFERRED, by=by, at=at)


# ---- what is checked before it leaves

NOBODY: Final = gettext_noop(
    "Nobody receives referrals for this service: give an e-mail address to which it can be sent."
)


def _check_side(referral: Referral, side: str, by: User | str, at: datetime) -> None:
    """A user speaks for the organisation in which they help people; a link speaks for the side that it was given to."""
    if isinstance(by, User) and side not in referring.sides(referral, by, at=at):
        raise NotAllowed(gettext_noop("This is for those who sent the referral, or who received it."))


def _check_sender(person: Person, sender: Organization | None, kind: str, by: User | str, at: datetime) -> None:
    if (sender is None) != (kind == Referral.Kind.SELF):
        raise NotPossible(gettext_noop("Say who sends it: an organisation, or the person alone."))
    if sender is None or not isinstance(by, User):
        return
    helps = Person.objects.of([sender.pk], at=at).filter(pk=person.pk).exists()
    if not helps or sender.pk not in carer_in(by, person.territory, at=at):
        raise NotAllowed(gettext_noop("Only those who help this person refer them."))


def _recipient(service: Service, territory: Territory, email: str, at: datetime) -> tuple[Organization | None, str]:
    """Who receives it, and at which address when nobody there has an account."""
    is_shown = Service.objects.visible().filter(pk=service.pk, territory=territory).exists()
    if not is_shown:
        raise NotPossible(gettext_noop("This service takes nobody any more."))
    to = _address(email)
    if not to and not referring.carers(service.organization, at=at):
        to = _known(service)
        if not to:
            raise NotPossible(NOBODY)
    return service.organization, to


def _address(email: str) -> str:
    email = typed(email, 320)
    if email:
        try:
            validate_email(email)
        except ValidationError:
            raise NotPossible(gettext_noop("This is not an e-mail address.")) from None
    return email


def _known(service: Service | None) -> str:
    """The address that the directory has, when it is one."""
    known = (service.email, service.organization.email if service.organization else "") if service else ()
    for email in filter(None, known):
        try:
            return _address(email)
        except NotPossible:
            continue
    return ""


def _what(what: Mapping[str, Any], service: Service) -> dict[str, Any]:
    """Details and criteria that are known here, with plain values."""
    known = {*rules.DETAILS, *vocabulary(service.territory).criteria, *referring.judged(service)}
    if not what.keys() <= known:
        raise NotPossible(gettext_noop("A referral carries what its form asks for, and nothing else."))
    return {name: _plain(value) for name, value in what.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value][:50]
    return value if isinstance(value, bool | int | float) else typed(str(value), 500)


def _check_consent(
    consent: Consent | None, person: Person, recipient: Organization | None, service: Service, what: Mapping[str, Any],
    message: str, at: datetime,
) -> None:  # fmt: skip
    for_them = (
        consent is not None and consent.person_id == person.pk and consent.purpose == Consent.Purpose.REFERRAL
        and consent.organization_id in (None, recipient.pk if recipient else None)
    )  # fmt: skip
    if consent is None or not for_them or not persons.holds(consent, at=at):
        raise ConsentMissing(gettext_noop("Ask the person first: nothing is sent without their agreement."))
    secret = referring.sensitive(service.territory)
    needed = {*rules.ALWAYS, *(name for name in rules.needed(referring.judged(service)) if name not in secret)}
    rules.check_can_carry(what, needed, consent.what)
    rules.check_was_shown(message, consent.shown)
