"""Translations: `[message.zh]` by address, whether the address is one quoted key or nested tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from kamrules.diagnostics import nearest
from kamrules.document.models import RulesetModel
from kamrules.document.schema import inner
from kamrules.document.tree import Entry, entry_at, fault, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kamrules.diagnostics import Diagnostic
    from kamrules.document.positions import Path

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
    found |= {"ruleset.about", *_words(root)}
    return {each for each in found if not each.startswith(".")}


def path_of(address: str) -> Path:
    """Return where the text at an address is written: in `source.2.4.title`, `2.4` is one key."""
    parts = address.split(".")
    if parts[0] == "source":
        return ("source", ".".join(parts[1:-1]), parts[-1])
    return tuple(parts)


def _words(root: Entry) -> Iterator[str]:
    """Yield the addresses of what people read for bands and choices, such as `score.worth.band.low`."""
    for address, entry in _tables(root, "score"):
        bands = entry.value.get("band")
        yield from (f"{address}.band.{name}" for name in _keys(bands))
    for kind in ("fact", "parameter"):
        for address, entry in _tables(root, kind):
            yield from (f"{address}.choices.{name}" for name in _choices(entry))
    for address, entry in _tables(root, "table"):
        columns = entry.value.get("column")
        for name in _keys(columns):
            column = columns.value[name] if columns is not None else entry
            if isinstance(column.value, dict):
                lead = f"{address}.column.{name}.choices"
                yield from (f"{lead}.{choice}" for choice in _choices(column))


def _tables(root: Entry, kind: str) -> Iterator[tuple[str, Entry]]:
    section = root.value.get(kind)
    for name in _keys(section):
        entry = section.value[name] if section is not None else root
        if isinstance(entry.value, dict):
            yield f"{kind}.{name}", entry


def _keys(entry: Entry | None) -> list[str]:
    return list(entry.value) if entry is not None and isinstance(entry.value, dict) else []


def _choices(entry: Entry) -> list[str]:
    found = entry.value.get("choices")
    listed = found.value if found is not None else []
    return [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []


def outdate(base: Entry, layer: Entry) -> None:
    """Drop the translations in a base of texts that a ruleset which extends it writes anew."""
    translated, again = base.value.get("message"), layer.value.get("message")
    if translated is None or not isinstance(translated.value, dict):
        return
    for language, texts in translated.value.items():
        anew = again.value.get(language) if again and isinstance(again.value, dict) else None
        told = anew.value if anew is not None and isinstance(anew.value, dict) else {}
        for address in list(texts.value) if isinstance(texts.value, dict) else ():
            path = path_of(address)
            written, before = entry_at(layer, path), entry_at(base, path)
            same = written is None or (before is not None and before.value == written.value)
            # the address of a band is that of its interval, which is no text
            if not same and path[-1] in TRANSLATED and address not in told:
                del texts.value[address]


def disinherit(root: Entry, known: set[str], own: set[str]) -> None:
    """Drop the translations of bases that the ruleset has no use for: of texts that it does not have, and
    into languages that it does not list. `own` are the files that are no base's.
    """
    messages = root.value.get("message")
    if messages is None or not isinstance(messages.value, dict):
        return
    listed = _listed(root)
    for language, texts in list(messages.value.items()):
        if not isinstance(texts.value, dict):
            continue
        for address, text in list(texts.value.items()):
            of_use = address in known and (not isinstance(listed, list) or language in listed)
            if not of_use and place_of(text, (), key=True)[0].file not in own:
                del texts.value[address]
        if not texts.value and place_of(texts, (), key=True)[0].file not in own:
            del messages.value[language]


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
    languages = _listed(root)
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


def _listed(root: Entry) -> Any:  # noqa: ANN401  what an author wrote for it
    header = root.value.get("ruleset")
    listed = header.value.get("languages") if header and isinstance(header.value, dict) else None
    return listed.value if listed is not None else ["en"]
