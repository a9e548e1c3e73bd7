"""Shared lists: services noted for somebody, without a word about them; handed over as a link, a drawing to scan, or a page to print."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from maillage.directory.models import Service
from maillage.orientation import rules
from maillage.orientation.actions import lists as actions
from maillage.orientation.models import SharedList, SharedListItem
from maillage.web import queries
from maillage.web.desk.who import here, member
from maillage.web.fields import Typed, key
from maillage.web.presenters import lists as present
from maillage.web.presenters.vocabulary import vocabulary


class ListForm(forms.Form):
    title = Typed(
        max_length=120, shorten=120, label=gettext_lazy("Title"),
        help_text=gettext_lazy("What the list is for, never who: “Somewhere to sleep, November”."),
    )  # fmt: skip
    language = forms.ChoiceField(
        choices=settings.LANGUAGES, label=gettext_lazy("Language in which it is read"), widget=forms.RadioSelect
    )


def mine(request: HttpRequest) -> list[SharedList]:
    """The lists of this person that live, the newest first."""
    own = SharedList.objects.filter(owner=member(request), territory=here(request), expires_at__gt=timezone.now())
    return list(own.annotate(count=Count("items")).order_by("-created_at", "-pk")[: rules.MOST_LISTS])


@require_http_methods(["GET", "HEAD", "POST"])
def lists(request: HttpRequest) -> HttpResponse:
    form = ListForm(request.POST or None, initial={"language": request.LANGUAGE_CODE})
    if form.is_valid() and (made := started(request, form)):
        return redirect("desk-list", uuid=made.uuid)
    return render(request, "desk/lists.html", {"lists": present.lines(mine(request)), "form": form})


def started(request: HttpRequest, form: ListForm) -> SharedList | None:
    """A new list; what is refused is said beside what was typed."""
    said = form.cleaned_data
    try:
        return actions.start_list(
            here(request), said["title"], language=said["language"], by=member(request), at=timezone.now()
        )
    except rules.Personal as refusal:
        form.add_error("title", gettext(str(refusal)))
    except actions.ListFull:
        form.add_error(None, _("You have many lists: end some of them first."))
    return None


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Which list does this service go to? One tap for one that is there; or a new one."""
    service = chosen(request)
    form = ListForm(request.POST if "title" in request.POST else None, initial={"language": request.LANGUAGE_CODE})
    if request.method == "POST":
        target = owned(request, request.POST["list"]) if request.POST.get("list") else None
        if target is None and form.is_valid():
            target = started(request, form)
        if target is not None:
            return added(request, target, service)
    words = vocabulary(here(request))
    cards = queries.cards_by_uuid(here(request), [service.uuid])
    context = {
        "service": service, "name": present.name(cards.get(service.uuid, ()), words), "lists": present.lines(mine(request)),
        "form": form,
    }  # fmt: skip
    return render(request, "desk/list_add.html", context)


def chosen(request: HttpRequest) -> Service:
    """The service to add: one that anyone may see."""
    try:
        uuid = UUID(request.POST.get("service") or request.GET.get("service", ""))
    except ValueError:
        raise Http404 from None
    return get_object_or_404(Service.objects.visible(), territory=here(request), uuid=uuid)


def added(request: HttpRequest, target: SharedList, service: Service) -> HttpResponse:
    try:
        actions.add_to_list(target, service, by=member(request))
        messages.success(request, _("Added to “%(title)s”.") % {"title": target.title})
    except actions.ListFull:
        messages.error(request, _("This list is full: start another one."))
    return redirect("desk-list", uuid=target.uuid)


def owned(request: HttpRequest, uuid: str | UUID) -> SharedList:
    """A list of this person that lives; another's does not exist for them."""
    try:
        key = UUID(str(uuid))
    except ValueError:
        raise Http404 from None
    return get_object_or_404(
        SharedList, uuid=key, owner=member(request), territory=here(request), expires_at__gt=timezone.now()
    )


@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The list as its owner sees it. Its link is shown once, on the page that makes it."""
    shared = owned(request, uuid)
    typed: dict[str, str] = {}
    link = None
    if request.method == "POST":
        try:
            link = changed(request, shared)
        except rules.Personal as refusal:
            messages.error(request, gettext(str(refusal)))
            typed = {"item": request.POST.get("item", ""), "note": request.POST.get("note", "")}
        else:
            if link is None:
                return redirect("desk-lists" if request.POST.get("do") == "end" else request.path)
    territory, at = here(request), timezone.now()
    items = list(shared.items.order_by("order", "pk"))
    cards = queries.cards_by_uuid(territory, [item.service_uuid for item in items])
    context = {
        "shared": shared,
        "until": present.until(shared),
        "items": present.items(items, cards, vocabulary(territory), at=at, typed=typed),
        "form": ListForm(initial={"title": shared.title, "language": shared.language}),
        "link": link,
        "drawing": present.drawing(link) if link else "",
    }
    return render(request, "desk/list.html", context)


def changed(request: HttpRequest, shared: SharedList) -> str | None:
    """Do what the button says. Gives back the whole address of a link that was made, which is shown now and never again."""
    by, verb = member(request), request.POST.get("do", "")
    match verb:
        case "hand-over":
            token = actions.hand_over(shared, by=by, at=timezone.now())
            return request.build_absolute_uri(reverse("list", args=[token]))
        case "end":
            actions.end_list(shared, by=by)
            messages.success(request, _("The list is ended: its link opens nothing any more."))
        case "describe":
            form = ListForm(request.POST)
            if form.is_valid():
                actions.describe_list(
                    shared, title=form.cleaned_data["title"], language=form.cleaned_data["language"], by=by
                )
        case "note" | "up" | "down" | "remove":
            number = request.POST.get("item", "")
            item = get_object_or_404(shared.items, pk=key(number))
            line(verb, item, request)
        case _:
            raise Http404
    return None


def line(verb: str, item: SharedListItem, request: HttpRequest) -> None:
    by = member(request)
    if verb == "note":
        actions.note_in_list(item, request.POST.get("note", ""), by=by)
    elif verb == "remove":
        actions.remove_from_list(item, by=by)
    else:
        actions.move_in_list(item, -1 if verb == "up" else 1, by=by)
