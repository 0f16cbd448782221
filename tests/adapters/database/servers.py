"""The database servers of the tests: PostgreSQL from a wheel, MariaDB from the system, both on loopback."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.engines.sql.postgres import NOBODY, free_port, postgres_on_loopback

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["PASSWORD", "MariaDB", "mariadb", "mariadb_here", "postgres_on_loopback"]

PASSWORD = "s3cr:t/p@ss%w&rd"
"""It has every sign that means something in a URL."""
PATIENCE = 60
SETTINGS = (
    "--no-defaults", "--skip-log-bin", "--innodb-flush-log-at-trx-commit=2",
    "--innodb-doublewrite=0", "--innodb-buffer-pool-size=64M", "--skip-name-resolve",
    "--default-time-zone=+03:00", "--bind-address=127.0.0.1",
)  # fmt: skip


def mariadb_here() -> bool:
    """Return whether this machine has the programs of MariaDB's server."""
    return shutil.which("mariadb-install-db") is not None and _daemon() is not None


def _daemon() -> str | None:
    return shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin:/usr/local/sbin")


@contextmanager
def mariadb(password: str) -> Iterator[MariaDB]:
    """Start a MariaDB on a free port of 127.0.0.1, where user `tester` needs a password."""
    with tempfile.TemporaryDirectory(prefix="kr-", ignore_cleanup_errors=True) as name:
        server = MariaDB(Path(name), password)
        server.start()
        try:
            yield server
        finally:
            server.stop()


class MariaDB:
    """A server in a folder, with a database `crm`."""

    def __init__(self, folder: Path, password: str) -> None:
        self.folder = folder
        self.password = password
        self.port = free_port()
        self.data = folder / "data"
        self.socket = folder / "s"
        self.process: subprocess.Popen[bytes] | None = None
        # the server refuses to run as root
        self.user = (
            {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        )
        if self.user:
            os.chown(folder, NOBODY, NOBODY)

    def start(self) -> None:
        """Make the server's files, start it, and let the user in."""
        made = subprocess.run(
            ["mariadb-install-db", "--no-defaults", f"--datadir={self.data}", "--skip-test-db",
             "--auth-root-authentication-method=normal"],
            cwd=self.folder, capture_output=True, text=True, check=False, **self.user,
        )  # fmt: skip
        assert made.returncode == 0, made.stdout + made.stderr
        quoted = self.password.replace("\\", "\\\\").replace("'", "''")
        first = self.folder / "first.sql"
        first.write_text(
            "CREATE DATABASE crm CHARACTER SET utf8mb4;\n"
            f"CREATE USER tester@'127.0.0.1' IDENTIFIED BY '{quoted}';\n"
            "GRANT ALL ON *.* TO tester@'127.0.0.1' WITH GRANT OPTION;\n",
            encoding="utf-8",
        )
        if self.user:
            os.chown(first, NOBODY, NOBODY)
        self.begin(f"--init-file={first}")

    def begin(self, *more: str) -> None:
        """Start a server whose files are there, and wait until it answers."""
        daemon = _daemon()
        assert daemon is not None
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [daemon, *SETTINGS, f"--datadir={self.data}", f"--socket={self.socket}",
                 f"--pid-file={self.folder / 'pid'}", f"--port={self.port}", *more],
                cwd=self.folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL, **self.user,
            )  # fmt: skip
        until = time.monotonic() + PATIENCE
        while not self._answers():
            told = (self.folder / "log").read_text(encoding="utf-8", errors="replace")
            assert self.process.poll() is None, told
            assert time.monotonic() < until, told
            self._wait()

    def _wait(self) -> None:
        assert self.process is not None
        try:
            self.process.wait(0.05)
        except subprocess.TimeoutExpired:
            return

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1):
                return True
        except OSError:
            return False

    def stop(self) -> None:
        """Kill it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
