"""Feeds that are fetched again and again, and services that left their source."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Count, OuterRef, Q, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from maillage.directory import incoming
from maillage.directory.actions import imports as asked
from maillage.directory.models import ImportRun, ImportSchedule, Service, SourceRecord
from maillage.directory.watching import gone_services, returned_services
from maillage.territory.models import Territory
from maillage.web.desk import services
from maillage.web.desk.imports import cursor
from maillage.web.fields import Typed
from maillage.web.presenters import imports as present
from maillage.web.presenters.vocabulary import vocabulary

MOST = 100  # feeds of one territory
PAGE = 50
EVERY = {
    6: _("every 6 hours"), 12: _("every 12 hours"), 24: _("once a day"), 72: _("every 3 days"), 168: _("every week"), 720: _("every 30 days"),
}  # fmt: skip


class FeedForm(forms.Form):
    location = Typed(label=_("Where it is"), shorten=1_000, help_text=_("An address that begins with https://"))
    format = forms.ChoiceField(label=_("Its format"), choices=list(incoming.FORMATS.items()))
    source = Typed(
        label=_("Name of the feed"), shorten=200, help_text=_("It stands beside everything that comes from it.")
    )
    licence = Typed(label=_("Licence of the data"), shorten=400, required=False)
    every = forms.TypedChoiceField(label=_("How often"), choices=list(EVERY.items()), initial=24, coerce=int)


@require_http_methods(["GET", "HEAD", "POST"])
def feeds(request: HttpRequest) -> HttpResponse:
    territory = services.here(request)
    services.moderating(request)
    words, at = vocabulary(territory), timezone.now()
    form = FeedForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            asked.schedule(
                territory, format_name=said["format"], source=said["source"], location=said["location"],
                licence=said["licence"], every_hours=said["every"], by=services.member(request), at=at,
            )  # fmt: skip
        except asked.Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("desk-feeds")
    last = ImportRun.objects.filter(schedule=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    listed = list(
        ImportSchedule.objects.filter(territory=territory).annotate(last=Subquery(last)).order_by("source")[:MOST]
    )
    runs = (
        ImportRun.objects.defer("preview", "fill_rates")
        .select_related("asked_by")
        .in_bulk([one.last for one in listed])
    )
    context = {"feeds": [present.feed(one, runs.get(one.last), words, at=at) for one in listed], "form": form}
    return render(request, "desk/feeds.html", context, status=422 if form.errors else 200)


@require_POST
def feed(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Try it, run it now, pause it, go on, or never fetch it again."""
    services.moderating(request)
    made = get_object_or_404(
        ImportSchedule.objects.select_related("territory"), territory=services.here(request), uuid=uuid
    )
    by, at, how = services.member(request), timezone.now(), request.POST.get("do", "")
    if how in ("now", "try"):
        try:
            return redirect("desk-import", asked.run_now(made, is_trial=how == "try", by=by, at=at).uuid)
        except asked.Refusal as refusal:
            messages.warning(request, str(refusal))
    elif how in ("pause", "resume"):
        asked.pause(made, is_active=how == "resume", by=by, at=at)
    elif how == "remove":
        asked.unschedule(made, by=by, at=at)
        messages.success(request, gettext("It is no longer fetched. What it brought stays."))
    return redirect("desk-feeds")


@require_http_methods(["GET", "HEAD", "POST"])
def gone(request: HttpRequest) -> HttpResponse:
    """Services whose source no longer has them. Nothing disappears by itself: somebody decides."""
    territory = services.here(request)
    services.moderating(request)
    if request.method == "POST":
        return _decide(request)
    listed = gone_services(territory).select_related("organization")
    if after := cursor(request):
        listed = listed.filter(pk__gt=after)
    rows = list(listed.order_by("pk")[: PAGE + 1])
    sources = _sources(territory)
    context = {
        "rows": rows[:PAGE],
        "following": rows[PAGE - 1].pk if len(rows) > PAGE else None,
        "sources": sources,
        "is_suspect": any(is_broken for *_counts, is_broken in sources),
        "returned": returned_services(territory).select_related("organization").order_by("pk")[:PAGE],
    }
    return render(request, "desk/gone.html", context)


def _sources(territory: Territory) -> list[tuple[str, int, int, bool]]:
    """Each source that lost records: how many, of how many, and whether so many that it is probably broken."""
    records = SourceRecord.objects.filter(territory=territory).exclude(source="desk").order_by().values("source")
    counted = records.annotate(all=Count("pk"), gone=Count("pk", filter=Q(gone_at__isnull=False))).filter(gone__gt=0)
    return present.shares(counted.order_by("source")[:MOST])


def _decide(request: HttpRequest) -> HttpResponse:
    territory, by, at = services.here(request), services.member(request), timezone.now()
    wanted = [one for one in (_uuid(text) for text in request.POST.getlist("service")[:PAGE]) if one]
    chosen = list(Service.objects.filter(territory=territory, uuid__in=wanted))
    verbs = {"withdraw": asked.withdraw, "keep": asked.keep, "show": asked.show_again}
    verb = verbs.get(request.POST.get("do", ""))
    if verb is None or not chosen:
        messages.warning(request, gettext("Choose at least one service."))
        return redirect("desk-gone")
    if (
        verb is asked.withdraw
        and "sure" not in request.POST
        and any(broken for *_counts, broken in _sources(territory))
    ):
        messages.warning(request, gettext("Say that you have looked at the feed: it is probably broken at its source."))
        return redirect("desk-gone")
    number = verb(chosen, territory, by=by, at=at)
    messages.success(request, ngettext("%(n)s service decided.", "%(n)s services decided.", number) % {"n": number})
    return redirect("desk-gone")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
