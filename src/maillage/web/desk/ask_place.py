"""Asking for a place for somebody: which list, what is needed and wished, and their leave, in words that they are shown."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from maillage.people import audit
from maillage.people.actions import persons
from maillage.people.models import Consent, Organization, Person
from maillage.people.once import once
from maillage.places import waiting as words_of
from maillage.places.actions import followed, waiting
from maillage.places.models import WaitingList
from maillage.web.desk.people import helped
from maillage.web.desk.person_form import FACT
from maillage.web.desk.request_forms import AskForm
from maillage.web.desk.who import here, member
from maillage.web.language import CODES
from maillage.web.presenters.vocabulary import vocabulary
from maillage.web.seat import seat


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, uuid: UUID) -> HttpResponse:
    person = helped(request, uuid)
    lists = list(
        WaitingList.objects.filter(territory=here(request)).select_related("keeper", "territory").order_by("code")
    )
    lists = [one for one in lists if one.kind == WaitingList.Kind.QUEUE]
    wanted = request.POST.get("list") or request.GET.get("list", "")
    chosen = next((one for one in lists if str(one.uuid) == wanted), lists[0] if len(lists) == 1 else None)
    context: dict[str, Any] = {
        "person": person,
        "lists": [(str(one.uuid), one.name()) for one in lists],
        "chosen": chosen,
    }
    if chosen is None:
        return render(request, "desk/request_new.html", context)
    form = AskForm(chosen, vocabulary(here(request)), request.POST or None, initial=known(person))
    shown, language = words_shown(request, chosen, person, form)
    needs_leave = chosen.keeper_id is not None and chosen.keeper_id not in seat(request).helps_in()
    if request.method != "POST":
        audit.record("read", person, by=member(request), at=timezone.now())
    elif form.is_valid():
        if needs_leave and not form.cleaned_data["how"]:
            form.add_error("how", _("Read it to them, and note how they agreed: without it nothing is sent."))
        elif made := asked(request, person, chosen, form, shown=shown, language=language, needs_leave=needs_leave):
            return redirect("desk-request", uuid=made)
    context |= {
        "form": form, "name": chosen.name(), "shown": shown, "language": language, "needs_leave": needs_leave,
        "taken": already(chosen, person),
    }  # fmt: skip
    return render(request, "desk/request_new.html", context, status=400 if form.errors else 200)


def known(person: Person) -> dict[str, Any]:
    """What the record says already, so that nobody asks twice."""
    size = person.household.persons.filter(same_as=None).count() if person.household else 1
    said = {True: "yes", False: "no"}
    facts = {FACT + code: said[one] if isinstance(one, bool) else one for code, one in person.facts.items()}
    facts.setdefault(FACT + "gender", person.gender)
    return {"people": size, "languages": person.spoken, "channel": "desk", **facts}


def already(waiting_list: WaitingList, person: Person) -> str:
    """The request that they have on this list, when they have one."""
    found = waiting_list.requests.filter(person=person, night=None, state__in=waiting.OPEN)
    return str(found.values_list("uuid", flat=True).first() or "")


def words_shown(request: HttpRequest, waiting_list: WaitingList, person: Person, form: AskForm) -> tuple[str, str]:
    """The very words that the person is shown, in their language when we write it, and which language that is."""
    language = next(code for code in (person.language, request.LANGUAGE_CODE, "en") if code in CODES)
    with translation.override(language):
        criteria = vocabulary(here(request)).criteria
        facts = ", ".join(criteria[code].name() for code in form.asked)
        keeper = waiting_list.keeper.name if waiting_list.keeper else ""
        said = [
            gettext("You ask for a place on the list “%(list)s”.") % {"list": waiting_list.name()},
            gettext("%(keeper)s keeps this list. Its members who help people read: your name, how many you are, where you are, "
            "what you wish, how urgent it is and why.") % {"keeper": keeper} if keeper else "",
            gettext("They also read what the rules of the houses ask: %(facts)s.") % {"facts": facts} if facts else "",
            gettext("A house that offers you a place reads it too. Nobody else does."),
            gettext("You may decline a place, and end your request at any time. The help that you get now stays the same."),
        ]  # fmt: skip
        return " ".join(filter(None, said)), language


def asked(
    request: HttpRequest, person: Person, waiting_list: WaitingList, form: AskForm, *, shown: str, language: str,
    needs_leave: bool,
) -> UUID | None:  # fmt: skip
    """The request, under the leave that was given; what is refused is said beside what was typed."""
    by, at, said = member(request), timezone.now(), form.said()
    house = house_of(request, person)

    def do() -> UUID:
        brought = followed.brought(person, house)
        letter, leave = followed.lock(brought.pk if brought else None), None
        if needs_leave:
            leave = persons.agree(
                person, Consent.Purpose.WAITING_LIST, organization=waiting_list.keeper, what=sorted(said["facts"]),
                shown=shown, language=language, how=form.cleaned_data["how"], by=by, at=at,
            )  # fmt: skip
        household = person.household if said["people"] > 1 else None
        made, _token = waiting.ask(
            waiting_list, person, consent=leave, asked_by=house, referral=letter, channel=form.cleaned_data["channel"],
            household=household, by=by, at=at, **said,
        )  # fmt: skip
        return made.uuid

    try:
        return once(form.cleaned_data["once"], "ask for a place", by=by, at=at, do=do)
    except words_of.Refused as refusal:
        form.add_error(None, gettext(str(refusal)))
    return None


def house_of(request: HttpRequest, person: Person) -> Organization | None:
    """In whose name one asks: the reader's organisation that helps the person, the first by its name."""
    held, at = seat(request).helps_in(), timezone.now()
    links = person.links.open(at=at).filter(organization__in=held)
    return Organization.objects.filter(pk__in=links.values("organization")).order_by("name", "pk").first()
