"""What the tests of this plug-in share: modules with sources, a server, the installed command."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import textwrap
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

# It need not be installed for its tests.
HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE))

COMMAND = Path(sys.executable).parent / "kamrules"
_NUMBERS = itertools.count(1)

RULES = """
[ruleset]
name = "small"
version = "1"
[table.accounts.column]
name = { type = "text" }
revenue = { type = "money" }
[table.orders.column]
date = { type = "date" }
amount = { type = "money" }
[fact.revenue_12m]
type = "money"
value = "sum(orders.amount)"
[class.key]
title = "Key"
level = 2
when = ["revenue >= 100"]
[class.ordinary]
title = "Ordinary"
level = 1
when = ["revenue < 100"]
[role.manager]
title = "Manager"
[action.visit]
title = "Visit {name}"
when = ["class == 'key'"]
priority = "50"
owner = "manager"
due_days = 7
effort_hours = 2
cooldown_days = 0
because = "{name} is key."
"""
"""A ruleset by which accounts with a revenue of 100 are visited; others get no action."""


def write_module(folder, code):
    """Write a module that no other test has, and return its name."""
    name = f"sources_{os.getpid()}_{next(_NUMBERS)}"
    (folder / f"{name}.py").write_text(textwrap.dedent(code), encoding="utf-8")
    return name


def environment(folder, **more):
    """Return the environment in which the installed command finds the plug-in, and a home that is empty."""
    site, home = folder / "site", folder / "home"
    info = site / "kamrules_dlt-0.1.0.dist-info"
    if not info.exists():
        info.mkdir(parents=True)
        home.mkdir()
        (info / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: kamrules-dlt\nVersion: 0.1.0\n"
        )
        (info / "entry_points.txt").write_text("[kamrules]\ndlt = kamrules_dlt\n")
    dropped = ("KAMRULES_", "RUNTIME__", "LOAD__")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(dropped)}
    return {
        **kept,
        "COLUMNS": "100",
        "DLT_DATA_DIR": str(home),
        "HOME": str(home),
        "KAMRULES_LOAD_PLUGINS": "kamrules-dlt",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": f"{site}{os.pathsep}{HERE}",
        **more,
    }


def start(folder, *words, command=COMMAND, **more):
    """Start the installed command, or another, in a folder with the plug-in, and wait for it."""
    return subprocess.run(
        [str(command), *map(str, words)],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        env=environment(folder.parent, **more),
        check=False,
    )


@contextmanager
def server(answer):
    """Run a server on loopback, which answers a path and its headers by (status, headers, body)."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, headers, body = answer(self.path, self.headers)
            self.send_response(status)
            for key, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.server_address[1]}"
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()
