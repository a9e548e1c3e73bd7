"""Members: who may do what and until when; invite, renew, end, and let see confidential places."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy, ngettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from maillage.methods.text import typed
from maillage.people import queries, rules
from maillage.people.actions import members as actions
from maillage.people.models import Membership, Organization, Role, User
from maillage.territory.models import Territory
from maillage.web import rate
from maillage.web.access import INVITERS
from maillage.web.desk.who import here, member
from maillage.web.fields import Typed, TypedEmail, key
from maillage.web.presenters import members as present
from maillage.web.seat import AT_THE_GATE, Seat, seat

A_PAGE = 30
MOST_NAMES = 8  # organisations offered when a name fits several
AN_HOUR, MOST_LETTERS = 3600, 40  # that one person sends by inviting


def scope(held: Seat) -> queries.Scope:
    """Whose memberships this person reads: everybody's, those held in organisations, those of their own ones."""
    if held.administers:
        return queries.Scope(everyone=True)
    if Role.COORDINATOR in held.territory_roles:
        return queries.Scope(inside=True)
    return queries.Scope(organizations=tuple(held.heads()))


@require_http_methods(["GET", "HEAD", "POST"])
def members(request: HttpRequest) -> HttpResponse:
    user, territory, held, at = member(request), here(request), seat(request), timezone.now()
    if request.method == "POST":
        return change(request, territory, scope(held), user, at=at)
    state = request.GET.get("state", "")
    state = state if state in queries.STATES else "active"
    words, after = typed(request.GET.get("q", ""), 100), request.GET.get("after", "")
    rows = queries.members(territory, scope(held), at=at, state=state, words=words, after=key(after))
    found = list(rows[: A_PAGE + 1])
    context = {
        "groups": present.groups(found[:A_PAGE], territory, held, at=at),
        "next": found[A_PAGE - 1].pk if len(found) > A_PAGE else 0,
        "states": present.states(state),
        "state": state,
        "words": words,
        "searches": held.administers or Role.COORDINATOR in held.territory_roles,
    }
    return render(request, "desk/members.html", context)


Verb = Callable[[Membership, User, datetime], None]
# what a button says -> what is done, and what is told afterwards
VERBS: dict[str, tuple[Verb, Promise]] = {
    "renew": (lambda one, by, at: actions.renew(one, by=by, at=at), gettext_lazy("Renewed: %(who)s.")),
    "end": (lambda one, by, at: actions.end_membership(one, by=by, at=at), gettext_lazy("Ended: %(who)s.")),
    "open": (
        lambda one, by, at: actions.open_confidential_places(one, by=by, at=at),
        gettext_lazy("%(who)s now sees the exact address of this organisation's confidential places."),
    ),
    "close": (
        lambda one, by, at: actions.close_confidential_places(one, by=by, at=at),
        gettext_lazy("%(who)s no longer sees confidential addresses."),
    ),
    "again": (
        lambda one, by, at: actions.invite_again(one, by=by, at=at),
        gettext_lazy("The invitation was sent again to %(who)s."),
    ),
}


def change(
    request: HttpRequest, territory: Territory, whose: queries.Scope, user: User, *, at: datetime
) -> HttpResponse:
    """One verb on one membership that this person reads."""
    verb, said = VERBS.get(request.POST.get("do", ""), (None, None))
    number = request.POST.get("member", "")
    chosen = queries.within(territory, whose).filter(pk=key(number))
    membership = chosen.select_related("user", "organization", "territory").first()
    if verb is None or membership is None:
        raise Http404
    if request.POST["do"] == "again" and not rate.allow(f"invite:{user.pk}", MOST_LETTERS, AN_HOUR):
        messages.error(request, _("You have sent many invitations in one hour: go on a little later."))
        return redirect("desk-members")
    try:
        verb(membership, user, at)
        messages.success(request, str(said) % {"who": present.who(membership)})
    except rules.NotAllowed as refusal:
        messages.error(request, gettext(str(refusal)))
    return redirect("desk-members")


class InviteForm(forms.Form):
    email = TypedEmail(label=gettext_lazy("E-mail address"))
    role = forms.ChoiceField(label=gettext_lazy("What they will do"), widget=forms.RadioSelect)
    organization = Typed(
        required=False,
        max_length=400,
        label=gettext_lazy("Organisation"),
        help_text=gettext_lazy("Its name, or part of it. Nothing for a role in the whole territory."),
    )
    language = forms.ChoiceField(
        choices=settings.LANGUAGES, label=gettext_lazy("Language of the letter"), widget=forms.RadioSelect
    )

    def __init__(self, territory: Territory, held: Seat, *args: object, **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type]
        self.territory, self.held = territory, held
        self.fields["role"].choices = present.role_choices(held)  # type: ignore[attr-defined]
        self.candidates: list[Organization] = []
        if own := self._own():
            self.fields["organization"] = forms.ChoiceField(
                label=gettext_lazy("Organisation"), choices=[(str(one.uuid), one.name) for one in own]
            )

    def _own(self) -> list[Organization]:
        """Of somebody who administers organisations only: theirs."""
        if self.held.administers or Role.COORDINATOR in self.held.territory_roles:
            return []
        return list(Organization.objects.filter(pk__in=self.held.heads()).order_by("name"))

    def clean(self) -> dict[str, object]:
        said = self.cleaned_data
        role, name = said.get("role", ""), said.get("organization", "")
        said["place"] = None
        if role in AT_THE_GATE.values():
            said["role"] = next(code for code, name_at_gate in AT_THE_GATE.items() if name_at_gate == role)
            said["place"] = self._place(name)
        elif name:
            self.add_error("organization", _("This role is held in the whole territory, not in one organisation."))
        return said

    def _place(self, name: str) -> Organization | None:
        """The organisation with this identifier or name; when several fit, they are offered."""
        rows = Organization.objects.filter(territory=self.territory)
        try:
            found = list(rows.filter(uuid=UUID(name)))
        except ValueError:
            found = list(rows.filter(name__iexact=name)[:2]) if name else []
            if len(found) != 1:
                found = list(rows.filter(name__icontains=name).order_by("name", "pk")[:MOST_NAMES]) if name else []
        if len(found) == 1:
            return found[0]
        self.candidates = found
        told = _("Several organisations fit: choose one.") if found else _("No organisation has this name.")
        self.add_error("organization", told if name else _("This role is held in an organisation: name it."))
        return None


@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    user, territory, held = member(request), here(request), seat(request)
    first = {"language": territory.default_language, "organization": request.GET.get("organization", "")}
    form = InviteForm(territory, held, request.POST or None, initial=first)
    if form.is_valid():
        said = form.cleaned_data
        try:
            if not rate.allow(f"invite:{user.pk}", MOST_LETTERS, AN_HOUR):
                raise rules.NotAllowed(_("You have sent many invitations in one hour: go on a little later."))
            actions.invite(
                said["email"], said["role"], territory=territory, organization=said["place"], by=user,
                language=said["language"], at=timezone.now(),
            )  # fmt: skip
            messages.success(request, _("The invitation was sent to %(email)s.") % {"email": said["email"]})
            return redirect("desk-members")
        except rules.NotAllowed as refusal:
            form.add_error(None, gettext(str(refusal)))
        except actions.NotAnAddress:
            form.add_error("email", _("This is not an e-mail address."))
    return render(request, "desk/invite.html", {"form": form})


def waiting(held: Seat, territory: Territory) -> list[tuple[Promise, int, str]]:
    """Memberships that end within 30 days, for who may renew them; for anyone else, their own."""
    at = timezone.now()
    renews = bool(INVITERS & held.roles)
    soon = (
        queries.within(territory, scope(held))
        if renews
        else Membership.objects.filter(user=held.user, territory=territory)
    )
    count = soon.expiring(at=at, days=rules.WARNING_DAYS).count()
    if renews:
        label = ngettext_lazy("member whose access ends soon", "members whose access ends soon", count)
        return [(label, count, f"{reverse('desk-members')}?state=expiring")]
    label = ngettext_lazy("role of yours that ends soon", "roles of yours that end soon", count)
    return [(label, count, reverse("desk-account"))]
