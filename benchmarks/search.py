"""A whole search, beside the straightforward SQL of the same query: `python -m benchmarks.search`.

The query: one or two words, a category, a spoken language, three kilometres, open now; the best twenty. Three contenders on
the same fictional services in one run: ours on SQLite (twenty results explained, with their cards), SQLite FTS5 and
PostgreSQL with plain tables, the indexes anyone would make, and the same stems. The SQL contenders are spared what ours does
besides: unknown values, eligibility, explanation, the organisation cap. Medians of the same queries; the first pass is told apart as cold.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

TABLES = """
CREATE TABLE bench_item (id bigint PRIMARY KEY, name text, lat double precision, lon double precision, {stems});
CREATE TABLE bench_need (item bigint, need varchar(80));
CREATE TABLE bench_language (item bigint, code varchar(8));
CREATE TABLE bench_hours (item bigint, opens integer, closes integer)
"""
INDEXES = """
CREATE INDEX bench_need_i ON bench_need (need, item); CREATE INDEX bench_language_i ON bench_language (item, code);
CREATE INDEX bench_hours_i ON bench_hours (item, opens, closes); CREATE INDEX bench_item_i ON bench_item (lat, lon)
"""
WHERE = """
EXISTS (SELECT 1 FROM bench_need n WHERE n.item = i.id AND n.need IN ({needs}))
AND EXISTS (SELECT 1 FROM bench_language l WHERE l.item = i.id AND l.code = '{language}')
AND EXISTS (SELECT 1 FROM bench_hours h WHERE h.item = i.id AND h.opens <= {minute} AND h.closes > {minute})
AND i.lat BETWEEN {south} AND {north} AND i.lon BETWEEN {west} AND {east}
AND (i.lat - {lat}) * (i.lat - {lat}) + (i.lon - {lon}) * (i.lon - {lon}) * {squeeze} <= {reach}
"""
FTS5 = """
SELECT i.id, i.name, i.lat, i.lon, bm25(bench_text, 4.0, 2.0, 1.0) AS rank
FROM bench_text JOIN bench_item i ON i.id = bench_text.rowid
WHERE bench_text MATCH '{match}' AND {where} ORDER BY rank LIMIT 20
"""
TSVECTOR = """
SELECT i.id, i.name, i.lat, i.lon, ts_rank(i.stems, '{match}'::tsquery) AS rank
FROM bench_item i WHERE i.stems @@ '{match}'::tsquery AND {where} ORDER BY rank DESC LIMIT 20
"""
KM = 111.195


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--services", type=int, default=100_000)
    arguments.add_argument("--queries", type=int, default=400)
    arguments.add_argument("--pack", default="brussels")
    arguments.add_argument("--var", help="a folder with a database that `maillage demo` made before")
    options = arguments.parse_args()
    with ExitStack() as stack:
        os.environ["MAILLAGE_VAR"] = options.var or stack.enter_context(tempfile.TemporaryDirectory())
        os.environ["DJANGO_SETTINGS_MODULE"] = "maillage.settings"
        import django

        django.setup()
        if not options.var:
            from django.core.management import call_command

            call_command("demo", pack=options.pack, services=options.services, serve=False)
        print(json.dumps(run(stack, options.queries)))


def run(stack: ExitStack, count: int) -> dict[str, Any]:
    from maillage.directory.search.memory import memory
    from maillage.territory.models import Territory

    territory = Territory.objects.current()
    assert territory is not None
    started = time.perf_counter()
    here = memory(territory)
    print(f"{here.count} documents in memory after {time.perf_counter() - started:.1f} s")
    queries = draw(territory, here, count)
    contenders: dict[str, Callable[[dict[str, Any]], int]] = {"ours": ours(territory)}
    contenders["fts5"] = fts5(here)
    if postgres := tsvector(stack, here):
        contenders["postgresql"] = postgres
    figures = {name: measure(name, contender, queries) for name, contender in contenders.items()}
    best = min(figures[name]["p50_ms"] for name in figures if name != "ours")
    return {
        "services": here.count,
        **figures["ours"],
        "ratio_to_best_sql": round(best / figures["ours"]["p50_ms"], 2),
        **{name: figure for name, figure in figures.items() if name != "ours"},
    }


def measure(name: str, contender: Callable[[dict[str, Any]], int], queries: list[dict[str, Any]]) -> dict[str, float]:
    """The first pass meets words for the first time (cold); the figures are those of the second."""
    cold, seconds = [], []
    for times in (cold, seconds):
        for query in queries:
            started = time.perf_counter()
            contender(query)
            times.append(time.perf_counter() - started)
    figures = {
        "p50_ms": statistics.median(seconds) * 1000,
        "p95_ms": sorted(seconds)[int(len(seconds) * 0.95)] * 1000,
        "cold_p50_ms": statistics.median(cold) * 1000,
        "cold_p95_ms": sorted(cold)[int(len(cold) * 0.95)] * 1000,
    }
    print(name, {key: round(value, 2) for key, value in figures.items()})
    return {key: round(value, 3) for key, value in figures.items()}


def draw(territory: Any, here: Any, count: int) -> list[dict[str, Any]]:
    """Queries as people make them: a category as often as it is offered, one or two words that belong to it, a language as
    often as it is spoken, a place where services stand."""
    from maillage.directory.models import TaxonomyTerm
    from maillage.methods.text import query_words

    rng = random.Random(7)
    terms = TaxonomyTerm.objects.filter(taxonomy__territory=territory, taxonomy__code="needs").order_by("id")
    words = {
        term.code: query_words(
            " ".join([*term.labels.values(), *(w for some in term.synonyms.values() for w in some)]), most=40
        )
        for term in terms
    }
    needs = [(code, len(here.rows_of_needs((code,)))) for code in words]
    codes = list(here.language_bit)
    spoken = [int((here.languages & here.language_bit[code] != 0).sum()) for code in codes]
    placed = [record for record in here.records.values() if record.latitude is not None]
    monday = datetime(2026, 11, 23, tzinfo=ZoneInfo(territory.timezone))
    drawn = []
    for _ in range(count):
        need = rng.choices([code for code, _ in needs], [size for _, size in needs])[0]
        place = rng.choice(placed)
        moment = monday + timedelta(days=rng.randrange(3), minutes=rng.choice([600, 840, 1290]))
        drawn.append({
            "text": " ".join(rng.sample(words[need], rng.choice([1, 1, 2]))), "need": need, "at": moment,
            "language": rng.choices(codes, spoken)[0], "lat": place.latitude, "lon": place.longitude,
        })  # fmt: skip
    return drawn


def ours(territory: Any) -> Callable[[dict[str, Any]], int]:
    from maillage.directory.search.engine import search
    from maillage.directory.search.types import Query, Window

    def call(q: dict[str, Any]) -> int:
        window = Window("now", q["at"], q["at"])
        near = (q["lat"], q["lon"])
        query = Query(
            territory=territory.code, at=q["at"], language="fr", text=q["text"], needs=(q["need"],), languages=(q["language"],),
            near=near, radius_km=3.0, window=window,
        )  # fmt: skip
        return len(search(query, territory).hits)

    return call


def rows(here: Any) -> dict[str, list[tuple[Any, ...]]]:
    """The same services as plain tables."""
    from maillage.directory.models import SearchDocument
    from maillage.directory.search.hours import parsed

    zone = ZoneInfo(here.territory.timezone)
    start = datetime(2026, 11, 23, tzinfo=zone)
    weeks: dict[str, list[tuple[int, int]]] = {}
    found: dict[str, list[tuple[Any, ...]]] = {"need": [], "language": [], "hours": [], "item": []}
    for pk, record in here.records.items():
        if record.osm not in weeks:
            hours = parsed(record.osm, here.hours.country, here.hours.timezone) if record.osm else None
            weeks[record.osm] = [
                (int((a - start).total_seconds() // 60), int((b - start).total_seconds() // 60))
                for a, b, state, _ in (hours.intervals(start, start + timedelta(days=7)) if hours else ())
                if "OPEN" in str(state).upper()
            ]
        found["hours"] += [(pk, opens, closes) for opens, closes in weeks[record.osm]]
        found["need"] += [(pk, need) for need in record.needs]
        found["language"] += [(pk, code) for code in record.languages]
    texts = SearchDocument.objects.filter(territory=here.territory).values_list("id", "service__name", "a", "b", "c")
    for pk, name, a, b, c in texts.iterator(chunk_size=5000):
        record = here.records[pk]
        found["item"].append((pk, name, record.latitude, record.longitude, a, b, c))
    return found


def sql(here: Any, q: dict[str, Any], match: str, template: str) -> str:
    """The query with its values written in (they are ours): both engines then plan for these very values."""
    from math import cos, radians

    squeeze = cos(radians(q["lat"]))
    needs = ", ".join(f"'{code}'" for code in sorted(here.needs_below.get(q["need"], {q["need"]})))
    minute = int((q["at"] - datetime(2026, 11, 23, tzinfo=q["at"].tzinfo)).total_seconds() // 60)
    reach = 3 / KM
    where = WHERE.format(
        needs=needs, language=q["language"], minute=minute, lat=q["lat"], lon=q["lon"], squeeze=squeeze**2, reach=reach**2,
        south=q["lat"] - reach, north=q["lat"] + reach, west=q["lon"] - reach / squeeze, east=q["lon"] + reach / squeeze,
    )  # fmt: skip
    return template.format(match=match, where=where)


def forms(q: dict[str, Any]) -> list[list[str]]:
    from maillage.methods.text import query_words, variants

    return [variants(word, ("fr", "nl", "en")) for word in query_words(q["text"])]


def fts5(here: Any) -> Callable[[dict[str, Any]], int]:
    from django.db import connection

    data = rows(here)
    with connection.cursor() as cursor:
        for table in ("text", "item", "need", "language", "hours"):
            cursor.execute(f"DROP TABLE IF EXISTS bench_{table}")
        fill(cursor, TABLES.format(stems="filler integer"), data, ((*r[:4], 0) for r in data["item"]))
        cursor.execute("CREATE VIRTUAL TABLE bench_text USING fts5(a, b, c, content='')")
        cursor.executemany(
            "INSERT INTO bench_text(rowid, a, b, c) VALUES (%s, %s, %s, %s)", [(r[0], *r[4:]) for r in data["item"]]
        )
        cursor.execute("ANALYZE")

    def call(q: dict[str, Any]) -> int:
        match = " AND ".join("(" + " OR ".join(f'"{f}"' for f in some) + ")" for some in forms(q))
        with connection.cursor() as cursor:
            return len(cursor.execute(sql(here, q, match, FTS5)).fetchall())

    return call


def tsvector(stack: ExitStack, here: Any) -> Callable[[dict[str, Any]], int] | None:
    from tests.postgres import NoPostgresql, throw_away

    try:
        url = stack.enter_context(throw_away())
    except NoPostgresql as absent:
        print(f"postgresql left out: {absent}")
        return None
    import psycopg

    connection = stack.enter_context(psycopg.connect(url, autocommit=True))
    data = rows(here)
    vector = "setweight(to_tsvector('simple', %s), 'A') || setweight(to_tsvector('simple', %s), 'B') || setweight(to_tsvector('simple', %s), 'C')"
    cursor = connection.cursor()
    fill(cursor, TABLES.format(stems="stems tsvector"), data, data["item"], f"%s, %s, %s, %s, {vector}")
    cursor.execute("CREATE INDEX bench_stems_i ON bench_item USING gin (stems)")
    cursor.execute("ANALYZE")

    def call(q: dict[str, Any]) -> int:
        match = " & ".join("(" + " | ".join(f"''{f}''" for f in some) + ")" for some in forms(q))
        return len(connection.execute(sql(here, q, match, TSVECTOR).encode()).fetchall())

    return call


def fill(
    cursor: Any, tables: str, data: dict[str, list[Any]], items: Iterable[Any], values: str = "%s, %s, %s, %s, %s"
) -> None:
    for statement in tables.strip().split(";"):
        cursor.execute(statement)
    cursor.executemany(f"INSERT INTO bench_item VALUES ({values})", list(items))
    cursor.executemany("INSERT INTO bench_need VALUES (%s, %s)", data["need"])
    cursor.executemany("INSERT INTO bench_language VALUES (%s, %s)", data["language"])
    cursor.executemany("INSERT INTO bench_hours VALUES (%s, %s, %s)", data["hours"])
    for statement in INDEXES.strip().split(";"):
        if statement.strip():
            cursor.execute(statement)


if __name__ == "__main__":
    main()
