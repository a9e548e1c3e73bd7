"""What somebody is told of a place: registered, drawn or not, offered, theirs. Written by `people.messages`; a way that is safe.

Of a house whose address is confidential, or that is not shown to everybody, no word: neither its name, nor its street, nor its
telephone. Who helps them says where; who has nobody calls those who keep the list, when the directory knows their number.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import formats

from maillage.directory.models import Address, Phone, Service, ServiceAtLocation
from maillage.people import mail, messages
from maillage.people.models import CareLink, Message, Person, User
from maillage.places import links, queries
from maillage.places.models import AllocationLine, Offer, Request, Site, Stay
from maillage.territory.models import Territory

MOST_AT_ONCE: Final = 200  # results of a draw; the clock goes on with the others
SECRET, CALL = "-secret", "-call"  # kinds of a template that say no house


def offered(offer: Offer, *, by: User | str, at: datetime) -> None:
    say(offer, "offer", _offer(offer), by=by, at=at)


def say(offer: Offer, template: str, values: messages.Values | None = None, *, by: User | str, at: datetime) -> None:
    """Once of each offer."""
    messages.say(offer.request.person, template, values, key=f"{template}:{offer.uuid}", by=by, at=at)


def placed(offer: Offer, *, by: User | str, at: datetime) -> None:
    """It is theirs: from when, where, and until when it is kept for them. Nothing to who wants no message: they know already."""
    values = _place(offer)
    if values is None or _wants_none(offer.request.person):
        return
    template = "place" if offer.request.night is None else "draw-place"
    if "where" not in values:
        template += CALL if "phone" in values else SECRET
    messages.say(offer.request.person, template, values, key=f"place:{offer.uuid}", by=by, at=at)


def registered(request: Request, *, by: User | str, at: datetime) -> None:
    """They stand in the draw of a night; the link of their receipt."""
    _receipt(request, "draw-registered", by=by, at=at)


def results(territory: Territory, *, by: User | str, at: datetime, most: int = MOST_AT_ONCE) -> int:
    """Who was in a draw of tonight and has no place is told so; who was drawn has an offer, which says it. How many were told.

    Each in a transaction of its own, and once: what a fallen server did not say is said at the next turn of the clock.
    """
    lines = AllocationLine.objects.filter(
        run__draw__night=queries.night(territory, at), run__waiting_list__territory=territory,
        request__state=Request.State.WAITING, request__offers=None,
    )  # fmt: skip
    rows = (
        lines.exclude(request__person__contact=Person.Contact.NONE).exclude(request__token="").order_by("run", "rank")
    )
    keys = [f"draw-nothing:{uuid}" for uuid in rows.values_list("request__uuid", flat=True)]
    done = set(Message.objects.filter(territory=territory, key__startswith="draw-nothing:").filter(
        created_at__gt=at - messages.GIVE_UP * 2
    ).values_list("key", flat=True))  # fmt: skip
    left = [key.partition(":")[2] for key in keys if key not in done][:most]
    asked = Request.objects.filter(uuid__in=left).select_related("person__territory", "person__same_as__territory")
    for request in asked.order_by("pk"):
        _receipt(request, "draw-nothing", by=by, at=at)
    return len(left)


def _receipt(request: Request, template: str, *, by: User | str, at: datetime) -> None:
    """With nothing that opens their receipt, nothing is promised."""
    values = _of_request(request)
    if values is None or _wants_none(request.person):
        return
    messages.say(request.person, template, values, key=f"{template}:{request.uuid}", by=by, at=at)


def again(message: Message) -> messages.Values | None:
    """The values of a message about a place that could not leave, from its key; None: not one of ours, or true no more."""
    kind, _sign, rest = message.key.partition(":")
    try:
        uuid = UUID(rest)
    except ValueError:
        return None
    if kind in {"draw-registered", "draw-nothing"}:
        request = Request.objects.filter(uuid=uuid).first()
        return _of_request(request) if request else None
    related = ("request__waiting_list__territory", "request__waiting_list__keeper", "group__site")
    offer = Offer.objects.filter(uuid=uuid).select_related(*related).first()
    if offer is None:
        return None
    match kind:
        case "offer":
            return _offer(offer) if offer.state == Offer.State.OPEN else None
        case "place":
            return _still(message.template, _place(offer))
    return {} if kind in {"offer-expired", "offer-withdrawn"} else None


def _still(template: str, values: messages.Values | None) -> messages.Values | None:
    """What these words ask for is there: a house that has become confidential meanwhile is named no more."""
    wanted = "until" if template.endswith(SECRET) else "phone" if template.endswith(CALL) else "where"
    return values if values is not None and wanted in values else None


# ---- values


def _wants_none(person: Person) -> bool:
    return (person.same_as or person).contact == Person.Contact.NONE


def _of_request(request: Request) -> messages.Values | None:
    secret = links.of_request(request)
    return {"link": mail.link("my-request", token=secret)} if secret else None


def _offer(offer: Offer) -> messages.Values:
    return {"link": mail.link("offer", token=links.of_offer(offer)), "until": _moment(offer, offer.expires_at)}


def _place(offer: Offer) -> messages.Values | None:
    """`where` of a house that anybody may know; `phone` for who has nobody to ask. None when nothing is kept for them any more."""
    held = offer.stays.filter(state=Stay.State.HELD).order_by("pk").first()
    if offer.state != Offer.State.ACCEPTED or held is None or held.hold_expires_at is None:
        return None
    since, site = held.from_on, offer.group.site
    values: dict[str, object] = {
        "since": lambda: formats.date_format(since, "l j F"), "until": _moment(offer, held.hold_expires_at),
    }  # fmt: skip
    if not is_secret(site):
        return values | {"where": where(site)}
    phone = _phone(offer.request)
    return values | ({"phone": phone} if phone else {})


def _moment(offer: Offer, moment: datetime) -> object:
    """Said in their language, on the clock of the territory."""
    local = moment.astimezone(ZoneInfo(offer.request.waiting_list.territory.timezone))
    return lambda: formats.date_format(local, "j F, H:i")


def is_secret(site: Site) -> bool:
    """A message says nothing of it: one of its places must not be found, or the directory does not show it to everybody."""
    is_shown = Service.objects.filter(pk=site.service_id, visibility="public").exists()
    at = ServiceAtLocation.objects.filter(service=site.service_id, location__is_confidential=True)
    return not is_shown or at.exists()


def where(site: Site) -> str:
    """The name of the house, and its street when the directory knows one and only one."""
    found = Address.objects.filter(location__services_here__service=site.service_id, address_type="physical")
    rows = list(found.order_by("pk")[:2])
    if len(rows) != 1:
        return site.called()
    town = " ".join(filter(None, (rows[0].postal_code, rows[0].city)))
    return ", ".join(filter(None, (site.called(), rows[0].address_1, town)))


def _phone(request: Request) -> str:
    """Of those who keep the list, as the directory shows it, for somebody whom nobody else helps; "" otherwise."""
    keeper = request.waiting_list.keeper_id
    others = CareLink.objects.filter(person=request.person_id, until=None).exclude(organization=keeper)
    others = others.exclude(reason=CareLink.Reason.HOUSED)
    if keeper is None or others.exists():
        return ""
    shown = Phone.objects.told().filter(organization=keeper).order_by("pk")
    return str(shown.values_list("number", flat=True).first() or "")
