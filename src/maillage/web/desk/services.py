"""My services: one card for each, made for a phone held in one hand. Still true: one tap. Room: two."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext_lazy
from django.views.decorators.http import require_POST, require_safe

from maillage.directory import freshness
from maillage.directory import queries as directory
from maillage.directory.actions import editing
from maillage.directory.models import Change, Service, ServiceAtLocation
from maillage.directory.search import cards
from maillage.methods.text import typed
from maillage.people.models import User
from maillage.territory.models import Territory
from maillage.web.desk import queries
from maillage.web.language import territory_of
from maillage.web.presenters import desk as present
from maillage.web.presenters.quality import completeness
from maillage.web.presenters.vocabulary import Vocabulary, vocabulary
from maillage.web.presenters.words import Said
from maillage.web.seat import Seat, seat


def here(request: HttpRequest) -> Territory:
    """The territory of this desk; without one there is nothing to find."""
    territory = territory_of(request)
    if territory is None:
        raise Http404
    return territory


def member(request: HttpRequest) -> User:
    """Who sits here: the table of access lets nobody else in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def editable(request: HttpRequest, uuid: UUID) -> Service:
    """A service that this person may change: another one is refused, whether it exists or not is no secret."""
    services = Service.objects.select_related("organization", "territory")
    service = get_object_or_404(services, territory=here(request), uuid=uuid)
    if not seat(request).edits(service.organization_id):
        raise PermissionDenied
    return service


def moderating(request: HttpRequest) -> None:
    """The table of access knows roles, not where they are held: an organisation's administrator moderates nothing."""
    if not seat(request).moderates:
        raise PermissionDenied


def named(service: Service, words: Vocabulary) -> Said:
    """Its name in the reader's language."""
    return present.name(service, cards.card(service.uuid), words)


def back_to(service: Service) -> HttpResponseRedirect:
    """The list, at this service's card."""
    return redirect(f"{reverse('desk-services')}#s-{service.uuid}")


def cursor(request: HttpRequest) -> UUID | None:
    """Where the page begins; what is no cursor begins at the beginning."""
    try:
        return UUID(request.GET.get("after", ""))
    except ValueError:
        return None


@require_safe
def services(request: HttpRequest) -> HttpResponse:
    territory, sits, at = here(request), seat(request), timezone.now()
    words = vocabulary(territory)
    asked = typed(request.GET.get("q", ""), 100)
    everything = sits.moderates and (bool(asked) or "all" in request.GET or not queries.organizations(sits))
    chosen = queries.found(sits, territory, asked) if asked or everything else queries.mine(sits, territory)
    listed, following = queries.page(chosen, at=at, after=cursor(request))
    context = {
        "cards": [card(row, words, at=at) for row in listed],
        "asked": asked,
        "following": following,
        "everything": everything,
        "searches": sits.moderates or bool(asked) or following is not None or cursor(request) is not None,
        "moderates": sits.moderates,
    }
    return render(request, "desk/services.html", context)


def card(row: queries.Row, words: Vocabulary, *, at: datetime) -> present.Mine:
    service, announced = row.service, row.closure
    today = at.astimezone(ZoneInfo(words.territory.timezone)).date()
    state = freshness.state(service.confirmed_on, (row.card.months if row.card else 0) or 12, on=today)
    return present.Mine(
        uuid=str(service.uuid),
        anchor=f"s-{service.uuid}",
        name=present.name(service, row.card, words),
        organization=service.organization.name if service.organization else "",
        status=str(Service.Status(service.status).label) if service.status != Service.Status.ACTIVE else "",
        shown=row.card is not None,
        confirmed=present.confirmed(service.confirmed_on, today=today),
        freshness=state,
        freshness_label=str(present.FRESHNESS[state]),
        rooms=present.rooms(row.card, words, at=at),
        closure=present.closure(announced.starts_at, announced.ends_at, words, at=at) if announced else "",
        closure_message=present.message(announced.message if announced else {}, words),
        closure_uuid=str(announced.uuid) if announced else "",
        proposed=present.proposed(row.proposed),
        proposed_count=row.proposed,
        reports=present.reported(row.reports),
        is_confidential=row.is_confidential,
        complete=completeness([row.card] if row.card else [], words),
    )


@require_POST
def still_true(request: HttpRequest, uuid: UUID) -> HttpResponse:
    service = editable(request, uuid)
    editing.still_true(service, by=member(request), source="desk", at=timezone.now())
    messages.success(request, gettext("Thank you: “%(name)s” is confirmed as of today.") % {"name": service.name})
    return back_to(service)


@require_POST
def place(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Where it is exactly, to whom may know. Asked for by a button, because each reading leaves a trace."""
    service = editable(request, uuid)
    words, at = vocabulary(service.territory), timezone.now()
    places: list[tuple[str, directory.ExactPlace | None]] = []
    for link in ServiceAtLocation.objects.filter(service=service).select_related(
        "location__organization", "location__territory", "location__area"
    ):
        area = link.location.area.name() if link.location.area else ""
        try:
            places.append((area, directory.exact_place(link.location, user=member(request), at=at)))
        except directory.PlaceHidden:
            places.append((area, None))
    context = {"service": service, "name": named(service, words), "places": places}
    response = render(request, "desk/place.html", context)
    response["Cache-Control"] = "no-store"
    return response


def waiting(sits: Seat, territory: Territory) -> list[tuple[Promise, int, str]]:
    """What came back to this person from a moderator, for the first page of the desk."""
    if sits.user is None:
        return []
    count = Change.objects.filter(territory=territory, author=sits.user, state=Change.State.RETURNED).count()
    label = ngettext_lazy("change came back to you", "changes came back to you", count)
    return [(label, count, reverse("desk-changes"))] if count else []
