"""Importing kamrules costs little and does nothing to the program that imports it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

STATE = """
import atexit, json, locale, logging, os, random, signal, sys, threading, time, warnings

def state():
    return {
        "threads": [each.name for each in threading.enumerate()],
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "files": sorted(os.listdir()),
        "descriptors": sorted(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else [],
        "logging": [logging.root.level, repr(logging.root.handlers), logging.root.manager.disable],
        "loggers that write": [
            name for name, each in logging.root.manager.loggerDict.items()
            if getattr(each, "handlers", []) and name != "py.warnings"
        ],
        "warnings": repr(warnings.filters),
        "signals": repr([signal.getsignal(each) for each in sorted(signal.valid_signals())]),
        "at exit": atexit._ncallbacks(),
        "path": sys.path,
        "hooks": repr([sys.excepthook, sys.displayhook, threading.excepthook, sys.meta_path]),
        "limits": [sys.getrecursionlimit(), sys.getswitchinterval()],
        "random": random.getstate()[1][:5],
        "locale": locale.setlocale(locale.LC_ALL),
        "output": [id(sys.stdout), id(sys.stderr)],
    }

before = json.loads(json.dumps(state()))
begun = time.perf_counter()
{code}
took = time.perf_counter() - begun
after = json.loads(json.dumps(state()))
print(json.dumps([took, {key: [before[key], after[key]] for key in before if before[key] != after[key]}]))
"""

DECIDING = """\
from kamrules import compile_ruleset, decide, load_ruleset
decide(compile_ruleset(load_ruleset("kam")), {"account_id": "A"}, as_of="2026-06-30")
"""
BREAKING = """\
import logging, os, signal, threading, warnings
os.environ["A_B"] = "c"
logging.basicConfig()
warnings.simplefilter("ignore")
signal.signal(signal.SIGUSR1, lambda *_: None)
threading.Thread(target=threading.Event().wait, daemon=True).start()
open("left", "w").close()
"""


def ran(folder, code):
    """Return how long code took in a fresh interpreter, in seconds, and what it changed there."""
    command = [sys.executable, "-W", "error", "-c", STATE.replace("{code}", code)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return json.loads(done.stdout)


def test_importing_kamrules_takes_less_than_150_milliseconds(tmp_path):
    # the machine may be busy with other things; the quickest of five tells what it takes
    assert min(ran(tmp_path, "import kamrules")[0] for _ in range(5)) < 0.150


@pytest.mark.parametrize("code", ["import kamrules", DECIDING], ids=["importing", "deciding"])
def test_nothing_changes_in_a_program_by(tmp_path, code):
    assert ran(tmp_path, code)[1] == {}


def test_importing_all_of_the_public_api_starts_nothing(tmp_path):
    code = "import kamrules; [getattr(kamrules, name) for name in kamrules.__all__]"
    # DuckDB and others that are imported then tidy up at the end
    assert ran(tmp_path, code)[1].keys() <= {"at exit"}


def test_a_change_would_be_seen(tmp_path):
    told = {"environment", "logging", "warnings", "signals", "threads", "files"}
    assert ran(tmp_path, BREAKING)[1].keys() == told
