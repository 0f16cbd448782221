"""Pages of the handbook to look things up in: facts, vocabulary, parameters, clauses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.compiler.as_written import as_written
from kamrules.compiler.parts import trees
from kamrules.compiler.signals import is_date_of_signal
from kamrules.expression.nodes import Constant
from kamrules.expression.walk import below
from kamrules.workbench.coverage import clause_coverage
from kamrules.workbench.handbook.page import Code, Heading, Page, Paragraph, Rows, joined, words
from kamrules.workbench.handbook.telling import rule_lines
from kamrules.workbench.sentences import signal_in_words
from kamrules.workbench.sentences.naming import plain

if TYPE_CHECKING:
    from kamrules.compiler.program import FactStep, Parameter
    from kamrules.expression.types import Column
    from kamrules.workbench.handbook.page import Block, Text
    from kamrules.workbench.handbook.telling import Telling


def facts(telling: Telling) -> Page:
    """Return the derived facts, each in words."""
    title = telling.say("Facts")
    blocks: list[Block] = [Heading(1, words(title))]
    for one in telling.program.facts:
        if is_date_of_signal(one):
            continue  # told with its signal
        blocks += [
            Heading(3, words(one.title or plain(one.id)), one.address),
            *telling.about(one.about),
        ]
        blocks.append(rule_lines((
            (telling.say("Type"), words(telling.say(one.type.kind.value))),
            _value(telling, one),
            (telling.say("Reads"), telling.reads((one.value, one.signal))),
            (telling.say("In the rules"), _names(one)),
            (telling.say("From clause"), telling.clauses(one.source)),
        )))  # fmt: skip
    return Page("facts", title, tuple(blocks))


def _value(telling: Telling, fact: FactStep) -> tuple[str, Text]:
    """Return what a fact is worked out from, or when a signal holds, in words."""
    if fact.signal is None:
        return telling.say("Value"), words(telling.sentences.tell(fact.value))
    return telling.say("Holds when"), words(signal_in_words(telling.sentences, fact.signal))


def _names(fact: FactStep) -> Text:
    """Return what rules call a fact; a signal has a date as well."""
    name = Code(fact.id)
    return (name,) if fact.signal is None else (name, ", ", Code(f"{fact.id}.date"))


def vocabulary(telling: Telling) -> Page:
    """Return the tables that a book can hold, with their columns."""
    title = telling.say("Vocabulary")
    blocks: list[Block] = [Heading(1, words(title))]
    header = tuple(
        telling.say(each)
        for each in ("Column", "In the rules", "Type", "Information level", "About")
    )
    for table in telling.program.tables.values():
        blocks.append(Heading(2, words(telling.naming.table(table.name)), f"table.{table.name}"))
        blocks += [*telling.about(table.about)]
        rows = tuple(
            (
                words(telling.naming.column(table.name, each.name)), (Code(each.name),),
                words(_type(telling, table.name, each)), words(str(each.info_level)), words(each.about),
            )
            for each in table.columns.values()
        )  # fmt: skip
        blocks.append(Rows(header, rows))
        # columns are led to by their table: a row of a table has no anchor in Markdown
    return Page("vocabulary", title, tuple(blocks))


def _type(telling: Telling, table: str, column: Column) -> str:
    kind = telling.say(column.type.kind.value)
    if not column.type.choices:
        return kind
    texts = telling.naming.texts
    lead = f"table.{table}.column.{column.name}.choices"
    shown = [texts.get(f"{lead}.{each}", plain(each)) for each in column.type.choices]
    return telling.say("one of {choices}", choices=", ".join(shown))


def parameters(telling: Telling) -> Page:
    """Return the constants to tune, with their ranges and the rules that read them."""
    title = telling.say("Parameters")
    blocks: list[Block] = [Heading(1, words(title))]
    users = _users(telling)
    for one in telling.program.parameters:
        blocks.append(Heading(3, words(one.title or plain(one.id)), f"parameter.{one.id}"))
        blocks += [*telling.about(one.about)]
        used = joined([(telling.link(address, name),) for address, name in users.get(one.id, [])])
        blocks.append(rule_lines((
            (telling.say("Value"), words(telling.value(one.value, one.type))),
            (telling.say("Range"), words(_range(telling, one))),
            (telling.say("In the rules"), (Code(one.id),)),
            (telling.say("Read by"), used),
        )))  # fmt: skip
    return Page("parameters", title, tuple(blocks))


def _range(telling: Telling, one: Parameter) -> str:
    if one.low is None or one.high is None:
        return ""
    low, high = (telling.value(each, one.type) for each in (one.low, one.high))
    return telling.say("from {low} to {high}", low=low, high=high)


def _users(telling: Telling) -> dict[str, list[tuple[str, str]]]:
    """Return for each parameter the rules in whose expressions it stands."""
    program = telling.program
    written = as_written(program)
    found: dict[str, list[tuple[str, str]]] = {}
    rules: list[tuple[str, str, object]] = [
        *(
            (each.address, each.title or plain(each.id), each)
            for each in program.facts
            if not is_date_of_signal(each)
        ),
        *((each.address, each.title, each) for each in program.classes),
        *((each.address, each.title, each) for each in program.phases),
        *((each.address, each.title, each.gates) for each in program.paths),
        *((each.address, each.title, each.gates) for each in program.tiers),
        *((each.address, each.title, each) for each in program.strategies),
        *((each.address, telling.message(each.title), each) for each in program.actions),
    ]
    for address, title, rule in rules:
        named = {
            node.parameter
            for tree in trees(rule)
            for node in below(written(tree))
            if isinstance(node, Constant) and node.parameter is not None
        }
        for parameter in named:
            found.setdefault(parameter, []).append((address, title))
    return found


def functions(telling: Telling) -> Page:
    """Return the functions of plug-ins that the rules call."""
    title = telling.say("Functions of plug-ins")
    header = tuple(telling.say(each) for each in ("In the rules", "Type", "About", "Plug-in"))
    rows = tuple(
        (
            (Code(one.usage),), words(telling.say(one.returns.kind.value)), words(one.about),
            words(f"{one.owner} ({one.version})".replace("`", "")),
        )
        for one in telling.program.functions
    )  # fmt: skip
    return Page("functions", title, (Heading(1, words(title)), Rows(header, rows)))


def clauses(telling: Telling) -> Page:
    """Return the clauses with the rules that come from them."""
    title = telling.say("Clauses")
    blocks: list[Block] = [Heading(1, words(title))]
    names = {each.id: each.title or plain(each.id) for each in telling.program.facts}
    for one in clause_coverage(telling.program).clauses:
        blocks.append(Heading(3, words(f"{one.id} {one.title}"), f"source.{one.id}"))
        rules: list[Text] = [
            (telling.link(_address(telling, kind, each), names.get(each) or _plain(each)),)
            for kind, ids in one.rules
            for each in ids
        ]
        if rules:
            blocks.append(Paragraph(joined(rules)))
    return Page("clauses", title, tuple(blocks))


def _plain(rule: str) -> str:
    return plain(rule.replace(".", ": "))


def _address(telling: Telling, kind: str, rule: str) -> str:
    """Return the address of a rule; a gate has that of its path or tier."""
    if kind != "gate":
        return f"{kind}.{rule}"
    owner = rule.partition(".")[0]
    paths = {each.id for each in telling.program.paths}
    return f"path.{owner}" if owner in paths else f"tier.{owner}"
