"""My account: my language, what I may do here and until when, how I sign in."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from maillage.people.actions import members as actions
from maillage.people.models import Membership, User
from maillage.web.desk.who import here, member
from maillage.web.fields import Typed, key
from maillage.web.language import keep_language
from maillage.web.presenters import roles as present
from maillage.web.seat import factors


class AccountForm(forms.Form):
    name = Typed(max_length=150, required=False, label=gettext_lazy("Your name, as colleagues read it"))
    language = forms.ChoiceField(
        choices=settings.LANGUAGES, label=gettext_lazy("Language of the letters that we send you"),
        widget=forms.RadioSelect,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Held:
    """One membership of mine, in words."""

    pk: int
    role: str
    where: str
    until: str
    sees_confidential_places: bool


@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    user = member(request)
    match request.POST.get("do", ""):
        case "leave":
            return leave(request, user)
        case "sign-out":
            return sign_out_everywhere(request, user)
    first = {"name": user.name, "language": user.language or request.LANGUAGE_CODE}
    form = AccountForm(request.POST or None, initial=first)
    if form.is_valid():
        actions.change_account(user, name=form.cleaned_data["name"], language=form.cleaned_data["language"], by=user)
        messages.success(request, _("Saved."))
        response = redirect("desk-account")
        keep_language(response, form.cleaned_data["language"])
        return response
    at = timezone.now()
    held = Membership.objects.active(at=at).filter(user=user, territory=here(request)).select_related("organization")
    context = {
        "form": form,
        "held": [of(membership, str(here(request))) for membership in held.order_by("pk")],
        "has_second_step": factors(user).exists(),
        "needs_second_step": settings.REQUIRE_SECOND_FACTOR,
        "hours": settings.SESSION_HOURS,
        "minutes": settings.SESSION_IDLE_MINUTES,
    }
    return render(request, "desk/account.html", context)


def of(membership: Membership, territory: str) -> Held:
    return Held(
        membership.pk,
        str(membership.get_role_display()),
        str(membership.organization or territory),
        present.until(membership.ends_at),
        membership.sees_confidential_places,
    )


def leave(request: HttpRequest, user: User) -> HttpResponse:
    """Give a role back."""
    number = request.POST.get("member", "")
    mine = Membership.objects.filter(user=user, territory=here(request), pk=key(number))
    membership = mine.first()
    if membership is None:
        raise Http404
    actions.end_membership(membership, by=user, at=timezone.now())
    messages.success(request, _("You have given this role back."))
    return redirect("desk-account")


def sign_out_everywhere(request: HttpRequest, user: User) -> HttpResponse:
    """Every session ends but this one."""
    actions.sign_out_everywhere(user, by=user)
    update_session_auth_hash(request, user)
    messages.success(request, _("You are signed out everywhere else."))
    return redirect("desk-account")
