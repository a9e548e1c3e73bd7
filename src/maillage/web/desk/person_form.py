"""The form of a person's record: an alias is enough, everything else may stay unknown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from maillage.people.models import Person
from maillage.territory.models import label_in
from maillage.web.fields import Once, Typed, TypedEmail
from maillage.web.presenters.vocabulary import Item, Vocabulary

FACT: Final = "fact-"
UNKNOWN: Final = ("", _("not known"))
# in the order of the page; the first group is open, the others unfold
CALLED: Final = ("alias", "given_name", "family_name")
REACHED: Final = ("contact", "phone", "email", "language", "spoken")
ABOUT: Final = ("gender", "birth_year", "born_on")


class PersonForm(forms.Form):
    alias = Typed(
        label=_("What they want to be called"), required=False, max_length=80,
        help_text=_("An alias is enough: nobody needs papers to be helped."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    given_name = Typed(label=_("First name"), required=False, max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"}))  # fmt: skip
    family_name = Typed(label=_("Family name"), required=False, max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"}))  # fmt: skip
    contact = forms.ChoiceField(
        label=_("By which way is it safe to write to them?"), choices=Person.Contact, widget=forms.RadioSelect,
        help_text=_("Ask first: somebody else may read their telephone. Nothing that we write names a service or a place."),
    )  # fmt: skip
    phone = Typed(label=_("Telephone"), required=False, max_length=40, widget=forms.TextInput(attrs={"type": "tel"}))  # fmt: skip
    email = TypedEmail(label=_("E-mail address"), required=False, widget=forms.EmailInput(attrs={"autocomplete": "off"}))  # fmt: skip
    language = forms.ChoiceField(label=_("Language in which they are written to"), required=False)
    spoken = forms.MultipleChoiceField(
        label=_("Languages that they speak"), required=False, widget=forms.CheckboxSelectMultiple
    )
    gender = forms.ChoiceField(label=_("Gender"), required=False, choices=[UNKNOWN, *Person.Gender.choices])
    birth_year = forms.IntegerField(
        label=_("Year of birth"), required=False, min_value=1880, max_value=2200,
        help_text=_("When the day is not known; it may be a guess."), widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )  # fmt: skip
    born_on = forms.DateField(
        label=_("Date of birth"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    once = Once()

    def __init__(self, words: Vocabulary, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.words = words
        self._choices("language", [UNKNOWN, *settings.LANGUAGES])
        self._choices("spoken", [(code, item.name()) for code, item in words.languages.items()])
        for code, item in words.criteria.items():
            self.fields[FACT + code] = fact_field(item)

    def _choices(self, name: str, choices: Iterable[tuple[Any, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # a field of choices, as written above
        field.choices = list(choices)

    def group(self, names: Iterable[str]) -> list[forms.BoundField]:
        return [self[name] for name in names]

    def called(self) -> list[forms.BoundField]:
        return self.group(CALLED)

    def reached(self) -> list[forms.BoundField]:
        return self.group(REACHED)

    def about(self) -> list[forms.BoundField]:
        return self.group(ABOUT)

    def facts(self) -> list[forms.BoundField]:
        return self.group(name for name in self.fields if name.startswith(FACT))

    def details(self) -> dict[str, Any]:
        """As `persons.register` takes them."""
        said = dict(self.cleaned_data)
        said.pop("once", None)
        facts = {name.removeprefix(FACT): said.pop(name) for name in list(said) if name.startswith(FACT)}
        return said | {"facts": {code: plain(value) for code, value in facts.items() if value not in (None, "")}}


def plain(value: Any) -> bool | float | str:
    """As a Situation says facts."""
    if isinstance(value, int | float):
        return float(value)
    return {"yes": True, "no": False}.get(str(value), str(value))


def fact_field(item: Item) -> forms.Field:
    """One question of the pack, never asked more of than it needs: "not known" is always an answer."""
    why = label_in(item.data.get("why") or {}, fallback="")
    match item.data.get("kind"):
        case "number":
            return forms.FloatField(
                label=item.name(), required=False, min_value=0, max_value=1_000_000, help_text=why,
                widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "any"}),
            )  # fmt: skip
        case "choice":
            options = [
                (str(one["code"]), label_in(one.get("labels") or {}, fallback=str(one["code"])))
                for one in item.data.get("options") or ()
            ]
            return forms.ChoiceField(label=item.name(), required=False, choices=[UNKNOWN, *options], help_text=why)
        case _:
            return forms.ChoiceField(
                label=item.name(), required=False, choices=[UNKNOWN, ("yes", _("yes")), ("no", _("no"))], help_text=why
            )


def known(person: Person) -> Mapping[str, Any]:
    """What the form shows first, of somebody who is known already."""
    names = (*CALLED, *REACHED, *ABOUT)
    facts = {FACT + code: {True: "yes", False: "no"}.get(value, value) for code, value in person.facts.items()}
    return {name: getattr(person, name) for name in names} | facts
