"""One confidential place with everything that could betray it, and what to look for, in whatever clothes it leaves.

`hide(territory, desk)` puts the secrets around the Safe House; `betrayals(text)` names those that stand in a text, even encoded,
rounded, without accents or in other cases.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, unquote_plus

from tests.testland import NOW, SECRET_STREET, labels

if TYPE_CHECKING:
    from maillage.directory.models import DuplicatePair, ImportRun, Location, Merge, Service, SourceRecord
    from maillage.orientation.models import SharedList
    from tests.pages.desk import Desk

LATITUDE, LONGITUDE = 50.8734567, 4.4267891  # in Harbour, and nowhere else in the territory
STREET_ACCENTED = "Ruelle Étouffée 19"
POST_BOX = "Box Whisper31"
POSTAL = "QX7 9ZW"
TOWN = "Hushville"
PHONE = "+32 478 11 22 33"
PERSON = "Sister Murmur"
BUS = "Bus 99 to Quiet Street"
WEB = "https://muffled-house.example/"
RAW = f"Ring twice at {SECRET_STREET}, day and night"
SECTOR = "21004XHUSH"

SECRETS: dict[str, tuple[str, ...]] = {
    "street": (SECRET_STREET, "Quiet Street", "quiet-street", "quietstreet"),
    "other street": (STREET_ACCENTED, "etouffee"),
    "post box": (POST_BOX, "whisper31"),
    "postal code": (POSTAL, "QX79ZW"),
    "town": (TOWN,),
    "telephone": (PHONE, "478112233", "0478 11 22 33"),
    "contact": (PERSON, "murmur"),
    "web site": ("muffled",),
    "sector": (SECTOR,),
    "latitude": ("50.873", "50,873", "50.8735"),
    "longitude": ("4.4267", "4.427", "4,427", "4,4267", "4.42679"),
}


def plain(text: str) -> str:
    """Without accents, in lower case, in single spaces."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return re.sub(r"\s+", " ", bare).casefold()


def undressed(text: str) -> str:
    """The text, and the text behind its encodings."""
    seen, now = {text}, text
    for _ in range(3):
        for open_it in (html.unescape, unquote, unquote_plus, _backslashes):
            now = open_it(now)
        seen.add(now)
    return plain("\n".join(seen))


def _backslashes(text: str) -> str:
    return re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)


NEEDLES = {name: tuple(plain(one) for one in said) for name, said in SECRETS.items()}
_NUMBER = re.compile(r"\+?\d[\d ./()-]{7,20}\d")


def betrayals(text: str) -> list[str]:
    """Which secrets stand in it, and among which words."""
    whole = undressed(text)
    found = []
    for name, needles in NEEDLES.items():
        for needle in needles:
            at = whole.find(needle)
            # a number inside a longer one (of a drawing, of an identifier) is another number
            while at > 0 and needle[0].isdigit() and whole[at - 1].isdigit():
                at = whole.find(needle, at + 1)
            if at >= 0:
                found.append(f"{name}: …{whole[max(0, at - 60) : at + 60]}…")
                break
    if any(re.sub(r"\D", "", number).endswith("478112233") for number in _NUMBER.findall(whole)):
        found.append("telephone, written otherwise")
    return found


@dataclass
class Hidden:
    """What lies around the confidential place, so that each address has something to show."""

    place: Location
    service: Service
    records: list[SourceRecord]
    run: ImportRun
    pair: DuplicatePair
    merge: Merge
    shared: SharedList
    token: str


def put_at(
    place: Location, latitude: float = LATITUDE, longitude: float = LONGITUDE, street: str = SECRET_STREET
) -> None:
    """Where it exactly is: all that no answer may depend on."""
    from maillage.directory.models import Address, Location

    Location.objects.filter(pk=place.pk).update(latitude=latitude, longitude=longitude)
    Address.objects.filter(location=place).update(address_1=street)
    place.refresh_from_db()


def hide(desk: Desk) -> Hidden:
    from maillage.directory.models import Location
    from maillage.directory.search.index import reindex

    place = Location.objects.get(is_confidential=True)
    Location.objects.filter(pk=place.pk).update(
        name=f"House at {SECRET_STREET}", code=f"hush--{STREET_ACCENTED}"[:60], transportation=BUS, url=WEB,
        external_identifier=SECTOR, latitude=LATITUDE, longitude=LONGITUDE,
    )  # fmt: skip
    place.refresh_from_db()
    _hang(desk, place)
    records, run = _imported(desk, place)
    pair, merge = _pairs(desk)
    shared, token = _around(desk, place)
    reindex(desk.territory)
    return Hidden(place, desk.refuge, records, run, pair, merge, shared, token)


def _hang(desk: Desk, place: Location) -> None:
    """What belongs to the place, and would say where it is."""
    from maillage.directory import models as of

    first = of.Address.objects.get(location=place)
    first.address_2, first.postal_code, first.city, first.attention = POST_BOX, POSTAL, TOWN, PERSON
    first.save()
    of.Address.objects.create(location=place, address_1=STREET_ACCENTED, city=TOWN, country="BE", address_type="postal")
    here = of.ServiceAtLocation.objects.get(location=place)
    here.description = f"Second bell of {SECRET_STREET}"
    here.save()
    of.Schedule.objects.filter(service=desk.refuge).update(raw=RAW)
    for owner in ({"location": place}, {"service_at_location": here}, {"service": desk.refuge, "location": place}):
        of.Schedule.objects.create(
            osm="Mo-Fr 09:00-17:00", raw=RAW, description=f"Behind {SECRET_STREET}",
            valid_from=date(2020, 1, 1) if "service" in owner else None, **owner,
        )  # fmt: skip
        of.Phone.objects.create(number=PHONE, description=f"at {SECRET_STREET}", **owner)
        contact = of.Contact.objects.create(name=PERSON, email="murmur@muffled-house.example", **owner)
        of.Phone.objects.create(contact=contact, number=PHONE)
        of.Language.objects.create(code="nl", note=f"spoken at {SECRET_STREET}", **owner)
        of.Funding.objects.create(source=f"Friends of {SECRET_STREET}", **owner)
        of.Accreditation.objects.create(
            authority="Testland", scheme=f"House of {SECRET_STREET}", number=SECTOR, **owner
        )
    of.Accessibility.objects.create(
        location=place, description=f"Ramp behind {SECRET_STREET}", details=BUS, url=WEB + "ramp"
    )
    for field in ("name", "description", "alternate_name"):
        for language in ("fr", "nl", "en"):
            of.Text.objects.create(
                territory=desk.territory, kind="location", object_id=place.pk, field=field, language=language,
                value=f"{SECRET_STREET}, {STREET_ACCENTED}",
            )  # fmt: skip
    for kind, key in (("location", place.pk), ("service_at_location", here.pk)):
        of.Attribute.objects.create(
            territory=desk.territory, kind=kind, object_id=key, value=SECRET_STREET, label=STREET_ACCENTED
        )
    of.Activity.objects.create(
        service=desk.refuge, location=place, starts_at=NOW + timedelta(days=1), minutes=60, rrule="FREQ=DAILY"
    )
    of.LinkCheck.objects.create(
        territory=desk.territory, url=WEB, status=404, checked_at=NOW, failing_since=NOW - timedelta(days=90)
    )


def _imported(desk: Desk, place: Location) -> tuple[list[SourceRecord], ImportRun]:
    """As a feed gave it: kept and known, kept and rejected, and told in remarks."""
    from maillage.directory import models as of

    run = of.ImportRun.objects.create(
        territory=desk.territory, format="hsds", source="Feed of shelters", started_at=NOW, ended_at=NOW,
        counts={"service": {"read": 2, "created": 1, "updated": 0, "unchanged": 0, "rejected": 1}},
        fill_rates={"service": {"name": 1.0}},
    )  # fmt: skip
    told = {
        "id": str(place.uuid), "name": SECRET_STREET, "latitude": LATITUDE, "longitude": LONGITUDE, "contacts": [{"name": PERSON}],
        "addresses": [{"address_1": SECRET_STREET, "address_2": POST_BOX, "postal_code": POSTAL, "city": TOWN}],
        "attributes": [{"label": "confidential", "value": "true"}],
    }  # fmt: skip
    records = []
    for entity, name, kind, key, payload in (
        ("location", "place", "location", place.pk, told),
        ("service", "refuge", "service", desk.refuge.pk, {"service_at_locations": [{"location": told}]}),
        ("service", "rejected", "", 0, {"name": "", "service_at_locations": [{"location": told}]}),
        ("location", "rejected-place", "", 0, {"x_maillage": {"is_confidential": True}, "addresses": told["addresses"]}),
    ):  # fmt: skip
        record = of.SourceRecord.objects.create(
            territory=desk.territory, run=run, source=run.source, entity=entity, external_id=name, payload=payload,
            sha256="0" * 64, fetched_at=NOW,
        )  # fmt: skip
        records.append(record)
        if kind:
            of.FieldProvenance.objects.create(kind=kind, object_id=key, record=record, fields=["name", "hours"])
        for code, value in (("bad-number", str(LATITUDE)), ("unreadable-hours", RAW)):
            of.ImportIssue.objects.create(
                run=run, entity=entity, row=name, external_id=name, field="latitude", code=code, value=value
            )
    return records, run


def _pairs(desk: Desk) -> tuple[DuplicatePair, Merge]:
    """Found when the place was open to all: the reasons name its street."""
    from maillage.directory.models import DuplicatePair, Merge, Service

    said = [
        {"code": "same-address", "value": SECRET_STREET},
        {"code": "near", "metres": 12},
        {"code": "same-phone", "value": PHONE},
    ]
    made = []
    for other in (desk.shelter, desk.other):
        left, right = sorted((desk.refuge.uuid, other.uuid))
        made.append(
            DuplicatePair.objects.create(
                territory=desk.territory, left=left, right=right, score=0.9, reasons=said, vetoes=[]
            )
        )
    gone = Service.objects.create(
        territory=desk.territory, code="gone", name="Safe House again", merged_into=desk.refuge,
        organization=desk.refuge.organization,
    )  # fmt: skip
    merge = Merge.objects.create(
        territory=desk.territory, pair=made[1], kept=desk.refuge, merged=gone, by=desk.mona, at=NOW,
        filled={"hours": {"old": None, "new": {"osm": "24/7", "raw": RAW, "parse": "parsed"}},
                "phones": {"old": [], "new": [{"number": PHONE, "description": SECRET_STREET}]},
                "places": {"old": [], "new": [str(desk.refuge.at_locations.get().location.uuid)]}},
    )  # fmt: skip
    return made[0], merge


def _around(desk: Desk, place: Location) -> tuple[SharedList, str]:
    """A proposal, a history, a report, a closure, a list, and what was missing there."""
    from maillage.directory import models as of
    from maillage.directory.actions import editing
    from maillage.directory.models import TaxonomyTerm
    from maillage.orientation.actions import lists, unmet

    editing.propose(desk.refuge, {"description:en": "For women and their children."}, by=desk.cast.alice, at=NOW)
    editing.record(desk.refuge, "hours", None, {"osm": "24/7", "raw": RAW, "parse": "parsed"}, by=desk.mona, source="merge", at=NOW)  # fmt: skip
    for state in ("open", "answered"):
        of.ErrorReport.objects.create(
            territory=desk.territory, service=desk.refuge, kind="other", message=f"I know it: {SECRET_STREET}, {TOWN}",
            state=state, answer=f"Not {SECRET_STREET}" if state == "answered" else "", reported_at=NOW,
        )  # fmt: skip
    of.Closure.objects.create(
        service=desk.refuge, starts_at=NOW, ends_at=NOW + timedelta(days=2), message={"en": "Works"}
    )
    of.ServiceCapacity.objects.create(service=desk.refuge, unit="bed", status="capacity", available=2, updated_at=NOW)
    guide = of.Guide.objects.create(
        territory=desk.territory, code="home", titles=labels("Toit", "Dak", "Without a home"), checked_on=date(2026, 11, 1),
        summaries=labels("a", "b", "c"), sources=[],
        steps=[{"code": "now", "titles": labels("a", "b", "Tonight"), "needs": ["emergency-shelter"], "sources": [],
                "bodies": labels("x[^assume]", "x[^assume]", "Ask for [[need:emergency-shelter|a bed]].[^assume]")}],
    )  # fmt: skip
    guide.terms.set(TaxonomyTerm.objects.filter(taxonomy__territory=desk.territory, code="emergency-shelter"))
    for _ in range(12):
        unmet.count_unmet(desk.territory, "empty", needs=["emergency-shelter"], area="harbour", on=date(2026, 11, 3))
    shared = lists.start_list(desk.territory, "For tonight", by=desk.cast.bob, at=NOW)
    for service in (desk.refuge, desk.shelter):
        lists.add_to_list(shared, service, by=desk.cast.bob)
    return shared, lists.hand_over(shared, by=desk.cast.bob, at=NOW)


def everything(value: Any) -> str:
    """An answer whole: its status, its headers, its cookies, its body."""
    body = b"".join(value.streaming_content) if getattr(value, "streaming", False) else value.content
    headers = "\n".join(f"{name}: {said}" for name, said in value.headers.items())
    return f"{value.status_code}\n{headers}\n{value.cookies.output()}\n{body.decode('utf-8', 'replace')}"
