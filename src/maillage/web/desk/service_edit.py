"""Edit a service: the form of its sheet, and what was proposed as a readable difference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from maillage.directory import sheet
from maillage.directory.actions import decisions, editing
from maillage.directory.models import Change, Service
from maillage.methods.text import typed
from maillage.web.desk import services
from maillage.web.desk.sheet_form import SECTIONS, SheetForm, seen, sheet_field, touched, typed_values
from maillage.web.presenters.vocabulary import Vocabulary, vocabulary


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    service = services.editable(request, uuid)
    again = returned(request, service)
    if request.method != "POST":
        return show(
            request,
            service,
            SheetForm(
                vocabulary(service.territory),
                sheet.read(service) | again,
                seen=shown(again),
                opened=request.GET.get("part", "contact"),
            ),
        )
    values = typed_values(request.POST, vocabulary(service.territory))
    note = typed(request.POST.get("note", ""), editing.LONGEST_NOTE)
    if "check" in request.POST:
        return show(
            request, service, typed_form(request, vocabulary(service.territory), values, opened="hours"), note=note
        )
    try:
        change = editing.propose(
            service, touched(request.POST, values), by=services.member(request), note=note, at=timezone.now()
        )
    except sheet.SheetError as wrong:
        return show(
            request,
            service,
            typed_form(request, vocabulary(service.territory), values, wrong.errors),
            note=note,
            status=400,
        )
    except editing.Refusal as refusal:
        return show(
            request,
            service,
            typed_form(request, vocabulary(service.territory), values),
            note=note,
            refusal=str(refusal),
            status=400,
        )
    messages.success(request, told(change))
    return redirect("desk-change", uuid=change.uuid)


def told(change: Change) -> str:
    if change.state == Change.State.ACCEPTED:
        return gettext("Your change stands in the directory.")
    return gettext("Thank you. A moderator reads your change; you will be told by e-mail.")


def returned(request: HttpRequest, service: Service) -> dict[str, Any]:
    """What a proposal that came back said, so that it can be mended instead of typed again."""
    try:
        key = UUID(request.GET.get("again", ""))
    except ValueError:
        return {}
    change = Change.objects.filter(service=service, uuid=key).first()
    return {name: entry["new"] for name, entry in change.fields.items()} if change else {}


def shown(again: Mapping[str, Any]) -> dict[str, str]:
    """What is filled in from an earlier proposal counts as touched: the digest of what stands is not that of the field."""
    return dict.fromkeys(again, "again")


def typed_form(
    request: HttpRequest, words: Vocabulary, values: Mapping[str, Any], errors: Mapping[str, str] | None = None, opened: str = "contact"
) -> SheetForm:  # fmt: skip
    return SheetForm(words, values, errors or {}, seen(request.POST), opened)


def show(
    request: HttpRequest, service: Service, form: SheetForm, *, note: str = "", refusal: str = "", status: int = 200,
    change: Change | None = None,
) -> HttpResponse:  # fmt: skip
    words = vocabulary(service.territory)
    context = {
        "service": service,
        "name": services.named(service, words),
        "sections": form.sections(),
        "wrong": [(sheet_field(name), sentence) for name, sentence in form.errors.items()],
        "note": note,
        "refusal": refusal,
        "change": change,
    }
    response = render(request, "desk/edit.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def edit_then_accept(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """A moderator mends what was proposed, and accepts it so. Only the fields of the proposal, or any other, as they like."""
    services.moderating(request)
    found = Change.objects.select_related("service__organization", "service__territory", "author")
    change = get_object_or_404(found, territory=services.here(request), uuid=uuid, state=Change.State.PROPOSED)
    service, words = change.service, vocabulary(change.service.territory)
    proposed = {name: entry["new"] for name, entry in change.fields.items()}
    if request.method != "POST":
        form = SheetForm(words, sheet.read(service) | proposed, opened=section_of(change))
        return show(request, service, form, change=change)
    values = typed_values(request.POST, words)
    reason = typed(request.POST.get("note", ""), editing.LONGEST_NOTE)
    if "check" in request.POST:
        return show(
            request,
            service,
            typed_form(request, vocabulary(service.territory), values, opened="hours"),
            note=reason,
            change=change,
        )
    try:
        decisions.accept(
            change, by=services.member(request), at=timezone.now(), edited=touched(request.POST, values), reason=reason,
            force="force" in request.POST,
        )  # fmt: skip
    except sheet.SheetError as wrong:
        form = typed_form(request, vocabulary(service.territory), values, wrong.errors)
        return show(request, service, form, note=reason, status=400, change=change)
    except editing.Refusal as refusal:
        form = typed_form(request, vocabulary(service.territory), values)
        return show(request, service, form, note=reason, refusal=str(refusal), status=409, change=change)
    messages.success(request, gettext("Accepted as you wrote it; its author is told."))
    return redirect("desk-moderation")


def section_of(change: Change) -> str:
    """The part of the form where the first proposed field stands."""
    bases = {sheet.base_of(name) for name in change.fields}
    return next((code for code, _, names in SECTIONS if bases & set(names)), "contact")
