"""Requests a second over HTTP, beside plain django-ninja and DRF views of the same rows: `python -m benchmarks.http`.

Granian with two workers, as in production; one contender serves at a time, in turn, twice, and the better turn counts. Asked:
`/hsds/services?per_page=20` at a page drawn anew each time, the same page numbers for all, by four connections that stay
open; then the results page for needs drawn anew. The load comes from `wrk` where it is installed, else from a process of
Python, and takes its share of the two cores: the figures are for comparing. The peers have the middleware that any site has
(benchmarks/peers/settings.py), less than ours; their rows are the same, ours with every text of HSDS and its profile.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CONNECTIONS = 4
FORM = "application/x-www-form-urlencoded"
# contender -> (application, address; PAGE is drawn, 1..pages)
LISTS = {
    "ours": ("maillage.wsgi:application", "/hsds/services?per_page=20&page=PAGE"),
    "ninja": ("benchmarks.peers.wsgi:application", "/ninja/services?page=PAGE"),
    "drf": ("benchmarks.peers.wsgi:application", "/drf/services?page=PAGE"),
}
LUA = """
local paths, bodies = {%s}, {%s}
local n = 0
request = function()
  n = n %% #paths + 1
  if bodies[n] ~= "" then return wrk.format("POST", paths[n], {["Content-Type"] = "application/x-www-form-urlencoded"}, bodies[n]) end
  return wrk.format("GET", paths[n])
end
done = function(summary, latency)
  io.write(string.format("FIGURES %%f %%f %%f %%d\\n", summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1000,
    latency:percentile(95) / 1000, summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout))
end
"""
Asked = tuple[str, str]  # path, body ("": GET)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--services", type=int, default=100_000)
    arguments.add_argument("--seconds", type=float, default=8.0, help="of each turn")
    arguments.add_argument("--turns", type=int, default=2)
    arguments.add_argument("--var", help="a folder with a database that `maillage demo` made before")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        where = os.environ | {
            "MAILLAGE_VAR": options.var or folder,
            "DATABASE_URL": "",
            "LOG_LEVEL": "ERROR",
            "SEARCHES_A_MINUTE": "0",
        }
        if not options.var:
            command = [sys.executable, "-m", "maillage", "demo", "--no-serve", "--services", str(options.services)]
            subprocess.run(command, env=where, check=True, stdout=subprocess.DEVNULL)
        print(json.dumps(run(where, options.services, options.seconds, options.turns)))


def run(where: dict[str, str], services: int, seconds: float, turns: int) -> dict[str, Any]:
    draw = random.Random(1)
    pages = [draw.randrange(1, services // 20) for _ in range(5_000)]
    figures: dict[str, dict[str, float]] = {}
    for _turn in range(turns):
        for name, (application, address) in LISTS.items():
            asked = [(address.replace("PAGE", str(page)), "") for page in pages]
            with served(application, where) as port:
                better(figures, name, load(port, asked, seconds))
        with served(LISTS["ours"][0], where) as port:
            better(figures, "results_page", load(port, list(needs(where, port, draw)), seconds))
    ours = figures["ours"]
    return {
        "services": services,
        **ours,
        "ratio_to_ninja": round(ours["rps"] / figures["ninja"]["rps"], 2),
        "ratio_to_drf": round(ours["rps"] / figures["drf"]["rps"], 2),
        **{name: figure for name, figure in figures.items() if name != "ours"},
    }


def better(figures: dict[str, dict[str, float]], name: str, found: dict[str, float]) -> None:
    print(name, found)
    if name not in figures or found["rps"] > figures[name]["rps"]:
        figures[name] = found


def needs(where: dict[str, str], port: int, draw: random.Random) -> Iterator[Asked]:
    """Forms as people send them: a need, often an area. The codes are those of the page of questions."""
    page = urllib.request.urlopen(f"http://127.0.0.1:{port}/sitemap.xml").read().decode()
    areas = re.findall(r"/areas/([\w-]+)/<", page) or [""]
    code = "from maillage.orientation.models import Need; print(*Need.objects.values_list('code', flat=True))"
    command = [sys.executable, "-m", "maillage", "shell", "--no-imports", "-c", code]
    found = subprocess.run(command, env=where, check=True, capture_output=True, text=True).stdout.split()
    for _ in range(500):
        fields = {"needs": draw.choice(found), "area": draw.choice(areas)}
        yield "/results/", urllib.parse.urlencode({name: value for name, value in fields.items() if value})


@contextmanager
def served(application: str, where: dict[str, str]) -> Iterator[int]:
    """Two workers on a free port, warm: each has answered."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "2", "--blocking-threads", "2", "--port", str(port),
        "--log-level", "error", application,
    ]  # fmt: skip
    server = subprocess.Popen(command, env=where, cwd=Path(__file__).resolve().parent.parent)
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait()


def load(port: int, asked: list[Asked], seconds: float) -> dict[str, float]:
    """Warm up for a third of the time, then measure."""
    once = with_wrk if shutil.which("wrk") else with_python
    with_python(port, asked, 1)  # both workers have read their code
    once(port, asked, seconds / 3)
    rps, p50, p95, errors = once(port, asked[::-1], seconds)
    if errors or not rps:
        raise SystemExit(f"{errors} requests failed, {rps} a second: is the application whole?")
    return {"rps": round(rps, 1), "p50_ms": round(p50, 2), "p95_ms": round(p95, 2)}


def with_wrk(port: int, asked: list[Asked], seconds: float) -> tuple[float, float, float, int]:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(LUA % tuple(",".join(json.dumps(one[place]) for one in asked) for place in (0, 1)))
        script.flush()
        command = [
            "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(seconds, 1):.0f}s", "--timeout", "60s", "-s", script.name, f"http://127.0.0.1:{port}",
        ]  # fmt: skip
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    figures = re.search(r"FIGURES (\S+) (\S+) (\S+) (\d+)", printed)
    assert figures, printed
    return float(figures[1]), float(figures[2]), float(figures[3]), int(figures[4])


def with_python(port: int, asked: list[Asked], seconds: float) -> tuple[float, float, float, int]:
    times: list[float] = []
    failed: list[int] = []
    end = time.perf_counter() + seconds

    def ask(first: int) -> None:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        place = first
        while (started := time.perf_counter()) < end:
            path, body = asked[place % len(asked)]
            line.request("POST" if body else "GET", path, body or None, {"Content-Type": FORM} if body else {})
            answer = line.getresponse()
            answer.read()
            times.append(time.perf_counter() - started)
            if answer.status != 200:
                failed.append(answer.status)
            place += CONNECTIONS

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return (
        len(times) / seconds,
        statistics.median(times) * 1e3,
        sorted(times)[int(len(times) * 0.95)] * 1e3,
        len(failed),
    )


if __name__ == "__main__":
    main()
