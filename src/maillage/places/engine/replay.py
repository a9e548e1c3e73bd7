"""A run made again from what was kept of it, and read by the checker: years later, whatever became of the list."""

from __future__ import annotations

from dataclasses import dataclass

from maillage.places.engine.decide import Line, decide, verify
from maillage.places.engine.frozen import ENGINE, Broken, canonical, digest, unpacked
from maillage.places.models import AllocationRun


@dataclass(frozen=True, slots=True)
class Replay:
    """`is_same`: the same lines, byte for byte. `faults`: what the independent checker finds in the lines that were kept."""

    lines: int
    is_same: bool
    is_same_engine: bool
    result_hash: str
    faults: tuple[str, ...]


def replay(run: AllocationRun) -> Replay:
    """Raises Broken when the snapshot, the rules or the lines are not the ones that were hashed."""
    snapshot, kept = unpacked(run.snapshot, run.snapshot_hash), kept_lines(run)
    if run.rules.hash != run.rules_hash or digest(canonical(run.rules.content)) != snapshot["rules"]:
        raise Broken("the rules are not the ones that were hashed")
    octets = canonical([line.told() for line in kept])
    if digest(octets) != run.result_hash:
        raise Broken("the lines are not the ones that were hashed")
    again = decide(snapshot, run.rules.content, run.seed)
    faults = verify(snapshot, run.rules.content, run.seed, kept)
    return Replay(len(kept), again.octets == octets, run.engine == ENGINE, again.hash, tuple(faults))


def kept_lines(run: AllocationRun) -> list[Line]:
    """By rank. The group is read in the certificate: the row may have lost its house since."""
    rows = run.lines.order_by("rank").values_list("number", "rank", "outcome", "certificate")
    return [
        Line(
            number, rank, outcome, said.get("group", ""), {key: value for key, value in said.items() if key != "group"}
        )
        for number, rank, outcome, said in rows
    ]
