"""Say that something on a service's page is wrong, without an account."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from maillage.directory.actions import reports
from maillage.directory.models import ErrorReport, Service
from maillage.directory.search.cards import cards
from maillage.web import rate
from maillage.web.fields import Typed, TypedEmail
from maillage.web.language import territory_of
from maillage.web.presenters import words as say
from maillage.web.presenters.vocabulary import vocabulary

AN_HOUR, A_DAY = 3_600, 86_400
MOST_OF_ONE = 5  # reports an hour from one address
MOST_ABOUT_ONE = 20  # reports a day about one service


class ReportForm(forms.Form):
    kind = forms.ChoiceField(label=_("What is wrong?"), choices=ErrorReport.Kind.choices, widget=forms.RadioSelect)
    message = Typed(
        label=_("What should it say?"), help_text=_("Please write no names of people, and nothing about anyone’s health."),
        required=False, shorten=reports.LONGEST, widget=forms.Textarea(attrs={"rows": 5, "maxlength": reports.LONGEST}),
    )  # fmt: skip
    email = TypedEmail(
        label=_("Your e-mail address, if you would like an answer"), required=False,
        help_text=_("It serves for the answer alone, and is then erased."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )  # fmt: skip
    # for machines that fill in everything: people do not see it
    website = forms.CharField(required=False, widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}))


@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, uuid: UUID) -> HttpResponse:
    service = shown(request, uuid)
    found = cards(uuid)
    if not found:
        raise Http404
    form = ReportForm(request.POST or None)
    status, wait = 200, 0
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["website"]:
            return redirect("report-sent")
        wait = seconds_to_wait(request, uuid)
        if not wait:
            keep(service, form)
            return redirect("report-sent")
        form.add_error(None, gettext("Many messages came at once. Please send yours again later: it is still here."))
        status = 429
    is_confidential = any(card.is_confidential for card in found)
    if is_confidential:
        say_nothing_again(form, request.POST)
    name = say.said(found[0], "name", vocabulary(service.territory))
    context = {"form": form, "name": name, "uuid": uuid, "is_confidential": is_confidential}
    response = render(request, "public/report.html", context, status=status)
    response["Cache-Control"] = "no-store"
    if wait:
        response["Retry-After"] = str(wait)
    return response


def shown(request: HttpRequest, uuid: UUID) -> Service:
    territory = territory_of(request)
    found = Service.objects.visible().select_related("territory", "organization").filter(territory=territory, uuid=uuid)
    service = found.first() if territory else None
    if service is None:
        raise Http404
    return service


def say_nothing_again(form: ReportForm, post: QueryDict) -> None:
    """What is typed about a hidden place is not shown again, not even to whoever typed it."""
    if form.is_bound:
        blank = post.copy()
        blank["message"] = blank["email"] = ""
        form.data = blank


def seconds_to_wait(request: HttpRequest, uuid: UUID) -> int:
    """0: it may be sent."""
    if not rate.allow(f"report from {rate.visitor(request)}", MOST_OF_ONE, AN_HOUR):
        return rate.wait(AN_HOUR)
    return 0 if rate.allow(f"report about {uuid}", MOST_ABOUT_ONE, A_DAY) else rate.wait(A_DAY)


def keep(service: Service, form: ReportForm) -> None:
    said = form.cleaned_data
    reports.report(
        service, said["kind"], message=said["message"], email=said["email"],
        language=(get_language() or "en").split("-")[0], at=timezone.now(),
    )  # fmt: skip


@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    return render(request, "public/report_sent.html")
