"""How fast a feed comes in, and how much memory it takes: `python -m benchmarks.importing [--services N]`.

Each import runs in a process of its own on an empty SQLite database in a temporary folder; the time is that of the whole
command after start-up, search index included. Miami 211 (real, dirty) is imported when it is on the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

MIAMI = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "directory" / "miami211_hsds11"
WORDS = (
    "accueil aide accompagnement logement urgence famille jeunes santé mentale alimentation repas colis écoute soutien formation emploi dettes "
    "juridique social quartier maison centre service permanence atelier langue enfants seniors handicap transport interprète nuit jour groupe"
).split()
HOURS = (
    ("MO,TU,WE,TH,FR", "09:00", "17:00"), ("MO,TU,TH,FR", "08:30", "16:30"), ("MO,TU,WE,TH,FR,SA,SU", "20:00", "08:00"),
    ("WE,SA", "13:00", "18:00"),
)  # fmt: skip
LANGUAGES = ("fr", "nl", "en", "ar", "tr", "es", "pl", "ro", "pt", "ln")


def services(count: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """HSDS 3.1 services: five to an organisation, each at its own place, with hours, languages, phones and categories."""
    draw = random.Random(seed)

    def uuid() -> str:
        return str(UUID(int=draw.getrandbits(128), version=4))

    terms = [
        {"id": uuid(), "code": f"T{n:03d}", "name": " ".join(draw.sample(WORDS, 2)), "description": "category"}
        for n in range(300)
    ]
    scheme = {"id": uuid(), "name": "Benchmark", "description": "invented categories"}
    organization: dict[str, Any] = {}
    for number in range(count):
        if number % 5 == 0:
            organization = {
                "id": uuid(),
                "name": f"Organisation {number // 5}",
                "description": " ".join(draw.choices(WORDS, k=12)),
            }
        byday, opens, closes = draw.choice(HOURS)
        yield {
            "id": uuid(), "name": f"{' '.join(draw.sample(WORDS, 3)).capitalize()} {number}", "description": " ".join(draw.choices(WORDS, k=40)),
            "status": "active", "email": f"s{number}@example.org", "url": f"https://example.org/{number}",
            "application_process": draw.choice(("Sur rendez-vous", "Téléphoner", "Sans rendez-vous")), "organization": organization,
            "phones": [{"id": uuid(), "number": f"+32 2 {number:07d}"}],
            "schedules": [{"id": uuid(), "freq": "WEEKLY", "byday": byday, "opens_at": opens, "closes_at": closes}],
            "languages": [{"id": uuid(), "code": code} for code in draw.sample(LANGUAGES, 2)],
            "service_at_locations": [{"id": uuid(), "location": {
                "id": uuid(), "location_type": "physical", "latitude": 50.8 + draw.random() / 10, "longitude": 4.3 + draw.random() / 10,
                "addresses": [{"id": uuid(), "address_1": f"Rue de l’Exemple {number}", "city": "Exemple", "state_province": "X",
                               "postal_code": f"{1000 + number % 300}", "country": "BE", "address_type": "physical"}],
            }}],
            "attributes": [{"id": uuid(), "taxonomy_term": term | {"taxonomy_detail": scheme}} for term in draw.sample(terms, 2)],
        }  # fmt: skip


def measure(path: Path) -> dict[str, float]:
    """Import the path in a new process; its seconds, its services and its peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.importing", "--one", str(path)],
            env=os.environ | {"MAILLAGE_VAR": folder, "DATABASE_URL": "", "DJANGO_SETTINGS_MODULE": "maillage.settings"},
            check=True, capture_output=True, text=True, cwd=Path(__file__).resolve().parent.parent,
        )  # fmt: skip
        return dict(json.loads(done.stdout.splitlines()[-1]))


def one(path: Path) -> dict[str, float]:
    import resource
    import time

    import django

    django.setup()
    from django.core.management import call_command

    from maillage.standards import imports

    call_command("migrate", verbosity=0)
    territory = imports.bare_territory("fr")
    start, worked = time.perf_counter(), time.process_time()
    report = imports.run(path, "hsds", territory, source="benchmark").report
    seconds, worked = time.perf_counter() - start, time.process_time() - worked
    start = time.perf_counter()
    again = imports.run(path, "hsds", territory, source="benchmark").report
    assert again.counts["service"]["unchanged"] == report.counts["service"]["created"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "services": report.counts["service"]["created"], "seconds": round(seconds, 1), "cpu_s": round(worked, 1), 
        "again_s": round(time.perf_counter() - start, 1),
        "peak_mb": round(peak),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--services", type=int, default=100_000)
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(options.one)))
        return
    result: dict[str, Any] = {}
    if MIAMI.is_dir():
        result["miami"] = measure(MIAMI)
        print("Miami 211:", result["miami"], flush=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "feed.ndjson"
        with path.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(service, ensure_ascii=False) + "\n" for service in services(options.services))
        result["synthetic"] = measure(path)
    print(f"{options.services} services:", result["synthetic"], flush=True)
    synthetic = result["synthetic"]
    print(
        json.dumps(
            {
                "services_per_s": round(synthetic["services"] / synthetic["seconds"]),
                "peak_mb": synthetic["peak_mb"],
                **result,
            }
        )
    )


if __name__ == "__main__":
    main()
