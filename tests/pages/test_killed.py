"""The server is killed (-9) in the middle of two hundred writes: every write that it acknowledged is there, once, and whole."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any, TypeVar

import pytest

T = TypeVar("T")
EDITS, KILLS, THREADS = 200, 3, 4
PASSWORD = "three calm elephants walk home"
EMAIL = "moderator@example.org"
LISTED = """
import json
from maillage.directory.models import Revision, Service
from maillage.people import audit
print(json.dumps({"said": [[str(uuid), new["available"]] for uuid, new in
    Revision.objects.filter(field="capacity").values_list("service__uuid", "new")],
    "broken": str(audit.verify().broken or "")}))
"""
# whose room somebody says: where places are counted, nobody says it
SERVICES = """
from maillage.directory.models import Service
print(*Service.objects.exclude(capacities__is_derived=True).order_by('id').values_list('uuid', flat=True)[:8])
"""

HOUSE = """
import json
from django.utils import timezone
from maillage.people.actions import persons
from maillage.places.actions import sites
from maillage.directory.models import Service
at, by = timezone.now(), "system:test"
service = Service.objects.exclude(organization=None).order_by("id").first()
site = sites.open_site(service.territory, service, "Killed", kind="shelter", by=by, at=at)
rooms = sites.open_group(site, by=by, at=at)
sites.open_places(rooms, [str(n) for n in range(100)], by=by, at=at)
beds = sites.open_group(site, kind="dormitory", beds=100, by=by, at=at)
people = [persons.register(service.territory, service.organization, alias=f"N{n}", by=by, at=at) for n in range(200)]
print(json.dumps({"site": str(site.uuid), "groups": [str(rooms.uuid), str(beds.uuid)], "organization": str(service.organization.uuid),
    "people": [str(person.uuid) for person in people]}))
"""
SLEPT = """
import json
from collections import Counter
from maillage.people import audit
from maillage.people.models import Once, Trace
from maillage.places.models import GroupNight, Occupant, Stay
stays = Stay.objects.filter(group__site__name="Killed")
verbs = Counter(Trace.objects.filter(target__in=[str(u) for u in stays.values_list("uuid", flat=True)]).values_list("verb", flat=True))
print(json.dumps({"stays": [[str(p), s] for p, s in stays.values_list("person__uuid", "state")],
    "occupants": Occupant.objects.filter(stay__in=stays).count(),
    "whole": all(o.state == o.stay.state and o.from_on == o.stay.from_on for o in Occupant.objects.filter(stay__in=stays).select_related("stay")),
    "places": len(set(stays.exclude(place=None).values_list("place", flat=True))),
    "beds": sum(GroupNight.objects.filter(group__site__name="Killed").values_list("used", flat=True)),
    "verbs": verbs, "once": Once.objects.exclude(target=None).count(), "broken": str(audit.verify().broken or "")}))
"""


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


@pytest.fixture
def where(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """The environment of a server of its own: a new file, or a new database beside the one of the tests."""
    port = _free_port()
    base = {key: value for key, value in os.environ.items() if key != "TERRITORY"}
    base |= {"MAILLAGE_VAR": str(tmp_path), "PORT": str(port), "LOG_LEVEL": "ERROR"}
    if request.config.getoption("--database") == "sqlite":
        yield base | {"DATABASE_URL": ""}
        return
    import psycopg

    url = urllib.parse.urlsplit(os.environ["DATABASE_URL"])
    name = f"killed_{os.getpid()}"
    with psycopg.connect(url._replace(path="/postgres").geturl(), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield base | {"DATABASE_URL": url._replace(path=f"/{name}").geturl()}
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def maillage(where: dict[str, str], *words: str, said: str = "") -> str:
    command = [sys.executable, "-m", "maillage", *words]
    done = subprocess.run(command, env=where, input=said, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""


class Server:
    """`maillage demo` in a process group of its own, so that nothing of it survives the kill."""

    def __init__(self, where: dict[str, str]) -> None:
        self.where, self.root = where, f"http://127.0.0.1:{where['PORT']}"
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "maillage", "demo", "--services", "20", "--port", self.where["PORT"]]
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(command, env=self.where, stdout=quiet, stderr=quiet, start_new_session=True)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                with urllib.request.urlopen(f"{self.root}/health", timeout=5) as answer:
                    assert answer.status == 200
                    return
            except (OSError, urllib.error.URLError):
                time.sleep(0.1)
        raise AssertionError("the server did not come up")

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Worker:
    """Somebody at the desk: signs in, says how much room there is, and remembers what was acknowledged."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()), NoRedirect)

    def sign_in(self) -> None:
        page = self.opener.open(f"{self.root}/accounts/login/", timeout=30).read().decode()
        assert self.post("/accounts/login/", {"login": EMAIL, "password": PASSWORD}, page) == 302

    def post(self, path: str, fields: dict[str, str], page: str = "") -> int:
        page = page or self.opener.open(f"{self.root}{path}", timeout=30).read().decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token, page[:500]
        body = urllib.parse.urlencode({**fields, "csrfmiddlewaretoken": token[1]}).encode()
        try:
            return int(self.opener.open(f"{self.root}{path}", body, timeout=30).status)
        except urllib.error.HTTPError as answer:
            return answer.code

    def say_room(self, service: str, places: int) -> bool:
        fields = {"status": "capacity", "available": str(places), "unit": "place", "holds": "12h"}
        return self.post(f"/desk/services/{service}/room/", fields) == 302


@pytest.mark.slow
def test_every_acknowledged_edit_survives_a_kill(where: dict[str, str]) -> None:
    maillage(where, "demo", "--no-serve", "--services", "20")
    maillage(where, "user", "add", EMAIL, "--role", "moderator", "--password-stdin", said=f"{PASSWORD}\n")
    services = maillage(where, "shell", "--no-imports", "-c", SERVICES).split()
    server = Server(where)
    acknowledged: list[tuple[str, int]] = []
    numbers, lock, alive = iter(range(1, EDITS + 1)), threading.Lock(), threading.Event()
    alive.set()
    first = Worker(server.root)
    first.sign_in()

    def work() -> None:
        person = Worker(server.root)
        person.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(
                next(h.cookiejar for h in first.opener.handlers if hasattr(h, "cookiejar"))
            ),
            NoRedirect,
        )
        while (number := _next(numbers, lock)) is not None:
            service = services[number % len(services)]
            try:
                if person.say_room(service, number):
                    with lock:
                        acknowledged.append((service, number))
            except (OSError, urllib.error.URLError, AssertionError):
                alive.wait(60)  # killed in the middle: this one was not acknowledged

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    try:
        for kill in range(1, KILLS + 1):
            while len(acknowledged) < kill * EDITS // (KILLS + 2) and any(thread.is_alive() for thread in threads):
                time.sleep(0.01)
            alive.clear()
            server.kill()
            server.start()
            alive.set()
        for thread in threads:
            thread.join(120)
    finally:
        server.kill()
    told = json.loads(maillage(where, "shell", "--no-imports", "-c", LISTED))
    kept = {(uuid, places) for uuid, places in told["said"]}
    assert len(acknowledged) > EDITS // 2
    assert set(acknowledged) <= kept
    assert told["broken"] == ""


@pytest.mark.slow
def test_every_bed_that_was_given_is_there_once_after_a_kill(where: dict[str, str]) -> None:
    """A telephone that got no answer sends the same form again: who was taken in is in one bed, with their trace and their count."""
    maillage(where, "demo", "--no-serve", "--services", "20")
    house = json.loads(maillage(where, "shell", "--no-imports", "-c", HOUSE))
    role = ["--role", "professional", "--organization", house["organization"], "--password-stdin"]
    maillage(where, "user", "add", EMAIL, *role, said=f"{PASSWORD}\n")
    server = Server(where)
    path = f"/desk/houses/{house['site']}/"
    todo, lock, alive = iter(enumerate(house["people"])), threading.Lock(), threading.Event()
    alive.set()
    acknowledged: list[str] = []
    first = Worker(server.root)
    first.sign_in()
    page = first.opener.open(f"{server.root}{path}", timeout=30).read().decode()

    def work() -> None:
        while (one := _next(todo, lock)) is not None:
            number, person = one
            said = {
                "do": "take",
                "person": person,
                "group": house["groups"][number % 2],
                "once": f"key-{number}",
                "people": "1",
            }
            while person not in acknowledged:
                try:
                    if first.post(path, said, page) == 302:
                        acknowledged.append(person)
                except (OSError, http.client.HTTPException):
                    alive.wait(60)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    try:
        for kill in range(1, KILLS + 1):
            while len(acknowledged) < kill * len(house["people"]) // (KILLS + 2):
                time.sleep(0.01)
            alive.clear()
            server.kill()
            server.start()
            alive.set()
        for thread in threads:
            thread.join(120)
    finally:
        server.kill()
    told = json.loads(maillage(where, "shell", "--no-imports", "-c", SLEPT))
    assert sorted(told["stays"]) == sorted([person, "in"] for person in house["people"])
    assert (told["occupants"], told["whole"], told["places"], told["beds"]) == (200, True, 100, 100)
    assert told["verbs"] == {"held a place": 200, "admitted": 200}
    assert (told["once"], told["broken"]) == (200, "")


def _next(numbers: Iterator[T], lock: threading.Lock) -> T | None:
    with lock:
        return next(numbers, None)
