"""Every example of docs/plugins.md is a module that is installed as a plug-in and seen to do what it says."""

from __future__ import annotations

import hashlib
import hmac
import inspect
import json
import re
from pathlib import Path

import pytest

from kamrules import hookspecs
from kamrules.contracts import WebhookRefusedError, WebhookRequest
from kamrules.plugins import Plugins
from tests.commands import start

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
EXAMPLES = {
    re.match(r"# (kamrules_\w+)\.py", code)[1]: code
    for code in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
}
HOOKS = [name for name, each in vars(hookspecs).items() if hasattr(each, "kamrules_spec")]
BOOK = """
[book]
as_of = 2026-06-30
[table.accounts]
from = "csv:accounts.csv"
[table.orders]
from = "csv:orders.csv"
"""


@pytest.fixture
def plugged(tmp_path):
    """Return a function that installs an example and returns the environment in which it is found."""

    def install(module):
        site = tmp_path / "site"
        info = site / "example-1.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: example\nVersion: 1\n")
        (info / "entry_points.txt").write_text(f"[kamrules]\nexample = {module}\n")
        (site / f"{module}.py").write_text(EXAMPLES[module], encoding="utf-8")
        return {
            "PYTHONPATH": str(site),
            "PYTHONDONTWRITEBYTECODE": "1",
            "KAMRULES_LOAD_PLUGINS": "example",
        }

    return install


@pytest.fixture
def book(tmp_path):
    """Write a book of two accounts, and return its file."""
    (tmp_path / "accounts.csv").write_text("account_id,name,vat\nA1,Acme,DE1\nB2,Bolt,FR2\n")
    (tmp_path / "orders.csv").write_text("account_id,date,amount\nA1,2026-05-01,90000\n")
    path = tmp_path / "book.toml"
    path.write_text(BOOK)
    return path


def did(*words, cwd, **environ):
    """Start the installed command, and return what it told when it did what it should."""
    told = start(*words, cwd=cwd, **environ)
    assert told.status == 0, told.err
    assert "warning[KR70" not in told.err
    return told


def test_every_hook_has_an_example_of_a_few_lines():
    missing = [
        each for each in HOOKS if not any(f"def {each}(" in code for code in EXAMPLES.values())
    ]
    assert missing == []
    assert all(f"`{each}`" in PAGE for each in HOOKS)
    assert all(len(code.strip().splitlines()) <= 36 for code in EXAMPLES.values())


def test_every_example_has_a_test_here():
    tests = "".join(
        inspect.getsource(each) for name, each in globals().items() if name.startswith("test_")
    )
    assert [each for each in EXAMPLES if f'"{each}"' not in tests] == []


@pytest.mark.parametrize("module", EXAMPLES)
def test_an_example_is_loaded_without_a_complaint(module, plugged, tmp_path):
    if module == "kamrules_pharma":
        (tmp_path / "site" / "pharma").mkdir(parents=True)
    told = start("plugins", "--json", cwd=tmp_path, **plugged(module))
    assert (told.status, told.err) == (0, "")
    (listed,) = (each for each in json.loads(told.out) if each["name"] == "example")
    assert listed["failure"] is None
    assert set(listed["hooks"]) == set(re.findall(r"@hookimpl\ndef (\w+)\(", EXAMPLES[module]))


def test_a_source_reads_notes_and_lists_them(plugged, tmp_path):
    environ = plugged("kamrules_memo")
    (tmp_path / "customers.md").write_text(
        "| account_id | name |\n|---|---|\n| A1 | Acme |\n| B2 | Bolt |\n"
    )
    (tmp_path / "book.toml").write_text(
        '[book]\nas_of = 2026-06-30\n[table.accounts]\nfrom = "memo:customers.md"\n'
    )
    told = did("inspect", "book.toml", cwd=tmp_path, **environ)
    assert "2 of 2 rows in use" in told.out
    told = did("inspect", "memo:", "--suggest", cwd=tmp_path, **environ)
    assert 'from = "memo:customers.md"' in told.out
    (tmp_path / "book.toml").write_text('[table.accounts]\nfrom = "memo:gone.md"\n')
    told = start("inspect", "book.toml", cwd=tmp_path, **environ)
    assert "error[KR622]: there is no note `gone.md`\n --> book.toml:2:8" in told.err


def test_a_sink_gets_the_actions_of_a_run(plugged, book, tmp_path):
    did("run", book.name, "--to", "letters:actions.txt", "--out", "results", "--format", "csv",
        cwd=tmp_path, **plugged("kamrules_letters"))  # fmt: skip
    lines = (tmp_path / "actions.txt").read_text(encoding="utf-8").splitlines()
    proposed = (
        (tmp_path / "results" / "actions.csv").read_text(encoding="utf-8").count(",proposed,")
    )
    assert len(lines) == proposed > 0
    assert {each.partition(":")[0] for each in lines} <= {"A1", "B2"}


def test_a_form_of_files_is_written(plugged, book, tmp_path):
    did("run", book.name, "--format", "count", "--out", "results",
        cwd=tmp_path, **plugged("kamrules_count"))  # fmt: skip
    assert "decisions 2\n" in (tmp_path / "results" / "counts.txt").read_text()


def test_a_ruleset_is_found_by_its_name(plugged, book, tmp_path):
    environ = plugged("kamrules_pharma")
    folder = tmp_path / "site" / "pharma"
    folder.mkdir()
    (folder / "ruleset.toml").write_text(
        '[ruleset]\nname = "pharma"\nversion = "1"\nextends = ["kam"]\n'
    )
    told = did("run", book.name, "--ruleset", "pharma", "--out", "results", cwd=tmp_path, **environ)
    assert "by pharma 1" in told.out + told.err


def test_a_function_decides_in_rules(plugged, book, tmp_path):
    (tmp_path / "ours.toml").write_text(
        """[ruleset]
name = "ours"
version = "1"
[table.accounts.column]
name = { type = "text" }
vat = { type = "text" }
[class.german]
when = ["vat_country(vat) == 'DE'"]
[class.other]
when = ["vat_country(vat) != 'DE'"]
"""
    )
    environ = plugged("kamrules_vat")
    did("run", book.name, "--ruleset", "ours.toml", "--out", "results", "--format", "csv",
        cwd=tmp_path, **environ)  # fmt: skip
    decided = (tmp_path / "results" / "decisions.csv").read_text(encoding="utf-8")
    assert re.search(r"^A1,.*german", decided, re.MULTILINE)
    assert re.search(r"^B2,.*other", decided, re.MULTILINE)
    facts = '{"account_id": "C3", "vat": "de77"}'
    told = start("decide", "-", "--ruleset", "ours.toml", "--as-of", "2026-06-30",
                 cwd=tmp_path, stdin=facts, **environ)  # fmt: skip
    assert json.loads(told.out)["class"] == "german"


def test_a_webhook_is_believed_by_its_signature(tmp_path, monkeypatch):
    (tmp_path / "kamrules_knock.py").write_text(EXAMPLES["kamrules_knock"], encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    plugins = Plugins()
    assert plugins.add(__import__("kamrules_knock")).failure is None
    body = json.dumps({"id": "7", "customer": "A1", "day": "2026-06-01", "net": 12.5}).encode()
    signature = hmac.new(b"secret", body, hashlib.sha256).hexdigest()

    def told(signed):
        request = WebhookRequest("POST", "/hooks/knock", {"x-knock": signed}, body, 0.0)
        return plugins.webhooks["knock"](request, "secret")

    (event,) = told(signature)
    assert (event["key"], event["table"], event["row"]["amount"]) == ("7", "orders", 12.5)
    with pytest.raises(WebhookRefusedError, match="the signature is wrong"):
        told("0" * 64)


def test_an_engine_decides_a_book_as_the_built_in_one_does(plugged, book, tmp_path):
    environ = plugged("kamrules_careful")
    words = ("run", book.name, "--format", "csv", "--out")
    did(*words, "results", "--engine", "careful", "--engine-option", "memory=500MB",
        cwd=tmp_path, **environ)  # fmt: skip
    did(*words, "expected", cwd=tmp_path, **environ)
    for name in ("decisions.csv", "actions.csv"):
        ours, theirs = (tmp_path / each / name for each in ("expected", "results"))
        assert theirs.read_bytes() == ours.read_bytes()
    assert json.loads((tmp_path / "results" / "run.json").read_text())["engine"] == "careful"
    told = start(*words, "results", "--engine", "carefull", cwd=tmp_path, **environ)
    assert (told.status, "did you mean `--engine careful`?" in told.err) == (2, True)


def test_what_a_plug_in_knows_of_columns_is_proposed(plugged, tmp_path):
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "KUNDST.csv").write_text(
        "KDNR,BEZ1,UMSATZ_T,X9\n" + "".join(f"7{n},Firma {n},{n}000,z\n" for n in range(10, 30))
    )
    told = did("inspect", "export", "--suggest", cwd=tmp_path, **plugged("kamrules_legacy"))
    assert 'account = "KDNR"' in told.out
    assert '\nname = "BEZ1"' in told.out
    assert '\nannual_revenue = { column = "UMSATZ_T", times = 1_000 }' in told.out
    without = start("inspect", "export", "--suggest", cwd=tmp_path)
    assert (without.status, "KDNR" in without.out.partition("# Tables that are none")[0]) == (
        1,
        False,
    )


def test_an_owner_is_named_when_an_account_is_explained(plugged, book, tmp_path):
    told = did("explain", book.name, "A1", cwd=tmp_path, **plugged("kamrules_people"))
    assert "Ines Aguilar" in told.out


def test_a_section_stands_in_the_report_of_a_run(plugged, book, tmp_path):
    told = did("run", book.name, "--out", "results", "--format", "csv",
               cwd=tmp_path, **plugged("kamrules_owners"))  # fmt: skip
    assert "Work by role" in told.out + told.err
    report = json.loads((tmp_path / "results" / "run.json").read_text(encoding="utf-8"))
    assert "Work by role" in json.dumps(report)


def test_a_diary_is_kept_of_a_run_that_succeeds_and_of_one_that_fails(plugged, book, tmp_path):
    environ = plugged("kamrules_diary")
    did("run", book.name, "--out", "results", cwd=tmp_path, **environ)
    (tmp_path / "orders.csv").write_text("account_id,date,amount\nA1,nonsense,90000\n")
    assert start("run", book.name, "--out", "results", cwd=tmp_path, **environ).status == 4
    assert (tmp_path / "diary.txt").read_text(encoding="utf-8").splitlines() == [
        f"started kam on {book.name}",
        "decided 2 accounts",
        "finished 2 accounts in results",
        f"started kam on {book.name}",
        "failed: DataError",
    ]


def test_a_secret_opens_a_source_and_is_told_to_nobody(plugged, tmp_path):
    environ = plugged("kamrules_locked")
    (tmp_path / "book.toml").write_text(
        '[table.accounts]\nfrom = "locked:all"\noptions = { token = "${env:CRM_TOKEN}" }\n'
    )
    did("inspect", "book.toml", cwd=tmp_path, CRM_TOKEN="open sesame", **environ)
    told = start("inspect", "book.toml", cwd=tmp_path, CRM_TOKEN="swordfish-17", **environ)
    assert told.status == 4
    assert "the token *** is wrong" in told.err
    assert "swordfish" not in told.err + told.out
