"""What `kamrules plugin new` writes: a plug-in that is built, installed, used by a run, and tested."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile

import pytest

from tests.commands import COMMAND, environment, run, start

CUSTOMERS = [
    {"no": "A1", "name": "Acme", "country": "Germany"},
    {"no": "B2", "name": "Bolt", "country": "France"},
]
BOOK = """
[book]
as_of = 2026-06-30
[table.accounts]
from = "our-crm:export/customers"
account = "no"
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Give a folder with the new plug-in, and another into which its wheel has been installed."""
    folder = tmp_path_factory.mktemp("plugin")
    told = start("plugin", "new", "our-crm", cwd=folder)
    assert (told.status, told.out) == (0, ""), told.err
    assert "next: python -m pip install -e kamrules-our-crm; kamrules plugins" in told.err
    pip = [sys.executable, "-m", "pip", "--no-input", "--disable-pip-version-check", "--quiet"]
    wheels, site = folder / "wheels", folder / "site"
    build = ["wheel", "--no-build-isolation", "--no-deps", "--no-index", "--wheel-dir", wheels]
    for words in (
        [*build, folder / "kamrules-our-crm"],
        [
            "install",
            "--no-deps",
            "--no-index",
            "--find-links",
            wheels,
            "--target",
            site,
            "kamrules-our-crm",
        ],
    ):
        done = subprocess.run([*pip, *map(str, words)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    (folder / "export").mkdir()
    (folder / "export" / "customers.json").write_text(json.dumps(CUSTOMERS))
    (folder / "book.toml").write_text(BOOK)
    return folder


def plugged(folder):
    return {"PYTHONPATH": str(folder / "site"), "KAMRULES_LOAD_PLUGINS": "our-crm"}


def test_its_wheel_holds_the_module_and_the_entry_point(installed):
    (wheel,) = (installed / "wheels").glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
        points = next(each for each in names if each.endswith("entry_points.txt"))
        assert "our-crm = kamrules_our_crm" in packed.read(points).decode()
    assert "kamrules_our_crm.py" in names
    assert any(each.endswith("licenses/LICENSE") for each in names)
    assert not any("test" in each for each in names)


def test_it_is_listed_in_use(installed):
    told = start("plugins", "--json", cwd=installed, **plugged(installed))
    (listed,) = (each for each in json.loads(told.out) if each["name"] == "our-crm")
    assert (listed["failure"], listed["sources"], listed["sinks"]) == (
        None,
        ["our-crm"],
        ["our-crm"],
    )
    assert (listed["distribution"], listed["version"]) == ("kamrules-our-crm", "0.1.0")


def test_a_run_reads_its_source_and_writes_to_its_sink(installed):
    told = start("run", "book.toml", "--to", "our-crm:sent.json", "--out", "results",
                 "--format", "csv", cwd=installed, **plugged(installed))  # fmt: skip
    assert told.status == 0, told.err
    sent = json.loads((installed / "sent.json").read_text())
    assert {each["account_id"] for each in sent["decisions"]} == {"A1", "B2"}
    assert "Bolt" in (installed / "results" / "decisions.csv").read_text()


def test_a_book_file_is_proposed_for_its_tables(installed):
    told = start("inspect", "our-crm:export", "--suggest", cwd=installed, **plugged(installed))
    assert told.status == 0, told.err
    assert 'from = "our-crm:export/customers"' in told.out
    assert 'name = "name"' in told.out
    assert 'country = "country"' in told.out


def test_a_missing_table_is_told_at_the_line_of_the_book_file(installed):
    (installed / "bad.toml").write_text(BOOK.replace("customers", "custmers"))
    told = start("inspect", "bad.toml", cwd=installed, **plugged(installed))
    assert told.status == 4
    assert "error[KR622]: there is no `export/custmers`" in told.err
    assert "--> bad.toml:5:" in told.err
    assert "help: did you mean `customers`?" in told.err


def test_its_own_tests_pass(installed):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error"],
        cwd=installed / "kamrules-our-crm",
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "6 passed" in done.stdout


def test_its_code_is_clean_by_the_rules_that_most_use(installed):
    ruff = COMMAND.with_name("ruff")
    told = subprocess.run(
        [ruff, "check", "--isolated", "--select", "E,F,W,I,B,UP,D1", "--ignore", "D103,D100",
         "--line-length", "115",
         "--target-version", "py311", "."],
        cwd=installed / "kamrules-our-crm", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout
    text = (installed / "kamrules-our-crm" / "kamrules_our_crm.py").read_text()
    assert "{{" not in text
    assert "kamrules_api = 2" in text


@pytest.mark.parametrize("licence", ["MIT", "BSD-3-Clause", "proprietary"])
def test_it_carries_the_licence_that_was_asked_for(tmp_path, monkeypatch, licence):
    monkeypatch.chdir(tmp_path)
    told = run("plugin", "new", "x1", "--license", licence, "--holder", "ACME Ltd", "--json")
    assert json.loads(told.out)["folder"] == "kamrules-x1"
    text = (tmp_path / "kamrules-x1" / "LICENSE").read_text()
    assert "Copyright (c) ACME Ltd" in text
    known = {
        "MIT": "MIT License",
        "BSD-3-Clause": "BSD 3-Clause",
        "proprietary": "All rights reserved",
    }
    assert known[licence] in text
    project = (tmp_path / "kamrules-x1" / "pyproject.toml").read_text()
    assert (
        f'license = "{"LicenseRef-Proprietary" if licence == "proprietary" else licence}"'
        in project
    )


@pytest.mark.parametrize(
    ("name", "help_"),
    [
        ("Our_CRM", "did you mean `our-crm`?"),
        ("kamrules-crm", "did you mean `crm`?"),
        ("9lives", None),
        ("x", None),
        ("../evil", "did you mean `evil`?"),
        ("a" * 41, None),
        ("été", None),
    ],
)
def test_a_name_that_will_not_do_is_refused_with_one_that_will(tmp_path, monkeypatch, name, help_):
    monkeypatch.chdir(tmp_path)
    told = run("plugin", "new", name)
    assert told.status == 2
    assert "error[KR691]" in told.err
    assert (f"help: {help_}" in told.err) if help_ else ("help" not in told.err)
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_taken_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = run("plugin", "new", "csv")
    assert (told.status, "error[KR692]" in told.err) == (2, True)


def test_a_folder_in_use_and_a_file_in_its_place_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kamrules-mine").mkdir()
    (tmp_path / "kamrules-mine" / "notes.txt").touch()
    told = run("plugin", "new", "mine")
    assert (told.status, "is not empty: it holds `notes.txt`" in told.err) == (2, True)
    (tmp_path / "there").touch()
    told = run("plugin", "new", "mine", "--out", "there")
    assert (told.status, "is there already, and is no folder" in told.err) == (2, True)
    assert run("plugin", "new", "mine", "--out", "new/place").status == 0
    assert (tmp_path / "new" / "place" / "kamrules_mine.py").exists()
