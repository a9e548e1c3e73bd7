"""Numbers of organisations in official registers, checked the way each register publishes. Pure."""

from __future__ import annotations

from collections.abc import Callable

from stdnum.be import vat as belgian
from stdnum.exceptions import ValidationError
from stdnum.fr import siren, siret

# Codes of org-id.guide. Belgium has one number for enterprise and VAT: the BCE/KBO number, ten digits, modulo 97.
BELGIAN = "BE-BCE_KBO"
_CHECKS: dict[str, Callable[[str], str]] = {
    BELGIAN: belgian.validate,
    "FR-SIRET": siret.validate,
    "FR-RCS": siren.validate,
}
_SYNONYMS = {
    "be-bce": BELGIAN, "be-bce_kbo": BELGIAN, "be-kbo": BELGIAN, "bce": BELGIAN, "kbo": BELGIAN, "be-vat": BELGIAN, "bce/kbo": BELGIAN,
    "siret": "FR-SIRET", "fr-siret": "FR-SIRET", "siren": "FR-RCS", "fr-rcs": "FR-RCS", "fr-siren": "FR-RCS",
}  # fmt: skip


def check(scheme: str, number: str) -> tuple[str, str, bool | None]:
    """(register, number in its canonical form, valid?). None: no check is known; a number that fails stays as it was written.

    >>> check("BCE", "0212.347.945")
    ('BE-BCE_KBO', '0212347945', True)
    """
    register = _SYNONYMS.get(scheme.strip().lower(), scheme.strip())
    validate = _CHECKS.get(register)
    if validate is None:
        return register, number.strip(), None
    try:
        return register, str(validate(number)), True
    except ValidationError:
        return register, number.strip(), False
