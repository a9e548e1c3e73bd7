"""What an import did, or would do, in words: counts, reasons, fill rates, differences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.timesince import timesince
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from maillage.directory import incoming
from maillage.directory.ingest.feed import MOST_GONE
from maillage.directory.ingest.reasons import sentence
from maillage.directory.models import ImportIssue, ImportRun, ImportSchedule
from maillage.web.presenters import desk as say
from maillage.web.presenters import difference
from maillage.web.presenters.vocabulary import Vocabulary

State = ImportRun.State
OUTCOMES: dict[str, Promise] = {
    "read": _("read"), "created": _("new"), "updated": _("changed"), "unchanged": _("unchanged"), "held": _("left to others"),
    "attached": _("part of a record"), "rejected": _("left out"),
}  # fmt: skip
ENTITIES: dict[str, Promise] = {
    "service": _("Services"), "services": _("Services"), "organization": _("Organisations"), "organizations": _("Organisations"),
    "location": _("Places"), "locations": _("Places"), "structure": _("Structures"), "taxonomy": _("Taxonomies"), "term": _("Categories"),
    "taxonomy_terms": _("Categories"), "phones": _("Telephones"), "schedules": _("Opening hours"), "languages": _("Languages"),
    "contacts": _("Contacts"), "addresses": _("Addresses"), "file": _("Files"), "record": _("Records"), "attributes": _("Attributes"),
    "eligibility": _("Conditions"), "service_at_locations": _("Services at places"), "service_terms": _("Categories of services"),
    "accessibility": _("Accessibility"), "postal_addresses": _("Postal addresses"), "service_theme": _("Themes of services"),
}  # fmt: skip
PHASES: dict[str, Promise] = {
    "begin": _("It begins"), "read": _("Reading"), "write": _("Comparing and writing"), "index": _("Indexing for search"),
}  # fmt: skip
FAILURES: dict[str, Promise] = {
    "cancelled": _("It was cancelled before it began."),
    "worker-stopped": _("The program that does imports was stopped in the middle. Nothing is broken: ask again."),
    "file-forgotten": _("The file is no longer here: hand it in again."),
    "failed": _(
        "Something went wrong that we did not foresee (%(value)s). Nothing is broken: ask again, or tell whoever runs this site."
    ),
    "status": _("The address answered %(value)s instead of a file."),
    "unreachable": _("The address could not be reached: %(value)s."),
}
UNREACHABLE: dict[str, Promise] = {
    "scheme": _("only https:// addresses are asked"),
    "address": _("this is no address of the web"),
    "private": _("it leads into a private network, where we never ask"),
    "dns": _("its name does not exist"),
    "tls": _("its certificate is not valid"),
    "refused": _("nobody answers there"),
    "timeout": _("it took too long"),
    "redirects": _("it leads in circles"),
    "too-large": _("the file is larger than an import takes in"),
    "encoding": _("it sends the file packed in a way that we do not accept"),
    "protocol": _("its answer broke off or made no sense"),
}
LATE = 90  # seconds after which somebody should have taken it
KINDS = {State.ASKED: "verify", State.RUNNING: "verify", State.DONE: "fits", State.FAILED: "no"}


@dataclass(frozen=True, slots=True)
class Line:
    """A run in a list, and the head of its page."""

    uuid: str
    source: str
    format: str
    when: str
    who: str
    state: str
    kind: str
    code: str
    is_trial: bool
    is_partial: bool
    licence: str
    sum: str
    failure: str


@dataclass(frozen=True, slots=True)
class Progress:
    phase: str
    percent: int | None
    words: str
    is_late: bool


@dataclass(frozen=True, slots=True)
class Tally:
    entity: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    code: str
    sentence: str
    count: int
    rejections: int
    url: str


@dataclass(frozen=True, slots=True)
class Remark:
    entity: str
    row: str
    field: str
    sentence: str
    value: str
    is_rejection: bool
    record: int | None


@dataclass(frozen=True, slots=True)
class Rate:
    field: str
    percent: float
    share: str


@dataclass(frozen=True, slots=True)
class Changed:
    uuid: str
    name: str
    lines: list[difference.Line]


@dataclass(frozen=True, slots=True)
class Preview:
    created: tuple[str, ...]
    created_more: int
    changed: tuple[Changed, ...]
    changed_count: int
    changed_more: int
    fields: tuple[tuple[str, int], ...]
    gone: tuple[str, ...]
    gone_count: int
    gone_more: int
    is_nothing: bool


def line(run: ImportRun, words: Vocabulary, *, at: datetime) -> Line:
    return Line(
        uuid=str(run.uuid),
        source=run.source,
        format=str(incoming.FORMATS.get(run.format, run.format)),
        when=say.moment(run.started_at, words),
        who=who(run),
        state=str(State(run.state).label),
        kind=KINDS[State(run.state)],
        code=run.state,
        is_trial=run.is_trial,
        is_partial=run.is_partial,
        licence=run.licence,
        sum=summed(run.counts),
        failure=failure(run.error),
    )


def who(run: ImportRun) -> str:
    if run.asked_by:
        return str(run.asked_by)
    return gettext("on schedule") if run.schedule_id else gettext("from the terminal")


def failure(error: str) -> str:
    if not error:
        return ""
    code, _sep, value = error.partition(":")
    shown = str(UNREACHABLE.get(value, value)) if code == "unreachable" else value
    return str(FAILURES.get(code, FAILURES["failed"])) % {"value": shown or code}


def summed(counts: Mapping[str, Mapping[str, int]]) -> str:
    """ "Services: 12 new, 3 changed, 1 left out"; what is zero is not said."""
    services = counts.get("service") or counts.get("organization") or {}
    told = (
        (services.get(name, 0), str(OUTCOMES[name])) for name in ("created", "updated", "unchanged", "held", "rejected")
    )
    return ", ".join(f"{number_format(number)} {name}" for number, name in told if number)


def progress(run: ImportRun, *, at: datetime) -> Progress:
    said = run.progress
    done, total = int(said.get("done") or 0), int(said.get("total") or 0)
    if run.state == State.ASKED:
        waited = (at - run.started_at).total_seconds()
        return Progress(
            gettext("It waits for its turn"),
            None,
            gettext("asked %(age)s ago") % {"age": timesince(run.started_at, at)},
            waited > LATE,
        )
    percent = min(100, round(100 * done / total)) if total else None
    phase = str(PHASES.get(said.get("phase", ""), PHASES["begin"]))
    return Progress(phase, percent, f"{percent} %" if percent is not None else "", False)


def entity(name: str) -> str:
    return str(ENTITIES.get(name, name.replace("_", " ")))


def outcomes(counts: Mapping[str, Mapping[str, int]]) -> list[str]:
    """The columns that say something: what was read, and what became of it."""
    return [name for name in OUTCOMES if name == "read" or any(tally.get(name) for tally in counts.values())]


def tallies(counts: Mapping[str, Mapping[str, int]]) -> list[Tally]:
    order = {"service": 0, "organization": 1, "structure": 2, "location": 3}
    names = sorted(counts, key=lambda name: (order.get(name, 9), name))
    columns = outcomes(counts)
    return [
        Tally(entity(name), tuple(number_format(counts[name].get(outcome, 0)) for outcome in columns))
        for name in names
        if any(counts[name].values())
    ]


def reasons(run: ImportRun, rows: Iterable[Mapping[str, Any]]) -> list[Reason]:
    """`rows`: code, count, rejections; what left rows out first."""
    here = reverse("desk-import-remarks", args=[run.uuid])
    found = [
        Reason(row["code"], sentence(row["code"]), row["count"], row["rejections"], f"{here}?code={quote(row['code'])}")
        for row in rows
    ]
    return sorted(found, key=lambda one: (not one.rejections, -one.count))


def remark(issue: ImportIssue, record: int | None, *, is_hidden: bool) -> Remark:
    value = gettext("(hidden: it may say where a confidential place is)") if is_hidden and issue.value else issue.value
    return Remark(entity(issue.entity), issue.row, issue.field, sentence(issue.code), value, issue.is_rejection, record)


def rates(fill: Mapping[str, Mapping[str, float]]) -> list[tuple[str, str, list[Rate]]]:
    """(code, name, fields) of each kind of record; the fullest field first."""
    found = []
    for name, fields in fill.items():
        ordered = sorted(fields.items(), key=lambda pair: (-pair[1], pair[0]))
        if ordered:
            rows = [Rate(field, round(100 * rate, 1), f"{number_format(100 * rate, 0)} %") for field, rate in ordered]
            found.append((name, entity(name), rows))
    return found


def preview(run: ImportRun, words: Vocabulary) -> Preview:
    said = run.preview
    created = tuple(said.get("created", ()))
    number = int(run.counts.get("service", {}).get("created", 0)) or len(created)
    changed = tuple(
        Changed(one["service"], one["name"], difference.lines(one["fields"], words)) for one in said.get("changed", ())
    )
    fields = tuple((difference.label(name, words), count) for name, count in said.get("fields", {}).items())
    total, gone, names = (
        int(said.get("changed_services", 0)),
        int(said.get("gone", 0)),
        tuple(said.get("gone_names", ())),
    )
    return Preview(
        created, max(0, number - len(created)), changed, total, max(0, total - len(changed)), fields, names, gone,
        gone - len(names), not (created or total or gone),
    )  # fmt: skip


def every(hours: int) -> str:
    if hours % 24:
        return ngettext("every hour", "every %(n)s hours", hours) % {"n": hours}
    return ngettext("every day", "every %(n)s days", hours // 24) % {"n": hours // 24}


@dataclass(frozen=True, slots=True)
class Feed:
    uuid: str
    source: str
    format: str
    location: str
    licence: str
    every: str
    following: str
    is_active: bool
    last: Line | None


def feed(made: ImportSchedule, last: ImportRun | None, words: Vocabulary, *, at: datetime) -> Feed:
    return Feed(
        str(made.uuid), made.source, str(incoming.FORMATS.get(made.format, made.format)), made.location, made.licence,
        every(made.every_hours), say.moment(made.next_at, words) if made.is_active else "", made.is_active,
        line(last, words, at=at) if last else None,
    )  # fmt: skip


def shares(rows: Iterable[Mapping[str, Any]]) -> list[tuple[str, int, int, bool]]:
    """(source, records that are gone, all of its records, so many that the feed is probably broken)."""
    return [(row["source"], row["gone"], row["all"], row["gone"] > MOST_GONE * row["all"]) for row in rows]
