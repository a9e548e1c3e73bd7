"""Opening hours as people write them, in three languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opening_hours import validate

from maillage.directory.hours import DAYS, Week, read, read_osm, read_table
from maillage.standards.hsds import schedules

READ = {
    "9:00am-5:00pm, Mon-Fri": "Mo-Fr 09:00-17:00",
    "9am to 5pm Monday to Friday": "Mo-Fr 09:00-17:00",
    "9:00am-4:00pm, Mon, Tue, Thur, Fri;\\n9:00am-12:00pm, Wed": "Mo,Tu,Th,Fr 09:00-16:00; We 09:00-12:00",
    "8:00am-12:00pm; 1:00pm-5:00pm, Mon-Fri": "Mo-Fr 08:00-12:00,13:00-17:00",
    "8:00am-4:30pm, Every 3rd Saturday of each month": "Sa[3] 08:00-16:30",
    "8:30amGÇô5:00pm, Mon-Fri": "Mo-Fr 08:30-17:00",
    "4:00pm-12:00am, Mon-Fri": "Mo-Fr 16:00-24:00",
    "24 hours a day, 7 days a week": "24/7",
    "Office Hours:\n9:00am-5:30pm, Mon-Fri": "Mo-Fr 09:00-17:30",
    "Du lundi au vendredi de 8h30 à 16h": "Mo-Fr 08:30-16:00",
    "Lundi : 9h-12h et 13h30-17h\nMardi : fermé": "Mo 09:00-12:00,13:30-17:00; Tu off",
    "du lundi au vendredi de 9h à 17h, sauf jours fériés": "Mo-Fr 09:00-17:00; PH off",
    "Ouvert du mardi au samedi de 10h00 à 18h00. Fermé dimanche et lundi.": "Tu-Sa 10:00-18:00; Mo,Su off",
    "Tous les jours de 20h à 8h": "Mo-Su 20:00-08:00",
    "1er et 3e samedi du mois de 10h à 12h": "Sa[1],Sa[3] 10:00-12:00",
    "lu-ve 9h-17h": "Mo-Fr 09:00-17:00",
    "24h/24 et 7j/7": "24/7",
    "Van maandag tot vrijdag van 8.30 uur tot 16 uur": "Mo-Fr 08:30-16:00",
    "maandag t/m donderdag 9.00 - 17.00 uur": "Mo-Th 09:00-17:00",
    "Ma-vr 9u-12u en 13u-17u, gesloten op woensdag": "Mo,Tu,Th,Fr 09:00-12:00,13:00-17:00; We off",
    "elke dag van 9 tot 17 uur behalve zondag": "Mo-Sa 09:00-17:00",
    "Mo-Fr 09:00-17:00; PH off": "Mo-Fr 09:00-17:00; PH off",
}
PARTLY = {
    "9:00am-5:00, Mon-Fri": "Mo-Fr 09:00-17:00",  # five in the afternoon, probably
    "Walk-in:\n9am-12pm, Mon": "Mo 09:00-12:00",  # these are not the hours of the house
    "9:00am-4:45pm, Mon-Fri\n\nWalk-In:\n9:00am-2:00pm, Tue, Thur": "Mo-Fr 09:00-16:45",
    "lundi de 9h à 12h et sur rendez-vous": "",
}
UNREAD = (
    "",
    "Sur rendez-vous",
    "Closed",
    "Dimanche fermé",
    "7:00pm, Tue, Fri",
    "9:00pm-7:00pm, Mon-Fri",
    "6:30am-6:300pm, Mon-Fri",
    "ma 9h-12h",
    "9:00am-5:00pm, Mon\n\nClosed daily 12:00pm-1:00pm",
    "hello",
    "12",
    "\x00",
    "9" * 3_000,
)


@pytest.mark.parametrize("text", READ)
def test_what_people_write_is_read(text: str) -> None:
    assert (read(text).osm, read(text).parse) == (READ[text], "parsed")


@pytest.mark.parametrize("text", [t for t in PARTLY if PARTLY[t]])
def test_what_is_inferred_or_left_out_makes_it_partly_read(text: str) -> None:
    assert (read(text).osm, read(text).parse) == (PARTLY[text], "partly")


@pytest.mark.parametrize("text", UNREAD)
def test_what_cannot_be_read_is_not_guessed(text: str) -> None:
    assert (read(text).osm, read(text).parse) == ("", "unread")


@given(
    st.text(max_size=80)
    | st.lists(
        st.sampled_from("9h 12:30 5pm - à tot lundi Mon ma vr ; , \n fermé sauf PH 24/7 of et [3]".split(" ")),
        max_size=12,
    ).map(" ".join)
)
def test_reading_never_raises_and_what_it_gives_can_be_evaluated(text: str) -> None:
    hours = read(text)
    assert (hours.osm == "") == (hours.parse == "unread")
    assert not hours.osm or validate(hours.osm)


@given(
    st.dictionaries(
        st.sampled_from(DAYS),
        st.lists(st.tuples(st.integers(0, 700), st.integers(701, 1440)), min_size=1, max_size=3),
        min_size=1,
    )
)
def test_equal_weeks_give_equal_strings_that_are_read_back(days: dict[str, list[tuple[int, int]]]) -> None:
    week, same = Week(), Week()
    for day, slots in days.items():
        week.add([day], slots)
    for day, slots in reversed(list(days.items())):
        same.add([day], list(reversed(slots)))
    assert week.osm() == same.osm()
    assert read_osm(week.osm()).osm == week.osm()


@given(
    st.dictionaries(
        st.sampled_from(DAYS),
        st.lists(st.tuples(st.integers(0, 700), st.integers(701, 1440)), min_size=1, max_size=2),
        min_size=1,
    )
)
def test_rows_of_the_standard_say_the_whole_week(days: dict[str, list[tuple[int, int]]]) -> None:
    week = Week()
    for day, slots in days.items():
        week.add([day], slots)
    rows, whole = schedules.write(week.osm())
    again = Week()
    for row in rows:
        assert schedules._add(again, schedules.Fields(row, None))  # type: ignore[arg-type]
    assert whole
    assert again.osm() == week.osm()


@pytest.mark.parametrize(
    "osm", ["Mo-Fr 09:00-17:00; PH off", "Jun-Aug Mo 10:00-12:00", 'Mo 09:00-12:00 "call first"', "18:00+"]
)
def test_rows_that_cannot_say_everything_admit_it(osm: str) -> None:
    assert not schedules.write(osm)[1]


def test_a_table_of_weekdays_is_read() -> None:
    rows = [("Monday", "9:00am", "5:00pm"), ("Tuesday", "9:00am", "5:00pm")]
    assert read_table(rows).osm == "Mo,Tu 09:00-17:00"
    assert read_table([*rows, ("Someday", "9", "")]).parse == "partly"
