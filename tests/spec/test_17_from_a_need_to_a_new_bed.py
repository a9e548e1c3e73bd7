"""From a need to a new bed

Two women need a bed tonight and one bed is free. Both are sent to the shelter, both stand on the list that shelters share. The more
urgent one gets the bed; the other one learns why not, and is counted. The count is a signal, a second bed opens, and the loop closes.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from maillage.orientation.actions import referrals
from maillage.orientation.models import Need, Referral
from maillage.people.actions import persons
from maillage.people.models import Person
from maillage.places.actions import dispatch, offers, runs, sites, stays, waiting
from maillage.places.engine import replay
from maillage.places.models import AllocationLine, Offer, Refusal, Request, Stay
from tests.beds import Beds
from tests.testland import NOW

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def one_bed(beds: Beds) -> Beds:
    """Of the two places for women, one is under repair; the families' place is not for them."""
    beds.queue.groups.set([beds.women])
    sites.put_out(beds.places[1], "works", reason="the shower leaks", by=beds.bob, at=NOW)
    return beds


def sent(beds: Beds, person: Person) -> Referral:
    """Greta, who met her in the street, sends her to the shelter: she was shown what is sent, and agreed."""
    agreed = persons.agree(
        person, "referral", organization=beds.house, what=["gender"], shown="We tell the shelter that you are a woman.",
        language="en", how="said", by=beds.greta, at=NOW,
    )  # fmt: skip
    need = Need.objects.get(code="emergency-shelter")
    return referrals.send(
        person, beds.shelter, sender=beds.street, need=need, area="north", what={"gender": "woman"}, consent=agreed,
        by=beds.greta, at=NOW,
    )[0]  # fmt: skip


def listed(beds: Beds, referral: Referral, tier: str, *reasons: str) -> Request:
    """Bob, at the shelter, has no room for both: she stands on the shared list from now on, and the dispatch says how urgent it is."""
    referrals.waitlist(referral, by=beds.bob, at=NOW)
    agreed = persons.agree(
        referral.person, "waiting_list", organization=beds.dispatch, shown="The dispatch reads your request.", language="en",
        how="said", by=beds.bob, at=NOW,
    )  # fmt: skip
    request, _link = waiting.ask(
        beds.queue, referral.person, referral=referral, consent=agreed, channel="referral", asked_by=beds.house, area="north",
        public="women", facts={"gender": "woman"}, by=beds.bob, at=NOW,
    )  # fmt: skip
    waiting.assess(request, tier, reasons, by=beds.dave, at=NOW)
    return request


def test_two_needs_one_bed_a_signal_a_second_bed(one_bed: Beds, tell: Any) -> None:
    house, amina, carla = one_bed, one_bed.amina, one_bed.carla
    assert "Open Door" in [
        one.card.texts["name"]["en"] for one in tell("a bed tonight", facts={"gender": "woman"}).suggestions
    ]
    first, second = sent(house, carla), sent(house, amina)
    calm, urgent = listed(house, first, "c"), listed(house, second, "a", "violence")

    run = runs.run(house.queue, by=house.dave, at=NOW)  # Carla asked first; Amina is in danger
    bed = Offer.objects.get(request=urgent)
    assert AllocationLine.objects.get(run=run, request=calm).outcome == "not_served"
    assert replay.replay(run).is_same  # anyone who may can do it again, and gets the same lines
    offers.accept(bed, by=house.greta, at=NOW)
    stays.admit(bed.stays.get(), by=house.bob, at=NOW)

    dispatch.refuse(calm, "no_place", by=house.dave, at=NOW)  # tonight; she stays on the list
    missed = Refusal.objects.get()  # counted without her name: a need, a public, an hour
    assert (missed.need, missed.public, missed.cause) == ("emergency-shelter", "women", "no_place")
    sites.put_back(house.places[1], by=house.bob, at=LATER)  # those who plan saw it: the second bed opens
    runs.run(house.queue, by=house.dave, at=LATER)
    offers.accept(Offer.objects.get(request=calm), by=house.greta, at=LATER)
    stays.admit(Stay.objects.get(request=calm, state="held"), by=house.bob, at=LATER)

    for referral in (first, second):
        referral.refresh_from_db()
        referrals.start(referral, by=house.bob, at=LATER)
        referrals.close(referral, outcome="met", by=house.bob, at=LATER)
        assert [event.state for event in referral.events.order_by("pk")] == ["sent", "waitlisted", "started", "closed"]
    assert set(Request.objects.values_list("state", flat=True)) == {"placed"}
