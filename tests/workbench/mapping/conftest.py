"""What the tests of proposals share: the vocabulary, plug-ins, and the sample book."""

from __future__ import annotations

import datetime

import pytest

from kamrules import compile_ruleset, load_ruleset
from kamrules.plugins import Plugins
from kamrules.workbench.mapping import suggest
from kamrules.workbench.sample import sample_book


@pytest.fixture(scope="session")
def program():
    return compile_ruleset(load_ruleset("kam"))


@pytest.fixture(scope="session")
def vocabulary(program):
    return program.tables


@pytest.fixture(scope="session")
def plugins():
    return Plugins.load({"KAMRULES_LOAD_PLUGINS": ""})


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    """Give a folder with the sample book's tables, dirt included, without its book file."""
    folder = tmp_path_factory.mktemp("sample")
    sample_book(folder, accounts=150, seed=7, as_of=datetime.date(2026, 6, 30))
    (folder / "book.toml").unlink()
    return folder


@pytest.fixture
def proposed(vocabulary, plugins, monkeypatch):
    """Return a function that proposes a book for a source, with the current folder the one given."""

    def propose(source, **more):
        monkeypatch.chdir(source if source.is_dir() else source.parent)
        return suggest(str(source), vocabulary, plugins, **more)

    return propose
