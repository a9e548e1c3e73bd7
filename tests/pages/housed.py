"""People who hide in the confidential house, and wait for a place in it: with everything that the software writes down about them.

`house(desk)` puts them there; `names(text)` tells which of their names, numbers and words stand in a text; `HOUSE` is what the house
is called inside, which nobody outside reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.pages.secret import undressed
from tests.testland import NOW, labels

if TYPE_CHECKING:
    from maillage.orientation.models import Referral
    from maillage.places.models import AllocationRun, Count, Draw, Offer, Request, Stay, SurgeActivation
    from tests.beds import Beds
    from tests.pages.desk import Desk

HOUSE = "Nightingale House"
WORDS = (
    "zephyrine", "quillfeather", "balthazar", "carolinette", "ignatius", "marguerite-by-night", "499776655", "499 77 66 55",
    "quill.example", "she sleeps in her car", "a broken wrist was seen",
)  # fmt: skip


def names(text: str) -> list[str]:
    """Which of them stand in it, behind any encoding."""
    whole = undressed(text)
    return [
        f"{word}: …{whole[max(0, whole.find(word) - 60) : whole.find(word) + 60]}…" for word in WORDS if word in whole
    ]


def is_named(text: str) -> bool:
    return HOUSE.casefold() in undressed(text)


@dataclass
class Housed:
    beds: Beds
    there: Stay  # Zephyrine, who came
    requests: list[Request]  # hers; Balthazar's, to whom a place is offered; Carolinette's, who waits; one of the draw
    offers: list[Offer]
    referral: Referral
    run: AllocationRun
    draw: Draw
    count: Count
    plan: SurgeActivation
    links: dict[str, list[str]]  # name of an address -> secrets that open it

    def places(self) -> dict[str, list[Any]]:
        """Name of an address -> keys: what lies nearest to them."""
        people = [self.beds.amina.uuid, self.beds.carla.uuid]
        said: dict[str, list[Any]] = dict.fromkeys(
            ("desk-person", "desk-person-edit", "desk-person-join", "desk-person-household", "desk-request-new"), people
        )
        lists = [self.beds.queue.uuid, self.beds.draw.uuid]
        said |= dict.fromkeys(("desk-list-waiting", "desk-runs", "desk-simulate", "desk-draw"), lists)
        requests = [one.uuid for one in self.requests]
        said |= dict.fromkeys(("desk-request", "desk-tonight-place"), requests)
        said |= {key: [self.referral.uuid] for key in ("desk-referral", "desk-referral-fhir")}
        said |= {key: [self.draw.uuid] for key in ("draw", "draw-list")}
        counts = (
            "desk-count",
            "desk-count-zone",
            "desk-count-service",
            "desk-count-line",
            "desk-count-total",
            "desk-count-csv",
        )
        said |= {key: [self.count.uuid] for key in counts}
        said |= {
            "desk-run": [self.run.uuid, self.draw.run.uuid if self.draw.run else ""], "desk-site": [self.beds.site.uuid],
            "desk-tonight-hold": [self.there.uuid, *(one.stays.get().uuid for one in self.offers[1:])], "desk-surge": [self.plan.uuid],
        }  # fmt: skip
        return said | self.links


def house(desk: Desk) -> Housed:
    from maillage.people.models import Person
    from tests import beds as made

    beds = made.build(desk.territory, desk.cast)
    beds.site.service, beds.site.name = desk.refuge, HOUSE
    beds.site.save()
    for person, said in (
        (beds.amina, {"given_name": "Zephyrine", "family_name": "Quillfeather", "phone": "+32 499 77 66 55", "contact": "email",
                      "email": "z@quill.example"}),
        (beds.son, {"given_name": "Ignatius"}), (beds.bruno, {"alias": "Balthazar of the bridge"}),
        (beds.carla, {"given_name": "Carolinette"}),
    ):  # fmt: skip
        Person.objects.filter(pk=person.pk).update(**said)
        person.refresh_from_db()
    referral = _letter(beds, desk)
    requests, offers, links = _list(beds)
    draw = _drawn(beds, requests, links)
    links |= _links(referral)
    return Housed(
        beds, offers[0].stays.get(), requests, offers, referral, _run(beds), draw, _count(beds), _plan(beds), links
    )  # fmt: skip


def _letter(beds: Beds, desk: Desk) -> Referral:
    from maillage.orientation.actions import referrals
    from maillage.people.actions import persons

    shown = "They read: She sleeps in her car."
    leave = persons.agree(
        beds.amina, "referral", organization=desk.refuge.organization, what=["called", "language"], shown=shown, language="en",
        how="said", by=beds.greta, at=NOW,
    )  # fmt: skip
    what = {"called": beds.amina.called(), "language": "fr"}
    return referrals.send(
        beds.amina, desk.refuge, sender=beds.street, need=None, area="north", what=what, message="She sleeps in her car.",
        consent=leave, by=beds.greta, at=NOW,
    )[0]  # fmt: skip


def _list(beds: Beds) -> tuple[list[Request], list[Offer], dict[str, list[str]]]:
    from maillage.people.actions import persons
    from maillage.places.actions import offers, stays, waiting

    requests, tokens = [], []
    for person in (beds.amina, beds.bruno, beds.carla):
        leave = persons.agree(
            person, "waiting_list", organization=beds.dispatch, shown="They read it.", language="en", how="said", by=beds.greta, at=NOW
        )  # fmt: skip
        made, token = waiting.ask(
            beds.queue,
            person,
            consent=leave,
            asked_by=beds.street,
            area="north",
            by="system:test",
            at=NOW - timedelta(days=9),
        )
        requests.append(made)
        tokens.append(token)
    waiting.assess(requests[0], "a", ["violence"], "A broken wrist was seen.", by=beds.greta, at=NOW)
    waiting.prove(requests[0], "wronged", "A broken wrist was seen.", by=beds.greta, at=NOW)
    waiting.keep_apart(beds.amina, beds.bruno, "A broken wrist was seen.", by=beds.greta, at=NOW)
    first, one = offers.offer(requests[0], beds.women, reason="first", by=beds.dave, at=NOW - timedelta(hours=1))
    offers.accept(first, by=beds.dave, at=NOW - timedelta(minutes=50))
    stays.admit(first.stays.get(), by=beds.bob, at=NOW - timedelta(minutes=40))
    second, two = offers.offer(
        requests[2], beds.families, reason="Her knee.", by=beds.dave, at=NOW - timedelta(minutes=30)
    )
    return requests, [first, second], {"my-request": tokens, "offer": [one, two]}


def _drawn(beds: Beds, requests: list[Request], links: dict[str, list[str]]) -> Draw:
    from maillage.places.actions import registering, runs

    noon = NOW.replace(hour=12)
    said = registering.Registration(
        {"alias": "Marguerite-by-night", "gender": "woman"}, shown="They read it.", language="en"
    )
    request, token = registering.register(beds.draw, said, at=noon)
    requests.append(request)
    links["my-request"].append(token)
    draw = registering.draw_of(beds.draw, request.night, at=noon)  # type: ignore[arg-type]  # asked for a night
    runs.publish(draw, by=beds.dave, at=NOW)
    runs.draw(draw, "a number of tonight", by=beds.dave, at=NOW + timedelta(seconds=1))
    draw.refresh_from_db()
    return draw


def _run(beds: Beds) -> AllocationRun:
    from maillage.places.actions import runs

    return runs.run(beds.queue, by=beds.dave, at=NOW)


def _count(beds: Beds) -> Count:
    from maillage.places.models import Count

    content = {
        "code": "night", "labels": labels("Nuit", "Nacht", "Night"),
        "categories": [{"code": "street", "labels": labels("Rue", "Straat", "Street"), "sources": ["street", "service"]}],
    }  # fmt: skip
    return Count.objects.create(
        territory=beds.territory, method="night", method_content=content, held_on=NOW.date(), zones=[{"code": "x", "label": "North"}],
        salt="0" * 64,
    )  # fmt: skip


def _plan(beds: Beds) -> SurgeActivation:
    from maillage.places.models import SurgeActivation

    plan = SurgeActivation.objects.create(
        territory=beds.territory, plan="cold", plan_content={"code": "cold", "labels": labels("Froid", "Koud", "Cold")}, forecast=[],
        is_triggered=False, opened_at=NOW - timedelta(days=3), reason="Frost.",
    )  # fmt: skip
    plan.groups.set([beds.women])
    return plan


def _links(referral: Referral) -> dict[str, list[str]]:
    from maillage.orientation.actions import referrals

    return {"my-referral": [referrals.person_token(referral)]}
