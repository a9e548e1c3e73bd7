"""The forms of a request: what is needed and wished, how urgent and why, pauses, evidence, an answer, an end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_lazy as _

from maillage.people.models import Consent
from maillage.places import rules as places
from maillage.places import waiting
from maillage.places.models import PlaceGroup, Request, WaitingList
from maillage.web.desk.person_form import FACT, fact_field, plain
from maillage.web.fields import Once, Typed
from maillage.web.presenters.vocabulary import Vocabulary
from maillage.web.presenters.waiting import Rules, places_called

NOBODY: Final = ("", _("choose"))


def words_of(table: Mapping[str, str]) -> list[tuple[str, Any]]:
    """Codes with their words, as choices."""
    return [(code, gettext_lazy(word)) for code, word in table.items()]


def end_of(day: date | None, zone: ZoneInfo) -> datetime | None:
    """The moment when that day is over, there."""
    return datetime.combine(day + timedelta(days=1), time(0), zone) if day else None


def a_day(label: Any, **more: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **more)


def lines(rows: int = 2) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class AssessForm(forms.Form):
    """One tier, with reasons that belong to it. A reason is said as `tier:code`."""

    tier = forms.ChoiceField(label=_("How urgent?"))
    reasons = forms.MultipleChoiceField(label=_("Why?"), required=False)
    note = Typed(
        label=_("A word of explanation"), required=False, shorten=4000, widget=lines(),
        help_text=_("Read by those who help this person and by those who keep the list."),
    )  # fmt: skip
    valid_until = a_day(_("Holds until"), required=False, help_text=_("Empty: until somebody judges again."))

    def __init__(self, rules: Rules, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.tiers = rules.choices()
        self.fields["tier"].choices = [(code, name) for code, name, _why in self.tiers]  # type: ignore[attr-defined]
        said = [(f"{code}:{why}", name) for code, _name, reasons in self.tiers for why, name in reasons]
        self.fields["reasons"].choices = said  # type: ignore[attr-defined]

    def chosen(self) -> dict[str, Any]:
        """Tier and reasons as typed, for the template to tick again."""
        if not self.is_bound:
            return {"tier": "", "reasons": []}
        return {"tier": self.data.get("tier", ""), "reasons": self.data.getlist("reasons")}  # type: ignore[attr-defined]

    def reasons_of_tier(self) -> list[str]:
        """Those of the chosen tier; what was ticked under another one is not meant."""
        tier = self.cleaned_data["tier"] + ":"
        return [one.removeprefix(tier) for one in self.cleaned_data["reasons"] if one.startswith(tier)]


class PauseForm(forms.Form):
    reason = forms.ChoiceField(label=_("Why does the clock pause?"), choices=[NOBODY, *words_of(waiting.PAUSES)])
    until = a_day(_("Goes on by itself after"), required=False, help_text=_("Empty: until somebody says so."))


class ProveForm(forms.Form):
    code = forms.ChoiceField(label=_("Which priority of the rules?"))
    text = Typed(label=_("What was seen"), widget=lines(), help_text=_("Which paper, or who knows it."))

    def __init__(self, rules: Rules, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["code"].choices = [NOBODY, *((one["code"], rules.first(one["code"])) for one in rules.absolute)]  # type: ignore[attr-defined]


class WishForm(forms.Form):
    """What is needed, then what is wished. Facts: only those that a rule of a house on this list reads."""

    people = forms.IntegerField(
        label=_("How many people need a place?"), min_value=1, max_value=waiting.MOST_PEOPLE, initial=1,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )  # fmt: skip
    public = forms.ChoiceField(label=_("For whom"), required=False)
    area = forms.ChoiceField(label=_("Where they are now"), required=False)
    areas = forms.MultipleChoiceField(label=_("Where they wish to be"), required=False)
    languages = forms.MultipleChoiceField(
        label=_("Languages spoken there, as they wish"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, waiting_list: WaitingList, words: Vocabulary, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        areas = sorted(((one.code, one.name()) for one in words.communes), key=lambda pair: pair[1].casefold())
        self._choices("area", [("", gettext("not known")), *areas])
        self._choices("areas", areas)
        self._choices(
            "public", [("", gettext("not said")), *((code, words.public_name(code)) for code in words.publics)]
        )
        self._choices("languages", [(code, item.name()) for code, item in words.languages.items()])
        self.asked = facts_asked(waiting_list.groups.all(), words)
        for code in self.asked:
            self.fields[FACT + code] = fact_field(words.criteria[code])

    def _choices(self, name: str, choices: Iterable[tuple[Any, Any]]) -> None:
        self.fields[name].choices = list(choices)  # type: ignore[attr-defined]

    def needed(self) -> list[forms.BoundField]:
        return [self[name] for name in ("people", "public", "area")]

    def facts(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(FACT)]

    def wished(self) -> list[forms.BoundField]:
        return [self[name] for name in ("areas", "languages")]

    def said(self) -> dict[str, Any]:
        """As `waiting.ask` and `waiting.describe` take it."""
        data = self.cleaned_data
        facts = {code: data.get(FACT + code) for code in self.asked}
        return {
            "people": data["people"], "public": data["public"], "area": data["area"],
            "facts": {code: plain(value) for code, value in facts.items() if value not in (None, "")},
            "wishes": {name: data[name] for name in ("areas", "languages") if data[name]},
        }  # fmt: skip


def facts_asked(groups: Iterable[PlaceGroup], words: Vocabulary) -> list[str]:
    """Criteria of the pack that a rule of a house reads, each once."""
    named = [str(rule.get("criterion", "")) for group in groups for rule in group.rules]
    return [code for code in dict.fromkeys(named) if code in words.criteria]


def first_said(request: Request) -> dict[str, Any]:
    """What the form shows first."""
    said = {True: "yes", False: "no"}
    facts = {FACT + code: said[one] if isinstance(one, bool) else one for code, one in request.facts.items()}
    return {
        "people": request.people, "public": request.public, "area": request.area, **facts,
        "areas": request.wishes.get("areas") or [], "languages": request.wishes.get("languages") or [],
    }  # fmt: skip


class AskForm(WishForm):
    """A new request: the same, by which way it came, and what the person agreed to."""

    channel = forms.ChoiceField(
        label=_("How did they ask?"), choices=[one for one in Request.Channel.choices if one[0] != Request.Channel.SELF]
    )
    how = forms.ChoiceField(
        label=_("They agree to what is written above"), required=False, widget=forms.RadioSelect,
        choices=[one for one in Consent.How.choices if one[0] != Consent.How.SELF],
    )  # fmt: skip
    once = Once()


class OfferForm(forms.Form):
    """By hand: which places, and why around the list."""

    group = forms.ChoiceField(label=_("Which places?"))
    reason = Typed(
        label=_("Why by hand?"), widget=lines(), shorten=2000,
        help_text=_("Those who stand before are noted as passed over, with this reason. They may ask for it."),
    )  # fmt: skip
    once = Once()

    def __init__(self, groups: Iterable[PlaceGroup], *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        found = list(groups)
        named = zip((str(one.uuid) for one in found), places_called(found), strict=True)
        self.fields["group"].choices = [NOBODY, *named]  # type: ignore[attr-defined]


class DeclineForm(forms.Form):
    code = forms.ChoiceField(label=_("Why?"))
    text = Typed(label=_("In their words, if they wish"), required=False, shorten=2000, widget=lines())

    def __init__(self, side: str, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["code"].choices = [NOBODY, *words_of(places.DECLINES[side])]  # type: ignore[attr-defined]


class EndForm(forms.Form):
    code = forms.ChoiceField(label=_("Why does it end?"), choices=[NOBODY, *words_of(waiting.ENDS)])
