"""Revisions: a ruleset as it was at a git revision, such as `HEAD:rulesets/kam`."""

from __future__ import annotations

import re
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from kamrules.diagnostics import Diagnostic, KamrulesError, UsageError
from kamrules.document import load_ruleset
from kamrules.document.tree import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kamrules.diagnostics import Place
    from kamrules.document import Ruleset
    from kamrules.document.reading import Document
    from kamrules.expression.plugged import Functions

CODE = "KR846"
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_PLAIN = "100"
"""Modes of plain files begin so; links and other repositories are not followed."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision and a path in its tree, as `REV:path` names them."""

    name: str
    path: str

    @property
    def written(self) -> str:
        """Return how the user wrote it."""
        return f"{self.name}:{self.path}"


def revision_of(wanted: str) -> Revision | None:
    """Return what `REV:path` names; None for a name or a path, which wins when it exists.

    A drive, as in `C:/rules`, is no revision.
    """
    name, colon, path = wanted.partition(":")
    if not colon or not name or _DRIVE.match(wanted):
        return None
    try:
        exists = Path(wanted).exists()
    except (OSError, ValueError):
        exists = False
    return None if exists else Revision(name, path)


def ruleset_at(
    wanted: str,
    *,
    folders: Sequence[Path],
    set: Mapping[str, str] | None = None,  # noqa: A002  as load_ruleset
    functions: Functions | None = None,
) -> Ruleset:
    """Return a ruleset by name, by path, or as it was at a git revision: `REV:path`.

    The path counts from the top of the repository; one that begins with ./ or ../ from the current folder.
    What the ruleset extends is found in the same revision as far as it lies in the repository: `folders`,
    where names are looked up, too.

    Raises UsageError (KR846) when git, the repository, the revision or the path is not there; else as
    load_ruleset, with places in the files of that revision.
    """
    revision = revision_of(wanted)
    if revision is None:
        return load_ruleset(wanted, folders=folders, set=set, functions=functions)
    top = Path(_git(revision, "rev-parse", "--show-toplevel").decode().rstrip("\n")).resolve()
    inside = _inside(revision, top)
    with _tree(revision, top) as tree:
        there = [_moved(each, top, tree) for each in folders]
        path = tree / inside
        if not path.exists():
            raise UsageError(_missing(revision, inside))
        names = _Names(tree, revision.name)
        try:
            found = load_ruleset(path, folders=there, set=set, functions=functions)
        except KamrulesError as error:
            raise type(error)(*(names.diagnostic(each) for each in error.diagnostics)) from None
        return names.ruleset(found)


def _inside(revision: Revision, top: Path) -> str:
    """Return the path from the top of the repository. Raises UsageError when it leads out of it."""
    path = revision.path.replace("\\", "/")
    if path.startswith(("./", "../")) or path in {".", ".."}:
        whole = Path(path).resolve()
        if not whole.is_relative_to(top):
            raise UsageError(_refused(revision, f"`{path}` lies outside of the repository"))
        return whole.relative_to(top).as_posix()
    if path.startswith("/") or ".." in PurePosixPath(path).parts:
        told = f"`{path}` is no path from the top of the repository"
        raise UsageError(_refused(revision, told))
    return path


def _moved(folder: Path, top: Path, tree: Path) -> Path:
    """Return where a folder of rulesets lies in the revision, itself when it is not in the repository."""
    whole = folder.resolve()
    return tree / whole.relative_to(top) if whole.is_relative_to(top) else folder


@contextmanager
def _tree(revision: Revision, top: Path) -> Iterator[Path]:
    """Give a folder with the TOML files of a revision."""
    commit = _commit(revision)
    files = dict(_files(revision, commit))
    with tempfile.TemporaryDirectory(prefix="kamrules-revision-") as folder:
        tree = Path(folder).resolve() / top.name
        tree.mkdir()
        wanted = "".join(f"{blob}\n" for blob in files.values()).encode()
        contents = _git(revision, "cat-file", "--batch", given=wanted)
        position = 0
        for path in files:
            end = contents.index(b"\n", position)
            size = int(contents[position:end].split()[-1])
            target = tree / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(contents[end + 1 : end + 1 + size])
            position = end + 1 + size + 1
        yield tree


def _commit(revision: Revision) -> str:
    if revision.name.startswith("-"):
        raise UsageError(_refused(revision, "a revision does not begin with `-`"))
    wanted = f"{revision.name}^{{commit}}"
    try:
        found = _git(revision, "rev-parse", "--verify", "--quiet", wanted)
    except UsageError:
        told = f"the repository has no revision `{revision.name}`"
        raise UsageError(_refused(revision, told)) from None
    return found.decode().strip()


def _files(revision: Revision, commit: str) -> Iterator[tuple[str, str]]:
    """Yield the paths of the TOML files of a commit, each with the name of its content."""
    listed = _git(revision, "ls-tree", "-r", "-z", "--full-tree", commit)
    for line in listed.decode("utf-8", "surrogateescape").split("\0"):
        told, _, path = line.partition("\t")
        if path.endswith(".toml") and told.startswith(_PLAIN) and not _leads_out(path):
            yield path, told.split()[2]


def _leads_out(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return path.startswith("/") or ".." in parts or "\\" in path or ":" in path


def _git(revision: Revision, *words: str, given: bytes | None = None) -> bytes:
    """Return what git says. Raises UsageError when it is not there, or refuses."""
    try:
        # the words are a list, so that no shell reads what a user wrote
        done = subprocess.run(  # noqa: S603
            ["git", *words],  # noqa: S607  whichever git is on the path
            input=given if given is not None else b"", capture_output=True, check=False,
        )  # fmt: skip
    except OSError:
        told = "git is needed for that, and is not there"
        raise UsageError(_refused(revision, told)) from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        why = said[0].removeprefix("fatal: ") if said else "git refuses"
        if "not a git repository" in why:
            why = "the current folder is in no git repository"
        raise UsageError(_refused(revision, why))
    return done.stdout


def _refused(revision: Revision, why: str) -> Diagnostic:
    return Diagnostic(CODE, f"`{revision.written}` cannot be read: {why}")


def _missing(revision: Revision, inside: str) -> Diagnostic:
    return _refused(revision, f"revision `{revision.name}` has no ruleset at `{inside}`")


class _Names:
    """Names of files in a revision, in place of those in the folder where it was put."""

    def __init__(self, tree: Path, revision: str) -> None:
        self.tree = f"{tree.as_posix()}/"
        self.revision = revision

    def text(self, text: str) -> str:
        """Return a text with the files' names as the user knows them."""
        return text.replace(self.tree, f"{self.revision}:").replace(
            self.tree.rstrip("/"), f"{self.revision}:"
        )

    def place(self, place: Place) -> Place:
        """Return a place in a file of the revision."""
        return replace(place, file=self.text(place.file))

    def diagnostic(self, one: Diagnostic) -> Diagnostic:
        """Return a diagnostic that tells of files of the revision."""
        place = None if one.place is None else self.place(one.place)
        return replace(one, message=self.text(one.message), place=place)

    def ruleset(self, found: Ruleset) -> Ruleset:
        """Return a ruleset whose files and places are those of the revision."""
        documents: dict[int, Document] = {}

        def entry(one: Entry) -> Entry:
            document = one.document
            known = documents.setdefault(
                id(document), replace(document, file=self.text(document.file))
            )
            value = one.value
            if isinstance(value, dict):
                value = {key: entry(each) for key, each in value.items()}
            return Entry(value, known, one.path)

        return replace(
            found,
            files=tuple(self.text(each) for each in found.files),
            own=frozenset(self.text(each) for each in found.own),
            off={path: self.place(each) for path, each in found.off.items()},
            root=entry(found.root),
        )
