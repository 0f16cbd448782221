"""What becomes of the proposals of plug-ins: the surer one counts, and nonsense is told."""

from __future__ import annotations

import pytest

from kamrules import hookimpl
from kamrules.contracts import Proposal
from kamrules.plugins import Plugins
from kamrules.plugins.manager import BUILT_IN
from kamrules.workbench.mapping import suggest


class Knowing:
    """A plug-in that proposes what it is told to, and keeps what it was shown."""

    kamrules_api = 2

    def __init__(self, *answers):
        self.answers, self.seen = answers, ()

    @hookimpl
    def propose_mapping(self, tables):
        self.seen = tuple(tables)
        return list(self.answers)


@pytest.fixture
def asked(tmp_path, vocabulary, monkeypatch):
    """Return a function that proposes a book for two small tables, with a plug-in that answers so."""
    (tmp_path / "customers.csv").write_text(
        "customer_no,company,crm_rev,sector\nC1,Acme,10,retail\nC2,Bolt,20,food\n"
    )
    (tmp_path / "zzz.csv").write_text("wo,wann\nC1,2026-01-01\nC2,2026-02-01\n")
    monkeypatch.chdir(tmp_path)

    def ask(*answers):
        plugins = Plugins.load({"KAMRULES_LOAD_PLUGINS": ""})
        assert "csv" in BUILT_IN
        knowing = Knowing(*answers)
        assert plugins.add(knowing).failure is None
        return suggest(".", vocabulary, plugins), knowing

    return ask


def pair(told, table, column):
    (one,) = (each for each in told.suggestion.tables if each.table == table)
    return next(each for each in one.pairs if each.column == column)


def test_a_plug_in_sees_tables_columns_and_values(asked):
    _, knowing = asked()
    (seen,) = (each for each in knowing.seen if each.name == "customers")
    assert (seen.uri, seen.rows) == ("csv:customers.csv", 2)
    (sector,) = (each for each in seen.columns if each.name == "sector")
    assert (sector.examples, sector.filled, sector.distinct) == (("retail", "food"), 1.0, 2)


def test_what_only_a_plug_in_knows_is_proposed(asked):
    told, _ = asked(
        Proposal("accounts", "potential", "customers", "crm_rev", 0.9, "ours", {"times": 1000})
    )
    assert '\npotential = { column = "crm_rev", times = 1_000 }' in told.text


def test_a_whole_table_may_be_known_to_a_plug_in_alone(asked):
    told, _ = asked(
        Proposal("activities", "account_id", "zzz", "wo", 0.95, "ours"),
        Proposal("activities", "date", "zzz", "wann", 0.95, "ours"),
    )
    assert "[table.activities]" in told.text
    assert 'from = "csv:zzz.csv"\naccount = "wo"' in told.text
    assert '\ndate = "wann"' in told.text


def test_the_surer_proposal_for_a_column_counts(asked):
    told, _ = asked(Proposal("accounts", "industry", "customers", "crm_rev", 0.3, "a guess"))
    assert pair(told, "accounts", "industry").source == "sector"
    told, _ = asked(Proposal("accounts", "industry", "customers", "crm_rev", 0.99, "sure"))
    assert pair(told, "accounts", "industry").source == "crm_rev"


def test_what_a_plug_in_is_unsure_of_is_left_to_the_user(asked):
    told, _ = asked(Proposal("accounts", "budget", "customers", "crm_rev", 0.5, "perhaps"))
    assert '# budget = "crm_rev"' in told.text
    assert "# unsure (50 %): perhaps" in told.text


@pytest.mark.parametrize(
    ("proposal", "why"),
    [
        (Proposal("acounts", "name", "customers", "company", 0.9, ""), "did it mean `accounts`?"),
        (Proposal("accounts", "nonsense", "customers", "company", 0.9, ""), "no such column"),
        (
            Proposal("accounts", "name", "nowhere", "company", 0.9, ""),
            "there is no table `nowhere`",
        ),
        (Proposal("accounts", "name", "customers", "nothing", 0.9, ""), "has no such column"),
        (Proposal("accounts", "name", "customers", "company", 90, ""), "from 0 to 1"),
        (Proposal("accounts", "name", "customers", "company", 0.9, "", {"plus": 1}), "no `plus`"),
    ],
)
def test_a_proposal_about_what_there_is_not_is_told_and_left_out(asked, proposal, why):
    told, _ = asked(proposal)
    (warning,) = (each for each in told.warnings if each.code == "KR687")
    assert why in warning.message
    assert pair(told, "accounts", "name").source == "company"


def test_an_answer_that_is_none_is_told(asked):
    told, _ = asked("no proposal at all")
    assert [each.code for each in told.warnings] == ["KR703"]
