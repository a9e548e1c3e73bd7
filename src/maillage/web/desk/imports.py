"""Imports: what came, what was left out and why, what would change before it changes, and the record as it came."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from maillage.directory import incoming
from maillage.directory.actions import imports as asked
from maillage.directory.ingest.reasons import sentence
from maillage.directory.models import ImportIssue, ImportRun, SourceRecord
from maillage.directory.queries import PlaceHidden
from maillage.directory.watching import gone_services
from maillage.web import rate
from maillage.web.desk import services
from maillage.web.fields import Typed
from maillage.web.presenters import imports as present
from maillage.web.presenters.vocabulary import vocabulary
from maillage.web.sheets import csv_answer

PAGE = 30
MOST_FILES, AN_HOUR = 60, 3_600  # handed in by one person
REMARKS = 50
MOST_ROWS = 100_000  # of a CSV: a spreadsheet opens no more with ease
State = ImportRun.State


class UploadForm(forms.Form):
    file = forms.FileField(label=_("The file"))
    format = forms.ChoiceField(label=_("Its format"), choices=list(incoming.FORMATS.items()))
    source = Typed(
        label=_("Name of the feed"), shorten=200,
        help_text=_("Keep the same name from one import to the next: what belongs together is found by it."),
    )  # fmt: skip
    licence = Typed(
        label=_("Licence of the data"), shorten=400, required=False, help_text=_("For example CC BY 4.0. It stands beside every record.")
    )  # fmt: skip
    partial = forms.BooleanField(
        label=_("This is only a part of the feed"), required=False, help_text=_("What it does not hold is not gone.")
    )

    def clean_file(self) -> Any:
        given = self.cleaned_data["file"]
        if given.size > incoming.most_bytes():
            raise forms.ValidationError(
                gettext("The file is too large: at most %(n)s MB.") % {"n": incoming.most_bytes() // 1_000_000}
            )
        if not incoming.has_known_ending(given.name):
            raise forms.ValidationError(
                gettext("A feed is a file of one of these kinds: %(kinds)s.") % {"kinds": ", ".join(incoming.ENDINGS)}
            )
        return given


@require_safe
def runs(request: HttpRequest) -> HttpResponse:
    territory = services.here(request)
    services.moderating(request)
    words, at = vocabulary(territory), timezone.now()
    found = ImportRun.objects.filter(territory=territory).select_related("asked_by").defer("preview", "fill_rates")
    if after := cursor(request):
        found = found.filter(pk__lt=after)
    listed = list(found.order_by("-pk")[: PAGE + 1])
    context = {
        "lines": [present.line(run, words, at=at) for run in listed[:PAGE]],
        "following": listed[PAGE - 1].pk if len(listed) > PAGE else None,
        "gone": gone_services(territory).count(),
    }
    return render(request, "desk/imports.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A file is handed in; it is always tried first."""
    territory = services.here(request)
    services.moderating(request)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        if not rate.allow(f"import:{services.member(request).pk}", MOST_FILES, AN_HOUR):
            form.add_error(None, gettext("Many files came at once. Please hand in yours again later."))
            response = render(request, "desk/import_new.html", {"form": form}, status=429)
            response["Retry-After"] = str(rate.wait(AN_HOUR))
            return response
        try:
            file = incoming.keep(said["file"].name, said["file"].chunks())
            run = asked.ask(
                territory, format_name=said["format"], source=said["source"], file=file, licence=said["licence"],
                is_partial=said["partial"], by=services.member(request), at=timezone.now(),
            )  # fmt: skip
        except asked.Refusal as refusal:
            incoming.forget(file)
            form.add_error(None, str(refusal))
        except incoming.TooLarge:
            form.add_error(
                "file", gettext("The file is too large: at most %(n)s MB.") % {"n": incoming.most_bytes() // 1_000_000}
            )
        else:
            return redirect("desk-import", run.uuid)
    status = 422 if form.is_bound and not form.is_valid() else 200
    return render(request, "desk/import_new.html", {"form": form}, status=status)


@require_safe
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    run = _run(request, uuid)
    words, at = vocabulary(run.territory), timezone.now()
    is_open = run.state in (State.ASKED, State.RUNNING)
    context = {
        "line": present.line(run, words, at=at),
        "is_open": is_open,
        "is_waiting": run.state == State.ASKED,
        "progress": present.progress(run, at=at) if is_open else None,
    }
    if request.headers.get("HX-Request"):
        response = render(request, "parts/import_progress.html", context)
        if not is_open:
            response["HX-Refresh"] = "true"
        return response
    rows = ImportIssue.objects.filter(run=run).order_by().values("code")
    reasons = rows.annotate(count=Count("pk"), rejections=Count("pk", filter=Q(is_rejection=True)))
    context |= {
        "outcomes": [str(present.OUTCOMES[name]) for name in present.outcomes(run.counts)],
        "tallies": present.tallies(run.counts),
        "reasons": [] if is_open else present.reasons(run, reasons),
        "rates": present.rates(run.fill_rates),
        "preview": present.preview(run, words) if run.is_trial and run.state == State.DONE else None,
        "may_again": not is_open and (run.schedule_id or incoming.path_of(run.file) is not None),
        "records": not run.is_trial and run.state == State.DONE,
    }
    return render(request, "desk/import.html", context)


@require_safe
def remarks(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What was remarked for one reason, row by row."""
    run = _run(request, uuid)
    code = request.GET.get("code", "")[:60].replace("\x00", "")
    found = _issues(run, code)
    if after := cursor(request):
        found = found.filter(pk__gt=after)
    listed = list(found.order_by("pk")[: REMARKS + 1])
    context = {
        "line": present.line(run, vocabulary(run.territory), at=timezone.now()),
        "code": code,
        "title": sentence(code) if code else gettext("Everything that was remarked"),
        "remarks": list(_shown(run, listed[:REMARKS])),
        "following": listed[REMARKS - 1].pk if len(listed) > REMARKS else None,
    }
    return render(request, "desk/import_remarks.html", context)


@require_safe
def table(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The same as CSV."""
    run = _run(request, uuid)
    found = _issues(run, request.GET.get("code", "")[:60].replace("\x00", "")).order_by("pk")[:MOST_ROWS]
    head = [gettext("kind"), gettext("row"), gettext("field"), gettext("reason"), gettext("value"), gettext("left out")]
    rows = [
        [one.entity, one.row, one.field, one.sentence, one.value, gettext("yes") if one.is_rejection else ""]
        for one in _shown(run, list(found))
    ]
    return csv_answer("import-remarks", [head, *rows])


@require_safe
def record(request: HttpRequest, key: int) -> HttpResponse:
    """The record as it came."""
    territory = services.here(request)
    services.moderating(request)
    found = get_object_or_404(SourceRecord.objects.select_related("territory", "run"), territory=territory, pk=key)
    context: dict[str, Any] = {"record": found, "entity": present.entity(found.entity)}
    try:
        raw = asked.read_raw(found, by=services.member(request), at=timezone.now())
        context["raw"] = json.dumps(raw, ensure_ascii=False, indent=2)
    except PlaceHidden:
        context["is_hidden"] = True
    response = render(request, "desk/import_record.html", context, status=403 if "is_hidden" in context else 200)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def again(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """For real after a trial; or once more after a failure."""
    run = _run(request, uuid)
    is_trial = request.POST.get("how") != "real"
    try:
        following = asked.ask_again(run, is_trial=is_trial, by=services.member(request), at=timezone.now())
    except asked.Refusal as refusal:
        messages.warning(request, str(refusal))
        return redirect("desk-import", run.uuid)
    return redirect("desk-import", following.uuid)


@require_POST
def cancel(request: HttpRequest, uuid: UUID) -> HttpResponse:
    run = _run(request, uuid)
    try:
        asked.cancel(run, by=services.member(request), at=timezone.now())
    except asked.Refusal as refusal:
        messages.warning(request, str(refusal))
    return redirect("desk-import", run.uuid)


def cursor(request: HttpRequest) -> int:
    told = request.GET.get("after", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 16 else 0


def _run(request: HttpRequest, uuid: UUID) -> ImportRun:
    services.moderating(request)
    runs = ImportRun.objects.select_related("territory", "asked_by", "schedule")
    return get_object_or_404(runs, territory=services.here(request), uuid=uuid)


def _issues(run: ImportRun, code: str) -> Any:
    found = ImportIssue.objects.filter(run=run)
    return found.filter(code=code) if code else found


def _shown(run: ImportRun, issues: list[ImportIssue]) -> Iterator[present.Remark]:
    """With the key of the raw record, where there is one; what may tell where a confidential place is, is not shown."""
    for start in range(0, len(issues), 1_000):
        some = issues[start : start + 1_000]
        ids = {issue.external_id for issue in some if issue.external_id}
        rows = SourceRecord.objects.filter(territory_id=run.territory_id, source=run.source, external_id__in=ids)
        keys = {(entity, known): pk for entity, known, pk in rows.values_list("entity", "external_id", "pk")}
        hidden = asked.hidden_records(keys.values()) if keys else set()
        for issue in some:
            key = keys.get((issue.entity, issue.external_id))
            yield present.remark(issue, key, is_hidden=key in hidden)
