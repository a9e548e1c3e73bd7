"""One person written twice is found with the reasons; twins, and sons named like their father, stay two."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maillage.methods import duplicates, linkage, linking
from maillage.methods.linkage import Entry, Person, persons, services
from tests.persons import ERRORS, Population, measured, written_again

NAMES = st.sampled_from(["", "Amina", "Amina-Lou", "Bram", "Jan", "J.", "Peeters", "El Amrani", "Élise", "Иван"])
PERSON = st.builds(
    Person,
    first=NAMES,
    last=NAMES,
    birth=st.tuples(
        st.sampled_from([None, 1950, 1951, 1980]), st.sampled_from([None, 1, 4, 6]), st.sampled_from([None, 1, 4, 6])
    ),
    sex=st.sampled_from(["", "f", "m"]),
    phones=st.lists(st.sampled_from(["0470000001", "0470000002"]), max_size=2),
    email=st.sampled_from(["", "a@example.org"]),
    identifier=st.sampled_from(["", "1234567", "1234568", "9999999"]),
    address=st.sampled_from([("", ""), ("Rue de l'Essai 1", "1000")]),
)
few = settings(max_examples=40)


def amina(**told):
    base = Person(
        "Amina",
        "Berrahou",
        (1984, 7, 3),
        "f",
        ["0470 12 34 56"],
        "",
        "84070312345",
        ("Rue de l'Essai 12 bte 3", "1000"),
    )
    return replace(base, **told)


def one(*people):
    found = persons(list(people))
    return found.candidates[0] if found.candidates else None


def codes(candidate):
    return {str(reason["code"]) for reason in candidate.reasons}


BARE = {"phones": (), "identifier": "", "address": ("", "")}


@pytest.mark.parametrize(
    ("told", "reasons"),
    [
        ({}, {"same-names", "same-birth-date"}),
        ({"last": "Berahou"}, {"similar-names", "same-birth-date"}),
        ({"first": "Amnia", "last": "Berrahu"}, {"similar-names", "same-birth-date"}),
        ({"first": "Berrahou", "last": "Amina"}, {"same-names", "names-swapped", "same-birth-date"}),
        ({"birth": (1984, 3, 7)}, {"same-names", "day-month-swapped"}),
        ({"birth": (1948, 7, 3)}, {"same-names", "birth-year-slip"}),
        ({"birth": (1985, 7, 3)}, {"same-names", "birth-year-slip"}),
        ({"birth": (1984, 7, 30)}, {"same-names", "similar-birth-date"}),
        ({"birth": (1984, 1, 1)}, {"same-names"}),
        ({"birth": (None, None, None)}, {"same-names"}),
        ({"last": "BERRAHOU-PEETERS"}, {"similar-names", "same-birth-date"}),
        ({"last": "El Berrahou"}, {"similar-names", "same-birth-date"}),
        ({"first": "A."}, {"similar-names", "same-birth-date"}),
        ({"phones": ["+32 470 12 34 56"]}, {"same-names", "same-birth-date", "same-phone"}),
        ({"email": "AMINA@example.org "}, {"same-names", "same-birth-date", "same-email"}),
        ({"address": ("12, rue de l'Essai", "1000")}, {"same-names", "same-birth-date", "same-address"}),
        ({"identifier": "84.07.03-123.45"}, {"same-names", "same-birth-date", "same-identifier"}),
        ({"identifier": "84070321345"}, {"same-names", "same-birth-date", "similar-identifier"}),
    ],
)
def test_the_same_person_is_found_with_the_reasons(told, reasons):
    candidate = one(amina(email="amina@example.org"), amina(**(BARE | {"sex": ""} | told)))
    assert candidate is not None
    assert codes(candidate) == reasons
    assert candidate.score >= 0.5


def test_the_likeness_of_the_names_is_told():
    candidate = one(amina(), amina(last="Berahou"))
    assert {"code": "similar-names", "percent": 97} in candidate.reasons


@pytest.mark.parametrize(
    ("told", "veto"),
    [
        ({"identifier": "84070355599"}, "identifier"),
        ({"first": "Yousra", "identifier": ""}, "given-names"),
        ({"birth": (2010, 7, 21), "identifier": ""}, "birth"),
        ({"birth": (1985, 11, 21), "identifier": ""}, "birth"),
    ],
)
def test_what_makes_two_persons_strikes_a_pair_out_and_is_counted(told, veto):
    found = persons([amina(), amina(**told)])
    assert found.candidates == []
    assert found.vetoed == {veto: 1}


@pytest.mark.parametrize("told", [{"first": "Yousra"}, {"birth": (2010, 7, 21)}])
def test_the_same_identifier_overrules_the_other_vetoes(told):
    assert codes(one(amina(), amina(**told))) >= {"same-identifier"}


def test_a_year_that_is_no_slip_is_a_question_only_with_the_same_day():
    assert codes(one(amina(identifier=""), amina(identifier="", birth=(1961, 7, 3)))) >= {
        "similar-birth-date",
        "same-phone",
    }


def test_brothers_of_one_household_are_two():
    assert one(amina(identifier=""), amina(first="Karim", birth=(1987, 2, 14), identifier="", sex="m")) is None


def test_an_uncommon_name_says_more_than_a_common_one():
    population = Population(9).people(1200)
    common = [replace(other, last="Peeters") for other in population[:600]] + population[600:]
    scores = []
    for last in ("Peeters", "Vandekerckhove"):
        twice = [Person("Bram", last, (1990, 5, 6)), Person("Bram", last, (1990, 5, None))]
        found = persons(common + twice, threshold=0.01).candidates
        scores.append({(it.left, it.right): it.score for it in found}[1200, 1201])
    assert scores[0] < scores[1]


def test_a_telephone_that_many_share_says_less():
    told = [
        amina(identifier="", birth=(1984, 7, None)),
        amina(identifier="", birth=(None, None, None), last="Berahu", first="Amna", sex=""),
    ]
    alone = one(*told).score
    shelter = [Person(f"N{i}", f"Z{i}", phones=["0470 12 34 56"]) for i in range(50)]
    among = persons([replace(it, address=("", "")) for it in told] + shelter, threshold=0.01).candidates
    assert {(it.left, it.right): it.score for it in among}[0, 1] < alone


def test_what_agrees_because_something_else_does_counts_once():
    told = [
        Person("Bram", "Peters", (1990, 5, 6), phones=["0470 12 34 56"]),
        Person("Brem", "Petrs", (1990, None, None), phones=["0470 12 34 56"]),
    ]
    with_address = [replace(it, address=("Rue de l'Essai 12", "1000")) for it in told]
    assert (
        persons(told, threshold=0.01).candidates[0].score == persons(with_address, threshold=0.01).candidates[0].score
    )


def test_a_date_that_many_have_says_less():
    people = Population(9).people(1200)
    many = [replace(other, birth=(1980, 1, 1)) for other in people[:400]] + people[400:]
    scores = []
    for birth in ((1980, 1, 1), (1980, 1, 2)):
        twice = [Person("Bram", "Peters", birth), Person("Brem", "Peetrs", birth)]
        found = persons(many + twice, threshold=0.001).candidates
        scores.append(max((it.score for it in found if (it.left, it.right) == (1200, 1201)), default=0))
    assert scores[0] < scores[1]


def test_a_block_that_is_too_large_is_told_and_its_neighbours_by_birth_are_compared():
    people = [Person("Jan", "Janssens", (1900 + i, 1 + i % 12, 1 + i % 28)) for i in range(linking.LARGEST + 1)]
    people.append(replace(people[30], birth=(1930, None, 3)))
    found = persons(people, threshold=0.01)
    assert [(it.kind, it.size) for it in found.capped] == [("names", linking.LARGEST + 2)]
    assert (30, linking.LARGEST + 1) in {(it.left, it.right) for it in found.candidates}


@few
@given(st.lists(PERSON, max_size=8), st.randoms(use_true_random=False))
def test_records_in_another_order_give_the_same_pairs(people, chance):
    order = list(range(len(people)))
    chance.shuffle(order)
    found = persons(people, threshold=0.2)
    mixed = persons([people[i] for i in order], threshold=0.2)
    assert found.vetoed == mixed.vetoed
    assert {(frozenset((order[it.left], order[it.right])), it.score) for it in mixed.candidates} == {
        (frozenset((it.left, it.right)), it.score) for it in found.candidates
    }


@few
@given(st.lists(PERSON, max_size=8), st.floats(0.05, 0.95), st.floats(0.05, 0.95))
def test_a_higher_threshold_proposes_fewer_of_the_same_the_likeliest_first(people, one_share, other_share):
    low, high = (persons(people, threshold=share).candidates for share in sorted((one_share, other_share)))
    assert [it for it in low if it.score >= max(one_share, other_share)] == high
    assert [it.score for it in low] == sorted((it.score for it in low), reverse=True)
    assert all(it.left < it.right for it in low)


def test_ten_kinds_of_error_are_found_and_nearly_nothing_else(monkeypatch):
    people, pairs = written_again(3000, 300, seed=1)
    assert len(ERRORS) == 10
    told = []
    found = persons(people, progress=lambda phase, share: told.append((phase, share)))
    precision, recall, each = measured({(it.left, it.right) for it in found.candidates}, pairs)
    assert precision >= 0.98
    assert recall >= 0.99
    assert min(each.values()) >= 0.9
    assert told[-1] == ("compare", 1.0)
    monkeypatch.setattr(linkage, "CHUNK", 2000)  # in many parts
    assert persons(people).candidates == found.candidates


def test_what_is_not_known_is_neither_for_nor_against():
    assert persons([Person(), Person()]).candidates == []
    assert persons([amina()]).candidates == []
    assert (
        persons(
            [Person(last="Berrahou", phones=["0470 12 34 56"]), Person(last="Berrahou", phones=["0470 12 34 56"])]
        ).compared
        == 1
    )
    assert codes(one(Person("Иван", "Петров", (1984, 7, 3)), Person("Иван", "Петров", (1984, 7, 3)))) == {
        "same-names",
        "same-birth-date",
    }


def test_services_are_compared_by_duplicates():
    entry = Entry(
        names={"fr": "Crèche Les Lutins"},
        phones=["+32 2 000 00 11"],
        email="lutins@example.org",
        addresses=[("Rue de l'Essai 12", "1000")],
    )
    entries = [replace(entry, organization=1), replace(entry, organization=2)]
    assert services(entries) == duplicates.find(entries)
    assert len(services(entries).candidates) == 1
    assert services(entries, threshold=0.999).candidates == []
    numbered = [replace(one, names={"fr": f"Crèche Les Lutins {i}"}) for i, one in enumerate(entries)]
    assert services(numbered).vetoed == {"numbers": 1}


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("threshold: between 0 and 1 was expected, not 1.5", {"threshold": 1.5}),
        (
            "people: a birth of year, month and day was expected, not a value of type tuple at 0",
            {"people": [amina(birth=(1984, 7))] * 2},
        ),
        (
            "people: a month of birth, whole, from 1 to 12 or None was expected, not 13 at 1",
            {"people": [amina(), amina(birth=(1984, 13, 1))]},
        ),
        (
            "people: a day of birth, whole, from 1 to 31 or None was expected, not 0 at 0",
            {"people": [amina(birth=(1984, 3, 0)), amina()]},
        ),
        (
            "people: a year of birth, whole, from 1 to 9999 or None was expected, not 19840 at 0",
            {"people": [amina(birth=(19840, 3, 1)), amina()]},
        ),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_name(said, wrong):
    with pytest.raises(ValueError, match=said):
        persons(**({"people": [amina(), amina()]} | wrong))


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("a Person was expected, not a value of type str at 1", "Amina"),
        ("a text for first was expected, not a value of type NoneType at 1", amina(first=None)),
        ("a text for identifier was expected, not 84070312345 at 1", amina(identifier=84070312345)),
        ("a list of texts for phones was expected, not a value of type str at 1", amina(phones="0470 12 34 56")),
        ("a list of texts for phones was expected, not a value of type list at 1", amina(phones=[470123456])),
        ("an address of two texts, street and postal code, was expected", amina(address="Rue de l'Essai 12")),
        ("an address of two texts, street and postal code, was expected", amina(address=("Rue de l'Essai 12", None))),
        ("a birth of year, month and day was expected, not a value of type NoneType at 1", amina(birth=None)),
        (
            "a year of birth, whole, from 1 to 9999 or None was expected, not nan at 1",
            amina(birth=(float("nan"), 7, 3)),
        ),
        ("a year of birth, whole, from 1 to 9999 or None was expected, not 1984.5 at 1", amina(birth=(1984.5, 7, 3))),
        ("a year of birth, whole, from 1 to 9999 or None was expected, not -1 at 1", amina(birth=(-1, 7, 3))),
        ("a day of birth, whole, from 1 to 31 or None was expected, not True at 1", amina(birth=(1984, 7, True))),
    ],
)
def test_a_record_that_cannot_be_read_is_refused_without_telling_who_it_is(said, wrong):
    with pytest.raises(ValueError, match=said) as refused:
        persons([amina(), wrong])
    assert "Essai" not in str(refused.value)
    assert "0470" not in str(refused.value)


def test_a_list_of_persons_is_asked_for():
    with pytest.raises(ValueError, match="people: a list was expected, not generator"):
        persons(amina() for _ in range(2))


@pytest.mark.parametrize(
    ("one_name", "other_name"),
    [
        (("Мария", "Иванова"), ("Борис", "Петров")),
        (("محمد", "حسن"), ("فاطمة", "علي")),
        (("გიორგი", "მაისურაძე"), ("ნინო", "ბერიძე")),
        (("伟", "王"), ("芳", "李")),
    ],
)
def test_names_in_another_alphabet_are_compared_by_their_own_letters(one_name, other_name):
    born = (1984, 7, 3)
    assert one(Person(*one_name, born), Person(*other_name, born)) is None
    assert codes(one(Person(*one_name, born), Person(*one_name, born))) == {"same-names", "same-birth-date"}
    twins = [
        Person(one_name[0], one_name[1], born, phones=["0470 12 34 56"]),
        Person(other_name[0], one_name[1], born, phones=["0470 12 34 56"]),
    ]
    assert persons(twins).vetoed == {"given-names": 1}


@pytest.mark.parametrize(
    ("one_way", "other_way"),
    [
        ("D'Hondt", "Dhondt"),
        ("N\u2019Diaye", "Ndiaye"),
        ("Yıldız", "YILDIZ"),
        ("Łukasz", "Lukasz"),
        ("de\u200d Wit", "De Wit"),
    ],
)
def test_one_name_in_two_writings_is_one_name(one_way, other_way):
    pair = [Person("Jan", one_way, (1984, 7, 3)), Person("Jan", other_way, (1984, 7, 3))]
    assert codes(one(*pair)) == {"same-names", "same-birth-date"}


def test_twins_whose_names_are_alike_are_two_and_a_slip_in_a_short_name_is_one():
    twins = amina(first="Heumans", identifier=""), amina(first="Schuheumans", identifier="")
    assert persons(twins).vetoed == {"given-names": 1}
    assert one(amina(first="Sara"), amina(first="Zara", identifier="")) is not None
    assert one(*(replace(it, identifier="840703") for it in twins)) is not None


def test_born_on_one_day_and_nothing_else_is_no_candidate():
    assert persons([Person(birth=(1984, 7, 3)), Person(birth=(1984, 7, 3))], threshold=0.01).candidates == []
    assert persons([Person("!", "-", (1984, 7, 3)), Person("?", "*", (1984, 7, 3))], threshold=0.01).candidates == []


def test_another_short_identifier_is_another_person():
    assert persons([amina(identifier="1042"), amina(identifier="1043")]).vetoed == {"identifier": 1}
    assert one(amina(identifier="104200"), amina(identifier="104300")) is not None


def test_a_part_of_a_compound_name_is_as_common_as_all_who_have_it():
    people = Population(9).people(1200)
    told = [Person("Bram", "Diallo", (1990, 5, 6)), Person("Bram", "Diallo Vandekerckhove", (1990, 5, None))]
    scores = []
    for last in ("Bah", "Diallo"):
        others = [replace(other, last=f"{last} {other.last}") for other in people]
        found = persons(others + told, threshold=0.001).candidates
        scores.append({(it.left, it.right): it.score for it in found}.get((1200, 1201), 0))
    assert scores[1] < scores[0]


def test_thousands_of_one_name_and_one_year_are_each_compared_with_a_few():
    people = [Person("Jan", "Janssens", (1980, None, None))] * 5_000
    found = persons(people, threshold=0.01)
    assert found.compared == 8 * 5_000 - 36
    assert [(it.kind, it.size) for it in found.capped] == [("names", 5_000)]


@few
@given(st.lists(st.text(max_size=12), min_size=4, max_size=4), st.text(max_size=8))
def test_any_text_may_be_a_name(names, number):
    people = [Person(*names[:2], (1984, 7, 3), identifier=number), Person(*names[2:], (1984, 7, 3))]
    found = persons([*people, people[0]], threshold=0.01)
    assert (0, 2) in {(it.left, it.right) for it in found.candidates} or not found.candidates
    assert all(0.01 <= it.score <= 1 for it in found.candidates)


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("entries: an Entry was expected, not a value of type str at 1", "Crèche"),
        ("a text by language for names was expected", Entry(names={"fr": None})),
        ("a text by language for organization_names was expected", Entry(names={}, organization_names=None)),
        ("a text for email was expected", Entry(names={}, email=None)),
        ("a list of texts for phones was expected, not a value of type str", Entry(names={}, phones="0470123456")),
        ("a list of texts for enterprise was expected", Entry(names={}, enterprise="0123456789")),
        ("pairs of texts for addresses was expected", Entry(names={}, addresses=("Rue de l'Essai 12", "1000"))),
        ("pairs of numbers for points was expected", Entry(names={}, points=[(50.8, float("nan"))])),
        ("pairs of numbers for points was expected", Entry(names={}, points=[(50.8, None)])),
        ("two ages, each a number or None, was expected", Entry(names={}, ages=(1,))),
        ("two ages, each a number or None, was expected", Entry(names={}, ages=3)),
    ],
)
def test_an_entry_that_cannot_be_read_is_refused(said, wrong):
    with pytest.raises(ValueError, match=said):
        services([Entry(names={"fr": "Crèche"}, points=[(50.8, 4)], ages=(0, None)), wrong])


@pytest.mark.parametrize(
    ("one_name", "other_name", "vetoed"),
    [
        ("Детский сад Б", "Детский сад В", {"numbers": 1}),
        ("حضانة ١", "حضانة ٢", {"numbers": 1}),
        ("Детский сад Ромашка", "Бюро помощи", {}),
    ],
)
def test_services_named_in_another_alphabet_are_told_apart_by_its_letters_and_its_numbers(one_name, other_name, vetoed):
    told = {"phones": ["+32 2 000 00 11"], "email": "a@example.org", "addresses": [("Rue de l'Essai 12", "1000")]}
    found = services(
        [Entry({"xx": name}, organization=i, **told) for i, name in enumerate((one_name, other_name), start=1)]
    )
    assert found.candidates == []
    assert found.vetoed == vetoed


def test_services_want_a_share_for_a_threshold():
    with pytest.raises(ValueError, match="threshold: between 0 and 1"):
        services([], threshold=0)
