"""The letters that ask whether records are still true, in the reader's language. Names, dates and links: no address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from maillage.people import mail
from maillage.territory.models import Territory

MOST_NAMES = 20  # in the letter to a moderator: the page has them all


@dataclass(frozen=True, slots=True)
class Line:
    """One record that is asked about. `number`: 1 for the first time, 2 for the second."""

    name: str
    confirmed_on: date | None
    number: int
    link: str


def ask(email: str, language: str, territory: Territory, lines: Sequence[Line], link_days: int) -> bool:
    """Send the letter that asks. Whether a server took it."""
    with translation.override(language):
        count = len(lines)
        shape = ngettext("Is this still true? %(name)s", "Are these %(n)s records still true?", count)
        if all(line.number > 1 for line in lines):
            shape = _("Reminder: %(question)s") % {"question": shape}
        subject = shape % {"n": count, "name": lines[0].name}
        body = "\n\n".join((_opening(territory), *map(_record, lines), _closing(link_days)))
    return _post(email, language, subject, body)


def _opening(territory: Territory) -> str:
    return _(
        "Hello,\n\npeople who look for help read what the directory of %(territory)s says of you. Is it still true? Open the link "
        "and tap “Still true”: no password is needed. When something has changed, say so on the same page."
    ) % {"territory": territory}


def _record(line: Line) -> str:
    said = _("never confirmed")
    if line.confirmed_on:
        said = _("confirmed on %(date)s") % {"date": date_format(line.confirmed_on, "DATE_FORMAT")}
    again = _("second time we ask") if line.number > 1 else ""
    return f"– {' '.join(line.name.split())} ({', '.join(filter(None, (said, again)))})\n  {line.link}"


def _closing(link_days: int) -> str:
    return ngettext(
        "Whoever has a link answers in your place: keep it to yourself. It ends after %(n)s day.\n\nThank you from those who count "
        "on it.\n\nMaillage",
        "Whoever has a link answers in your place: keep it to yourself. It ends after %(n)s days.\n\nThank you from those who count "
        "on it.\n\nMaillage",
        link_days,
    ) % {"n": link_days}


def escalate(email: str, language: str, territory: Territory, names: Sequence[str]) -> bool:
    """Tell a moderator which records nobody answers for. Whether a server took it."""
    with translation.override(language):
        count = len(names)
        subject = ngettext(
            "%(n)s record that nobody confirms (%(territory)s)",
            "%(n)s records that nobody confirms (%(territory)s)",
            count,
        ) % {"n": count, "territory": territory}
        shown = "\n".join(f"– {' '.join(name.split())}" for name in names[:MOST_NAMES])
        rest = count - MOST_NAMES
        more = "\n" + ngettext("and %(n)s other", "and %(n)s others", rest) % {"n": rest} if rest > 0 else ""
        body = _(
            "Hello,\n\nthe services below were asked whether what we say of them is still true, and did not answer, or have no "
            "address to be asked at. Somebody should call them:\n\n%(names)s\n\nAll of them, with what is missing:\n%(link)s\n\nMaillage"
        ) % {"names": shown + more, "link": mail.link("desk-health")}
    return _post(email, language, subject, body)


def _post(email: str, language: str, subject: str, body: str) -> bool:
    return mail.post(email, language, "%(subject)s", "%(body)s", {"subject": subject, "body": body})
