"""What another version of the rules would have done to those who asked last year, by group: figures only, protected."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from maillage.people.models import Role
from maillage.places.actions import waiting
from maillage.places.engine.simulate import simulate
from maillage.places.models import RuleSet, WaitingList
from maillage.web.desk.waiting_lists import lists_kept
from maillage.web.desk.who import here
from maillage.web.presenters import simulate as present
from maillage.web.presenters.vocabulary import vocabulary
from maillage.web.presenters.waiting import Rules
from maillage.web.seat import seat

A_YEAR = timedelta(days=365)
ORDERS: Mapping[str, list[str]] = {
    "tier": ["absolute", "tier", "waited", "number"],
    "waited": ["absolute", "waited", "number"],
    "lot": ["absolute", "tier", "lot"],
}
SAID = {
    "tier": _("first by urgency, then by time waited"),
    "waited": _("by time waited alone"),
    "lot": _("first by urgency, then by a draw"),
}


class TryForm(forms.Form):
    """Another order, another ageing; or a version that was written down."""

    version = forms.ChoiceField(label=_("Start from"), required=False)
    order = forms.ChoiceField(label=_("Who comes first"), required=False)

    def __init__(self, waiting_list: WaitingList, content: Mapping[str, Any], *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.rules = Rules(content)
        self.versions = {str(one.pk): one for one in waiting_list.rule_sets.order_by("-pk")[:20]}
        named = [
            (pk, one.version + (f" ({gettext('a draft')})" if one.is_draft else ""))
            for pk, one in self.versions.items()
        ]
        self.fields["version"].choices = [("", gettext("the rules of today")), *named]  # type: ignore[attr-defined]
        self.fields["order"].choices = [("", gettext("as those rules say")), *SAID.items()]  # type: ignore[attr-defined]
        for one in self.rules.tiers[1:]:
            self.fields[f"days-{one['code']}"] = forms.IntegerField(
                label=gettext_lazy("Days after which “%(tier)s” rises") % {"tier": self.rules.tier(one["code"])}, required=False,
                min_value=0, max_value=3650, help_text=gettext_lazy("Empty: as those rules say. 0: never."),
                widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
            )  # fmt: skip

    def content(self, today: Mapping[str, Any]) -> dict[str, Any]:
        """The rules to try."""
        said = self.cleaned_data
        found: RuleSet | None = self.versions.get(said["version"])
        base = dict(found.content if found else today)
        if said["order"]:
            base["order"] = ORDERS[said["order"]]
        base["tiers"] = [
            {**one, "promote_after_days": said[f"days-{one['code']}"] or None}
            if said.get(f"days-{one['code']}") is not None
            else one
            for one in base.get("tiers") or ()
        ]
        return base


@require_safe
def page(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Nothing is written, and nobody is named: those who keep the list, and those who coordinate, try."""
    plans = {Role.COORDINATOR.value, Role.ADMINISTRATOR.value} & seat(request).territory_roles
    lists = WaitingList.objects.filter(territory=here(request)) if plans else lists_kept(request)
    waiting_list = get_object_or_404(lists.select_related("territory"), uuid=uuid)
    at, today = timezone.now(), timezone.localdate()
    content = waiting.content_of(waiting_list, at=at)
    form = TryForm(waiting_list, content, request.GET if "try" in request.GET else None)
    context: dict[str, Any] = {
        "list": waiting_list, "name": waiting_list.name(), "form": form, "keeps": waiting_list.keeper_id in seat(request).helps_in(),
        "since": present.day(today - A_YEAR), "until": present.day(today),
    }  # fmt: skip
    if form.is_bound and form.is_valid():
        context |= tried(waiting_list, content, form.content(content), today)
    return render(request, "desk/simulate.html", context)


def tried(
    waiting_list: WaitingList, before: Mapping[str, Any], after: Mapping[str, Any], today: date
) -> dict[str, Any]:
    smallest = int(waiting_list.territory.content.get("smallest_cell") or 5)
    found = simulate(waiting_list, before, after, since=today - A_YEAR, until=today, smallest=smallest)
    words = vocabulary(waiting_list.territory)
    return {
        "found": found,
        "tables": present.tables(found, words, Rules(before)),
        "smallest": smallest,
        "after": Rules(after).order(),
    }
