"""Bookings a second, and how many places were given twice: `python -m benchmarks.booking`.

Six processes book forty places (and ten beds of a dormitory) over three nights for ten seconds, on SQLite and on PostgreSQL, each
started for this: ours, as the desk does it (who may, rules of the house, who is kept apart, links, counters, room in the directory,
audit trail); a careless program (looks, then writes) with our constraints; and the same without them, which must sell twice, else
the attack proves nothing. A booking is one that was acknowledged; conflicts and full houses are told apart.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from typing import Any


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=10.0)
    arguments.add_argument("--processes", type=int, default=6)
    arguments.add_argument("--on", choices=["sqlite", "postgresql"], help="one of the two, in this process")
    options = arguments.parse_args()
    if options.on:
        with ExitStack() as stack:
            print(json.dumps(run(stack, options.on, options.seconds, options.processes)))
        return
    told = {}
    for vendor in ("sqlite", "postgresql"):
        command = [sys.executable, "-m", "benchmarks.booking", "--on", vendor, "--seconds", str(options.seconds)]
        done = subprocess.run(
            [*command, "--processes", str(options.processes)], stdout=subprocess.PIPE, text=True, check=True
        )
        told[vendor] = json.loads(done.stdout.splitlines()[-1])
        print(vendor, told[vendor], flush=True)
    found = {name: figures for name, figures in told.items() if figures}
    summary = {
        "per_s": found["sqlite"]["per_s"],
        "doubles": sum(figures["doubles"] for figures in found.values()),
        "doubles_without_constraints": {name: figures["doubles_without_constraints"] for name, figures in found.items()},
        **{f"{name}_{key}": figures[key] for name, figures in found.items() for key in ("per_s", "cpu_ms_a_booking", "ours", "careless")},
    }  # fmt: skip
    print(json.dumps(summary))


def run(stack: ExitStack, vendor: str, seconds: float, processes: int) -> dict[str, Any]:
    """On a database of its own; nothing when there is no such server here."""
    os.environ["MAILLAGE_VAR"] = stack.enter_context(tempfile.TemporaryDirectory())
    os.environ["DATABASE_URL"] = ""
    if vendor == "postgresql":
        from tests.postgres import NoPostgresql, throw_away

        try:
            os.environ["DATABASE_URL"] = stack.enter_context(throw_away())
        except NoPostgresql as absent:
            print(f"postgresql left out: {absent}")
            return {}
    os.environ["DJANGO_SETTINGS_MODULE"] = "maillage.settings"
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0)
    found = storms(seconds, processes)
    connections.close_all()
    return found


def storms(seconds: float, processes: int) -> dict[str, Any]:
    from maillage.directory.models import Service
    from tests import attack, testland

    here = attack.ground(testland.build(), Service.objects.get(code="open-door"))
    before = _children()
    clock = time.perf_counter()
    ours = attack.storm("ours", here, processes=processes, seconds=seconds)
    lasted, cpu = time.perf_counter() - clock, _children() - before
    doubles = attack.doubles()
    attack.clear()
    careless = attack.storm("careless", here, processes=processes, seconds=seconds / 2)
    doubles += attack.doubles()
    with attack.constraints_off():
        attack.clear()
        attack.storm("careless", here, processes=processes, seconds=seconds / 2)
        sold_twice = attack.doubles()
    acts = sum(n for name, n in ours.items() if not name.startswith("failed:"))
    return {
        "per_s": round(ours["booked"] / lasted, 1),
        "doubles": doubles,
        "doubles_without_constraints": sold_twice,
        "cpu_ms_a_booking": round(1000 * cpu / max(acts, 1), 1),
        "ours": dict(ours),
        "careless": dict(careless),
    }


def _children() -> float:
    """CPU seconds of the processes that have ended."""
    times = os.times()
    return times.children_user + times.children_system


if __name__ == "__main__":
    main()
