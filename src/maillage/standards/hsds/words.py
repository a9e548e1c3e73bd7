"""Lists of HSDS, and the keywords by which free texts say how a service is reached and what it costs."""

from __future__ import annotations

import re
from functools import lru_cache

from maillage.standards.reading.languages import folded

VERSION = "3.1"
STATUSES = frozenset({"active", "inactive", "defunct", "temporarily closed"})
LOCATION_TYPES = frozenset({"physical", "postal", "virtual"})
PROFILE = "maillage"  # the property that carries what HSDS has no word for

SERVICE_TEXTS = (
    "name", "alternate_name", "description", "application_process", "fees_description", "eligibility_description", "alert",
    "interpretation_services", "accreditations",
)  # fmt: skip
SERVICE_KEPT = ("wait_time", "fees", "licenses")  # deprecated: kept as attributes, and given back in their place
ORGANIZATION_TEXTS = ("name", "alternate_name", "description")
ORGANIZATION_KEPT = ("tax_status", "tax_id", "logo", "uri")
LOCATION_TEXTS = ("name", "alternate_name", "description")
KEPT = "hsds:"  # link_type of an attribute that is really a field

_ACCESS = {
    "appointment": r"appointment|rendez-?vous|\brdv\b|afspraak",
    "walk_in": r"walk-?\s?ins?\b|se presenter|drop-?in|vrije inloop",
    "phone": r"\bcall\b|\bphone|telephon|telefon|\bbellen\b|\bappeler\b",
    "referral": r"\breferral|referred by|sur orientation|doorverwijzing|doorverwezen|envoye par",
    "online": r"\bonline\b|\ben ligne\b|website|web site|\be-?mail\b|courriel|mailen|via internet",
}
_NO_APPOINTMENT = re.compile(
    r"(?:sans|zonder|without(?: an)?|no|pas de) (?:rendez-?vous|rdv|afspraak|appointments?)|"
    r"appointments? (?:is|are)?\s*not (?:required|needed|necessary)"
)
_NO_REFERRAL = re.compile(
    r"(?:no|without(?: a)?|self) referral|self-?referral|referral (?:is )?not (?:required|needed)"
)
_FREE = re.compile(r"(?:free|free of charge|no charge|no fees?|none|gratuit|gratuite|gratuitement|gratis|kosteloos)\W*")


@lru_cache(maxsize=20_000)
def access_of(text: str) -> tuple[str, ...]:
    """How a service is reached, when its words say it plainly. Codes: walk_in, phone, appointment, referral, online."""
    plain = _NO_REFERRAL.sub(" ", folded(text))
    walk_in = bool(re.search(_ACCESS["walk_in"], plain) or _NO_APPOINTMENT.search(plain))
    plain = _NO_APPOINTMENT.sub(" ", plain)
    found = [code for code, pattern in _ACCESS.items() if code != "walk_in" and re.search(pattern, plain)]
    return tuple(sorted([*found, *(["walk_in"] if walk_in else [])]))


def is_free(text: str) -> bool:
    """Whether a text about fees says only that there are none."""
    return bool(_FREE.fullmatch(folded(text)))


_WHEELCHAIR = re.compile(
    r"(?P<no>not |non |niet |in|on)?(?:wheelchair|handicap(?:ped)?|rolstoel\w*|pmr|personnes? a mobilite reduite|fauteuil roulant)"
)
_ACCESSIBLE = re.compile(r"accessib|access|toegankelijk|adapte|ramp|amenage")
_NOT = re.compile(r"\b(?:not|no|non|pas|niet|geen|inaccessible|ontoegankelijk)\b")


@lru_cache(maxsize=5_000)
def wheelchair_of(text: str) -> bool | None:
    """Whether a text about physical accessibility says that a wheelchair gets in; None when it does not tell."""
    plain = folded(text)
    if not _WHEELCHAIR.search(plain) or not _ACCESSIBLE.search(plain):
        return None
    return not _NOT.search(plain)
