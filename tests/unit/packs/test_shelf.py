"""The packs that come with Maillage: each is correct, loads, and makes a demonstration."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from maillage.directory.models import Service
from maillage.orientation.models import Need
from maillage.packs import actions
from maillage.packs import pack as packs
from maillage.packs.fiction import actions as fiction
from maillage.territory.models import Area
from maillage.territory.queries import descendants

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
EVERY = pytest.mark.parametrize("name", packs.shelf())


def test_four_packs_come_with_maillage() -> None:
    assert len(packs.shelf()) == 4
    assert packs.default_name() in packs.shelf()


@EVERY
def test_a_pack_is_correct_and_bears_the_name_of_its_folder(name: str) -> None:
    pack, problems = packs.read(packs.find(name))
    assert [str(problem) for problem in problems if not problem.is_warning] == []
    assert pack.code == name


@EVERY
@pytest.mark.django_db
def test_a_pack_loads_and_makes_a_demonstration(name: str) -> None:
    pack = packs.read_valid(packs.find(name))
    territory = actions.load(pack, at=AT).territory
    assert Need.objects.filter(territory=territory, parent=None).count() >= 4
    real = Service.objects.filter(territory=territory).count()
    assert real > 0
    fiction.generate(territory, pack, services=40, seed=1, at=AT)
    fiction.index(territory)
    assert Service.objects.filter(territory=territory).count() == real + 40
    assert actions.load(pack, at=AT).difference.is_loaded


@EVERY
@pytest.mark.django_db
def test_every_area_of_a_pack_lies_in_its_territory(name: str) -> None:
    territory = actions.load(packs.read_valid(packs.find(name)), at=AT).territory
    below = descendants(territory)[territory.content["root_area"]]
    assert below == set(Area.objects.filter(territory=territory).values_list("code", flat=True)) - {
        territory.content["root_area"]
    }
