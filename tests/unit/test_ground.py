"""The ground holds: the territory of the tests is built, tables can be emptied, and the history cannot be changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from maillage.directory.models import Service
from maillage.people.models import Trace
from maillage.territory.models import Territory


def _line() -> Trace:
    what = {"verb": "tested", "actor": "system:test", "target_kind": "none", "target": "1"}
    return Trace.objects.create(sequence=1, at=timezone.now(), previous_hash="", hash="1", **what)


def test_the_small_territory_has_its_services(testland: Territory) -> None:
    assert Service.objects.filter(territory=testland).count() == 11


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"verb": "forged"}, None])
def test_the_database_refuses_to_change_history(change: dict[str, str] | None) -> None:
    line = _line()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Trace.objects.filter(pk=line.pk).update(**change) if change else line.delete()
    assert Trace.objects.get().verb == "tested"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_a_transactional_test_leaves_nothing_behind(turn: int) -> None:
    _line()
    assert Trace.objects.count() == 1
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():  # the triggers are back as well
        Trace.objects.all()._raw_delete(connection.alias)


def test_alice_owns_bob_works_with_her_and_charlie_is_nobody(cast: Any) -> None:
    assert cast.alice.memberships.get().organization == cast.bob.memberships.get().organization == cast.organization
    assert not cast.charlie.memberships.exists()


def test_real_data_is_found_or_the_test_is_skipped(shared_data: Path) -> None:
    assert (shared_data / "directory").is_dir()
