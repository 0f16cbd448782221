"""Secrets by reference: `${env:NAME}`, `${file:PATH}`, `${keyring:service/user}` in place of what they are.

Book files, `--to` and options hold references and nothing else. They are looked up at the moment of
connecting, and what they stand for is masked in every message from then on.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from kamrules.diagnostics import DataError, Diagnostic, nearest
from kamrules.masking import masked, remember

if TYPE_CHECKING:
    from collections.abc import Callable

    Fault = Callable[[str, str, str | None], Diagnostic]

__all__ = [
    "Revealed",
    "clear_faults",
    "clear_secrets",
    "masked",
    "revealed",
    "revealed_uri",
    "without_secrets",
]

_REFERENCE = re.compile(r"\$\{([A-Za-z]*):([^{}]*)\}")
_USER_INFO = re.compile(r"(?<=//)([^/?#\s]*)@")
_SECRET_NAME = re.compile(
    r"(?:^|[_.-])(?:password|passwd|pwd|passphrase|secret|token|credential|sas"
    r"|(?:api|access|secret|account|private)[_.-]?key)"
    # Azure's settings end with the storage that they are for: secret.NAME.dfs.core.windows.net
    r"(?:(?:\.[^.]+)+\.core\.[a-z.]+)?$",
    re.IGNORECASE,
)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LARGEST_FILE = 65_536
_KINDS = ("env", "file", "keyring")


def revealed(text: str, fault: Fault | None = None) -> str:
    """Return a text with the secrets that its references stand for.

    Call it at the moment of connecting, and keep the result out of messages, files and reprs. `fault`
    makes the diagnostic of (code, message, help), for a place in a book file. Raises DataError (KR708)
    for a reference that leads nowhere.
    """
    return _REFERENCE.sub(lambda found: _secret(found, fault or _plain), text)


def revealed_uri(uri: str, fault: Fault | None = None) -> str:
    """Return a URI with its secrets, each escaped as its place asks for, so that no `@` or `/` in one
    is taken for a part of the URI. A reference that stands for a whole URI is put in as it is.

    Raises DataError as `revealed`.
    """

    def put(found: re.Match[str]) -> str:
        secret = _secret(found, fault or _plain)
        whole = "://" in secret and "//" not in uri[: found.start()]
        return secret if whole else quote(secret, safe="")

    return _REFERENCE.sub(put, uri)


class Revealed(Mapping[str, str]):
    """Options by name: a secret is looked up when its option is asked for, and shows as a reference.

    Asking raises DataError (KR708) for a reference that leads nowhere.
    """

    __slots__ = ("_given",)

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = dict(given)

    def __getitem__(self, name: str) -> str:
        """Return an option with the secrets that its references stand for."""
        return revealed(self._given[name])

    def __contains__(self, name: object) -> bool:
        """Return whether there is an option; no secret is looked up for that."""
        return name in self._given

    def __iter__(self) -> Iterator[str]:
        """Return the names."""
        return iter(self._given)

    def __len__(self) -> int:
        """Return the number of options."""
        return len(self._given)

    def __repr__(self) -> str:
        """Return the options as they were given."""
        return masked(repr(self._given))

    def secret(self, name: str) -> bool:
        """Return whether an option refers to a secret."""
        return _REFERENCE.search(self._given[name]) is not None


def clear_secrets(uri: str | None, options: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield where a secret stands in clear: ("uri", what it is) or (an option's name, what it is)."""
    for each in _in_uri(uri or ""):
        yield "uri", each
    for name, given in options.items():
        for each in _in_option(name, given):
            yield name, each


def without_secrets(uri: str) -> str:
    """Return a URI as it may be shown: what stands in clear in it is masked, here and from now on."""
    for _ in clear_secrets(uri, {}):
        pass  # what is found is masked
    return masked(uri)


def clear_faults(
    uri: str | None, options: Mapping[str, object], fault: Callable[..., Diagnostic], key: str
) -> list[Diagnostic]:
    """Return what is told of each secret in clear (KR707); `fault` places it at `key` or at its option."""
    mend = "keep it in the environment, and write ${env:NAME} in its place"
    return [
        fault("KR707", f"{what} stands here in clear", *path, help=mend)
        for where, what in clear_secrets(uri, options)
        for path in [(key,) if where == "uri" else ("options", where)]
    ]


def _in_uri(uri: str) -> Iterator[str]:
    for found in _USER_INFO.finditer(uri):
        if _is_clear(found[1].partition(":")[2]):
            yield "a password"
    for name, value in _pairs(uri):
        if _names_secret(name) and _is_clear(value):
            yield f"`{name}`"


def _in_option(name: str, given: object) -> Iterator[str]:
    if isinstance(given, dict):
        for each, inner in given.items():
            yield from _in_option(str(each), inner)
    elif isinstance(given, list):
        for inner in given:
            yield from _in_option(name, inner)
    elif isinstance(given, str):
        if _names_secret(name) and _is_clear(given):
            yield f"`{name}`"
        if "://" in given:
            yield from _in_uri(given)


def _names_secret(name: str) -> bool:
    """Return whether a name is one of secrets: api_key, fs.s3a.secret.key, keyStorePassword."""
    return _SECRET_NAME.search(_HUMP.sub("_", name)) is not None


def _is_clear(text: str) -> bool:
    """Whether a secret is written here as it is, and not as a reference; it is masked from now on."""
    if not _REFERENCE.sub("", text):
        return False
    remember(text)
    remember(unquote(text))
    return True


def _pairs(uri: str) -> Iterator[tuple[str, str]]:
    """Yield the names and values of a URI's query, as they are written."""
    for each in re.split(r"[&;]", uri.partition("?")[2].partition("#")[0]):
        name, _, value = each.partition("=")
        yield unquote(name), value


def _plain(code: str, message: str, mend: str | None) -> Diagnostic:
    return Diagnostic(code, message, help=mend)


def _secret(found: re.Match[str], fault: Fault) -> str:
    kind, name = found[1], found[2]
    if kind not in _KINDS:
        near = nearest(kind, _KINDS)
        message = f"`{found[0]}` names no place that secrets are kept in"
        mend = f"did you mean `${{{near}:{name}}}`?" if near else "there are env, file and keyring"
        raise DataError(fault("KR708", message, mend))
    look_up: dict[str, Callable[[str], str | None]] = {
        "env": os.environ.get, "file": _of_file, "keyring": _of_keyring,
    }  # fmt: skip
    try:
        secret = look_up[kind](name)
    except _Unreadable as wrong:
        raise DataError(fault("KR708", f"`{found[0]}` {wrong}", wrong.mend)) from None
    if not secret:
        raise DataError(fault("KR708", *_lacking(found[0], kind, name)))
    remember(secret)
    return secret


def _lacking(reference: str, kind: str, name: str) -> tuple[str, str | None]:
    """Return what is told of a reference that stands for nothing, and the mend."""
    reason, mend = "the file is empty", None
    if kind == "env":
        reason = f"`{name}` is not set in the environment"
        near = nearest(name, os.environ)
        mend = f"did you mean `{near}`?" if near else None
    elif kind == "keyring":
        service, _, user = name.partition("/")
        reason, mend = "the keyring has no such entry", f"store it by: keyring set {service} {user}"
    return f"`{reference}` stands for nothing: {reason}", mend


class _Unreadable(Exception):  # noqa: N818  it never leaves this module
    """A place of secrets that cannot be looked into; the text goes on behind the reference."""

    def __init__(self, text: str, mend: str | None = None) -> None:
        super().__init__(text)
        self.mend = mend


def _of_file(name: str) -> str:
    try:
        with Path(name).open(encoding="utf-8") as file:
            text = file.read(_LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or "it is no text").lower()
        raise _Unreadable(f"cannot be read: {reason}") from None
    if len(text) > _LARGEST_FILE:
        raise _Unreadable(f"is longer than {_LARGEST_FILE:,} characters")
    return text.strip("\r\n")


def _of_keyring(name: str) -> str | None:
    service, slash, user = name.partition("/")
    if not service or not slash or not user:
        raise _Unreadable("does not name service and user", "write ${keyring:service/user}")
    try:
        import keyring  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415  an extra
    except ImportError:
        mend = 'pip install "kamrules[keyring]"'
        raise _Unreadable("needs the package keyring, which is not installed", mend) from None
    try:
        found: Any = keyring.get_password(service, user)
    except Exception as error:  # noqa: BLE001  each of its backends has errors of its own
        raise _Unreadable(f"cannot be looked up: {type(error).__name__}") from None
    return None if found is None else str(found)
