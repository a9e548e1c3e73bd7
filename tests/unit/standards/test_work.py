"""The clock: each duty at its time, by one process only, and none hinders another."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.utils import timezone

from maillage.directory.actions import duties
from maillage.directory.models import Duty
from maillage.standards import work
from maillage.territory.models import Territory
from tests.testland import NOW

HOUR = timedelta(hours=1)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> dict[str, datetime]:
    said = {"now": NOW}
    monkeypatch.setattr(timezone, "now", lambda: said["now"])
    return said


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two chores: one fails with somebody's address in its message, one goes well."""
    ran: list[str] = []

    def fails(territory: Territory, at: datetime, stopping: Any) -> str:
        ran.append("fails")
        raise ConnectionError("alice@example.org refused")

    def goes_well(territory: Territory, at: datetime, stopping: Any) -> str:
        ran.append("goes-well")
        return "3 things"

    chores = (work.Chore("fails", timedelta(days=1), fails), work.Chore("goes-well", timedelta(days=1), goes_well))
    monkeypatch.setattr(work, "CHORES", chores)
    return ran


@pytest.mark.usefixtures("testland")
def test_each_chore_is_done_once_until_it_is_due_again(clock: dict[str, datetime], done: list[str]) -> None:
    assert work.turn() == 2
    assert work.turn() == 0
    clock["now"] += timedelta(days=1)
    assert work.turn() == 2
    assert done == ["fails", "goes-well"] * 2


@pytest.mark.usefixtures("testland", "clock", "done")
def test_a_failure_is_told_by_its_kind_alone_and_hinders_no_other(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        work.turn()
    failed = next(line for line in caplog.records if line.levelno == logging.ERROR)
    assert failed.job.startswith("fails of testland: ConnectionError in fails:")  # type: ignore[attr-defined]
    assert "alice" not in caplog.text + failed.job  # type: ignore[attr-defined]
    assert list(Duty.objects.order_by("code").values_list("code", "outcome", "failures", "taken_by")) == [
        ("fails", "ConnectionError", 1, ""),
        ("goes-well", "3 things", 0, ""),
    ]


@pytest.mark.usefixtures("testland")
def test_what_failed_is_tried_again_sooner_then_less_and_less_soon(clock: dict[str, datetime], done: list[str]) -> None:
    waits = []
    for _time in range(4):
        work.turn(only=frozenset({"fails"}))
        following = Duty.objects.get(code="fails").next_at
        waits.append((following - clock["now"]).total_seconds() / 60)
        clock["now"] = following
    assert waits == [15, 30, 60, 120]


def test_a_chore_of_the_morning_waits_for_the_morning_of_the_territory() -> None:
    chore = work.Chore("x", timedelta(days=1), lambda *_: "", at_dawn=True)
    assert work.later(chore, NOW, "Europe/Brussels") == datetime(2026, 11, 21, 7, 0, tzinfo=UTC)
    assert work.later(chore, NOW, "Africa/Bujumbura") == datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
    assert work.later(chore, NOW, "Europe/Brussels", failures=99) == datetime(2026, 11, 21, 7, 0, tzinfo=UTC)


def test_one_process_at_a_time_has_a_duty(testland: Territory) -> None:
    mine = duties.take(testland, "x", by="one:1", at=NOW, lease=HOUR)
    assert mine is not None
    assert duties.take(testland, "x", by="two:2", at=NOW, lease=HOUR) is None
    assert duties.put_down(mine, by="one:1", at=NOW, next_at=NOW + HOUR)
    assert duties.take(testland, "x", by="two:2", at=NOW, lease=HOUR) is None  # not due
    assert duties.take(testland, "x", by="two:2", at=NOW + HOUR, lease=HOUR) is not None


def test_who_dies_loses_the_duty_when_the_lease_is_over(testland: Territory) -> None:
    dead = duties.take(testland, "x", by="one:1", at=NOW, lease=HOUR)
    heir = duties.take(testland, "x", by="two:2", at=NOW + HOUR, lease=HOUR)
    assert dead is not None
    assert heir is not None
    assert not duties.put_down(dead, by="one:1", at=NOW + HOUR, next_at=NOW)  # came back too late
    assert duties.put_down(heir, by="two:2", at=NOW + HOUR, next_at=NOW + HOUR)


@pytest.mark.usefixtures("testland", "clock")
def test_a_stop_is_heard_between_two_chores(done: list[str]) -> None:
    assert work.turn(lambda: bool(done)) == 1


@pytest.mark.usefixtures("testland", "clock")
def test_the_real_chores_run_on_a_small_territory(settings: Any) -> None:
    settings.CHECK_LINKS = False
    assert work.turn() == len(work.CHORES)
    assert not Duty.objects.filter(failures__gt=0).exists()


# ---- the command


@pytest.mark.usefixtures("testland", "clock", "done")
def test_once_does_what_is_due_and_ends(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("work", "--once", "--only", "goes-well")
    assert "Done: 1" in capsys.readouterr().out


@pytest.mark.usefixtures("done")
def test_a_chore_that_nobody_knows_is_refused() -> None:
    with pytest.raises(CommandError, match="There is no chore “dishes”"):
        call_command("work", "--once", "--only", "dishes")


@pytest.fixture
def signals() -> Iterator[None]:
    kept = {sign: signal.getsignal(sign) for sign in (signal.SIGTERM, signal.SIGINT)}
    yield
    for sign, handler in kept.items():
        signal.signal(sign, handler)


@pytest.mark.usefixtures("signals")
def test_it_ends_when_told_and_survives_a_database_that_restarts(monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[int] = []

    def turn(stopping: Any, *, only: frozenset[str]) -> int:
        turns.append(1)
        if len(turns) == 1:
            raise DatabaseError("gone")
        if len(turns) == 2:
            signal.raise_signal(signal.SIGTERM)
        return 0

    monkeypatch.setattr(work, "turn", turn)
    monkeypatch.setattr("maillage.standards.management.commands.work.close_old_connections", lambda: None)
    call_command("work", "--every", "0")
    assert len(turns) == 2
