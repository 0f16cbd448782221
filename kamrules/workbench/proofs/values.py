"""Values read, as words: beside the expression that reads them, and each with where it stands."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from kamrules.expression.types import ACCOUNTS
from kamrules.words import word
from kamrules.workbench.handbook.page import Code, joined
from kamrules.workbench.proofs.lines import Line, Style, short_place, spoken

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kamrules.decision import Proof, Read
    from kamrules.workbench.handbook.page import Text


class Values:
    """Tells values in one language, and remembers which it has told."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.told: dict[str, Read] = {}

    def beside(self, proof: Proof) -> Text:
        """Return the values that an expression read in brackets, but those that stand right beside it."""
        shown: list[Text] = []
        for each in proof.reads:
            self.told.setdefault(each.name, each)
            rows: Text = (self._rows(each),) if each.rows is not None else ()
            if each.name == proof.text and proof.kind != "criterion":
                shown += [rows] if rows else []
            elif proof.text not in (f"not {each.name}", f"{each.name} is unknown"):
                called = each.name.removeprefix(f"{proof.address.removeprefix('signal.')}: ")
                name: Text = () if each.name == proof.text else (Code(_short(called)), " ")
                shown.append((*name, each.shown, *((", ", *rows) if rows else ())))
        return (" (", *joined(shown, "; "), ")") if shown else ()

    def facts(self, root: Line, facts: Mapping[str, Proof]) -> None:
        """Add what the facts told so far are made of, each once, and what those are made of in turn."""
        waiting, lines = list(self.told), dict[str, Line]()
        for each in waiting:
            # the date of a signal is told with it
            name = each.removesuffix(".date")
            fact = facts.get(name)
            if fact is None or name in lines:
                continue
            day = facts.get(f"{name}_date") if fact.address.startswith("signal.") else None
            shown = fact.shown or ""
            if day is not None and day.shown != word("unknown", self.language):
                shown = self._word("{shown}, on {date}", shown=shown, date=day.shown)
            text: Text = (Code(name), f" {shown} = ", Code(fact.text or ""))
            clauses = clauses_of(fact.source)
            lines[name] = Line((*text, *self.beside(fact)), rule=fact.address)
            lines[name].place = short_place(fact.place)
            if clauses:
                lines[name].add(clauses.strip(), full=True)
            waiting += [read.name for read in fact.reads]
        if lines:
            words = word("Facts read above", self.language)
            root.add(words, style=Style.HEADING).lines += lines.values()

    def stands(self, root: Line) -> None:
        """Add where every value told so far stands in the data or the ruleset, for who wants all."""
        found = {each.name: self._stands(each) for each in self.told.values()}
        lines = {name: text for name, text in found.items() if text}
        if not lines:
            return
        words = word(
            "Where these values stand (rows count from 1, without a header)", self.language
        )
        branch = root.add(words, style=Style.HEADING, full=True)
        for name, text in lines.items():
            read = self.told[name]
            branch.add(*self._titled((Code(name), f" {read.shown}"), text))

    def _stands(self, read: Read) -> Text:
        """Return where a value stands, nothing where it is told elsewhere: of facts and scores."""
        if read.table is not None:
            return (self._in_table(read),)
        if (read.address or "").startswith("parameter."):
            place = short_place(read.place)
            return (Code(read.address or ""), *((", ", Code(place)) if place else ()))
        return ()

    def _in_table(self, read: Read) -> str:
        source = read.source or read.table or ""
        if read.of is None and not read.at:
            own = read.table == ACCOUNTS
            return self._word("the account" if own else "the book has no {table}", table=read.table)
        counted = "" if read.of is None else self._rows(read)
        if not read.at:
            return self._word("{counted}: {source}", counted=counted, source=source)
        found = self._word(
            "{source} row {rows}" if len(read.at) == 1 else "{source} rows {rows}",
            source=source,
            rows=in_short(read.at),
        )
        if counted:
            found = self._word("{counted}: {source}", counted=counted, source=found)
        if read.given_by is not None and len(read.at) > 1:
            return self._word("{found}; the value is of row {row}", found=found, row=read.given_by)
        return found

    def _rows(self, read: Read) -> str:
        return self._word("{rows} of {all} rows", rows=read.rows, all=read.of)

    def _word(self, english: str, **values: object) -> str:
        return word(english, self.language, **values)

    def _titled(self, title: Text, shown: Text) -> Text:
        return spoken("{title}: {shown}", self.language, title=title, shown=shown)


def in_short(rows: Iterable[int]) -> str:
    """Return numbers with those that follow one another as stretches: `3, 5-9`."""
    found = []
    for _, stretch in groupby(enumerate(rows), lambda pair: pair[1] - pair[0]):
        numbers = [each for _, each in stretch]
        one, last = numbers[0], numbers[-1]
        found.append(str(one) if one == last else f"{one}-{last}")
    return ", ".join(found)


def clauses_of(source: Iterable[str]) -> str:
    """Return the clauses that a rule comes from, in brackets behind a space."""
    named = ", ".join(source)
    return f" [{named}]" if named else ""


def _short(name: str) -> str:
    """Return an aggregate without its filter: the text beside it has it in full."""
    head, bracket, tail = name.partition("[")
    return f"{head}[...]{tail.rpartition(']')[2]}" if bracket else name
