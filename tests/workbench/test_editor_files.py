"""The files beside a ruleset that tell editors of its schema: what is written, what is left alone."""

from __future__ import annotations

import pytest

from kamrules.diagnostics import DataError, UsageError
from kamrules.document import load_ruleset
from kamrules.workbench.schema import associate, association
from tests.workbench.editing import RULES, lint, small


def test_the_folder_can_move_with_its_schemas(tmp_path):
    place = small(tmp_path)
    done = associate(place, load_ruleset(place))
    assert str(tmp_path) not in "".join(each.read_text(encoding="utf-8") for each in done.files)
    place = place.rename(tmp_path / "moved")
    (place / "more.toml").write_text('role.boss.titel = "x"\n', encoding="utf-8")
    assert [each[3] for each in lint(place)] == ['"titel" is not allowed']


def test_a_first_line_is_enough_where_tombi_reads_no_configuration_of_ours(tmp_path):
    place = small(tmp_path)
    done = associate(place, load_ruleset(place))
    for name in association.CONFIGURATIONS:
        (place / name).unlink()
    text = f"#:schema {done.ruleset}\n\n[role.boss]\ntitel = 'x'\n"
    (place / "rules.toml").write_text(text, encoding="utf-8")
    assert [each[1:] for each in lint(place)] == [(4, "error", '"titel" is not allowed')]


def test_a_ruleset_of_one_file_shares_its_folder(tmp_path):
    for name in ("one", "two"):
        text = RULES.replace('"small"', f'"{name}"').replace("role.boss", f"role.{name}")
        text = text.replace('owner = "boss"', f'owner = "{name}"')
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    for name in ("one", "two"):
        associate(tmp_path / f"{name}.toml", load_ruleset(tmp_path / f"{name}.toml"))
    assert lint(tmp_path) == []
    assert sorted(each.name for each in (tmp_path / ".kamrules").iterdir()) == [
        "one.book.schema.json", "one.ruleset.schema.json",
        "two.book.schema.json", "two.ruleset.schema.json",
    ]  # fmt: skip
    (tmp_path / "two.toml").write_text('action.call.owner = "one"\n', encoding="utf-8")
    assert [each[2] for each in lint(tmp_path)] == ["warning"]


def test_nothing_is_written_where_nothing_changes(tmp_path):
    place = small(tmp_path)
    assert len(associate(place, load_ruleset(place)).files) == 4
    assert associate(place, load_ruleset(place)).files == ()


def test_what_somebody_else_wrote_is_left_alone_with_what_to_add(tmp_path):
    place = small(tmp_path)
    own = 'toml-version = "v1.1.0"\n'
    (place / ".tombi.toml").write_text(own)
    done = associate(place, load_ruleset(place))
    (warning,) = done.warnings
    assert (warning.code, (place / ".tombi.toml").read_text()) == ("KR880", own)
    added = warning.help.partition("\n")[2]
    (place / ".tombi.toml").write_text(own + added)
    assert associate(place, load_ruleset(place)).warnings == ()
    (place / "more.toml").write_text("role.boss.titel = 'x'\n")
    assert [each[3] for each in lint(place, "more.toml")] == ['"titel" is not allowed']


@pytest.mark.parametrize("text", [b"\xff\xfe", b"= no toml", b""])
def test_a_configuration_that_cannot_be_read_is_left_alone(text, tmp_path):
    place = small(tmp_path)
    (place / ".taplo.toml").write_bytes(text)
    done = associate(place, load_ruleset(place))
    assert [each.code for each in done.warnings] == ["KR880"]
    assert (place / ".taplo.toml").read_bytes() == text


def test_a_schema_that_somebody_else_wrote_stops_it(tmp_path):
    place = small(tmp_path)
    (place / ".kamrules").mkdir()
    (place / ".kamrules" / "book.schema.json").write_text("{}")
    with pytest.raises(UsageError, match="KR881"):
        associate(place, load_ruleset(place))
    assert [each.name for each in (place / ".kamrules").iterdir()] == ["book.schema.json"]
    assert sorted(each.name for each in place.iterdir()) == [".kamrules", "rules.toml"]


def test_a_folder_where_a_file_should_be_is_told(tmp_path):
    place = small(tmp_path)
    (place / ".tombi.toml").mkdir()
    with pytest.raises(DataError, match="KR802"):
        associate(place, load_ruleset(place))


def test_braces_over_several_lines_are_no_error(tmp_path):
    place = small(tmp_path)
    associate(place, load_ruleset(place))
    (place / "more.toml").write_text('class.all.when = {\n  any = ["big"],\n}\n')
    assert lint(place) == []
