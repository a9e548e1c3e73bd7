"""Running the engine: freeze what it sees, decide outside any transaction, write the lines and the offers in one short one.

A place that somebody took in between is offered to nobody twice: that offer falls out, and a second run, frozen as the first, decides
about what is left. No line is ever changed.
"""

from __future__ import annotations

import json
import secrets
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import transaction

from maillage.methods.text import typed
from maillage.people import audit
from maillage.people.models import User
from maillage.people.queries import carer_in
from maillage.people.rules import NotAllowed, gettext_noop
from maillage.places import queries, told
from maillage.places import rules as decisions
from maillage.places.actions import claims, offers, waiting
from maillage.places.engine import frozen
from maillage.places.engine.decide import DEFAULT_ORDER, Decided, Line, decide, plain
from maillage.places.engine.snapshot import taken
from maillage.places.models import (
    AllocationLine,
    AllocationRun,
    Draw,
    Place,
    PlaceGroup,
    Refusal,
    Request,
    RuleSet,
    WaitingList,
)
from maillage.places.waiting import Changed, Refused

ROUNDS: Final = 3  # runs after each other, when somebody was faster
KEEPERS: Final = gettext_noop("Only the members of the organisation that keeps this list run it.")
NO_RULES: Final = gettext_noop("This list has no rules that hold: a run needs them.")
MOST_LOOKED_AT: Final = 200  # when a place suits nobody
LONGEST_BEACON: Final = 200
Missed = dict[int, set[str]]  # number of a request -> groups that could not be offered after all


@dataclass(frozen=True, slots=True)
class Asked:
    """Which run: of the whole list, of one group where a place came free, or a draw."""

    waiting_list: WaitingList
    kind: str
    night: date | None
    group: PlaceGroup | None
    rules: RuleSet
    seed: str
    by: User | str
    at: datetime


def check_may_run(by: User | str, waiting_list: WaitingList, *, at: datetime, group: PlaceGroup | None = None) -> None:
    """Members who help people in the organisation that keeps the list; of one group, also those who work there. A command: yes.

    Raises NotAllowed.
    """
    if not isinstance(by, User):
        return
    mine = carer_in(by, waiting_list.territory, at=at)
    of_the_house = group is not None and group.site.service.organization_id in mine
    if waiting_list.keeper_id not in mine and not of_the_house:
        raise NotAllowed(KEEPERS)


def run(
    waiting_list: WaitingList, *, by: User | str, at: datetime, night: date | None = None, group: PlaceGroup | None = None
) -> AllocationRun:  # fmt: skip
    """Who gets the places that are free now; of one `group` only, when a place came free there. Offers are made at once.

    `night`: of a list that is drawn, after its draw: the ranks of the draw count. Raises NotAllowed, Refused.
    """
    check_may_run(by, waiting_list, at=at, group=group)
    rules = rules_for(waiting_list, at=at)
    kind = AllocationRun.Kind.LIST if group is None else AllocationRun.Kind.FREED
    return _rounds(Asked(waiting_list, kind, night, group, rules, _seed(waiting_list, rules, night), by, at))


def rules_for(waiting_list: WaitingList, *, at: datetime) -> RuleSet:
    """The version that holds. Raises Refused."""
    found = waiting.rules_of(waiting_list, at=at)
    if found is None:
        raise Refused(NO_RULES)
    return found


def _seed(waiting_list: WaitingList, rules: RuleSet, night: date | None) -> str:
    """Of the draw of that night, so that ranks stay what they were; without a draw, a new one when lots decide."""
    if "lot" not in (rules.content.get("order") or ()):
        return ""
    if night is None:
        return secrets.token_hex(32)
    drawn = Draw.objects.filter(waiting_list=waiting_list, night=night).exclude(run=None).select_related("run").first()
    return drawn.run.seed if drawn and drawn.run else secrets.token_hex(32)


def _rounds(asked: Asked, snapshot: Any = None, draw: Draw | None = None) -> AllocationRun:
    """The first run; more of them while somebody else was faster."""
    first: AllocationRun | None = None
    missed: Missed = {}
    for _round in range(ROUNDS):
        if snapshot is None:
            snapshot = _seen(asked, missed)
        decided = decide(snapshot, asked.rules.content, asked.seed)
        made, lost = _write(asked, snapshot, decided, draw=draw if first is None else None)
        first = first or made
        if not lost:
            break
        for number, groups in lost.items():
            missed.setdefault(number, set()).update(groups)
        snapshot = None
        asked = replace(asked, kind=AllocationRun.Kind.LIST) if draw is not None else asked
    assert first is not None
    return first


def _seen(asked: Asked, missed: Missed) -> Any:
    """The snapshot, without what could not be offered a moment ago."""
    found = taken(asked.waiting_list, asked.rules.content, at=asked.at, night=asked.night, group=asked.group)
    for one in found["requests"]:
        one["not_in"] = sorted({*one["not_in"], *missed.get(one["number"], ())})
    return plain(found if asked.group is None else _cut(plain(found), asked))


def _cut(snapshot: Any, asked: Asked) -> Any:
    """Of one place that came free: the list down to whoever gets it; those after them are only counted.

    Ranks are taken in one after the other: what is decided about the first ones depends on nobody after them.
    """
    lines = decide(snapshot, asked.rules.content, asked.seed).lines
    last = max((line.rank for line in lines if line.group), default=min(len(lines), MOST_LOOKED_AT))
    kept = {line.number for line in lines[:last]}
    snapshot["requests"] = [one for one in snapshot["requests"] if one["number"] in kept]
    snapshot["left_out"]["after"] = len(lines) - len(kept)
    return snapshot


@transaction.atomic
def _write(asked: Asked, snapshot: Any, decided: Decided, *, draw: Draw | None) -> tuple[AllocationRun, Missed]:
    """The run, its lines, the offers. What could not be offered any more is given back."""
    claims.take_turn(asked.waiting_list.territory)
    octets = frozen.canonical(snapshot)
    made = AllocationRun.objects.create(
        waiting_list=asked.waiting_list, kind=asked.kind, night=asked.night, rules=asked.rules, rules_hash=asked.rules.hash,
        snapshot=frozen.packed(snapshot), snapshot_hash=frozen.digest(octets), seed=asked.seed, engine=frozen.ENGINE,
        result_hash=decided.hash, started_at=asked.at, started_by=asked.by if isinstance(asked.by, User) else None,
    )  # fmt: skip
    if draw is not None and not Draw.objects.filter(pk=draw.pk, run=None).update(run=made):
        raise Changed(gettext_noop("This draw has been made already."))
    numbers = [line.number for line in decided.lines]
    reach = (min(numbers, default=0), max(numbers, default=0))
    rows = Request.objects.filter(waiting_list=asked.waiting_list, number__range=reach)
    rows = rows.select_for_update(of=("self",)).order_by("pk")  # before the audit trail: see claims.lock_requests
    requests = {one.number: one for one in rows.select_related("person", "household")}
    for one in requests.values():
        one.waiting_list = asked.waiting_list
    groups = {
        str(one.uuid): one for one in asked.waiting_list.groups.select_related("site__territory", "site__service")
    }
    lines = AllocationLine.objects.bulk_create(_row(made, line, requests, groups) for line in decided.lines)
    with claims.told_once(at=asked.at):
        missed = _offer(asked, decided.lines, lines, requests, groups)
    said = {"kind": asked.kind, "lines": len(lines), "result": made.result_hash, "missed": len(missed)}
    audit.record("ran a list", made, by=asked.by, at=asked.at, data=said)
    return made, missed


def _row(
    made: AllocationRun, line: Line, requests: Mapping[int, Request], groups: Mapping[str, PlaceGroup]
) -> AllocationLine:
    """The group stands in the certificate too: the row forgets it when the house goes, the line does not."""
    said = line.certificate | ({"group": line.group} if line.group else {})
    return AllocationLine(
        run=made, request=requests.get(line.number), number=line.number, rank=line.rank, outcome=line.outcome,
        group=groups.get(line.group), certificate=said,
    )  # fmt: skip


def _offer(
    asked: Asked, lines: Sequence[Line], rows: Sequence[AllocationLine], requests: Mapping[int, Request],
    groups: Mapping[str, PlaceGroup],
) -> Missed:  # fmt: skip
    """An offer for each place that is proposed, each in a savepoint: one that cannot be made undoes no other."""
    missed: Missed = {}
    for line, row in zip(lines, rows, strict=True):
        request, group = requests.get(line.number), groups.get(line.group)
        if not line.group or request is None or group is None:
            continue
        try:
            with transaction.atomic():
                offers.offer(request, _where(asked, line, group, request), line=row, by=asked.by, at=asked.at)
        except Refused:
            missed.setdefault(line.number, set()).add(line.group)
    return missed


def _where(asked: Asked, line: Line, group: PlaceGroup, request: Request) -> PlaceGroup | Place:
    """A place of the room that the engine chose, where rooms are of one gender and one place is enough."""
    room = line.certificate.get("room", "")
    if not room or request.people > group.unit_size:
        return group
    night = asked.night or queries.night(group.site.territory, asked.at)
    until = asked.night and asked.night + timedelta(days=1)
    free = queries.free_places(group, from_on=night, until_on=until, at=asked.at)
    return next((place for place in free if (place.room or f"#{place.label}") == room), group)


@transaction.atomic
def _count_refused(made: AllocationRun, *, at: datetime) -> None:
    """Demand that a full house hides: who was drawn, got nothing, and still asks."""
    causes = {
        AllocationLine.Outcome.NOT_SERVED: (Refusal.Cause.NO_PLACE, decisions.NO_PLACE),
        AllocationLine.Outcome.NO_OPTION: (Refusal.Cause.RULE, decisions.RULE),
    }
    rows = made.lines.filter(outcome__in=causes, request__state=Request.State.WAITING)
    for line in rows.select_related("request__person", "request__waiting_list__need").order_by("rank"):
        assert line.request is not None
        line.request.waiting_list.territory = made.waiting_list.territory
        cause, code = causes[AllocationLine.Outcome(line.outcome)]
        offers.count_refused(line.request, cause, group=None, code=code, at=at)


# ---- the draw of a night: docs/explanation/allocation.md tells how anybody verifies it


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a person keeps of a draw. `mark` names them on the published list; `rank` of `of`."""

    number: int
    mark: str
    rank: int
    of: int
    list_hash: str
    beacon: str
    seed: str
    outcome: str


@transaction.atomic
def publish(draw: Draw, *, by: User | str, at: datetime) -> Draw:
    """Registration is over: the list is frozen, and its hash can be shown to anybody. Raises NotAllowed, Refused."""
    waiting_list = WaitingList.objects.select_for_update().get(pk=draw.waiting_list_id)  # nobody registers meanwhile
    check_may_run(by, waiting_list, at=at)
    if at < draw.closes_at:
        raise Refused(gettext_noop("Registration is still open: the list is published when it has closed."))
    rules = rules_for(waiting_list, at=at)
    seen = plain(taken(waiting_list, rules.content, at=at, night=draw.night))
    order = list(rules.content.get("order") or DEFAULT_ORDER)
    kept = {"requests": seen["requests"], "rules": rules.pk, "order": order, "salt": secrets.token_hex(32)}
    list_hash = frozen.digest(_published(kept).encode())
    done = Draw.objects.filter(pk=draw.pk, list_hash="", run=None)
    if not done.update(listed=frozen.packed(kept), list_hash=list_hash, published_at=at):
        raise Changed(gettext_noop("This list has been published already."))
    draw.listed, draw.list_hash, draw.published_at = frozen.packed(kept), list_hash, at
    audit.record("published a draw", draw, by=by, at=at, data={"hash": list_hash, "n": len(seen["requests"])})
    return draw


def draw(draw: Draw, beacon: str, *, by: User | str, at: datetime) -> AllocationRun:
    """The one draw of that night. `beacon`: a public value that nobody could know when the list was published.

    Whoever withdrew since keeps their line and gets no place. Raises NotAllowed, Refused: Changed when it was made already.
    """
    waiting_list = draw.waiting_list
    check_may_run(by, waiting_list, at=at)
    beacon = typed(beacon, LONGEST_BEACON)
    if not draw.list_hash or draw.listed is None or draw.published_at is None or at <= draw.published_at:
        raise Refused(gettext_noop("Publish the list first: whoever draws before could choose the result."))
    if not beacon:
        raise Refused(gettext_noop("Type the public number that was not known when the list was published."))
    kept = _listed(draw)
    rules = waiting_list.rule_sets.get(pk=kept["rules"])
    with transaction.atomic():
        claims.take_turn(waiting_list.territory)
        if not Draw.objects.filter(pk=draw.pk, run=None, beacon__in=("", beacon)).update(beacon=beacon):
            raise Changed(gettext_noop("This draw has been made already."))
    seen = taken(waiting_list, rules.content, at=at, night=draw.night)
    still = {one["number"] for one in seen["requests"]}
    seen |= {
        "requests": kept["requests"],
        "gone": [one["number"] for one in kept["requests"] if one["number"] not in still],
    }
    seed = frozen.seed_of(beacon, draw.list_hash)
    asked = Asked(waiting_list, AllocationRun.Kind.DRAW, draw.night, None, rules, seed, by, at)
    made = _rounds(asked, plain(seen), draw)
    _count_refused(made, at=at)
    told.results(waiting_list.territory, by=by, at=at)
    draw.refresh_from_db(fields=["run", "beacon"])
    return made


def _listed(draw: Draw) -> Any:
    """What was published. Raises frozen.Broken when it is not what the hash says."""
    kept = json.loads(zlib.decompress(bytes(draw.listed or b"")))
    if frozen.digest(_published(kept).encode()) != draw.list_hash:
        raise frozen.Broken("the list is not the one that was published")
    return kept


def text(draw: Draw) -> str:
    """The published list as anybody may read it: marks, classes and hashes. "" before it is published."""
    return _published(_listed(draw)) if draw.list_hash else ""


def _published(kept: Any) -> str:
    return frozen.published(kept["requests"], kept["order"], kept["salt"])


def receipt(draw: Draw, request: Request) -> Receipt | None:
    """None before the draw, and for whoever was not on the list."""
    if draw.run is None:
        return None
    line = AllocationLine.objects.filter(run=draw.run, number=request.number).first()
    if line is None:
        return None
    return Receipt(
        line.number, frozen.mark(str(request.uuid)), line.rank, draw.run.lines.count(), draw.list_hash, draw.beacon, draw.run.seed,
        line.outcome,
    )  # fmt: skip


RECIPE: Final = """import hashlib, sys

sha = lambda text: hashlib.sha256(text.encode()).hexdigest()
path, beacon, mark, rank = sys.argv[1:5]
text = open(path, encoding="utf-8", newline="").read()
list_hash = sha(text)  # must be the one that was published before the draw
seed = sha(beacon + list_hash)
lines = [line.split() for line in text.splitlines()]
lines.sort(key=lambda line: (line[1], sha(seed + line[0])))
found = [line[0] for line in lines].index(mark) + 1
print(list_hash, seed, found, "same" if found == int(rank) else "NOT THE SAME")
"""
