"""Secrets are given by reference, found where they are kept, and told to nobody."""

from __future__ import annotations

import types

import duckdb
import keyring
import keyring.backend
import keyring.errors
import pytest

from kamrules import masking
from kamrules.book import BookTable
from kamrules.diagnostics import DataError, Diagnostic, render
from kamrules.plugins import Plugins
from kamrules.secrets import clear_secrets, masked, revealed, revealed_uri
from tests.commands import start
from tests.end_to_end.plugged import plug_in
from tests.end_to_end.scene import FILES

SECRET = "p@ss/word:1 %"


@pytest.fixture(autouse=True)
def forgotten(monkeypatch):
    """Let no secret of one test be masked in another."""
    monkeypatch.setattr(masking, "_SECRETS", set())


def test_a_secret_of_the_environment_or_of_a_file_is_put_in_place_of_its_reference(
    monkeypatch, tmp_path
):
    monkeypatch.setenv("CRM_TOKEN", SECRET)
    (tmp_path / "token").write_text("of a file\n")
    assert revealed("Bearer ${env:CRM_TOKEN}") == f"Bearer {SECRET}"
    assert revealed(f"${{file:{tmp_path}/token}}!") == "of a file!"
    assert revealed("no reference, $HOME, ${HOME}") == "no reference, $HOME, ${HOME}"


class Ring(keyring.backend.KeyringBackend):
    """A keyring as a desktop has it, for the length of a test."""

    priority = 1

    def __init__(self):
        super().__init__()
        self.kept = {}

    def get_password(self, service, username):
        if service == "locked":
            raise keyring.errors.KeyringLocked("it is locked")
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self.kept[service, username] = password


@pytest.fixture
def ring():
    before = keyring.get_keyring()
    keyring.set_keyring(Ring())
    yield keyring
    keyring.set_keyring(before)


def test_a_secret_of_the_keyring_is_put_in_place_of_its_reference(ring):
    ring.set_password("crm", "kam", SECRET)
    assert revealed("${keyring:crm/kam}") == SECRET
    with pytest.raises(DataError, match="cannot be looked up: KeyringLocked"):
        revealed("${keyring:locked/kam}")
    with pytest.raises(DataError, match="the keyring has no such entry") as told:
        revealed("${keyring:crm/other}")
    assert told.value.diagnostics[0].help == "store it by: keyring set crm other"


def test_a_secret_cannot_break_out_of_its_place_in_a_uri(monkeypatch):
    monkeypatch.setenv("PW", SECRET)
    uri = revealed_uri("postgresql://kam:${env:PW}@db.example.com/crm")
    assert uri == "postgresql://kam:p%40ss%2Fword%3A1%20%25@db.example.com/crm"


def test_a_reference_may_stand_for_a_whole_uri(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://kam:x%40y@db/crm")
    assert revealed_uri("${env:DATABASE_URL}") == "postgresql://kam:x%40y@db/crm"


WRONG = {
    "${env:NO_SUCH_TOKEN}": "`NO_SUCH_TOKEN` is not set in the environment",
    "${file:no/such/file}": "`${file:no/such/file}` cannot be read: no such file or directory",
    "${vault:crm}": "`${vault:crm}` names no place that secrets are kept in",
    "${keyring:crm}": "`${keyring:crm}` does not name service and user",
}


@pytest.mark.parametrize("reference", WRONG)
def test_a_reference_that_leads_nowhere_is_told(reference):
    with pytest.raises(DataError) as told:
        revealed(reference)
    (one,) = told.value.diagnostics
    assert one.code == "KR708"
    assert WRONG[reference] in one.message


def test_the_nearest_variable_is_named(monkeypatch):
    monkeypatch.setenv("CRM_TOKEN", SECRET)
    with pytest.raises(DataError) as told:
        revealed("${env:CRM_TOKE}")
    assert told.value.diagnostics[0].help == "did you mean `CRM_TOKEN`?"
    assert SECRET not in render(told.value.diagnostics)


def test_what_was_revealed_is_in_no_message_from_then_on(monkeypatch):
    monkeypatch.setenv("PW", SECRET)
    assert masked(f"login with {SECRET}") == f"login with {SECRET}"
    uri = revealed_uri("mysql://kam:${env:PW}@db/crm")
    assert masked(f"cannot reach {uri} with {SECRET} or {SECRET!r}") == (
        "cannot reach mysql://kam:***@db/crm with *** or '***'"
    )
    fault = Diagnostic("KR703", f"no {SECRET}", help=f"try {SECRET}", excerpt=f"x = {SECRET}")
    assert (fault.message, fault.help, fault.excerpt) == ("no ***", "try ***", "x = ***")


CLEAR = [
    ("postgresql://kam:hunter2@db/crm", {}, [("uri", "a password")]),
    ("postgresql://kam:${env:PW}@db/crm", {}, []),
    ("postgresql://kam:${env:PW}x@db/crm", {}, [("uri", "a password")]),
    ("postgresql://kam@db/crm?sslmode=require", {}, []),
    ("crm://host/x?api_key=abcdef&page=2", {}, [("uri", "`api_key`")]),
    ("crm://host/x?token=${env:T}", {}, []),
    ("csv:a@b:c.csv", {}, []),
    (None, {"token": "abcdef"}, [("token", "`token`")]),
    (None, {"token": "${env:T}", "table": "tokens"}, []),
    (None, {"arguments": {"client_secret": "abcdef"}}, [("arguments", "`client_secret`")]),
    (None, {"urls": ["https://kam:hunter2@crm.example.com"]}, [("urls", "a password")]),
]


@pytest.mark.parametrize(("uri", "options", "found"), CLEAR)
def test_a_secret_in_clear_is_seen_wherever_it_stands(uri, options, found):
    assert list(clear_secrets(uri, options)) == found


def test_a_book_with_a_password_in_clear_is_refused_before_anything_is_opened():
    def opened(table, connection):
        raise AssertionError("opened")

    module = types.ModuleType("probe")
    from kamrules import hookimpl

    module.register_sources = hookimpl(lambda register: register("crm", opened))
    plugins = Plugins()
    plugins.add(module)
    with pytest.raises(DataError) as told:
        plugins.open_source(BookTable("accounts", "crm://kam:hunter2@host/x"), duckdb.connect())
    (one,) = told.value.diagnostics
    assert (one.code, one.message) == ("KR707", "a password stands here in clear")
    assert one.help == "keep it in the environment, and write ${env:NAME} in its place"


def test_a_run_shows_a_secret_nowhere_whatever_a_source_says(tmp_path):
    """The source tells its secret in an error, as many libraries do."""
    code = """
    from kamrules.secrets import revealed

    @hookimpl
    def register_sources(register):
        register("crm", open_crm)

    def open_crm(table, connection):
        token = revealed(table.options["token"])
        raise ConnectionError(f"401 for Bearer {token}")
    """
    environ = plug_in(tmp_path, code)
    book = '[table.accounts]\nfrom = "crm:x"\noptions = { token = "${env:CRM_TOKEN}" }\n'
    (tmp_path / "book.toml").write_text(book)
    (tmp_path / "rules.toml").write_text(FILES["rules.toml"])
    words = ("run", "book.toml", "--ruleset", "rules.toml", "--as-of", "2026-01-31")
    told = start(*words, cwd=tmp_path, CRM_TOKEN="t0p-s3cret", **environ)
    assert told.status == 4
    assert "ConnectionError: 401 for Bearer ***" in told.err
    assert "t0p-s3cret" not in told.out + told.err
    assert not any(
        b"t0p-s3cret" in each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()
    )


def test_a_password_in_clear_is_not_even_shown_in_the_line_that_is_refused(tmp_path):
    (tmp_path / "book.toml").write_text('[table.accounts]\nfrom = "crm://kam:hunter2@db/crm"\n')
    (tmp_path / "rules.toml").write_text(FILES["rules.toml"])
    words = ("run", "book.toml", "--ruleset", "rules.toml", "--as-of", "2026-01-31")
    told = start(*words, cwd=tmp_path)
    assert told.status == 4
    assert "[KR707]" in told.err
    assert "hunter2" not in told.err
