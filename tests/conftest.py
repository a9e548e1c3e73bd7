"""The ground of every test: the database it runs on, a small territory, and a cast.

`pytest` runs on SQLite in a temporary file; `pytest --database postgresql` starts a throw-away server; a DATABASE_URL
that is already set is used as it is.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.db import connections
from django.utils import translation
from hypothesis import settings as hypothesis

from tests.postgres import throw_away

if TYPE_CHECKING:
    from maillage.people.models import Organization, User
    from maillage.territory.models import Territory
    from tests.beds import Beds

# A slow machine is no counter-example. What lands is judged on the same examples each time; a developer's runs look further.
hypothesis.register_profile("here", deadline=None)
hypothesis.register_profile("ci", deadline=None, derandomize=True)
hypothesis.load_profile("ci" if os.environ.get("CI") else "here")

ROOT = Path(__file__).resolve().parent.parent
STACK = pytest.StashKey[ExitStack]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=["sqlite", "postgresql"], default="sqlite", help="database of this run")
    parser.addoption(
        "--attack-seconds", type=float, default=0.7, help="how long each storm of the concurrency suite lasts"
    )


def pytest_configure(config: pytest.Config) -> None:
    stack = config.stash[STACK] = ExitStack()
    if config.getoption("--database") == "postgresql" and not os.environ.get("DATABASE_URL"):
        from maillage.settings import _database

        os.environ["DATABASE_URL"] = stack.enter_context(throw_away())  # xdist's workers inherit it
        _use(_database(os.environ["DATABASE_URL"]))
    chosen = settings.DATABASES["default"]
    if chosen["ENGINE"].endswith("sqlite3"):  # a file, not memory: threads and the live server connect on their own
        folder = tempfile.mkdtemp(prefix="maillage-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        _use(chosen | {"TEST": {"NAME": f"{folder}/test.sqlite3"}})
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # Argon2 is slow on purpose
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.SEARCHES_A_MINUTE = 0  # a suite asks more than a person; what counts is tested where it is set


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What never asks the database says the same on each: once, on SQLite, is enough."""
    if config.getoption("--database") != "postgresql":
        return
    asking = {"db", "transactional_db", "live_server", "django_db_setup"}
    idle = [
        item for item in items
        if not asking & set(getattr(item, "fixturenames", ())) and not item.get_closest_marker("django_db")
    ]  # fmt: skip
    config.hook.pytest_deselected(items=idle)
    left_out = set(idle)
    items[:] = [item for item in items if item not in left_out]


def pytest_unconfigure(config: pytest.Config) -> None:
    if STACK in config.stash:
        config.stash[STACK].close()


def pytest_report_header() -> str:
    return f"database: {connections['default'].vendor}"


def _use(database: dict[str, Any]) -> None:
    """Django has read its settings before this file is loaded: exchange the database before its first connection."""
    settings.DATABASES = {"default": database}
    connections.__dict__.pop("settings", None)
    connections._settings = None
    if hasattr(connections._connections, "default"):
        del connections["default"]


@pytest.fixture(scope="session", autouse=True)
def _empty_tables_despite_the_audit_trail() -> Iterator[None]:
    """Transactional tests end by emptying every table; on SQLite the triggers of the audit trail would refuse it."""
    from django.db.backends.sqlite3.base import DatabaseOperations

    original = DatabaseOperations.sql_flush

    def sql_flush(self: Any, style: Any, tables: Any, **options: Any) -> list[str]:
        statements = original(self, style, tables, **options)
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'people_trace'")
            triggers = cursor.fetchall()
        return [*(f"DROP TRIGGER {name}" for name, _ in triggers), *statements, *(sql for _, sql in triggers)]

    DatabaseOperations.sql_flush = sql_flush  # type: ignore[method-assign]
    yield
    DatabaseOperations.sql_flush = original  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _english() -> None:
    """A request leaves its language behind in the thread: every test starts in the same one."""
    translation.activate("en")


@pytest.fixture(autouse=True)
def _nothing_judged() -> None:
    """What a process remembers of a list by its key: in the next test, that key is another list's."""
    from maillage.places import standing

    standing.forget()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data kept beside the repository; tests that need it are skipped where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real data (../shared/data) is not on this machine")
    return folder


@pytest.fixture
def testland(db: None) -> Territory:
    """A tiny territory with areas, a tree of needs, obstacles and eleven services: see tests/testland.py."""
    from tests import testland

    return testland.build()


SINCE = datetime(2026, 1, 5, tzinfo=UTC)  # members before the evening of the tests


@dataclass(frozen=True)
class Cast:
    """Alice owns it, Bob works with her, Charlie must see nothing. Dora administers the territory."""

    alice: User
    bob: User
    charlie: User
    dora: User
    organization: Organization


@pytest.fixture
def cast(testland: Territory) -> Cast:
    from maillage.people.models import Membership, Organization, Role, User

    house = Organization.objects.create(territory=testland, code="alice-house", name="Alice's house")
    alice, bob, charlie, dora = (
        User.objects.create_user(f"{name}@example.org", "a long enough sentence", name=name.title())
        for name in ("alice", "bob", "charlie", "dora")
    )
    for user, role, organization in (
        (alice, Role.EDITOR, house),
        (bob, Role.PROFESSIONAL, house),
        (dora, Role.ADMINISTRATOR, None),
    ):
        Membership.objects.create(user=user, territory=testland, organization=organization, role=role, starts_at=SINCE)
    return Cast(alice, bob, charlie, dora, house)


@pytest.fixture
def beds(testland: Territory, cast: Cast) -> Beds:
    """A house with beds, shared lists, and who asks for them: see tests/beds.py."""
    from tests import beds

    return beds.build(testland, cast)


@pytest.fixture
def alice(cast: Cast) -> User:
    return cast.alice


@pytest.fixture
def bob(cast: Cast) -> User:
    return cast.bob


@pytest.fixture
def charlie(cast: Cast) -> User:
    return cast.charlie


@pytest.fixture
def dora(cast: Cast) -> User:
    return cast.dora
