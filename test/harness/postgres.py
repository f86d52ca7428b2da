# SPDX-License-Identifier: BSD-3-Clause
"""A private PostgreSQL, and the location table of Kamailio in it.

One cluster serves a whole pytest run, all xdist workers included: the
first that needs it makes it, guard.py ends it with the run.
"""

import contextlib
import fcntl
import glob
import os
import pwd
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import Any, Iterator, Optional

import psycopg2

from . import ports, run

SCHEMA = "/usr/share/kamailio/postgres"
TABLES = ("standard", "usrloc")
START_LIMIT_S = 60


def binary(name: str) -> str:
    """A server program; Debian keeps them out of PATH."""
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    path = found[-1] if found else shutil.which(name)
    if not path:
        raise RuntimeError(f"{name} is missing: apt-get install postgresql")
    return path


def _account() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: arguments for subprocess."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid,
                    "extra_groups": []}
    raise RuntimeError("no user postgres or nobody to run PostgreSQL as")


@dataclass
class Cluster:
    port: int

    def connect(self, database: str = "postgres") -> Any:
        conn = psycopg2.connect(host=ports.HOST, port=self.port,
                                user="postgres", dbname=database)
        conn.autocommit = True
        return conn

    def create_database(self, name: str) -> "Database":
        """A database with the tables that Kamailio's usrloc needs."""
        with contextlib.closing(self.connect()) as conn:
            conn.cursor().execute(f'CREATE DATABASE "{name}"')
        database = Database(self, name)
        with contextlib.closing(self.connect(name)) as conn:
            for table in TABLES:
                with open(f"{SCHEMA}/{table}-create.sql",
                          encoding="utf-8") as script:
                    conn.cursor().execute(script.read())
        return database


@dataclass
class Database:
    cluster: Cluster
    name: str

    @property
    def url(self) -> str:
        """As Kamailio's db_url wants it."""
        return (f"postgres://postgres@{ports.HOST}:{self.cluster.port}"
                f"/{self.name}")

    def connect(self) -> Any:
        return self.cluster.connect(self.name)

    def bindings(self, aor: str) -> dict[str, float]:
        """Contact URI -> seconds until it expires, of the live ones."""
        with contextlib.closing(self.connect()) as conn:
            return bindings(conn, aor)

    def wait_bound(self, aor: str, bound: bool = True,
                   timeout: float = run.PATIENCE_S) -> dict[str, float]:
        """Wait until an AOR has a binding (or none); AssertionError."""
        end = time.monotonic() + timeout
        with contextlib.closing(self.connect()) as conn:
            while bool(found := bindings(conn, aor)) != bound:
                if time.monotonic() > end:
                    raise AssertionError(f"{aor}: bindings {found}")
                time.sleep(0.01)
        return found

    def drop(self) -> None:
        with contextlib.closing(self.cluster.connect()) as conn:
            conn.cursor().execute(
                f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')


def bindings(conn: Any, aor: str) -> dict[str, float]:
    """The table knows an AOR by its user; the domain is not used."""
    user = aor.split(":", 1)[-1].split("@")[0]
    with conn.cursor() as cursor:
        cursor.execute(
            "SELECT contact, extract(epoch from expires - "
            "(now() AT TIME ZONE 'UTC')) FROM location "
            "WHERE username = %s AND expires > now() AT TIME ZONE 'UTC'",
            (user,))
        return {contact: float(left) for contact, left in cursor.fetchall()}


class Poller:
    """Looks at an AOR's bindings every few ms, on a thread of its own."""

    def __init__(self, database: Database, aor: str,
                 period_ms: float = 5.0) -> None:
        self.aor = aor
        self.samples: list[tuple[float, int]] = []   # monotonic s, bindings
        self._database, self._period_s = database, period_ms / 1000
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Poller":
        self._thread.start()
        return self

    def __exit__(self, *_exc: Any) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        with contextlib.closing(self._database.connect()) as conn:
            while not self._stop.is_set():
                count = len(bindings(conn, self.aor))
                self.samples.append((time.monotonic(), count))
                self._stop.wait(self._period_s)

    def unbound_intervals(self, since: float = 0.0
                          ) -> list[tuple[float, float]]:
        """From the first sample without a binding to the next with one."""
        gaps: list[tuple[float, float]] = []
        start: Optional[float] = None
        last = since
        for when, count in list(self.samples):
            if when < since:
                continue
            if count == 0 and start is None:
                start = when
            elif count and start is not None:
                gaps.append((start, when))
                start = None
            last = when
        if start is not None:
            gaps.append((start, last))
        return gaps

    def longest_unbound_s(self, since: float = 0.0) -> float:
        return max((end - start for start, end
                    in self.unbound_intervals(since)), default=0.0)

    def most_bindings(self, since: float = 0.0) -> int:
        """Above 1: the phone would have rung twice."""
        return max((count for when, count in list(self.samples)
                    if when >= since), default=0)


# The cluster's life

@contextlib.contextmanager
def _locked(path: str) -> Iterator[None]:
    with open(path, "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def shared_cluster(run_dir: str) -> Cluster:
    """The run's cluster, made by the first that asks, ended with the run."""
    marker = os.path.join(run_dir, "postgres.port")
    with _locked(os.path.join(run_dir, "postgres.lock")):
        if not os.path.exists(marker):
            port = _launch(run_dir)
            with open(marker, "w", encoding="ascii") as file:
                file.write(str(port))
        with open(marker, encoding="ascii") as file:
            return Cluster(int(file.read()))


def _launch(run_dir: str) -> int:
    """Make a cluster and start it; the port that it listens on."""
    data = os.path.join(run_dir, "postgres")
    account = _account()
    os.mkdir(data, 0o700)
    if account:
        os.chown(data, account["user"], account["group"])
        os.chmod(run_dir, 0o711)
    subprocess.run([binary("initdb"), "-D", data, "-U", "postgres", "-A",
                    "trust", "-E", "UTF8", "--no-locale", "--no-sync"],
                   check=True, capture_output=True, cwd="/", **account)

    port = ports.free_port(ports.CTRL_RANGE)
    log_path = os.path.join(run_dir, "postgres.log")
    with open(log_path, "wb") as log:
        server = subprocess.Popen(
            [binary("postgres"), "-D", data, "-p", str(port),
             "-c", f"listen_addresses={ports.HOST}",
             "-c", "unix_socket_directories=", "-c", "fsync=off",
             "-c", "max_connections=300", "-c", "timezone=UTC"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True, cwd="/", **account)
    _wait_ready(Cluster(port), server, log_path)
    return port


def _wait_ready(cluster: Cluster, server: subprocess.Popen,
                log_path: str) -> None:
    end = time.monotonic() + START_LIMIT_S
    while True:
        try:
            cluster.connect().close()
            return
        except psycopg2.OperationalError:
            if server.poll() is not None or time.monotonic() > end:
                with open(log_path, encoding="utf-8",
                          errors="replace") as log:
                    raise RuntimeError("PostgreSQL does not start:\n"
                                       + log.read()) from None
            time.sleep(0.05)
