"""The audit trail: appended only, chained, and broken for all to see when somebody goes around the database."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maillage.people import audit
from maillage.people.models import Role, Trace, User

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 19, 30, tzinfo=UTC)


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_user("alice@example.org", None, uuid=UUID(int=7))


def around_the_database(line: int, /, **change: object) -> None:
    """What somebody with the database's password could do: take the triggers away, and write."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for verb in ("update", "delete"):
                cursor.execute(f"DROP TRIGGER people_trace_no_{verb}")
        else:
            cursor.execute("ALTER TABLE people_trace DISABLE TRIGGER people_trace_no_change")
    lines = Trace.objects.filter(sequence=line)
    if change:
        lines.update(**change)
    else:
        lines._raw_delete("default")


def test_a_line_says_what_was_done_to_what_and_by_whom(user: User) -> None:
    line = audit.record("opened", user, by=user, at=AT, data={"role": "editor"})
    assert (line.sequence, line.verb, line.actor) == (1, "opened", f"user:{UUID(int=7)}")
    assert (line.target_kind, line.target, line.previous_hash) == ("people.user", str(UUID(int=7)), audit.START)


def test_the_chain_holds_and_prints_its_head(user: User) -> None:
    for number in range(3):
        last = audit.record("counted", user, by="system:test", data={"n": number})
    assert audit.verify() == audit.Verified(3, last.hash)
    assert audit.verify(head=last.previous_hash).broken is None


def test_an_empty_trail_holds() -> None:
    assert audit.verify() == audit.Verified(0, audit.START)


@pytest.mark.parametrize(
    ("change", "broken", "reason"),
    [
        ({"verb": "forged"}, 2, "changed"),
        ({"data": {"n": 5}}, 2, "changed"),
        ({"actor": "system:other"}, 2, "changed"),
        ({"previous_hash": "1" * 64}, 2, "does not follow"),
        ({"sequence": 9}, 3, "line 2 is missing"),
        ({}, 3, "line 2 is missing"),
    ],
)
def test_the_first_broken_line_is_named(user: User, change: dict[str, object], broken: int, reason: str) -> None:
    for number in range(4):
        audit.record("counted", user, by="system:test", data={"n": number})
    around_the_database(2, **change)
    found = audit.verify()
    assert found.broken is not None
    assert (found.lines, found.broken.sequence) == (1, broken)
    assert reason in found.broken.reason


def test_a_forger_who_makes_the_hash_again_breaks_the_next_line(user: User) -> None:
    for _ in range(3):
        audit.record("counted", user, by="system:test")
    line = Trace.objects.get(sequence=2)
    line.verb = "forged"
    around_the_database(2, verb="forged", hash=audit.digest(line))
    assert audit.verify().broken == audit.Broken(3, "it does not follow from the line before")


def test_an_end_that_was_cut_off_is_seen_with_a_noted_hash(user: User) -> None:
    for _ in range(3):
        head = audit.record("counted", user, by="system:test").hash
    around_the_database(3)
    assert audit.verify().broken is None
    assert audit.verify(head=head).broken == audit.Broken(3, "the noted hash is not in the trail: lines were cut off")


def test_a_line_goes_with_the_transaction_it_belongs_to(user: User) -> None:
    with transaction.atomic():
        audit.record("never", user, by="system:test")
        transaction.set_rollback(True)
    assert audit.verify() == audit.Verified(0, audit.START)


@pytest.mark.parametrize("nobody", ["", "alice", "system:"])
def test_nobody_may_not_act(user: User, nobody: str) -> None:
    with pytest.raises(ValueError, match="is nobody"):
        audit.record("opened", user, by=nobody)


def test_what_the_databases_would_change_is_kept_as_text(user: User) -> None:
    data = {
        "share": 1e22,
        "on": date(2026, 1, 2),
        "who": UUID(int=1),
        "huge": 2**70,
        "nul": "a\0b",
        "set": {"b", "a"},
        "role": Role.EDITOR,
    }
    audit.record("said", user, by="system:test", data=data)
    kept = {"share": "1e+22", "on": "2026-01-02", "who": str(UUID(int=1)), "huge": str(2**70), "nul": "a\ufffdb"}
    assert Trace.objects.get().data == {**kept, "set": ["a", "b"], "role": "editor"}
    assert audit.verify().broken is None


def test_an_object_does_not_go_into_the_trail(user: User) -> None:
    with pytest.raises(TypeError, match="record its code or uuid"):
        audit.record("said", user, by="system:test", data={"user": user})


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates() | st.uuids(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.text(max_size=8), PLAIN, max_size=4), min_size=1, max_size=3))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_recorded_verifies_after_the_database_gave_it_back(
    user: User, said: list[dict[str, object]]
) -> None:
    with transaction.atomic():
        before = audit.verify().lines
        for data in said:
            audit.record("said", user, by="system:test", data=data)
        assert audit.verify().broken is None
        assert audit.verify().lines == before + len(said)


@pytest.mark.django_db(transaction=True)
def test_writers_at_the_same_moment_make_one_chain() -> None:
    target = User.objects.create_user("alice@example.org")

    def write(number: int) -> None:
        try:
            audit.record("counted", target, by="system:test", data={"n": number})
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(24)))
    assert audit.verify().broken is None
    assert sorted(Trace.objects.values_list("data__n", flat=True)) == list(range(24))


def test_the_command_tells_that_the_trail_holds_or_where_it_broke(user: User) -> None:
    for _ in range(2):
        last = audit.record("counted", user, by="system:test")
    out, err = StringIO(), StringIO()
    call_command("audit", "verify", stdout=out)
    assert f"2 lines, head {last.hash}" in out.getvalue()
    around_the_database(1, verb="forged")
    with pytest.raises(SystemExit) as end:
        call_command("audit", "verify", stdout=out, stderr=err)
    assert end.value.code == 1
    assert "broken at line 1: it was changed after it was written (0 lines hold)" in err.getvalue()


def test_the_export_holds_all_that_a_third_party_needs_to_verify(user: User, tmp_path: Path) -> None:
    audit.record("said", user, by=user, data={"mot": "été"}, at=AT)
    out = StringIO()
    call_command("audit", "export", stdout=out)
    call_command("audit", "export", str(tmp_path / "trail.ndjson"), stdout=StringIO())
    line = json.loads((tmp_path / "trail.ndjson").read_text("utf-8"))
    assert line == json.loads(out.getvalue())
    assert audit.digest(Trace(**{**line, "at": datetime.fromisoformat(line["at"])})) == line["hash"]
