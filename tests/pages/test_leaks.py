"""The exact place of a confidential location is found nowhere: every address of the map, asked and sent, in every language and role,
every export, letter, command, error and line of log. Whoever was given the right finds it in one place, and leaves a trace.

Nor are those who live in the house, or wait for a place in it, by anybody who does not help them (`housed`).
"""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.urls import resolve, reverse
from django.utils import translation

from maillage.directory.actions import editing, freshness, reports
from maillage.directory.models import (
    Activity,
    Change,
    Closure,
    ErrorReport,
    Location,
    Service,
    ServiceAtLocation,
    SourceRecord,
)
from maillage.people.actions import members as people
from maillage.people.models import Membership, Organization, Role, Trace, User
from maillage.territory.models import Territory
from maillage.web import addresses
from maillage.web.logs import Line
from tests.pages import desk as desks
from tests.pages import housed, secret
from tests.pages.test_access import EXAMPLES
from tests.testland import NOW, SECRET_STREET

LANGUAGES = ("fr", "nl", "en")
ROLES = (
    "visitor", "bob", "alice", "eve", "paul", "mona", "cora", "dora", "root", "dave",
)  # fmt: skip
READS = "desk-place"  # the page meant for it
HELPS = {"bob", "dave"}  # who works in the house, and who keeps its list: they read who lives and waits there
OWN = ("/mine/",)  # what the person reads of themselves, by a link that they alone have


@pytest.fixture
def desk(land: Territory, cast: Any) -> desks.Desk:
    made = desks.build(land, cast)
    for name, role, house in (("paul", Role.PROFESSIONAL, "listening-post-house"), ("cora", Role.COORDINATOR, "")):
        user = User.objects.create_user(f"{name}@example.org", "a long enough sentence", name=name.title())
        Membership.objects.create(
            user=user, territory=land, role=role, starts_at=desks.JANUARY,
            organization=Organization.objects.get(territory=land, code=house) if house else None,
        )  # fmt: skip
    User.objects.create_superuser("root@example.org", "a long enough sentence")
    return made


@pytest.fixture
def hidden(desk: desks.Desk) -> secret.Hidden:
    return secret.hide(desk)


@pytest.fixture
def inside(desk: desks.Desk, hidden: secret.Hidden) -> housed.Housed:
    return housed.house(desk)


def client_of(name: str, language: str) -> Client:
    client = Client(headers={"accept-language": language}, raise_request_exception=False)
    if name != "visitor":
        client.force_login(User.objects.get(email=f"{name}@example.org"))
    return client


def places(hidden: secret.Hidden) -> dict[str, list[Any]]:
    """Name of an address -> what to put in it: what lies nearest to the secret."""
    service, run = hidden.service.uuid, hidden.run.uuid
    services = {"service": service, "report": service, "desk-still-true": service, "desk-room": service, "desk-close": service,
                "desk-service-edit": service, "desk-history": service, "ask": service, "desk-refer": service}  # fmt: skip
    said: dict[str, list[Any]] = {name: [uuid] for name, uuid in services.items()}
    changes = list(Change.objects.values_list("uuid", flat=True))
    reports = list(ErrorReport.objects.values_list("uuid", flat=True))
    pairs = [hidden.pair.uuid, hidden.merge.pair.uuid if hidden.merge.pair else hidden.pair.uuid]
    said |= dict.fromkeys(("desk-change", "desk-change-withdraw", "desk-change-undo", "desk-change-decide", "desk-change-edit"), changes)  # fmt: skip
    said |= {
        "desk-report": reports,
        "desk-report-again": reports,
        "desk-duplicate": pairs,
        "desk-duplicate-decide": pairs,
    }
    runs = ("desk-import", "desk-import-remarks", "desk-import-csv", "desk-import-again", "desk-import-cancel")
    said |= {name: [run] for name in runs}
    said |= {"desk-import-record": [one.pk for one in hidden.records], "desk-merge-undo": [hidden.merge.uuid]}
    said |= {
        "desk-list": [hidden.shared.uuid],
        "list": [hidden.token],
        "guide": ["home"],
        "area": ["harbour", "testland"],
    }
    said |= {"activity-feed": list(Activity.objects.filter(service=hidden.service).values_list("uuid", flat=True))}
    return said


def hsds_paths(hidden: secret.Hidden) -> list[str]:
    """Every form of it, by every identifier that stands for something near the place, the true one of the place too."""
    sal = ServiceAtLocation.objects.get(location=hidden.place).uuid
    house, true = hidden.service.organization.uuid, hidden.place.uuid  # type: ignore[union-attr]
    lists = ("services", "service_at_locations", "organizations", "taxonomies", "taxonomy_terms")
    found = [f"/hsds/{name}?{more}" for name in lists for more in
             ("", "full=true", "format=ndjson", "full=true&format=ndjson", "minimal=true", "full_service=true")]  # fmt: skip
    found += [
        f"/hsds/services/{hidden.service.uuid}",
        f"/hsds/service_at_locations/{sal}",
        f"/hsds/organizations/{house}",
    ]
    found += [
        f"/hsds/organizations/{house}?full_service=true",
        f"/hsds/services/{true}",
        f"/hsds/service_at_locations/{true}",
    ]
    near = ("postcode=1000&proximity=50", f"latitude={secret.LATITUDE}&longitude={secret.LONGITUDE}&proximity=1")
    words = (
        "search=quiet+street",
        "search=Hushville",
        "search=Safe",
        f"location_id={true}",
        f"organization_id={house}",
    )
    found += [f"/hsds/{name}?{more}" for name in lists[:3] for more in (*near, *words)]
    return ["/hsds/", "/hsds/openapi.json", "/api/openapi.json", *found]


def example(path: str, value: Any) -> str:
    first = re.compile(r"<(uuid|int|str|slug|path):\w+>")
    path = first.sub(lambda _: str(value), path, count=1)
    for pattern, other in EXAMPLES.items():
        path = re.sub(pattern, other, path)
    return "/" + path


def every_path(
    hidden: secret.Hidden, inside: housed.Housed | None = None, *, with_machines: bool = True
) -> list[str]:  # fmt: skip
    """`with_machines`: what programs read too, which knows no roles."""
    known = places(hidden) | (inside.places() if inside else {})
    found = []
    for one in addresses.addresses():
        if one.name == READS:
            continue
        values = known.get(one.name) or [
            str(UUID(int=1)) if "<uuid" in one.path else "1" if "<int" in one.path else "x"
        ]
        closure = Closure.objects.filter(service=hidden.service).first()
        if one.name == "desk-reopen" and closure:
            found.append(reverse("desk-reopen", args=[hidden.service.uuid, closure.uuid]))
            continue
        found += [example(one.path, value) for value in values]
    asked = ["/results/?text=shelter", "/results/?text=quiet+street", "/results/?needs=emergency-shelter&area=harbour",
             "/results/?needs=emergency-shelter&facts=violence:true", "/desk/services/?q=safe", "/desk/services/?q=quiet",
             "/desk/health/records/?what=stale", "/desk/unmet/?need=emergency-shelter&area=harbour", "/desk/lists/add/?service="
             + str(hidden.service.uuid), "/desk/history/?field=hours", "/library/?q=quiet",
             f"/results/?lat={secret.LATITUDE}&lon={secret.LONGITUDE}"]  # fmt: skip
    if not with_machines:
        return [path for path in dict.fromkeys([*found, *asked]) if not path.startswith(("/hsds/", "/api/"))]
    return list(dict.fromkeys([*found, *asked, *hsds_paths(hidden)]))


class Forms(HTMLParser):
    """The forms of a page as a browser would send them."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, str, dict[str, list[str]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((said.get("action", ""), said.get("method", "get").lower(), {}))
        elif self.forms and tag in {"input", "button", "select", "textarea"} and (name := said.get("name")):
            is_left_out = said.get("type") in {"checkbox", "radio"} and "checked" not in said
            if not is_left_out:
                self.forms[-1][2].setdefault(name, []).append(said.get("value", ""))


def sent(client: Client, path: str, page: Any) -> Iterator[tuple[str, Any]]:
    """Each form of the page, sent as it stands, and undone."""
    if "html" not in page.headers.get("Content-Type", ""):
        return
    reading = Forms()
    reading.feed(page.content.decode())
    for action, method, fields in reading.forms:
        target = action or path
        name = resolve(target.split("?")[0]).view_name
        if method != "post" or name in {READS, "language"} or name.startswith("account_logout"):
            continue
        cookies = deepcopy(client.cookies)  # what signs out is undone too
        with transaction.atomic():
            yield f"POST {target} from {path}", client.post(target, fields)
            transaction.set_rollback(True)
        client.cookies = cookies


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("who", ROLES)
def test_no_page_no_feed_no_answer_says_where_it_is(
    who: str, language: str, hidden: secret.Hidden, inside: housed.Housed, caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    if connection.vendor == "postgresql" and language != "en":
        pytest.skip("every language is walked on SQLite: the database changes no word")
    monkeypatch.setattr("maillage.web.rate.allow", lambda *args: True)
    caplog.set_level(logging.DEBUG)
    client, wrong, seen, statuses, read = client_of(who, language), [], set(), set(), 0
    for path in every_path(hidden, inside, with_machines=who in {"visitor", "root"}):
        page = client.get(path)
        statuses.add(page.status_code)
        wrong += told(f"GET {path}", page) + met(who, f"GET {path}", page)
        read += bool(housed.names(secret.everything(page)))
        posts = (
            [(f"POST {path}", client.post(path, {"area": "harbour", "text": "shelter"}))] if who == "visitor" else []
        )
        for what, answer in (*posts, *sent(client, path, page)):
            if what not in seen:
                seen.add(what)
                wrong += told(what, answer) + met(who, what, answer)
    assert not wrong, "\n".join(sorted(set(wrong)))
    logged = [logging.Formatter().format(record) for record in caplog.records if ours(record)]
    assert not [line for line in logged if secret.betrayals(line) or housed.names(line) or housed.is_named(line)]
    trail = json.dumps(list(Trace.objects.values_list("verb", "target", "data", "actor")), default=str)
    assert housed.names(trail) == []
    letters = [f"{one.subject}\n{one.body}" for one in mail.outbox]
    assert not [one for one in letters if housed.names(one) or housed.is_named(one)]
    assert not [m for m in mail.outbox if secret.betrayals(f"{m.subject}\n{m.body}\n{m.to}")]
    assert len(seen) > 5
    assert 429 not in statuses, "refused on the way: not everything was walked"
    assert (read > 3) == (who in HELPS), "those who help them read them: the others walked the same pages"
    if who != "visitor":
        assert client.get("/desk/account/").status_code == 200, "signed out on the way: the desk was not walked"


def ours(record: logging.LogRecord) -> bool:
    """Not the statements of the database, which nobody writes down."""
    return not record.name.startswith("django.db")


def told(what: str, answer: Any) -> list[str]:
    """What it betrays, and whether it broke. The address asked is the asker's own: it is not an answer."""
    text = secret.everything(answer)
    broke = [f"{what} -> {answer.status_code}"] if answer.status_code >= 500 else []
    mine = secret.betrayals(what)
    return broke + [f"{what}: {one}" for one in secret.betrayals(text) if not is_echo(one, mine)]


def met(who: str, what: str, answer: Any) -> list[str]:
    """Whom somebody meets on this page who does not help them; and what the house is called, for all but those who work there."""
    if any(own in what for own in OWN):
        return []
    text = secret.everything(answer)
    people = housed.names(text) if who not in HELPS else []
    return [f"{what}: {one}" for one in people] + [f"{what}: {housed.HOUSE}"] * (housed.is_named(text) and who != "bob")


def is_echo(one: str, mine: list[str]) -> bool:
    return one.split(":")[0] in {said.split(":")[0] for said in mine}


def test_no_export_and_no_command_says_where_it_is(hidden: secret.Hidden, desk: desks.Desk, tmp_path: Path) -> None:
    out = io.StringIO()
    for name in ("all.json", "all.ndjson"):
        call_command("export", "hsds", str(tmp_path / name), stdout=out)
        out.write((tmp_path / name).read_text())
    for language in LANGUAGES:
        with translation.override(language):
            for more in ({"json": True}, {}, {"near": "Harbour"}, {"json": True, "fact": ["violence=true"]}):
                call_command("find", "shelter", stdout=out, stderr=out, **more)
            call_command("duplicates", "list", stdout=out, stderr=out)
    call_command("audit", "verify", stdout=out, stderr=out)
    assert "Safe" in out.getvalue() or "Maison sûre" in out.getvalue()
    assert secret.betrayals(out.getvalue()) == []


def test_no_letter_says_where_it_is(
    hidden: secret.Hidden, desk: desks.Desk, django_capture_on_commit_callbacks: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    Service.objects.filter(pk=hidden.service.pk).update(confirmed_on=NOW.date() - timedelta(days=900))
    for user, language in zip(User.objects.order_by("pk"), LANGUAGES * 9, strict=False):
        User.objects.filter(pk=user.pk).update(language=language)
    with django_capture_on_commit_callbacks(execute=True):
        for days in (0, 20, 40, 60):
            freshness.remind(desk.territory, at=NOW + timedelta(days=days))
        report = reports.report(
            hidden.service, "hours", at=NOW, message=f"It is {SECRET_STREET}", email="who@example.org"
        )
        reports.answer(report, "Thank you, it is mended.", by=desk.mona, at=NOW)
        for text in ("Women and children.", "Women."):
            editing.propose(hidden.service, {"description:en": text}, by=desk.cast.alice, at=NOW)
        first, second = Change.objects.filter(state="proposed")[:2]
        editing.send_back(first, "Say more.", by=desk.mona, at=NOW)
        editing.accept(second, by=desk.mona, at=NOW)
        member = Membership.objects.get(user=desk.cast.alice)
        people.open_confidential_places(member, by=desk.cast.dora, at=NOW)
        people.invite("new@example.org", Role.EDITOR, territory=desk.territory, organization=hidden.service.organization,
                      by=desk.cast.dora, at=NOW)  # fmt: skip
        people.remind_expiring(NOW)
    letters = [f"{one.subject}\n{one.body}\n{one.extra_headers}" for one in mail.outbox]
    assert len(letters) >= 6
    assert any("Safe House" in letter for letter in letters)
    assert secret.betrayals("\n".join(letters)) == []
    assert secret.betrayals("\n".join(logging.Formatter().format(one) for one in caplog.records if ours(one))) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_error_page_and_no_line_of_log_says_where_it_is(
    language: str, hidden: secret.Hidden, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """What breaks names the rows it held: neither the page nor the log repeats them."""
    lines, handler = io.StringIO(), logging.StreamHandler()
    handler.setStream(lines)
    handler.setFormatter(Line())

    def broken(*args: Any, **more: Any) -> None:
        place, street = Location.objects.get(is_confidential=True), SECRET_STREET
        raise ValueError(f"cannot draw {place.latitude}, {street}")

    logging.getLogger().addHandler(handler)
    try:
        client = client_of("visitor", language)
        for name in ("maillage.web.public.service.cards", "maillage.web.api.orient"):
            monkeypatch.setattr(name, broken)
        answers = [
            client.get(f"/service/{hidden.service.uuid}/"),
            client.post("/api/orientation", b"{}", "application/json"),
        ]
        assert [one.status_code for one in answers] == [500, 500]
        answers += [
            client.get(f"/service/{UUID(int=1)}/"), client.get("/" + "x" * 9000), client.get("/results/?q=" + "y" * 9000),
            client.get("/desk/"), client.post("/api/orientation", b"{", "application/json"),
            client.post("/api/orientation", b" " * 70_000, "application/json"),
            client.post("/results/", {"text": "x" * 1_100_000}), client_of("eve", language).post(
                reverse(READS, args=[hidden.service.uuid])), client_of("dora", language).post(
                reverse(READS, args=[hidden.service.uuid])),
        ]  # fmt: skip
    finally:
        logging.getLogger().removeHandler(handler)
    statuses = {one.status_code for one in answers}
    assert {400, 403, 404, 413, 414, 500} <= statuses
    assert secret.betrayals("\n".join(map(secret.everything, answers))) == []
    assert "ValueError" in lines.getvalue()
    assert secret.betrayals(lines.getvalue()) == []


def test_who_was_given_the_right_sees_it_in_one_place_and_leaves_a_trace(
    hidden: secret.Hidden, inside: housed.Housed, desk: desks.Desk
) -> None:
    path = reverse(READS, args=[hidden.service.uuid])
    for who in ROLES:
        page = client_of(who, "en").post(path)
        assert secret.betrayals(secret.everything(page)) == [], who
    assert not Trace.objects.filter(verb="read-confidential-place").exists()
    Membership.objects.filter(user=desk.cast.alice).update(sees_confidential_places=True)
    alice = client_of("alice", "en")
    page = alice.post(path)
    assert SECRET_STREET in page.content.decode()
    assert page.headers["Cache-Control"] == "no-store"
    trace = Trace.objects.get(verb="read-confidential-place")
    assert (trace.actor, trace.target) == (f"user:{desk.cast.alice.uuid}", str(hidden.place.uuid))
    assert secret.betrayals(json.dumps(trace.data)) == []
    others = [f"/service/{hidden.service.uuid}/", reverse("desk-service-edit", args=[hidden.service.uuid]),
              reverse("desk-history", args=[hidden.service.uuid]), "/desk/services/", "/results/?needs=emergency-shelter"]  # fmt: skip
    for path in others:
        assert secret.betrayals(secret.everything(alice.get(path))) == [], path
    assert Trace.objects.filter(verb="read-confidential-place").count() == 1


def test_the_record_as_it_came_opens_to_a_moderator_who_was_given_the_right_and_to_no_other(
    hidden: secret.Hidden, desk: desks.Desk
) -> None:
    pages = [reverse("desk-import-record", args=[one.pk]) for one in hidden.records]
    for who in ("mona", "dora", "root"):
        assert [client_of(who, "en").get(page).status_code for page in pages] == [403] * 4
    Membership.objects.create(
        user=desk.mona, territory=desk.territory, organization=hidden.place.organization, role=Role.EDITOR,
        sees_confidential_places=True, starts_at=desks.JANUARY,
    )  # fmt: skip
    statuses = [client_of("mona", "en").get(page).status_code for page in pages]
    assert statuses == [
        200,
        200,
        403,
        403,
    ]  # what was rejected is no place of an organisation: nobody was given a right to it
    assert Trace.objects.filter(verb="read-confidential-place").count() == 2
    assert SourceRecord.objects.count() >= 4


def test_the_search_finds_nothing_by_what_is_hidden(hidden: secret.Hidden) -> None:
    visitor = client_of("visitor", "en")
    for words in (
        SECRET_STREET,
        secret.STREET_ACCENTED,
        secret.TOWN,
        secret.PERSON,
        secret.SECTOR,
        secret.PHONE,
        secret.POSTAL,
    ):
        found = visitor.post("/api/orientation", json.dumps({"text": words, "limit": 100}), "application/json").json()
        fits = [one["service"]["name"] for one in found["suggestions"]]
        assert fits.count("Safe House") == 0 or len(fits) > 5, words  # either nothing, or everything as without words
