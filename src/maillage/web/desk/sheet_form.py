"""The form of a service, made from the sheet's table of fields. It reads back exactly what it shows: a field that nobody touched
is not sent, so that two people who edit the same service at once do not write over each other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from maillage.directory import hours, sheet
from maillage.directory.sheet.checks import ACCREDITATION, ADDRESS
from maillage.methods.text import typed
from maillage.web.presenters import difference
from maillage.web.presenters.difference import Day
from maillage.web.presenters.vocabulary import Vocabulary

BLANK_ROWS = {"phones": 2, "accreditations": 1}
MOST_ROWS = 80  # of one field that are read: the sheet says how many it takes
MOST_TICKS = 40  # choices that are all shown; beyond, those that are chosen, and lists to add from
ADD_BOXES = 3
LONGEST = 20_000
SEEN = "seen-"  # what a field said when the form was shown, as a digest
COLUMNS = {"phones": ("number", "description"), "accreditations": ACCREDITATION, "address": ADDRESS}
SECTIONS: tuple[tuple[str, Promise, tuple[str, ...]], ...] = (
    ("contact", _("Contact"), ("phones", "email", "url", "address")),
    ("hours", _("Hours"), ("hours", "alert")),
    ("what", _("What you do"), ("name", "description", "needs")),
    ("how", _("How to come"), ("access_modes", "delivery", "wheelchair", "application_process", "access")),
    ("whom", _("For whom"), ("minimum_age", "maximum_age", "eligibility_description", "served", "served_words")),
    ("languages", _("Languages"), ("languages", "has_interpreter")),
    ("price", _("Price and papers"), ("cost", "documents", "fees_description")),
    ("state", _("Recognitions and state"), ("accreditations", "status")),
)


@dataclass(frozen=True, slots=True)
class Option:
    code: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Cell:
    name: str
    label: Promise | str
    value: str
    type: str = "text"


@dataclass(frozen=True, slots=True)
class Input:
    """One field as the page shows it."""

    name: str
    kind: str
    label: str
    help: str
    error: str
    seen: str
    text: str = ""
    language: str = ""
    longest: int = 0
    options: tuple[Option, ...] = ()
    addable: tuple[Option, ...] = ()
    boxes: tuple[int, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    week: tuple[Day, ...] = ()
    note: str = ""

    @property
    def id(self) -> str:
        return f"f-{self.name.replace(':', '-')}"

    @property
    def is_group(self) -> bool:
        """Several controls under one name."""
        return self.kind in COLUMNS or self.kind in ("codes", "yes_no")


@dataclass(frozen=True, slots=True)
class Tab:
    """The translated fields of a section in one language."""

    code: str
    label: str
    is_shown: bool
    is_empty: bool
    inputs: tuple[Input, ...]


@dataclass(frozen=True, slots=True)
class Section:
    code: str
    label: Promise
    inputs: tuple[Input, ...]
    tabs: tuple[Tab, ...]
    is_open: bool
    has_error: bool


@dataclass
class SheetForm:
    """`values`: what the fields show; `errors`: field -> sentence; `seen`: digests of what was shown at first."""

    words: Vocabulary
    values: Mapping[str, Any]
    errors: Mapping[str, str] = field(default_factory=dict)
    seen: Mapping[str, str] = field(default_factory=dict)
    opened: str = "contact"

    def sections(self) -> list[Section]:
        return [self._section(code, label, names) for code, label, names in SECTIONS]

    def _section(self, code: str, label: Promise, names: tuple[str, ...]) -> Section:
        plain = tuple(self._input(name) for name in names if not sheet_field(name).translated)
        tabs = self._tabs([name for name in names if sheet_field(name).translated])
        wrong = any(one.error for one in (*plain, *(one for tab in tabs for one in tab.inputs)))
        return Section(code, label, plain, tabs, wrong or (not self.errors and code == self.opened), wrong)

    def _tabs(self, names: list[str]) -> tuple[Tab, ...]:
        if not names:
            return ()
        languages = [str(code) for code in self.words.territory.languages]
        panes = {code: tuple(self._input(f"{name}:{code}") for name in names) for code in languages}
        wrong = next((code for code, pane in panes.items() if any(one.error for one in pane)), "")
        reader = (get_language() or "").split("-")[0]
        shown = wrong or (reader if reader in panes else languages[0])
        return tuple(
            Tab(code, self.words.language_name(code), code == shown, not any(one.text for one in pane), pane)
            for code, pane in panes.items()
        )

    def _input(self, name: str) -> Input:
        one, value = sheet_field(name), self.values.get(name)
        language = sheet.language_of(name)
        shown: dict[str, Any] = {}
        if one.kind in COLUMNS:
            shown["rows"] = cells(name, one.kind, value)
        elif one.kind == "codes":
            shown |= self._choices(name, [str(code) for code in value or ()])
        elif one.kind in ("choice", "yes_no"):
            shown["options"] = self._options(name, one.kind, value)
        else:
            shown["text"] = as_text(one.kind, value)
        if one.kind == "hours":
            known = read_hours(value)
            shown |= {
                "week": difference.week_difference(known, known, self.words),
                "note": difference.reading_note(known),
            }
        help_text = str(one.help)
        return Input(
            name, one.kind, str(one.label), help_text, self.errors.get(name, ""), self.seen.get(name) or digest(name, value),
            language=language, longest=one.longest, **shown,
        )  # fmt: skip

    def _options(self, name: str, kind: str, value: Any) -> tuple[Option, ...]:
        if kind == "yes_no":
            named = {True: "yes", False: "no", None: ""}
            said = named.get(value, value) if not isinstance(value, str) else value
            answers = {"yes": True, "no": False, "": None}
            return tuple(
                Option(code, difference.one_value(name, answer, self.words), code == said)
                for code, answer in answers.items()
            )
        return tuple(
            Option(code, str(label), code == str(value or "")) for code, label in sheet_field(name).options.items()
        )

    def _choices(self, name: str, chosen: list[str]) -> dict[str, Any]:
        """Ticks for all that can be chosen; when they are many, ticks for what is, and lists to add from."""
        every = dict(self._labelled(name))
        ticks = list(every.items()) if len(every) <= MOST_TICKS else []
        named = dict(ticks) | {code: every.get(code, code).strip("– ") for code in chosen if code not in dict(ticks)}
        options = tuple(Option(code, label, code in chosen) for code, label in named.items())
        if ticks:
            return {"options": options}
        rest = tuple(Option(code, label, False) for code, label in every.items() if code not in chosen)
        return {"options": options, "addable": rest, "boxes": tuple(range(ADD_BOXES))}

    def _labelled(self, name: str) -> Iterable[tuple[str, str]]:
        words = self.words
        if name == "needs":
            return (
                (code, f"{'– ' * (len(words.lineage(code)) - 1)}{need.name()}") for code, need in words.needs.items()
            )
        if name == "served":
            return sorted(
                ((code, area.name()) for code, area in words.areas.items()), key=lambda pair: pair[1].casefold()
            )
        if name == "languages":
            return ((code, item.name()) for code, item in words.languages.items())
        return ((code, str(label)) for code, label in sheet_field(name).options.items())


def sheet_field(name: str) -> sheet.Field:
    """The line of the table, whatever the language."""
    return next(one for one in sheet.FIELDS if one.name == sheet.base_of(name))


def names(words: Vocabulary) -> list[str]:
    return sheet.field_names(words.territory)


def typed_values(post: QueryDict, words: Vocabulary) -> dict[str, Any]:
    """What the form says, in the shapes of the sheet, and not yet checked: nothing that was typed is lost."""
    return {name: parsed(name, post) for name in names(words)}


def touched(post: QueryDict, values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that somebody changed since the form was shown to them."""
    return {name: value for name, value in values.items() if post.get(f"{SEEN}{name}") != digest(name, value)}


def seen(post: QueryDict) -> dict[str, str]:
    return {name.removeprefix(SEEN): post.get(name, "")[:32] for name in post if name.startswith(SEEN)}


def parsed(name: str, post: QueryDict) -> Any:
    kind = sheet_field(name).kind
    if kind == "address":
        return next(iter(read_rows(name, kind, post)), None)
    if kind in COLUMNS:
        return read_rows(name, kind, post)
    if kind == "codes":
        return sorted({typed(code, 120) for code in post.getlist(name)} - {""})
    text = typed(post.get(name, ""), LONGEST + 1)
    if kind == "hours":
        return {"raw": text, "osm": ""} if text else None
    return text.split("\n") if kind == "lines" and text else ([] if kind == "lines" else text)


def read_rows(name: str, kind: str, post: QueryDict) -> list[dict[str, str]]:
    """Rows without a word in them are not there."""
    columns = [
        [typed(text, LONGEST) for text in post.getlist(f"{name}-{column}")[:MOST_ROWS]] for column in COLUMNS[kind]
    ]
    rows = [dict(zip(COLUMNS[kind], cells, strict=True)) for cells in zip(*columns, strict=False)]
    return [row for row in rows if any(row.values())]


def digest(name: str, value: Any) -> str:
    """The same for what is shown and for what comes back untouched, and only then."""
    return hashlib.sha256(json.dumps(plain(name, value), sort_keys=True).encode()).hexdigest()[:16]


def plain(name: str, value: Any) -> Any:
    """A value as a browser sends it back."""
    kind = sheet_field(name).kind
    if kind == "address":
        value = [value] if value else []
    if kind in COLUMNS:
        rows = [{column: typed(str(row.get(column) or ""), LONGEST) for column in COLUMNS[kind]} for row in value or ()]
        return [row for row in rows if any(row.values())]
    if kind == "codes":
        return sorted({str(code) for code in value or ()})
    if kind == "yes_no":
        return {True: "yes", False: "no", None: ""}.get(value, value) if not isinstance(value, str) else value
    return typed(as_text(kind, value), LONGEST + 1)


def as_text(kind: str, value: Any) -> str:
    if kind == "hours":
        return str((value or {}).get("raw") or (value or {}).get("osm") or "")
    if kind == "lines":
        return "\n".join(str(one) for one in value or ())
    if kind == "age" and isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def read_hours(value: Any) -> dict[str, str] | None:
    """How a machine reads what is in the field now."""
    text = as_text("hours", value)
    if not text:
        return None
    if (value or {}).get("parse"):
        return dict(value)
    found = hours.read(text)
    return {"raw": text, "osm": found.osm, "parse": found.parse}


CELLS: dict[str, dict[str, Promise]] = {
    "address": {"street": _("Street and number"), "postal_code": _("Postal code"), "city": _("Town")},
    "phones": {"number": _("Telephone number"), "description": _("What it is for")},
    "accreditations": {
        "authority": _("Authority"), "scheme": _("Law or kind of recognition"), "number": _("Number of the recognition"),
        "valid_from": _("From"), "valid_to": _("Until"), "source": _("Where it is written"),
    },
}  # fmt: skip


def cells(name: str, kind: str, value: Any) -> tuple[tuple[Cell, ...], ...]:
    """The rows that there are, and some to add."""
    rows = [value or {}] if kind == "address" else [*(value or ()), *({} for _ in range(BLANK_ROWS[kind]))]
    types = {"valid_from": "date", "valid_to": "date", "number": "tel" if kind == "phones" else "text"}
    return tuple(
        tuple(
            Cell(f"{name}-{column}", label, str(row.get(column) or ""), types.get(column, "text"))
            for column, label in CELLS[kind].items()
        )
        for row in rows
    )
