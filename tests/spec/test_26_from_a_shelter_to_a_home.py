"""From a shelter to a home

Those for whom a home is meant sleep in a shelter tonight. They are offered a place where they can stay, keep their bed until they
come in, and the bed that they leave goes to the next one of its own list, by itself.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from maillage.directory.models import Service
from maillage.places import standing
from maillage.places.actions import freed, offers, runs, stays, waiting
from maillage.places.models import Offer, Place, PlaceGroup, Site, Stay, WaitingList
from tests.beds import QUEUE_RULES, Beds, rule_set
from tests.testland import NOW, labels

BY, HOUR = "system:story", timedelta(hours=1)


@pytest.fixture
def homes(beds: Beds) -> WaitingList:
    """A reception home with one room, of other people than the shelter, and the list of those who wait for it."""
    standing.forget()
    service = Service.objects.exclude(pk=beds.shelter.pk).order_by("pk")[0]
    site = Site.objects.create(
        territory=beds.territory, service=service, code="nest", name="The Nest", kind="reception"
    )
    rooms = PlaceGroup.objects.create(site=site, code="rooms", labels=labels("Chambres", "Kamers", "Rooms"))
    Place.objects.create(group=rooms, label="R1")
    found = WaitingList.objects.create(territory=beds.territory, code="homes", keeper=beds.dispatch)
    found.groups.add(rooms)
    rule_set(found, QUEUE_RULES)
    return found


def test_carla_goes_from_a_shelter_to_a_home(beds: Beds, homes: WaitingList) -> None:
    Place.objects.filter(label="W2").delete()  # the shelter has one bed for a woman
    (bed,) = stays.hold(beds.women, beds.carla, from_on=NOW.date(), until_on=None, minutes=60, by=beds.bob, at=NOW)
    stays.admit(bed, by=beds.bob, at=NOW)
    waiting.ask(homes, beds.carla, by=BY, at=NOW - 90 * 24 * HOUR)
    waiting.ask(beds.queue, beds.amina, facts={"children": False}, by=BY, at=NOW)

    runs.run(homes, by=beds.dave, at=NOW + HOUR)
    offer = Offer.objects.get(request__person=beds.carla)
    offers.accept(offer, by=beds.dave, at=NOW + 2 * HOUR)
    bed.refresh_from_db()
    assert bed.state == "in"  # a home is kept for her, and nobody takes her bed tonight

    home = stays.admit(offer.stays.get(), by=BY, at=NOW + 3 * HOUR)
    bed.refresh_from_db()
    assert (bed.state, bed.exit, home.state, home.after) == ("out", "moved", "in", bed)

    freed.pass_on(beds.territory, by=BY, at=NOW + 4 * HOUR)
    assert Stay.objects.get(state="held").person == beds.amina  # the next one of the shelter's own list
