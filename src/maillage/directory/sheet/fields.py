"""The fields of the sheet, in the order in which they matter on a phone. The form of the desk is generated from this table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from maillage.directory.models import Service, TaxonomyTerm
from maillage.territory.models import Area, Territory, label_in

Label = str | Promise


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `kind` says what its value is:

    line, long: text. phones: [{"number", "description"}]. hours: {"osm", "raw"} or None. email, url: text. age: number or None.
    choice: a code. codes: list of codes. yes_no: True, False or None (unknown). lines: list of texts.
    address: {"street", "postal_code", "city", "latitude", "longitude"} or None; of the only place, when it is not confidential.
    accreditations: [{"authority", "scheme", "number", "valid_from", "valid_to", "source"}], days as "2026-12-31".
    """

    name: str
    kind: str
    label: Label
    help: Label = ""
    translated: bool = False  # one value for each language of the territory: "description:fr"
    longest: int = 0  # characters of a text
    options: Mapping[str, Label] = field(default_factory=dict)  # fixed codes and their labels; else see `choices`


ACCESS_MODES: Final[dict[str, Label]] = {
    "walk_in": _("come without an appointment"),
    "phone": _("call first"),
    "appointment": _("by appointment"),
    "referral": _("sent by a professional"),
    "online": _("register online"),
}
DELIVERY: Final[dict[str, Label]] = {
    "on_site": _("on the spot"),
    "remote": _("by telephone or online"),
    "home": _("at your home"),
    "outreach": _("in the street"),
}
COSTS: Final[dict[str, Label]] = {str(value): label for value, label in Service.Cost.choices}
STATUSES: Final[dict[str, Label]] = {str(value): label for value, label in Service.Status.choices}

FIELDS: Final[tuple[Field, ...]] = (
    Field("phones", "phones", _("Telephone"), _("One number a line; say what it is for when there are several."), longest=200),
    Field("hours", "hours", _("Opening hours"), _("As you would tell them: “Mon-Fri 9:00-12:30 and 14:00-17:00”."), longest=4_000),
    Field("alert", "line", _("Message of the moment"), _("Shown above everything else. Empty it when it is over."), True, 400),
    Field("name", "line", _("Name"), translated=True, longest=400),
    Field("description", "long", _("What you do"), _("In a few sentences, for somebody who does not know you."), True, 20_000),
    Field("access_modes", "codes", _("How to come"), options=ACCESS_MODES),
    Field("application_process", "long", _("How to apply"), translated=True, longest=20_000),
    Field("eligibility_description", "long", _("For whom"), translated=True, longest=20_000),
    Field("minimum_age", "age", _("From what age")),
    Field("maximum_age", "age", _("Up to what age")),
    Field("languages", "codes", _("Languages spoken with people")),
    Field("has_interpreter", "yes_no", _("An interpreter can come")),
    Field("cost", "choice", _("Price"), options=COSTS),
    Field("fees_description", "long", _("About the price"), translated=True, longest=20_000),
    Field("email", "email", _("E-mail address for the public"), longest=320),
    Field("url", "url", _("Web site"), longest=1_000),
    Field("address", "address", _("Address"), _("Where people come. Leave it empty when the place is confidential."), longest=400),
    Field("access", "long", _("How to get there"), _("Bus, metro, entrance. Never the street of a confidential place."), True, 20_000),
    Field("wheelchair", "yes_no", _("Accessible by wheelchair")),
    Field("delivery", "codes", _("Where you work with people"), options=DELIVERY),
    Field("documents", "lines", _("Documents to bring"), _("One a line."), longest=400),
    Field("needs", "codes", _("Needs that you answer")),
    Field("served", "codes", _("Areas that you serve"), _("None: nobody told us.")),
    Field("served_words", "line", _("Areas served, as the source wrote them"), _("Emptied when you choose areas above."), longest=4_000),
    Field("accreditations", "accreditations", _("Recognitions"), _("By which authority, under which law, until when."), longest=400),
    Field("status", "choice", _("State of the service"), options=STATUSES),
)  # fmt: skip
_BY_NAME: Final = {one.name: one for one in FIELDS}
TEXTS: Final = tuple(one.name for one in FIELDS if one.translated)


def base_of(name: str) -> str:
    """ "description:fr": description."""
    return name.partition(":")[0]


def language_of(name: str) -> str:
    """ "description:fr": fr; empty for a field that is not translated."""
    return name.partition(":")[2]


def field_of(name: str) -> Field:
    """The line of the table that a field of a sheet belongs to. Raises KeyError."""
    found = _BY_NAME[base_of(name)]
    if bool(language_of(name)) != found.translated:
        raise KeyError(name)
    return found


def field_names(territory: Territory) -> list[str]:
    """Every field of a sheet in this territory, in the order of the form."""
    languages = [str(code) for code in territory.languages] or [territory.default_language]
    return [
        name
        for one in FIELDS
        for name in ([f"{one.name}:{code}" for code in languages] if one.translated else [one.name])
    ]


def label(name: str) -> str:
    """What the field is called, in the reader's language; its language behind it: "Description (fr)"."""
    try:
        said = str(field_of(name).label)
    except KeyError:
        return name  # of an older version
    language = language_of(name)
    return f"{said} ({language})" if language else said


def choices(name: str, territory: Territory, language: str | None = None) -> list[tuple[str, str]]:
    """The codes that a field of choices takes, with their labels in `language` (the reader's); one query at most."""
    if base_of(name) == "needs":
        terms = TaxonomyTerm.objects.filter(taxonomy__territory=territory, taxonomy__code="needs")
        return [
            (code, label_in(labels, language, fallback=code))
            for code, labels in terms.order_by("order", "id").values_list("code", "labels")
        ]
    if base_of(name) == "served":
        areas = Area.objects.filter(territory=territory).order_by("id").values_list("code", "labels")
        return [(code, label_in(labels, language, fallback=code)) for code, labels in areas]
    if base_of(name) == "languages":
        return [(code, label_in(labels, language, fallback=code)) for code, labels in spoken(territory).items()]
    return [(code, str(said)) for code, said in field_of(name).options.items()]


def spoken(territory: Territory) -> dict[str, Mapping[str, str]]:
    """The languages that the pack knows by name: code -> labels."""
    listed: Any = territory.content.get("spoken_languages") or ()
    rows = listed.items() if isinstance(listed, Mapping) else ((row["code"], row) for row in listed)
    return {str(code): row.get("labels") or row.get("names") or {} for code, row in rows}
