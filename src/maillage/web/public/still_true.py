"""The link of a reminder: the record as it stands, one button that says it is still true, and a few words when it is not.

Opening the page changes nothing, since mail scanners open every link; the tap does. The secret of the address is the proof: no
session is needed, and no forged form can know it. So the page may ask that browsers never tell the address to another site
(no-referrer), which makes them send the form without its origin and would fail the usual check: hence csrf_exempt.
"""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from maillage.directory import freshness
from maillage.directory.actions import freshness as reminders
from maillage.directory.actions import reports
from maillage.directory.models import Reminder
from maillage.directory.search.cards import cards
from maillage.people.rules import NotAllowed
from maillage.web import rate
from maillage.web.fields import Typed
from maillage.web.presenters import service as present
from maillage.web.presenters.vocabulary import vocabulary

AN_HOUR = 3_600
MOST = 120  # openings and answers an hour from one address: a house with forty services answers them all
STATUS = {reminders.FORGED: 404, reminders.ENDED: 410, reminders.GONE: 410, reminders.ANSWERED: 200}


class ChangedForm(forms.Form):
    message = Typed(
        label=_("What has changed?"), help_text=_("Please write no names of people, and nothing about anyone’s health."),
        shorten=reports.LONGEST, widget=forms.Textarea(attrs={"rows": 5, "maxlength": reports.LONGEST}),
        error_messages={"required": _("Write what has changed, in a few words.")},
    )  # fmt: skip


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def still_true(request: HttpRequest, token: str) -> HttpResponse:
    response = _answer(request, token)
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Cache-Control"] = "no-store"
    return response


def _answer(request: HttpRequest, token: str) -> HttpResponse:
    at = timezone.now()
    if not rate.allow(f"still true from {rate.visitor(request)}", MOST, AN_HOUR):
        response = closed(request, "", gettext("Many links were opened at once. Please try again later."), status=429)
        response["Retry-After"] = str(rate.wait(AN_HOUR))
        return response
    try:
        reminder = reminders.opened(token, at=at)
        form = ChangedForm(request.POST if request.POST.get("answer") == "changed" else None)
        if request.POST.get("answer") == "true":
            reminders.still_true(reminder, at=at)
            return redirect("still-true", token=token)
        if form.is_bound and form.is_valid():
            language = (get_language() or "en").split("-")[0]
            reminders.something_changed(reminder, form.cleaned_data["message"], at=at, language=language)
            return redirect("still-true", token=token)
        return asked(request, reminder, form)
    except reminders.LinkRefused as refused:
        return refusal(request, refused)
    except NotAllowed:
        said = gettext("You no longer keep this record: the link was made for an editor of the service.")
        return closed(request, "", said, status=403)


def asked(request: HttpRequest, reminder: Reminder, form: ChangedForm) -> HttpResponse:
    found = cards(reminder.service.uuid)
    if not found:
        return refusal(request, reminders.LinkRefused(reminders.GONE, reminder))
    page = present.service_page(found, vocabulary(reminder.service.territory), at=timezone.now())
    context = {"service": page, "form": form, "has_account": reminder.user_id is not None}
    return render(request, "public/still_true.html", context)


def refusal(request: HttpRequest, refused: reminders.LinkRefused) -> HttpResponse:
    said = {
        reminders.FORGED: gettext("This link is not one of ours, or part of it was lost on the way. Open it again from the mail."),
        reminders.ENDED: gettext("This link has ended. The next reminder brings a new one; with an account, sign in and confirm."),
        reminders.GONE: gettext("This record is no longer in the directory: there is nothing to confirm."),
        reminders.ANSWERED: gettext("Somebody has answered already: there is nothing more to do."),
    }[refused.code]  # fmt: skip
    name = refused.reminder.service.name if refused.reminder else ""
    lines = [said] if refused.code != reminders.ANSWERED or not refused.reminder else thanks(refused.reminder) or [said]
    return closed(request, name, *lines, status=STATUS[refused.code])


def thanks(reminder: Reminder) -> list[str]:
    """What the answer did, for whoever gave it; nothing when somebody else answered."""
    if reminder.answered_at is None:
        return []
    service = reminder.service
    if service.confirmed_on is None or service.confirmed_on < timezone.localtime(reminder.answered_at).date():
        return [gettext("Thank you. The moderators read what you wrote, and mend the record.")]
    found = next(iter(cards(service.uuid)), None)
    lines = [gettext("Thank you. The record says today that it was confirmed.")]
    if found and found.months:
        due = date_format(freshness.due_on(service.confirmed_on, found.months), "DATE_FORMAT")
        lines.append(gettext("We shall ask again after %(date)s.") % {"date": due})
    return lines


def closed(request: HttpRequest, name: str, *lines: str, status: int) -> HttpResponse:
    return render(request, "public/still_true_closed.html", {"name": name, "lines": lines}, status=status)
