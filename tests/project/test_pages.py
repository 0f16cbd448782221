"""Every diagnostic code has a page, and its examples show what they say when the command runs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

import kamrules
from kamrules.pages import codes, page
from tests.commands import run

PACKAGE = Path(kamrules.__file__).parent
WITHOUT_EXAMPLE = {
    "KR101", "KR103", "KR104", "KR900",
    "KR625", "KR634", "KR648", "KR649", "KR682", "KR683", "KR684", "KR686", "KR687", "KR862", "KR863",
    "KR832", "KR833", "KR834", "KR838", "KR839", "KR840", "KR841", "KR844",
    "KR650", "KR654", "KR655", "KR656", "KR658", "KR659",
    "KR700", "KR701", "KR702", "KR703", "KR706", "KR873",
    "KR885", "KR886",
    "KR708", "KR709", "KR711", "KR712",
    "KR813", "KR814", "KR815", "KR816", "KR817", "KR818", "KR819", "KR820", "KR821", "KR822",
    "KR823", "KR824",
    "KR222", "KR715", "KR716", "KR717", "KR718", "KR719",
    "KR660", "KR663", "KR664", "KR665", "KR666", "KR667", "KR668", "KR669", "KR670", "KR671",
    "KR672", "KR674", "KR676",
    "KR856", "KR857", "KR865", "KR866", "KR867", "KR869",
    "KR892", "KR893", "KR894", "KR895", "KR896", "KR897",
    "KR720", "KR721", "KR722", "KR723", "KR724", "KR725", "KR726", "KR727", "KR728", "KR729",
}  # fmt: skip
"""A page can hold neither such files nor such disks nor so many columns, nor tables in Python, nor installed
plug-ins, nor stores of live books, nor databases, nor requests to a service, nor a defect that is known and
not mended."""

SHIPPED = [*PACKAGE.rglob("*.py"), *(PACKAGE.parent / "plugins").glob("*/kamrules_*/*.py")]
TEXTS = {path: path.read_text(encoding="utf-8") for path in SHIPPED}


def test_every_code_that_is_raised_has_a_page_and_every_page_has_a_code_that_is_raised():
    raised = {code for text in TEXTS.values() for code in re.findall(r'"(KR\d{3})"', text)}
    assert raised == set(codes())


def test_no_text_of_the_package_names_a_code_that_does_not_exist():
    named = {code for text in TEXTS.values() for code in re.findall(r"KR\d{3}\b", text)}
    assert named <= set(codes())


@pytest.mark.parametrize("code", codes())
def test_a_page_is_whole(code):
    told = page(code)
    assert set(told) - {"bad", "good"} == {"title", "why", "mend"}
    assert told["why"].endswith((".", "?"))
    assert told["mend"].endswith((".", "?"))
    assert ("bad" in told) == ("good" in told) == (code not in WITHOUT_EXAMPLE)


@pytest.mark.parametrize("kind", ["bad", "good"])
@pytest.mark.parametrize("code", [each for each in codes() if each not in WITHOUT_EXAMPLE])
def test_the_bad_example_of_a_page_shows_its_code_and_the_mended_one_does_not(
    code, kind, tmp_path, monkeypatch
):
    example = page(code)[kind]
    for name, text in example["files"].items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    told = run(*shlex.split(example.get("command", "check rules.toml")))
    assert told.status != 70, told.err
    shown = re.findall(r"\[(KR\d{3})\]", told.err + told.out)
    assert (code in shown) == (kind == "bad"), told.err + told.out
