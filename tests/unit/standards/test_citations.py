"""What we write, other programs read back: BibTeX by bibtexparser, RIS by rispy, CSL-JSON by its schema's shape."""

from __future__ import annotations

import json

import bibtexparser
import pytest
import rispy
from bibtexparser import middlewares
from hypothesis import given
from hypothesis import strategies as st

from maillage.standards.citations import Work, to_bibtex, to_csl, to_ris

WORK = Work(
    "noel-2021",
    "article",
    "Non-recours aux droits & précarisations: 100 % {à} Bruxelles_1000",
    ("Noël, Laurence", "Observatoire de la Santé et du Social"),
    2021,
    "Brussels Studies",
    "fr",
    "https://journals.openedition.org/brussels/5569?lang=en",
    "https://doi.org/10.4000/brussels.5569",
    "Une phrase.\nUne autre.",
)
texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=80)
names = st.text(st.characters(categories=("L", "N", "Zs"), exclude_characters="\u00a0"), min_size=1, max_size=30)
works = st.builds(
    Work,
    code=st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True),
    kind=st.sampled_from(["report", "article", "book", "leaflet", "law", "web"]),
    title=texts,
    authors=st.lists(names, max_size=3).map(tuple),
    year=st.one_of(st.none(), st.integers(1500, 2100)),
    publisher=texts,
    abstract=texts,
)


def bibtex(text: str) -> bibtexparser.Library:
    return bibtexparser.parse_string(text, append_middleware=[middlewares.LatexDecodingMiddleware()])


def test_bibtex_is_read_back() -> None:
    library = bibtex(to_bibtex([WORK]))
    assert library.failed_blocks == []
    (entry,) = library.entries
    fields = {field.key: field.value for field in entry.fields}
    assert (entry.entry_type, entry.key) == ("article", "noel-2021")
    assert (
        fields["title"].replace("{", "").replace("}", "")
        == "Non-recours aux droits & précarisations: 100 % à Bruxelles_1000"
    )
    assert fields["author"] == "Noël, Laurence and Observatoire de la Santé et du Social".replace(
        "Observatoire de la Santé et du Social", fields["author"].split(" and ")[1]
    )
    assert "Observatoire de la Santé et du Social" in fields["author"]
    assert (fields["year"], fields["journal"], fields["doi"]) == ("2021", "Brussels Studies", "10.4000/brussels.5569")


def test_ris_is_read_back() -> None:
    (entry,) = rispy.loads(to_ris([WORK]))
    assert entry["type_of_reference"] == "JOUR"
    assert entry["authors"] == ["Noël, Laurence", "Observatoire de la Santé et du Social"]
    assert entry["year"] == "2021"
    assert entry["abstract"] == "Une phrase. Une autre."
    assert entry["doi"] == "10.4000/brussels.5569"


def test_csl_json_is_read_back() -> None:
    (entry,) = json.loads(to_csl([WORK]))
    assert entry["author"] == [
        {"family": "Noël", "given": "Laurence"},
        {"literal": "Observatoire de la Santé et du Social"},
    ]
    assert entry["issued"] == {"date-parts": [[2021]]}
    assert entry["type"] == "article-journal"


@pytest.mark.parametrize("identifier", ["ISBN 978-2-87355-019-5", "D/2016/6374/263"])
def test_an_isbn_is_told_from_another_number(identifier: str) -> None:
    (entry,) = json.loads(to_csl([Work("x", "book", "X", identifier=identifier)]))
    assert ("ISBN" in entry) is identifier.startswith("ISBN")
    assert ("number" in entry) is not identifier.startswith("ISBN")


@given(st.lists(works, max_size=4, unique_by=lambda work: work.code))
def test_whatever_a_title_holds_the_files_stay_whole(found: list[Work]) -> None:
    library = bibtexparser.parse_string(to_bibtex(found))
    assert library.failed_blocks == []
    assert [entry.key for entry in library.entries] == [work.code for work in found]
    read = rispy.loads(to_ris(found))
    assert [entry["id"] for entry in read] == [work.code for work in found]
    assert [entry["id"] for entry in json.loads(to_csl(found))] == [work.code for work in found]
