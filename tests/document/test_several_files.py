"""Several files make one ruleset; what is defined in two of them is told with both places."""

from __future__ import annotations

from kamrules.diagnostics import RulesetError
from kamrules.document import load_ruleset
from tests.document.rulesets import HEADER, marked, refused, write

CONTACTS = '[table.contacts]\norder = "met_on"\n'
COLUMNS = '[table.contacts.column]\nmet_on = { type = "date" }\n'


def test_tables_merge_when_their_keys_differ(tmp_path):
    write(
        tmp_path, a=HEADER, b=COLUMNS, c=CONTACTS + '[table.contacts.column.name]\ntype = "text"\n'
    )
    table = load_ruleset(tmp_path).model.table["contacts"]
    assert (table.order, list(table.column)) == ("met_on", ["met_on", "name"])


def test_the_header_that_names_a_table_is_its_place(tmp_path):
    write(tmp_path, a=HEADER, b=COLUMNS, c=CONTACTS)
    place, line = load_ruleset(tmp_path).place("table", "contacts")
    assert (place.file, line) == ((tmp_path / "c.toml").as_posix(), "[table.contacts]")


def test_the_same_key_in_two_files_is_an_error_at_the_second_naming_the_first(tmp_path):
    write(tmp_path, a=HEADER, b="\n" + CONTACTS, c=CONTACTS)
    (found,) = refused(tmp_path, RulesetError)
    assert found.code == "KR108"
    assert found.place.file.endswith("c.toml")
    assert marked(found) == "order"
    assert found.address == "table.contacts.order"
    first = (tmp_path / "b.toml").as_posix()
    assert found.message == f"`table.contacts.order` is already defined in {first}, line 3"


def test_a_column_in_braces_is_defined_whole_and_not_added_to(tmp_path):
    write(tmp_path, a=HEADER, b=COLUMNS, c='[table.contacts.column.met_on]\nabout = "When"\n')
    (found,) = refused(tmp_path, RulesetError)
    assert (found.code, found.address) == ("KR108", "table.contacts.column.met_on")


def test_schema_errors_of_all_files_come_together_sorted_by_place(tmp_path):
    write(
        tmp_path,
        a=HEADER + "hitt = 'first'\n",
        b="[class.x]\nlevel = 0\nwhenn = 'y'\n",
        c="[rol.x]\n",
    )
    found = refused(tmp_path, RulesetError)
    assert [(each.place.file[-6:], each.place.line, each.code) for each in found] == [
        ("a.toml", 4, "KR150"),
        ("b.toml", 2, "KR156"),
        ("b.toml", 3, "KR150"),
        ("c.toml", 1, "KR150"),
    ]
