"""A running Tryton for the tests: its environment, a database with data, its server, and a client."""

from __future__ import annotations

import base64
import contextlib
import datetime
import fcntl
import hashlib
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

PLUGIN = Path(__file__).resolve().parent.parent
ROOT = PLUGIN.parent.parent
BIN = ROOT / ".venv-tryton" / "bin"
SAO = ROOT / "build" / "tryton-sao"
CACHE = ROOT / "build" / "tryton-cache"
DATABASE = "kam"
ADMIN, SECRET = "admin", "adminpw"
USER_SECRET = "key-account-1"
DEADLINE = 120.0


def lacking() -> str | None:
    """Return why these tests cannot run here, None when they can."""
    if not (BIN / "trytond").exists():
        return "there is no Tryton: `make services` makes it"
    return None


def lacking_client() -> str | None:
    """Return why the tests of the web client cannot run here, None when they can."""
    for wanted, mend in (
        (SAO / "web" / "index.html", "make services"),
        (Path("/usr/bin/chromium"), "apt-get install chromium"),
    ):
        if not wanted.exists():
            return f"there is no {wanted.name}: `{mend}` makes it"
    return None


class Place:
    """A folder with a configuration, a database and a password file."""

    def __init__(self, folder: Path, port: int = 0, more: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = port
        (folder / "data").mkdir(exist_ok=True)
        self.database = folder / "data" / f"{DATABASE}.sqlite"
        self.conf = folder / "trytond.conf"
        self.conf.write_text(
            f"[database]\nuri = sqlite://\npath = {folder / 'data'}\n"
            f"[web]\nlisten = 127.0.0.1:{port}\nroot = {SAO / 'web'}\n"
            f"[session]\nauthentications = password\n{more}"
        )
        secret = folder / "secret"
        secret.write_text(SECRET)
        self.environment = {
            **os.environ,
            "TRYTONPASSFILE": str(secret),
            "PYTHONWARNINGS": "ignore",
        }

    def run(self, command: str, *arguments: str, check: bool = True) -> str:
        """Run a command of the environment and return all that it says."""
        done = subprocess.run(
            [str(BIN / command), *arguments],
            env=self.environment,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"{command} {' '.join(arguments)}\n{done.stdout[-6000:]}")
        return done.stdout

    def admin(self, *arguments: str) -> str:
        """Run trytond-admin on the database."""
        return self.run("trytond-admin", "-c", str(self.conf), "-d", DATABASE, *arguments)

    def cron(self) -> str:
        """Run what is scheduled and due, once."""
        return self.run("trytond-cron", "-c", str(self.conf), "-d", DATABASE, "-1", "-v")


def seeded() -> Path:
    """Return a database with module and data, made when there is none of these files and this week."""
    sources = [*PLUGIN.glob("trytond_kamrules/**/*"), Path(__file__).parent / "seed.py"]
    digest = hashlib.sha256(str(datetime.date.today().isocalendar()[:2]).encode())
    for each in sorted(sources):
        if each.is_file() and each.suffix in {".py", ".xml", ".cfg", ".po"}:
            digest.update(each.read_bytes())
    installed = [each.name for each in BIN.parent.glob("lib/*/site-packages/trytond*.dist-info")]
    digest.update(str(sorted(installed)).encode())
    CACHE.mkdir(parents=True, exist_ok=True)
    found = CACHE / f"{digest.hexdigest()[:16]}.sqlite"
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not found.exists():
            for old in (*CACHE.glob("*.sqlite"), *CACHE.glob("*.checked"), *CACHE.glob("making")):
                shutil.rmtree(old) if old.is_dir() else old.unlink()
            place = Place(CACHE / "making")
            place.database.write_bytes(b"")
            place.admin("--all", "--email", "admin@example.com")
            place.admin("-u", "kamrules", "--activate-dependencies", "-l", "zh_CN")
            place.run("python", str(Path(__file__).parent / "seed.py"), str(place.conf), DATABASE)
            shutil.copy(place.database, found)
            shutil.rmtree(place.folder)
    return found


@contextlib.contextmanager
def serving(folder: Path, more: str = ""):
    """Serve a copy of the seeded database on loopback; yield the server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    place = Place(folder, port, more)
    shutil.copy(seeded(), place.database)
    log = (folder / "log").open("wb")
    process = subprocess.Popen(
        [str(BIN / "trytond"), "-c", str(place.conf), "-d", DATABASE],
        env=place.environment,
        cwd=folder,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        server = Server(place)
        server.wait(process)
        yield server
    finally:
        process.terminate()
        process.wait(30)
        log.close()


class Server:
    """A running server; `as_user` logs in to it."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.base = f"http://127.0.0.1:{place.port}"

    def wait(self, process) -> None:
        """Wait until it answers."""
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise AssertionError((self.place.folder / "log").read_text()[-4000:])
            try:
                urllib.request.urlopen(f"{self.base}/", timeout=5).close()
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
            else:
                return
        raise AssertionError("Tryton did not answer in time")

    def as_user(self, login: str, secret: str = USER_SECRET) -> Client:
        """Return a client logged in."""
        return Client(self.base, login, secret)

    def as_admin(self) -> Client:
        """Return a client of the administrator."""
        return Client(self.base, ADMIN, SECRET)


class Refused(Exception):  # noqa: N818  what the server says, not a defect
    """What Tryton refused, in its words."""


class Client:
    """Calls models over JSON-RPC, as the web client does."""

    def __init__(self, base: str, login: str, secret: str) -> None:
        self.url = f"{base}/{DATABASE}/rpc/"
        self.authorization = None
        user, session, *_ = self._post("common.db.login", [login, {"password": secret}])
        token = base64.b64encode(f"{login}:{user}:{session}".encode()).decode()
        self.authorization = f"Session {token}"
        self.context = self._post("model.res.user.get_preferences", [True, {}])

    def _post(self, method, arguments):
        body = json.dumps({"id": 1, "method": method, "params": arguments}, default=_written)
        headers = {"Content-Type": "application/json"}
        if self.authorization is not None:
            headers["Authorization"] = self.authorization
        request = urllib.request.Request(self.url, body.encode(), headers)
        with urllib.request.urlopen(request, timeout=120) as answer:
            said = json.loads(answer.read(), object_hook=_read)
        if isinstance(said, dict) and said.get("error"):
            raise Refused(json.dumps(said["error"], ensure_ascii=False, default=str))
        return said["result"] if isinstance(said, dict) else said

    def call(self, model, method, *arguments, **context):
        """Call a method of a model and return what it does."""
        return self._post(f"model.{model}.{method}", [*arguments, {**self.context, **context}])

    def rows(self, model, domain, *names):
        """Return records as dicts."""
        return self.call(model, "search_read", domain, 0, None, None, ["id", *names])

    def one(self, model, domain, *names):
        """Return the only record."""
        (found,) = self.rows(model, domain, *names)
        return found

    def create(self, model, **values):
        """Create a record and return its id."""
        (found,) = self.call(model, "create", [values])
        return found

    def write(self, model, one, **values):
        """Write a record."""
        self.call(model, "write", [one], values)

    def wizard(self, name, state, **context):
        """Return the defaults of a wizard's first form."""
        session, start, _ = self._post(f"wizard.{name}.create", [self.context])
        found = self._post(
            f"wizard.{name}.execute", [session, {}, start, {**self.context, **context}]
        )
        assert start == state
        return found["view"]["defaults"]


def _written(value):
    if isinstance(value, datetime.date):
        return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}
    raise TypeError(value)


def _read(found):
    match found.get("__class__"):
        case "date":
            return datetime.date(found["year"], found["month"], found["day"])
        case "Decimal":
            return found["decimal"]
    return found
