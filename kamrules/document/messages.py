"""Translations: `[message.zh]` by address, whether the address is one quoted key or nested tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from kamrules.diagnostics import nearest
from kamrules.document.models import RulesetModel
from kamrules.document.schema import inner
from kamrules.document.tree import Entry, fault, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.diagnostics import Diagnostic

TRANSLATED = ("title", "objective", "because", "advice", "about")
"""Keys whose texts people read, so they may be translated."""


def flatten(document: Entry) -> list[Diagnostic]:
    """Turn the translations of one file into one dict by dotted address a language."""
    messages = document.value.get("message")
    problems: list[Diagnostic] = []
    if messages is None or not isinstance(messages.value, dict):
        return problems
    for entry in messages.value.values():
        if not isinstance(entry.value, dict):
            continue
        flat: dict[str, Entry] = {}
        for address, text in _leaves(entry, ""):
            if address in flat:
                first = place_of(flat[address], (), key=True)[0]
                message = f"`{address}` is already translated in line {first.line}"
                problems.append(fault(text, "KR106", message, (), key=True))
            else:
                flat[address] = text
        entry.value = flat
    return problems


def _leaves(table: Entry, lead: str) -> Iterator[tuple[str, Entry]]:
    for key, entry in table.value.items():
        address = f"{lead}.{key}" if lead else key
        if isinstance(entry.value, dict):
            yield from _leaves(entry, address)
        else:
            yield address, entry


def addresses(root: Entry) -> set[str]:
    """Return the addresses of all texts that may be translated, switched-off rules included."""
    found: set[str] = set()

    def collect(value: Any, annotation: Any, lead: str) -> None:  # noqa: ANN401
        annotation = inner(annotation)
        fields = getattr(annotation, "model_fields", None)
        if fields is None:
            if get_args(annotation)[:1] and isinstance(value, dict):
                for key, each in value.items():
                    collect(each.value, get_args(annotation)[-1], f"{lead}.{key}")
            return
        found.update(f"{lead}.{key}" for key in TRANSLATED if key in fields)
        if isinstance(value, dict):
            for name, each in fields.items():
                key = each.alias or name
                if key in value:
                    collect(value[key].value, each.annotation, f"{lead}.{key}" if lead else key)

    collect(
        {k: v for k, v in root.value.items() if k not in ("message", "ruleset")}, RulesetModel, ""
    )
    return {each for each in found if not each.startswith(".")}


def check(root: Entry, known: set[str]) -> list[Diagnostic]:
    """Return errors about translations of nothing, and into languages that the ruleset does not list."""
    messages = root.value.get("message")
    if messages is None or not isinstance(messages.value, dict) or not messages.value:
        return []
    problems = list(_languages(root, messages))
    for language, texts in messages.value.items():
        if not isinstance(texts.value, dict):
            continue
        for address in texts.value:
            if address not in known:
                close = nearest(address, known)
                problems.append(
                    fault(
                        root,
                        "KR180",
                        f"the ruleset has no text at `{address}` to translate",
                        ("message", language, address),
                        key=True,
                        help=f"did you mean `{close}`?" if close else None,
                    )
                )
    return problems


def _languages(root: Entry, messages: Entry) -> Iterator[Diagnostic]:
    header = root.value.get("ruleset")
    listed = header.value.get("languages") if header and isinstance(header.value, dict) else None
    languages = listed.value if listed is not None else ["en"]
    if not isinstance(languages, list):
        return
    for language in messages.value:
        if language not in languages:
            written = ", ".join(f'"{each}"' for each in [*languages, language])
            yield fault(
                root,
                "KR181",
                f"`{language}` is not among the ruleset's languages",
                ("message", language),
                key=True,
                help=f"add it to [ruleset]: languages = [{written}]",
            )
