"""What all pages share: one program in a language, its sentences, and links to its rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.compiler.in_language import in_language
from kamrules.compiler.parts import needs, trees
from kamrules.compiler.signals import rule_of
from kamrules.expression.besides import apart
from kamrules.expression.nodes import AccountColumn, Constant
from kamrules.expression.walk import below
from kamrules.show import show
from kamrules.workbench.handbook.chinese import say
from kamrules.workbench.handbook.page import Code, Item, Items, Link, Paragraph, joined, words
from kamrules.workbench.sentences import Sentences

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kamrules.compiler.program import Condition, Message, Program
    from kamrules.expression.types import Type
from kamrules.workbench.handbook.page import Block, Text

PAGE_OF = {
    "class": "classes", "path": "classes", "tier": "tiers", "phase": "strategies",
    "strategy": "strategies", "score": "scores", "criterion": "scores", "action": "actions",
    "role": "strategies", "fact": "facts", "table": "vocabulary", "parameter": "parameters",
    "source": "clauses", "signal": "facts",
}  # fmt: skip
"""On which page a rule stands, by the first word of its address."""


class Telling:
    """One program in one language, for the pages."""

    def __init__(self, program: Program, language: str) -> None:
        self.program = in_language(program, language)
        self.language = language
        self.sentences = Sentences(program, language)
        self.naming = self.sentences.naming
        self.owners = {each.id: each.title for each in self.program.roles}

    def say(self, english: str, **values: object) -> str:
        """Return words of the handbook itself in the language."""
        return say(english, self.language, **values)

    def link(self, address: str, title: str) -> Link:
        """Return a link to the rule at an address."""
        kind, name, *rest = address.split(".")
        # columns stand in the table of their table, gates below their path or tier
        anchor = address if kind == "source" or not rest else f"{kind}.{name}"
        return Link(title, PAGE_OF[kind], anchor)

    def clauses(self, source: Sequence[str]) -> Text:
        """Return the clauses that a rule comes from, as links."""
        return joined([(self.link(f"source.{each}", each),) for each in source])

    def from_clauses(self, source: Sequence[str]) -> tuple[Block, ...]:
        """Return a line with the clauses, none when there are none."""
        if not source:
            return ()
        return (Paragraph((self.say("From clause") + " ", *self.clauses(source))),)

    def condition(self, condition: Condition | None, lead: str) -> Item:
        """Return a condition as a list with its lead, the author's text with each innermost member."""
        told = self.sentences.condition(condition)
        return _item(told, f"{lead}: " if lead else "")

    def list_of(self, *items: Item) -> Items:
        """Return a list."""
        return Items(items)

    def value(self, value: float | str | bool, kind: Type) -> str:  # noqa: FBT001  a value
        """Return a value as people read it."""
        return show(value, kind, self.language)

    def message(self, message: Message | None) -> str:
        """Return a message with the names of its facts in its slots."""
        if message is None or not message.texts:
            return ""
        pieces = message.texts.get(self.language) or next(iter(message.texts.values()))
        return "".join(
            each if isinstance(each, str) else f"[{self.sentences.tell(each)}]" for each in pieces
        )

    def reads(self, part: object) -> Text:
        """Return the facts, scores and columns that a rule reads, as links."""
        known = {each.address: each.title or each.id for each in self.program.facts}
        signals = {
            each.address: ".".join(rule_of(each)) for each in self.program.facts if each.signal
        }
        known |= {each.address: each.title for each in self.program.scores}
        aggregates = {each.address: each.aggregate for each in self.program.aggregates}
        found: dict[str, str] = {}
        for address in sorted(needs(part)):
            if address in known:
                # a signal and its date are one rule
                rule = signals.get(address, address)
                found[rule] = known[rule]
            elif address in aggregates:
                one = aggregates[address]
                for table in (one.table, *(each.table for each in apart(one.where)[1])):
                    found[f"table.{table}"] = self.naming.table(table)
        for tree in trees(part):
            for node in below(tree):
                if isinstance(node, AccountColumn) and node.name != "account_id":
                    title = self.naming.column("accounts", node.name)
                    found[f"table.accounts.column.{node.name}"] = title
                elif isinstance(node, Constant) and node.parameter is not None:
                    found[f"parameter.{node.parameter}"] = self.naming.parameter(node.parameter)
        return joined([(self.link(address, title),) for address, title in found.items()])

    def code(self, text: str) -> Text:
        """Return an author's own text."""
        return (Code(text),)

    def about(self, text: str) -> tuple[Block, ...]:
        """Return a description as a paragraph, none when there is none."""
        return (Paragraph(words(text)),) if text else ()


def _item(told: tuple[str, tuple[object, ...]], lead: str = "") -> Item:
    text, inner = told
    return Item(words(lead + text), tuple(_item(each) for each in inner))  # type: ignore[arg-type]


def rule_lines(items: Iterable[tuple[str, Text]]) -> Items:
    """Return `name: words` lines, without those that have no words."""
    return Items(
        tuple(Item((f"{name}: ", *text)) for name, text in items if text and text != ("",))
    )
