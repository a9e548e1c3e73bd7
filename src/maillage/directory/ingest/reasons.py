"""Why something in a feed could not be taken as it is: a stable code, and its sentence in the reader's language."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REASONS: dict[str, Promise] = {
    # the file
    "file-unreadable": _("The file could not be read."),
    "file-broken": _("The file breaks off or is damaged here; everything before was read."),
    "file-refused": _("The file was refused: unpacked, it would be far larger than it pretends."),
    "file-too-much": _("The file holds more than one import takes in; it was read up to there."),
    "file-nested": _("A packed file inside a packed file is not opened: unpack it first."),
    "file-locked": _("The file is locked with a password, or packed in a way that cannot be read."),
    "file-entities": _("The workbook defines its own entities, which nothing needs and attacks use; it was refused."),
    "line-broken": _("The line cannot be read; the others were."),
    "line-too-long": _("A line without end: the file was read up to there."),
    "columns-extra": _("The table has more columns than are read; the others were left out."),
    "feed-shrunk": _(
        "More than a fifth of the feed is no longer in it: it is probably broken at its source. Nothing disappears by itself: "
        "look at it before you decide."
    ),
    "file-unknown": _("Nothing in the file is in the announced format."),
    "encoding": _("The file is not UTF-8; it was read in another encoding."),
    "mojibake": _("Characters broken by an earlier change of encoding were repaired."),
    "column-repeated": _("Two columns have the same name; the first one that is filled was used."),
    "column-unknown": _("The format has no such column; its values stay in the raw record."),
    "column-missing": _("A compulsory column is missing."),
    "cells-extra": _("The row has more cells than there are columns."),
    "field-huge": _("The text is extremely long and was shortened; the raw record keeps it whole."),
    # the record
    "record-not-an-object": _("The record is not an object with named fields."),
    "record-unknown": _("Nothing tells what kind of record this is."),
    "record-failed": _("The record could not be read."),
    "id-missing": _("The record has no identifier."),
    "id-repeated": _("Another record of this feed has the same identifier; the first one was kept."),
    "id-not-uuid": _("The identifiers are not UUIDs; stable ones are made from them."),
    "id-taken": _("The identifier belongs to something else already; a stable one was made."),
    "held": _(
        "This exists already and comes from elsewhere: it was left as it is (--take-over lets the feed change it)."
    ),
    "held-desk": _(
        "Somebody decided otherwise at the desk: what they wrote was kept (--take-over lets the feed change it)."
    ),
    "name-missing": _("The record has no name."),
    "owner-missing": _("The row does not say which record it belongs to."),
    "owner-unknown": _("The row belongs to a record that is not in the feed."),
    "organization-unknown": _("The organisation is not in the feed."),
    "location-unknown": _("The location is not in the feed."),
    "parent-unknown": _("The parent is not in the feed."),
    # the field
    "text-expected": _("A text was expected here."),
    "list-expected": _("A list was expected here."),
    "object-expected": _("An object with named fields was expected here."),
    "too-long": _("The text is longer than the directory holds and was shortened; the raw record keeps it whole."),
    "control-characters": _("Control characters were taken out."),
    "html": _("HTML was turned into plain text."),
    "marker": _("A marker of the source's own software was taken out."),
    "url-invalid": _("This is not a web address."),
    "email-invalid": _("This is not an e-mail address."),
    "phone-missing": _("A phone row has no number."),
    "number-invalid": _("This is not a number."),
    "age-impossible": _("This age is impossible."),
    "date-invalid": _("This is not a date."),
    "date-impossible": _("This date is impossible."),
    "year-two-digits": _("The year has two digits; the century was inferred."),
    "coordinates-incomplete": _("One of the two coordinates is missing."),
    "coordinates-impossible": _("There is no such place on Earth; the coordinates were left out."),
    "coordinates-null": _("The coordinates 0, 0 lie in the ocean; they were left out."),
    "status-unknown": _("The standard has no such status; it was read as active."),
    "value-unknown": _("The list of the standard has no such value."),
    "value-contradicts": _("These values contradict each other."),
    "language-unknown": _("No language was recognised; the words of the source are kept."),
    "language-inferred": _("A language was recognised inside a longer text; the text is kept as a note."),
    "hours-unread": _("The opening hours could not be read by machine; the text is kept and shown."),
    "hours-partly": _("The opening hours could be read only in part; the text is kept and shown."),
    "hours-contradict": _("The table and the text of the opening hours do not say the same; the text was believed."),
    "country-unknown": _("The country is not an ISO 3166 code."),
    "currency-unknown": _("The currency is not an ISO 4217 code."),
    "identifier-invalid": _("The number fails the check of its register."),
    "identifier-unchecked": _("No check is known for the numbers of this register."),
    "area-unknown": _("The territory has no such area; the words of the source are kept."),
    "term-unknown": _("The category is not in the feed; it was kept by its code."),
    "person-left-out": _("The name of a person was left out: a contact is a function (--with-names keeps it)."),
    "capacity-invalid": _("The number of places is not a whole number of zero or more."),
}


def sentence(code: str) -> str:
    """The reason in the reader's language; the code itself when a newer version wrote it."""
    return str(REASONS.get(code, code))
