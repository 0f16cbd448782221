"""docs/embedding.md holds: each of its blocks runs inside the framework it is for."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "embedding.md").read_text(encoding="utf-8")
PARTS = {
    part.partition("\n")[0]: re.findall(r"```python\n(.*?)```", part, re.DOTALL)
    for part in PAGE.split("\n## ")[1:]
}
"""The Python of each part of the page by its title."""

ACCOUNTS = """\
account_id,name,annual_revenue
A1,Northwind,180000000
A2,Corner shop,90000
A3,Unknown Ltd,
"""
ORDERS = """\
account_id,date,amount,margin
A1,2026-02-11,900000,250000
A1,2026-05-04,700000,190000
A3,2026-05-20,1200,300
"""


def block(title):
    (code,) = PARTS[title]
    return code


@pytest.fixture
def folder(tmp_path):
    """Return a folder with a small book in it."""
    book = tmp_path / "book"
    book.mkdir()
    (book / "accounts.csv").write_text(ACCOUNTS)
    (book / "orders.csv").write_text(ORDERS)
    return tmp_path


def python(folder, *words):
    """Run a program in a process of its own, as its user would, warnings being errors; return its output."""
    command = [sys.executable, "-W", "error", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return done.stdout


@pytest.mark.parametrize("title", [each for each, code in PARTS.items() if code])
def test_a_block_has_fewer_than_fifteen_lines(title):
    assert sum(bool(each.strip()) for each in block(title).splitlines()) < 15


def test_the_page_embeds_in_scripts_a_view_two_notebooks_processes_and_threads():
    assert [each for each, code in PARTS.items() if code] == [
        "A script",
        "A Django view",
        "Accounts from a file, one after another",
        "A cell of a notebook, with pandas",
        "The same with polars",
        "Several processes",
        "Several threads",
    ]


def test_the_script_prints_what_to_do_first_for_each_account(folder):
    (folder / "decide_all.py").write_text(block("A script"))
    lines = python(folder, "decide_all.py").splitlines()
    assert {line.split()[0] for line in lines} <= {"A1", "A2", "A3"}
    assert any(line.startswith("A1 ") and "2026-" in line for line in lines)


DJANGO = """\
import json, sys
import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["testserver"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["crm"],
    ROOT_URLCONF="urls",
    SECRET_KEY="for this test only",
    USE_TZ=True,
)
django.setup()

from crm.models import Customer, Order
from django.db import connection
from django.test import Client

with connection.schema_editor() as editor:
    editor.create_model(Customer)
    editor.create_model(Order)
customer = Customer.objects.create(revenue="180000000.00")
customer.orders.create(date="2026-02-11", amount="900000.00", margin="250000.00")
customer.orders.create(date="2026-05-04", amount="700000.00", margin=None)
answers = [Client().get(f"/customers/{pk}/actions/2026-06-30/") for pk in (customer.pk, 99)]
print(json.dumps([[each.status_code, each.content.decode()] for each in answers]))
"""
MODELS = """\
from django.db import models


class Customer(models.Model):
    revenue = models.DecimalField(max_digits=18, decimal_places=2, null=True)


class Order(models.Model):
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="orders")
    date = models.DateField()
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    margin = models.DecimalField(max_digits=18, decimal_places=2, null=True)
"""
URLS = """\
from crm.views import next_actions
from django.urls import path

urlpatterns = [path("customers/<int:pk>/actions/<str:day>/", next_actions)]
"""


def test_the_view_answers_a_request_to_django_with_the_decision(folder):
    crm = folder / "crm"
    crm.mkdir()
    (crm / "__init__.py").write_text("")
    (crm / "models.py").write_text(MODELS)
    (crm / "views.py").write_text(block("A Django view"))
    (folder / "urls.py").write_text(URLS)
    (folder / "site_under_test.py").write_text(DJANGO)
    found, missing = json.loads(python(folder, "site_under_test.py"))
    assert missing[0] == 404
    assert found[0] == 200
    decision = json.loads(found[1])
    assert (decision["account_id"], decision["class"]) == ("1", "key")
    assert any(each["status"] == "proposed" for each in decision["actions"])


def test_the_stream_decides_each_line_and_names_those_that_cannot_be_decided(folder):
    (folder / "stream.py").write_text(block("Accounts from a file, one after another"))
    lines = [
        {"account_id": "A1", "annual_revenue": 180_000_000},
        {"account_id": "A2", "annual_revenue": "much"},
        {"account_id": "A3"},
    ]
    (folder / "accounts.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in lines))
    done = subprocess.run(
        [sys.executable, "stream.py"], cwd=folder, capture_output=True, text=True, check=True
    )
    assert [each.split()[:2] for each in done.stdout.splitlines()] == [
        ["A1", "prospect"],
        ["A3", "prospect"],
    ]
    assert "account 2, `A2`: `annual_revenue` is a number" in done.stderr


@pytest.mark.parametrize("title", ["A cell of a notebook, with pandas", "The same with polars"])
def test_the_cell_of_a_notebook_counts_the_pyramid(folder, monkeypatch, title):
    monkeypatch.chdir(folder)
    cell = {}
    exec(compile(block(title), title, "exec"), cell)
    counted = cell["pyramid"]
    found = counted.to_dict() if hasattr(counted, "to_dict") and "pandas" in title else None
    assert (found or dict(counted.iter_rows())) == {"key": 1, "unattractive": 1, "ordinary": 1}
    assert set(cell["actions"]["account_id"]) <= {"A1", "A2", "A3"}


def test_several_processes_decide_as_one_does(folder):
    (folder / "many.py").write_text(block("Several processes"))
    (folder / "main.py").write_text(
        textwrap.dedent("""\
        from kamrules import compile_ruleset, decide, load_ruleset
        from many import decide_all

        if __name__ == "__main__":
            accounts = [{"account_id": f"A{n}", "annual_revenue": n * 1_000_000} for n in range(600)]
            program = compile_ruleset(load_ruleset("kam"))
            alone = [decide(program, each, as_of="2026-06-30") for each in accounts]
            print(decide_all(accounts) == alone, len({each.class_ for each in alone}))
        """)
    )
    same, classes = python(folder, "main.py").split()
    assert same == "True"
    assert int(classes) > 1


def test_several_threads_decide_all_accounts_in_order():
    cell = {}
    exec(compile(block("Several threads"), "threads", "exec"), cell)
    assert [each.account_id for each in cell["decisions"]] == [f"A{n}" for n in range(100)]
