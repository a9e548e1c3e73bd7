"""Files made to break whoever reads them, and files that are simply broken: refused or read, row by row, never an exception."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from maillage.directory.models import ImportRun, Service
from maillage.people.models import Organization
from maillage.standards import data_inclusion, imports
from maillage.standards.reading import files, packed
from maillage.territory.models import Territory
from tests.unit.standards.conftest import Import, codes
from tests.unit.standards.invented import AIDE, PLACED, SERVICE, STRUCTURE, TABLES
from tests.unit.standards.test_other_formats import RECORD

FORMATS = sorted(imports.FORMATS)
NAMES = ("feed.json", "feed.ndjson", "feed.csv", "services.csv", "feed.zip", "feed.xlsx", "feed.json.gz", "feed")


def accounted(outcome: imports.Outcome) -> None:
    """Every row that was read became something, or was left out with a reason."""
    for entity, tally in outcome.report.counts.items():
        if entity != "file":
            assert tally["read"] == sum(tally.values()) - tally["read"], (entity, tally)


def zipped(*parts: tuple[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", how) as package:
        for name, content in parts:
            package.writestr(name, content)
    return file.getvalue()


def book(*rows: list[Any], title: str = "structures") -> bytes:
    made = openpyxl.Workbook()
    sheet = made.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


# --- bombs ----------------------------------------------------------------------------------------------------------------------------


def test_a_zip_that_pretends_to_be_small_is_refused(bare: Territory, take: Import) -> None:
    zeros = b"0" * (packed.SMALL + 1)
    one = zipped(("services.csv", zeros))
    assert len(one) < 200_000
    assert "file-refused" in codes(take(bare, one, name="feed.zip"))
    many = zipped(*((f"{n}.csv", b"0" * 2_000_000) for n in range(12)))  # each alone is small
    assert "file-refused" in codes(take(bare, many, name="feed.zip"))
    crowd = zipped(*((f"{n}.csv", b"") for n in range(packed.MOST_MEMBERS + 1)))
    assert "file-refused" in codes(take(bare, crowd, name="feed.zip"))


def test_a_zip_that_lies_about_its_size_gives_no_more_than_it_says(bare: Territory, take: Import) -> None:
    bomb = bytearray(zipped(("services.csv", b"id,name\n" + b"1,a\n" * 5_000_000)))
    entry = bomb.rindex(b"PK\x01\x02")
    bomb[entry + 24 : entry + 28] = (20).to_bytes(4, "little")
    assert codes(take(bare, bytes(bomb), name="feed.zip")) & {"file-unreadable", "file-broken", "id-missing"}
    assert Service.objects.count() <= 3


def test_packed_files_in_packed_files_are_not_opened(bare: Territory, take: Import) -> None:
    inner = zipped(("services.csv", b"id,name\n1,a\n"))
    assert "file-nested" in codes(take(bare, zipped(("inner.zip", inner)), name="feed.zip"))
    assert "file-nested" in codes(take(bare, gzip.compress(inner), name="feed.zip.gz"))
    outcome = take(bare, zipped(("inner.zip", inner), ("services.csv", b"id,name\n2,b\n")), name="feed.zip")
    assert outcome.report.counts["service"]["created"] == 1


def test_a_gzip_that_never_ends_is_refused(bare: Territory, take: Import) -> None:
    bomb = gzip.compress(b"[" + b" " * (packed.SMALL + 10))
    assert len(bomb) < 200_000
    assert "file-refused" in codes(take(bare, bomb, name="feed.json.gz"))
    assert (
        take(bare, gzip.compress(json.dumps([SERVICE]).encode()), name="feed.json.gz").report.counts["service"][
            "created"
        ]
        == 1
    )
    broken = gzip.compress(json.dumps([SERVICE]).encode())[:-20]
    assert "file-unreadable" in codes(take(bare, broken, name="feed.json.gz"))


def test_a_folder_may_hold_packed_tables(bare: Territory, take: Import, package: Callable[..., Path]) -> None:
    folder = package()
    (folder / "services.csv.gz").write_bytes(gzip.compress(b"id,name\n1,Soup\n"))
    take(bare, folder)
    assert Service.objects.get().name == "Soup"


def test_locked_and_oddly_packed_files_are_refused(bare: Territory, take: Import) -> None:
    for how in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        assert "file-locked" in codes(take(bare, zipped(("services.csv", b"id\n1\n"), how=how), name="feed.zip"))
    locked = bytearray(zipped(("services.csv", b"id,name\n1,a\n")))
    for sign, place in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        locked[locked.index(sign) + place] |= 1
    assert "file-locked" in codes(take(bare, bytes(locked), name="feed.zip"))
    assert (
        "file-unknown" in codes(take(bare, bz2.compress(b"id\n1\n"), name="feed.bz2")) or not Service.objects.exists()
    )


def test_a_name_in_a_zip_is_never_a_path(bare: Territory, take: Import, tmp_path: Path) -> None:
    evil = zipped(("../../../../services.csv", b"id,name\n1,Soup\n"), ("/etc/locations.csv", b"id,name\n1,Hall\n"))
    before = sorted(tmp_path.rglob("*"))
    take(bare, evil, name="feed.zip")
    assert Service.objects.get().name == "Soup"
    assert sorted(tmp_path.rglob("*")) == [*before, tmp_path / "feed.zip"]


LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>&c;</t></si></sst>'
)
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><sst><si><t>&a;</t></si></sst>'


@pytest.mark.parametrize(
    "part",
    ["xl/sharedStrings.xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml", "_rels/.rels"],
)
@pytest.mark.parametrize("content", [LAUGHS, OUTSIDE, " " * 3_000_000 + LAUGHS, LAUGHS.encode("utf-16")])
def test_entities_in_a_workbook_are_refused(bare: Territory, take: Import, part: str, content: str | bytes) -> None:
    source = zipfile.ZipFile(io.BytesIO(book(["id", "nom"], ["1", "La Maison"])))
    raw = content if isinstance(content, bytes) else content.encode()
    parts = [(i.filename, raw if i.filename == part else source.read(i)) for i in source.infolist()]
    if part not in source.namelist():
        parts.append((part, raw))
    outcome = take(bare, zipped(*parts), "data-inclusion", name="data.xlsx")
    assert codes(outcome) & {"file-entities", "file-unreadable"}
    assert not Organization.objects.exists()


def test_a_workbook_that_is_a_bomb_is_refused(bare: Territory, take: Import) -> None:
    source = zipfile.ZipFile(io.BytesIO(book(["id"])))
    bomb = zipped(
        *((i.filename, source.read(i)) for i in source.infolist()),
        ("xl/media/a.xml", b"<a/>" + b" " * (packed.SMALL + 1)),
    )
    assert "file-refused" in codes(take(bare, bomb, "data-inclusion", name="data.xlsx"))


def test_a_workbook_whose_rows_break_is_read_up_to_there(bare: Territory, take: Import) -> None:
    source = zipfile.ZipFile(
        io.BytesIO(book(["id", "nom", "date_maj"], ["1", "La Maison", "2026-01-01"], ["2", "L’Autre", "2026-01-01"]))
    )
    sheet = source.read("xl/worksheets/sheet1.xml").replace(b'r="A3"', b'r="A3" t="s"').replace(b"<v>", b"<v>9", 7)
    parts = [(i.filename, sheet if i.filename.endswith("sheet1.xml") else source.read(i)) for i in source.infolist()]
    outcome = take(bare, zipped(*parts), "data-inclusion", name="data.xlsx")
    assert codes(outcome)
    accounted(outcome)


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize(
    "deep", ["[" * 200_000, '{"a":' * 50_000, '[{"id": "1", "x": ' + "[" * 9_000 + "]" * 9_000 + "}]"]
)
def test_depth_without_end_is_refused_by_every_reader(
    bare: Territory, take: Import, format_name: str, deep: str
) -> None:
    for name in ("feed.json", "feed.ndjson"):
        outcome = take(bare, deep.encode(), format_name, name=name)
        assert codes(outcome) & {"file-broken", "line-broken", "file-unknown"}
    assert not Service.objects.exists()


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_record_without_end_is_refused(
    bare: Territory, take: Import, format_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LARGEST", 100_000)
    for long in (
        '[{"id": "1", "x": {"y": [' + '"z",' * 100_000,
        '[{"id": "' + "x" * 200_000 + '"}]',
        "[" + "1" * 200_000,
    ):
        assert "file-broken" in codes(take(bare, long.encode(), format_name))


def test_a_line_without_end_is_refused(bare: Territory, take: Import, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LONGEST_LINE", 10_000)
    good = json.dumps({"id": "1", "name": "Soup", "status": "active"})
    outcome = take(bare, f"{good}\n{'x' * 20_000}\n{good}".encode(), name="feed.ndjson")
    assert "line-too-long" in codes(outcome)
    assert Service.objects.count() == 1
    table = "id,name\n1,Soup\n2," + "x" * 20_000
    assert "line-too-long" in codes(take(bare, table.encode(), name="services.csv"))
    assert "line-too-long" in codes(take(bare, f"{good}\n{'x' * 20_000}".encode("utf-16"), name="feed.ndjson"))


def test_columns_without_end_are_left_out(bare: Territory, take: Import) -> None:
    names = ",".join(f"c{n}" for n in range(50_000))
    outcome = take(bare, f"id,name,{names}\n1,Soup,{'x,' * 50_000}\n".encode(), name="services.csv")
    assert {"columns-extra", "cells-extra"} <= codes(outcome)
    assert Service.objects.get().name == "Soup"
    assert len(outcome.report.fill_rates["service"]) <= 301


def test_names_of_fields_without_end_are_counted_up_to_a_limit(bare: Territory, take: Import) -> None:
    feed = [{"id": str(n), "name": "Soup", "status": "active"} | {f"f{n}-{m}": 1 for m in range(50)} for n in range(30)]
    outcome = take(bare, feed)
    assert outcome.report.counts["service"]["created"] == 30
    assert len(outcome.report.fill_rates["service"]) <= 330


def test_more_records_than_memory_holds_are_read_up_to_there(
    bare: Territory, take: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_inclusion, "MOST_RECORDS", 3)
    feed = {"structures": [STRUCTURE | {"id": str(n)} for n in range(5)]}
    outcome = take(bare, feed, "data-inclusion")
    assert "file-too-much" in codes(outcome)
    assert Organization.objects.count() == 3
    assert not outcome.report.is_whole


# --- what is simply broken ------------------------------------------------------------------------------------------------------------

QUICK = settings(
    max_examples=40, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
VALID: dict[str, list[tuple[str, bytes]]] = {
    "hsds": [
        ("feed.json", json.dumps([SERVICE]).encode()),
        ("feed.ndjson", json.dumps(SERVICE).encode() + b"\n" + json.dumps(SERVICE["organization"]).encode()),
        ("feed.zip", zipped(*((f"{name}.csv", table.encode()) for name, table in TABLES.items()))),
        ("feed.json.gz", gzip.compress(json.dumps([SERVICE]).encode())),
    ],
    "data-inclusion": [
        ("feed.json", json.dumps({"structures": [STRUCTURE, PLACED], "services": [AIDE]}).encode()),
        ("services.csv", b"id;structure_id;nom;description;date_maj\n1;2;Aide;Une aide;2026-01-02\n"),
        ("feed.xlsx", book(["id", "nom", "date_maj"], ["1", "La Maison", "2026-01-02"])),
    ],
    "social-brussels": [("feed.json", json.dumps([RECORD, RECORD | {"id": 8}]).encode())],
}


@pytest.mark.parametrize("format_name", FORMATS)
@QUICK
@example(content=b"PK\x03\x04", name="feed.xlsx")
@example(content=b"\x1f\x8b\x08", name="feed.json.gz")
@example(content=b"id,na\x00me\n1,Soup\n", name="services.csv")
@example(content=b"\xff\xfe[", name="feed.json")
@given(content=st.binary(max_size=300), name=st.sampled_from(NAMES))
def test_any_bytes_are_read_or_refused(
    bare: Territory, take: Import, format_name: str, content: bytes, name: str
) -> None:
    accounted(take(bare, content, format_name, name=name))


@pytest.mark.parametrize("format_name", FORMATS)
@QUICK
@given(data=st.data())
def test_a_valid_file_with_a_few_wrong_bytes_is_read_or_refused(
    bare: Territory, take: Import, format_name: str, data: st.DataObject
) -> None:
    name, valid = data.draw(st.sampled_from(VALID[format_name]))
    draw = random.Random(data.draw(st.integers(0, 2**32)))
    spoiled = bytearray(valid)
    for _ in range(draw.randint(1, 12)):
        place = draw.randrange(len(spoiled))
        match draw.randrange(4):
            case 0:
                spoiled[place] = draw.randrange(256)
            case 1:
                del spoiled[place : place + draw.randint(1, 40)]
                spoiled = spoiled or bytearray(b"x")
            case 2:
                spoiled[place:place] = draw.choice(
                    [b"\x00", b'"', b"[", b"}", b",", b"\n", b"\xff\xfe", b"1e999", b"null"]
                )
            case _:
                spoiled[place:place] = spoiled[draw.randrange(len(spoiled)) :][:60]
    accounted(take(bare, bytes(spoiled), format_name, name=name))


FIELDS: dict[str, tuple[str, ...]] = {
    "hsds": tuple(SERVICE)
    + tuple(SERVICE["organization"])
    + ("location_type", "services", "locations", "taxonomy_detail", "freq", "byday"),
    "data-inclusion": data_inclusion.STRUCTURE + data_inclusion.SERVICE,
    "social-brussels": tuple(RECORD) + tuple(RECORD["address"]),
}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.sampled_from(["1", "2026-01-01", "Mo-Fr 09:00-12:00"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "name", "value", "lat", "lon"]), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@pytest.mark.parametrize("format_name", FORMATS)
@QUICK
@given(data=st.data())
def test_any_values_in_the_right_fields_are_read_or_left_out(
    bare: Territory, take: Import, format_name: str, data: st.DataObject
) -> None:
    record = st.dictionaries(st.sampled_from(FIELDS[format_name]), ANYTHING, max_size=10)
    records = data.draw(st.lists(record | record.map(lambda r: r | {"id": "same"}), max_size=4))
    for name, content in (
        ("feed.json", json.dumps(records).encode()),
        ("feed.ndjson", b"\n".join(json.dumps(one).encode() for one in records)),
    ):
        accounted(take(bare, content, format_name, name=name))
    assert not ImportRun.objects.exclude(state="done").exists()


@QUICK
@given(
    rows=st.lists(st.lists(st.text(max_size=8), min_size=3, max_size=5), max_size=5),
    table=st.sampled_from(sorted(TABLES)),
)
def test_any_cells_in_the_tables_are_read_or_left_out(
    bare: Territory, take: Import, package: Callable[..., Path], rows: list[list[str]], table: str
) -> None:
    head = TABLES[table].split("\n", 1)[0]
    cells = "\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows)
    accounted(take(bare, package(**(TABLES | {table: f"{head}\n{cells}\n".encode("utf-8", "replace")}))))


def test_a_table_of_ours_comes_back_as_it_left(tmp_path: Path, bare: Territory, take: Import) -> None:
    from maillage.methods import tables

    told = ["=1+1", "+32 2 000 00 00", "-", "@home", "\tdeep", "'=quoted", "plain", "it's"]
    with (tmp_path / "services.csv").open("w", newline="", encoding="utf-8") as file:
        tables.write(file, [["id", "name"], *([str(n), name] for n, name in enumerate(told))])
    take(bare, tmp_path / "services.csv")
    assert set(Service.objects.values_list("name", flat=True)) == {name.strip() for name in told}
