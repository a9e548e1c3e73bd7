"""The people whom one's own organisation helps: found by a form, never by an address; each record that is read leaves a line."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.contrib import messages
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from maillage.directory.models import Location
from maillage.methods.text import typed
from maillage.orientation.models import Referral
from maillage.people import audit, finding, queries
from maillage.people.actions import persons
from maillage.people.models import CareLink, Consent, Membership, Organization, Person, User
from maillage.people.once import once
from maillage.places.models import Request, Stay
from maillage.web.desk.person_form import PersonForm, known
from maillage.web.desk.who import here, member
from maillage.web.fields import key
from maillage.web.presenters import people as present
from maillage.web.presenters import referrals as sent
from maillage.web.presenters import trail
from maillage.web.presenters.vocabulary import vocabulary
from maillage.web.presenters.words import confidential
from maillage.web.seat import seat

LAST = 20  # lines of who read a record
# who helps one of the two only must not learn that there is another
APART = ("kept two people apart", "no longer kept apart")
WRITES = ("GET", "HEAD", "POST")


@require_http_methods(WRITES)
def people(request: HttpRequest) -> HttpResponse:
    """One's own people, the latest first; or those whose name begins so. The trail says how many were shown, under which houses."""
    asked, found, more = looked_for(request)
    trace_list(request, found)
    context = {"asked": asked, "people": lines(request, found), "next": found[-1].pk if more else 0}
    return render(request, "desk/people.html", context)


def looked_for(request: HttpRequest) -> tuple[str, list[Person], bool]:
    """What was typed, who was found, whether there are more."""
    held, at = seat(request).helps_in(), timezone.now()
    asked = typed(request.POST.get("words", ""), 80)
    if asked:
        return asked, finding.find(held, asked, at=at), False
    found = finding.people_of(held, at=at, before=key(request.GET.get("before", "")))
    return "", found[: finding.FEW], len(found) > finding.FEW


def trace_list(request: HttpRequest, found: list[Person]) -> None:
    """One line for each of the reader's organisations: a list of names was read."""
    for organization in Organization.objects.filter(pk__in=seat(request).helps_in()) if found else ():
        audit.record(
            "read a list of people", organization, by=member(request), at=timezone.now(), data={"n": len(found)}
        )


def lines(request: HttpRequest, found: Iterable[Person]) -> list[present.Somebody]:
    words, today = vocabulary(here(request)), timezone.localdate()
    return [present.somebody(one, words, on=today) for one in found]


def helped(request: HttpRequest, uuid: UUID | str) -> Person:
    """Somebody whom the reader's organisation helps now. Anybody else does not exist for them."""
    try:
        which = UUID(str(uuid))
    except ValueError:
        raise Http404 from None
    own = Person.objects.of(seat(request).helps_in(), at=timezone.now()).filter(territory=here(request))
    return get_object_or_404(own.select_related("household", "territory"), uuid=which)


@require_http_methods(WRITES)
def person(request: HttpRequest, uuid: UUID) -> HttpResponse:
    if kept := joined(request, uuid):
        return redirect("desk-person", uuid=kept.uuid)
    one = helped(request, uuid)
    if request.method == "POST":
        return changed(request, one)
    at, held, words = timezone.now(), seat(request).helps_in(), vocabulary(one.territory)
    audit.record("read", one, by=member(request), at=at)
    near = (
        Person.objects.filter(household=one.household, same_as=None).exclude(pk=one.pk)
        if one.household_id
        else Person.objects.none()
    )
    told = list(near.filter(pk__in=Person.objects.of(held, at=at).values("pk")))
    hidden = near.count() - len(told)
    context = {
        "person": one,
        "wish": present_wish(one),
        "details": present.details(one, words, on=timezone.localdate()),
        "facts": present.facts(one, words),
        "household": lines(request, told),
        "others": present.others(hidden),
        "agreed": present.agreed(consents_of(one, held, member(request)), words, at=at),
        "helped": present.helped(own_links(request, one)),
        "referrals": sent.rows(referrals_of(one, held), words, at=at),
        "requests": present.requests(requests_of(one, held)),
        "stays": present.stays(stays_of(one, held)),
        **who_read(one, held),
    }
    return render(request, "desk/person.html", context)


def joined(request: HttpRequest, uuid: UUID) -> Person | None:
    """The record that this one was joined to, when the reader may open it."""
    left = (
        Person.objects.filter(territory=here(request), uuid=uuid)
        .exclude(same_as=None)
        .select_related("same_as")
        .first()
    )
    kept = left.same_as if left else None
    return kept if kept and queries.helps(member(request), kept, at=timezone.now()) else None


def present_wish(one: Person) -> list[tuple[str, str]]:
    """What the search is asked for them: facts and languages, in the body of the form, and never who."""
    facts = [
        (f"fact.{code}", str(value).lower() if isinstance(value, bool) else str(value))
        for code, value in one.facts.items()
    ]
    return [*facts, *(("languages", code) for code in one.spoken)]


def own_links(request: HttpRequest, one: Person) -> list[CareLink]:
    links = CareLink.objects.open(at=timezone.now()).filter(person=one, organization__in=seat(request).helps_in())
    return list(links.select_related("organization").order_by("since", "pk"))


def referrals_of(one: Person, held: list[int]) -> list[Referral]:
    """Those that the reader's organisations sent or received: another's letters are not theirs to read."""
    mine = Referral.objects.filter(person=one).filter(Q(sender__in=held) | Q(recipient__in=held))
    return list(
        mine.select_related("service", "recipient", "sender", "person", "need", "consent").order_by("-sent_at", "-pk")[
            :50
        ]
    )


def consents_of(one: Person, held: list[int], user: User) -> QuerySet[Consent]:
    """What was agreed with the reader's organisations, or taken by them: that somebody sees another house is not theirs to know."""
    ours = (
        Q(organization__in=held) | Q(referrals__sender__in=held) | Q(requests__asked_by__in=held) | Q(recorded_by=user)
    )
    mine = Consent.objects.filter(pk__in=Consent.objects.filter(ours, person=one).values("pk"))
    return mine.select_related("organization").order_by("-given_at", "-pk")


def who_read(one: Person, held: list[int]) -> dict[str, object]:
    """What colleagues did with this record, by name; how often people of other houses read it, and not which houses."""
    colleagues = Membership.objects.filter(organization__in=held).values_list("user__uuid", flat=True)
    ours = [f"user:{uuid}" for uuid in colleagues.distinct()]
    all_lines = queries.trail(kind="people.person", target=str(one.uuid)).exclude(verb__in=APART)
    elsewhere = all_lines.filter(verb="read").exclude(actor__in=ours).count()
    return {
        "trail": trail.lines(list(all_lines.filter(actor__in=ours)[:LAST])),
        "elsewhere": present.read_elsewhere(elsewhere),
    }


def requests_of(one: Person, held: list[int]) -> list[Request]:
    """On lists that the reader's organisations keep, or that they brought the person to."""
    mine = Request.objects.filter(person=one).filter(Q(asked_by__in=held) | Q(waiting_list__keeper__in=held))
    return list(mine.select_related("waiting_list").order_by("-asked_at", "-pk")[:50])


def stays_of(one: Person, held: list[int]) -> list[tuple[Stay, str]]:
    """Stays in one's own houses, by their name; those that one's own request led to, and only the area where the place is hidden."""
    hidden = Location.objects.filter(services_here__service=OuterRef("group__site__service"), is_confidential=True)
    mine = Stay.objects.filter(occupants__person=one).filter(
        Q(group__site__service__organization__in=held)
        | Q(request__asked_by__in=held)
        | Q(request__waiting_list__keeper__in=held)
    )
    rows = (
        mine.select_related("group__site__service", "group__site__area").annotate(is_hidden=Exists(hidden)).distinct()
    )
    return [(stay, place_of(stay, held)) for stay in rows.order_by("-from_on", "-pk")[:50]]


def place_of(stay: Stay, held: list[int]) -> str:
    site = stay.group.site
    if stay.is_hidden and site.service.organization_id not in held:  # type: ignore[attr-defined]
        return confidential(site.area.name() if site.area else "")
    return site.called()


def changed(request: HttpRequest, one: Person) -> HttpResponse:
    by, at = member(request), timezone.now()
    match request.POST.get("do"):
        case "withdraw":
            mine = consents_of(one, seat(request).helps_in(), by)
            consent = get_object_or_404(mine, uuid=a_uuid(request.POST.get("consent", "")))
            persons.withdraw(consent, by=by, at=at)
            messages.success(request, _("Written down: they no longer agree. What was sent before stays sent."))
        case "leave-household":
            persons.leave_household(one, by=by, at=at)
        case "end":
            house = get_object_or_404(
                Organization, pk__in=seat(request).helps_in(), pk=key(request.POST.get("organization", ""))
            )
            if request.POST.get("reason") not in {CareLink.Reason.REGISTERED, CareLink.Reason.REFERRED}:
                raise Http404
            persons.unlink(one, house, request.POST["reason"], by=by, at=at)
            messages.success(request, _("Your organisation’s help has ended: its members no longer read this record."))
            if not queries.helps(by, one, at=timezone.now()):
                return redirect("desk-people")
        case _:
            raise Http404
    return redirect("desk-person", uuid=one.uuid)


def a_uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None


# ---- register, change


def own_house(request: HttpRequest) -> Organization:
    """The organisation that registers: the one chosen, else the only or the first one."""
    held = seat(request).helps_in()
    asked = key(request.POST.get("organization", ""))
    found = Organization.objects.filter(pk__in=held).order_by("name", "pk")
    house = found.filter(pk=asked).first() or found.first()
    if house is None:
        raise Http404
    return house


def house_helping(request: HttpRequest, one: Person) -> Organization:
    """Of one's own organisations the one that has helped this person longest: it is the one that writes about them."""
    link = next(iter(own_links(request, one)), None)
    if link is None:
        raise Http404
    return link.organization


@require_http_methods(WRITES)
def new(request: HttpRequest) -> HttpResponse:
    words = vocabulary(here(request))
    first = {"contact": Person.Contact.WORKER, "language": request.LANGUAGE_CODE}
    form = PersonForm(words, request.POST or None, initial=first)
    alike: list[present.Somebody] = []
    if form.is_valid():
        alike = [] if request.POST.get("sure") else lines(request, alike_to(request, form))
        if not alike and (made := registered(request, form)):
            return redirect("desk-person", uuid=made)
    context = {
        "form": form, "alike": alike, "title": _("Register somebody"), "back": reverse("desk-people"),
        "open_facts": any(field.errors for field in form.facts()),
    }  # fmt: skip
    return render(request, "desk/person_form.html", context, status=400 if form.errors else 200)


def alike_to(request: HttpRequest, form: PersonForm) -> list[Person]:
    """People of one's own who have such a name already: one record a person is worth a question."""
    said = form.cleaned_data
    name = f"{said['given_name']} {said['family_name']}".strip() or said["alias"]
    found = finding.find(seat(request).helps_in(), name, at=timezone.now())[:5]
    trace_list(request, found)
    return found


def registered(request: HttpRequest, form: PersonForm) -> UUID | None:
    by, at, house, territory = member(request), timezone.now(), own_house(request), here(request)

    def do() -> UUID:
        return persons.register(territory, house, by=by, at=at, **form.details()).uuid

    try:
        return once(form.cleaned_data["once"], "register somebody", by=by, at=at, do=do)
    except persons.Impossible as refusal:
        form.add_error(None, gettext(str(refusal)))
    return None


@require_http_methods(WRITES)
def edit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    one = helped(request, uuid)
    form = PersonForm(vocabulary(one.territory), request.POST or None, initial=known(one))
    if request.method != "POST":
        audit.record("read", one, by=member(request), at=timezone.now())
    elif form.is_valid():
        try:
            said = form.details()
            unasked = {code: value for code, value in one.facts.items() if code not in form.words.criteria}
            said["facts"] = unasked | said["facts"]  # what no question of the pack stands for stays
            persons.describe(one, by=member(request), at=timezone.now(), **said)
            return redirect("desk-person", uuid=one.uuid)
        except persons.Impossible as refusal:
            form.add_error(None, gettext(str(refusal)))
    context = {
        "form": form, "title": _("Change what is known"), "back": reverse("desk-person", args=[one.uuid]),
        "open_facts": bool(one.facts) or any(field.errors for field in form.facts()),
    }  # fmt: skip
    return render(request, "desk/person_form.html", context, status=400 if form.errors else 200)


# ---- two records of one person; a household


@require_http_methods(WRITES)
def join(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Another record of the same person: found, shown beside this one, then joined to it."""
    one, refusal = helped(request, uuid), ""
    other = helped(request, request.POST["other"]) if request.POST.get("other") else None
    if other and request.POST.get("do") == "sure":
        try:
            persons.join(other, one, by=member(request), at=timezone.now())
            messages.success(request, _("The two records are one."))
            return redirect("desk-person", uuid=one.uuid)
        except persons.Impossible as impossible:
            refusal = gettext(str(impossible))
    title, lead = (
        _("This person has another record"),
        _("Find it: it is joined to this one, and nothing of it is lost."),
    )
    return choose(request, one, title, lead, refusal=refusal, other=other)


@require_http_methods(WRITES)
def household(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Somebody else under the same roof; both must be people whom the reader helps."""
    one, refusal = helped(request, uuid), ""
    if request.POST.get("other"):
        try:
            persons.household_of([one, helped(request, request.POST["other"])], by=member(request), at=timezone.now())
            return redirect("desk-person", uuid=one.uuid)
        except persons.Impossible as impossible:
            refusal = gettext(str(impossible))
    title, lead = (
        _("Add somebody to the household"),
        _("They want one roof together: they wait, and are offered places, as one."),
    )
    return choose(request, one, title, lead, refusal=refusal)


def choose(
    request: HttpRequest, one: Person, title: str, lead: str, *, refusal: str, other: Person | None = None
) -> HttpResponse:
    asked, found, _more = looked_for(request)
    found = [person for person in found if person.pk != one.pk]
    trace_list(request, [*found, other] if other else found)
    context = {
        "person": one, "title": title, "lead": lead, "refusal": refusal, "asked": asked, "people": lines(request, found),
        "person_line": lines(request, [one])[0], "other": lines(request, [other])[0] if other else None,
    }  # fmt: skip
    return render(request, "desk/person_choose.html", context)
