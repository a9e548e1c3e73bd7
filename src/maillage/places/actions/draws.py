"""The draw of a night, in this order: registration, the list frozen and its hash published, a public number that nobody could know,
one draw, a receipt for each person. Anybody can verify it: docs/explanation/allocation.md.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from maillage.methods.text import typed
from maillage.people import audit
from maillage.people.models import User
from maillage.places.actions import claims
from maillage.places.actions.runs import Asked, _rounds, check_may_run, rules_for
from maillage.places.engine import frozen, snapshot
from maillage.places.engine.decide import DEFAULT_ORDER, plain
from maillage.places.models import AllocationLine, AllocationRun, Draw, Request, WaitingList
from maillage.places.waiting import Changed, Refused, gettext_noop

LONGEST_BEACON: Final = 200


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
    seen = plain(snapshot.taken(waiting_list, rules.content, at=at, night=draw.night))
    kept = {"requests": seen["requests"], "rules": rules.pk, "order": list(rules.content.get("order") or DEFAULT_ORDER)}
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
    seen = snapshot.taken(waiting_list, rules.content, at=at, night=draw.night)
    still = {one["number"] for one in seen["requests"]}
    seen |= {
        "requests": kept["requests"],
        "gone": [one["number"] for one in kept["requests"] if one["number"] not in still],
    }
    seed = frozen.seed_of(beacon, draw.list_hash)
    asked = Asked(waiting_list, AllocationRun.Kind.DRAW, draw.night, None, rules, seed, by, at)
    made = _rounds(asked, plain(seen), draw)
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
    return frozen.published(kept["requests"], kept["order"])


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
