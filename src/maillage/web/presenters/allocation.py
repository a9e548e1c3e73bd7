"""Runs of the allocation in words: what each run saw, what it decided about a request, and why, in one sentence."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Count
from django.utils.translation import gettext, ngettext

from maillage.places.engine.replay import Replay
from maillage.places.engine.sentences import sentence
from maillage.places.models import AllocationLine, AllocationRun, Request
from maillage.web.presenters import waiting as present

OUTCOMES = {"placed": "fits", "not_served": "verify", "no_option": "no"}


@dataclass(frozen=True, slots=True)
class Told:
    """A line of a run about one request."""

    run: str
    when: str
    kind: str
    outcome: str
    badge: str
    number: int
    rank: int
    sentence: str
    request: str = ""
    called: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    uuid: str
    when: str
    kind: str
    by: str
    rules: str


@dataclass(frozen=True, slots=True)
class Replayed:
    is_same: bool
    said: str


def replayed(found: Replay) -> Replayed:
    """What a run made again showed."""
    said = [ngettext("%(n)s line read again.", "%(n)s lines read again.", found.lines) % {"n": found.lines}]
    if not found.is_same_engine:
        said.append(gettext("It was made by an earlier version of the engine."))
    if found.faults:
        said.append(gettext("The independent checker finds faults:") + " " + "; ".join(found.faults[:5]))
    else:
        said.append(gettext("The independent checker finds no fault: each place and each refusal is proven."))
    return Replayed(found.is_same and not found.faults, " ".join(said))


def told(request: Request, *, most: int) -> list[Told]:
    """What the last runs said about them."""
    rows = AllocationLine.objects.filter(request=request).select_related("run__rules", "group__site")
    return [line(one) for one in rows.defer("run__snapshot").order_by("-run__started_at", "-pk")[:most]]


def line(one: AllocationLine) -> Told:
    return Told(
        run=str(one.run.uuid),
        when=present.moment(one.run.started_at),
        kind=one.run.get_kind_display(),
        outcome=one.get_outcome_display(),
        badge=OUTCOMES[one.outcome],
        number=one.number,
        rank=one.rank,
        sentence=sentence(one),
    )


def full(rows: Iterable[AllocationLine], readable: Collection[int]) -> list[Told]:
    """Lines of one run, for those who keep the list: with who asked, and which places. `readable`: keys of the requests that they may
    open now; of the others they read the number only."""
    found = []
    for one in rows:
        said = line(one)
        found.append(
            Told(
                said.run, said.when, said.kind, said.outcome, said.badge, said.number, said.rank, said.sentence,
                str(one.request.uuid) if one.request and one.request.pk in readable else "",
                one.request.person.called() if one.request and one.request.pk in readable else "",
                f"{present.where(one.group.site)}: {one.group.name()}" if one.group else "",
            )
        )  # fmt: skip
    return found


def run_name(run: AllocationRun) -> str:
    return f"{present.moment(run.started_at)} · {run.get_kind_display()}"


def runs(rows: Iterable[AllocationRun]) -> list[Run]:
    return [
        Run(
            str(one.uuid), present.moment(one.started_at), one.get_kind_display(),
            str(one.started_by) if one.started_by else gettext("the software"), one.rules.version,
        )
        for one in rows
    ]  # fmt: skip


def facts(run: AllocationRun) -> list[tuple[str, str, bool]]:
    """What the run was made of: a label, a value, whether it is a fingerprint."""
    return [
        (gettext("Started"), present.moment(run.started_at), False),
        (gettext("By"), str(run.started_by) if run.started_by else gettext("the software"), False),
        (gettext("Rules, engine"), f"{run.rules.version}, {run.engine}", False),
        (gettext("Fingerprint of what it saw"), run.snapshot_hash, True),
        (gettext("Fingerprint of the rules"), run.rules_hash, True),
        (gettext("Seed"), run.seed or gettext("none: no lot decides"), bool(run.seed)),
        (gettext("Fingerprint of the results"), run.result_hash, True),
    ]


def counts(run: AllocationRun) -> list[tuple[str, str, str, int]]:
    """Code, words, look and number of each outcome."""
    found = dict(run.lines.values_list("outcome").annotate(n=Count("pk")).order_by())
    return [(code, str(label), OUTCOMES[code], found.get(code, 0)) for code, label in AllocationLine.Outcome.choices]
