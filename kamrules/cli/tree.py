"""The tree of one decision: scores, class, tier, actions, and what is missing, each with its reasons."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.text import Text
from rich.tree import Tree

from kamrules.cli.terminal import fancy, printable
from kamrules.cli.ways import add_way
from kamrules.words import word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from kamrules.decision import Action, Advancement, Decision, Explanation, Proof, Read

PLAIN = {"true": "+", "false": "-", "unknown": "?"}
FANCY = {"true": "✓", "false": "✗", "unknown": "?"}
COLOURS = {"true": "green", "false": "red", "unknown": "yellow"}
MOVES = {
    "placed": "placed, no earlier one is known",
    "stayed": "as before",
    "up": "up from {before}",
    "down": "down from {before}",
    "held": "held, as before",
}


def decision_tree(
    explanation: Explanation, owners: Mapping[str, str] | None = None, language: str = "en"
) -> Tree:
    """Return an explanation as a tree, its headings in a language.

    `owners` says by role who does it: a person, where one is known, or what the role is called.
    """
    return _Drawer(explanation, owners or {}, language).tree()


class _Drawer:
    """Draws one explanation."""

    def __init__(self, explanation: Explanation, owners: Mapping[str, str], language: str) -> None:
        self.language = language
        self.decision: Decision = explanation.decision
        self.root = explanation.root
        self.facts = explanation.facts
        self.owners = owners
        self.marks = FANCY if fancy(sys.stdout.encoding) else PLAIN
        self.told: dict[str, Read] = {}
        self.titles = {each.address: each.title for each in _below(self.root)}
        self.owned = {
            each.address: above.title for above in _below(self.root) for each in above.children
        }

    def _word(self, english: str, **values: object) -> str:
        return word(english, self.language, **values)

    def _titled(self, title: str, shown: str | None) -> str:
        return self._word("{title}: {shown}", title=title, shown=shown)

    def tree(self) -> Tree:
        """Return the whole tree."""
        one = self.decision
        name = f" {one.name}" if one.name and one.name != one.account_id else ""
        title = self._word(
            "{account}, as of {date} by {ruleset}",
            account=f"{one.account_id}{name}",
            date=one.as_of,
            ruleset=f"{one.ruleset} {one.version}",
        )
        tree = Tree(_text(title, "bold"))
        parts = {
            kind: self._parts(kind) for kind in ("score", "class", "tier", "phase", "strategy")
        }
        for each in parts["score"]:
            self._score(tree, each)
        for each in parts["class"]:
            self._class(tree, each)
        for each in parts["tier"]:
            self._tier(tree, each)
        for each in (*parts["phase"], *parts["strategy"]):
            self._placement(tree, each)
        self._actions(tree)
        self._gaps(tree)
        self._facts(tree)
        return tree

    def _parts(self, kind: str) -> list[Proof]:
        return [each for each in self.root.children if each.kind == kind]

    # scores

    def _score(self, tree: Tree, score: Proof) -> None:
        branch = tree.add(_text(self._titled(score.title, score.shown), "bold"))
        for each in score.children:
            read = self._values(each)
            shown = f"{each.shown}{read}{_clauses(each.source)}"
            branch.add(_text(self._titled(each.title, shown)))

    # class and tier

    def _class(self, tree: Tree, proof: Proof) -> None:
        one = self.decision
        move = self._moved(one.class_move, "class", one.class_before)
        rules = [each for each in proof.children if each.kind == "condition"]
        title = self.titles.get(f"class.{one.class_}") or self._word("unknown")
        branch = tree.add(_text(self._titled(proof.title, f"{title}{move}"), "bold"))
        for each in rules:
            if each.address == f"class.{one.class_}" or (one.faults and each.state == "true"):
                why = branch.add(self._marked(each.state, f"{each.title}{_clauses(each.source)}"))
                self._reasons(why, each)
        if one.faults:
            branch.add(self._marked("false", one.faults[0]))
        self._next_class(branch, proof)

    def _next_class(self, branch: Tree, proof: Proof) -> None:
        following = self.decision.next_class
        if following is None:
            return
        here = branch.add(_text(self._word("not yet {title}:", title=following.title)))
        for path in proof.children:
            if path.kind == "path":
                for each in path.children:
                    self._gate(here, each)
        target = next(
            (each for each in proof.children if each.address == f"class.{following.to}"), None
        )
        if target is not None and following.conditions:
            words = f"{self._word('its own conditions')}{_clauses(target.source)}"
            rule = here.add(self._marked(target.state, words))
            self._reasons(rule, target, open_only=True)
        self._ways(here, following)

    def _ways(self, branch: Tree, following: Advancement) -> None:
        """Add the least that would have to change."""
        if not following.ways:
            return
        ways = branch.add(_text(self._word("the least that would have to change:")))
        for each in following.ways:
            add_way(ways, each, self.language)

    def _tier(self, tree: Tree, proof: Proof) -> None:
        one = self.decision
        title = self.titles.get(f"tier.{one.tier}") or self._word("none")
        move = self._moved(one.tier_move, "tier", one.tier_before)
        branch = tree.add(_text(self._titled(proof.title, f"{title}{move}"), "bold"))
        for each in proof.children:
            if each.address == f"tier.{one.tier}":
                for gate in each.children:
                    self._gate(branch, gate)
        following = one.next_tier
        if following is None:
            return
        here = branch.add(_text(self._word("not yet {title}:", title=following.title)))
        wanted = {each.address for each in following.gates}
        for each in proof.children:
            for gate in each.children:
                if gate.address in wanted:
                    self._gate(here, gate)
        self._ways(here, following)

    def _gate(self, tree: Tree, gate: Proof) -> None:
        line = tree.add(self._marked(gate.state, f"{gate.title}{_clauses(gate.source)}"))
        for each in gate.children:
            self._condition(line, each)
        if gate.shown:
            line.add(_text(self._word("advice: {advice}", advice=gate.shown), "italic"))

    def _placement(self, tree: Tree, proof: Proof) -> None:
        shown = f"{proof.shown}{_clauses(proof.source)}"
        branch = tree.add(_text(self._titled(proof.title, shown), "bold"))
        self._reasons(branch, proof)
        if proof.kind == "strategy" and self.decision.objective:
            branch.add(_text(self.decision.objective, "italic"))

    def _moved(self, move: str | None, kind: str, before: str | None) -> str:
        """Return how a class or tier came about, in brackets."""
        if move is None:
            return ""
        named = self.titles.get(f"{kind}.{before}", before)
        return f" ({self._word(MOVES[move], before=named)})"

    # conditions

    def _reasons(self, tree: Tree, proof: Proof, *, open_only: bool = False) -> None:
        for each in proof.children:
            self._condition(tree, each, open_only=open_only)

    def _condition(
        self, tree: Tree, proof: Proof, *, flat: bool = True, open_only: bool = False
    ) -> None:
        """Add a condition as a line with the values read, its members below it.

        When it is asked for directly (`flat`), the members of an "all of" stand for it.
        """
        if open_only and proof.state == "true":
            return
        line, flat = tree, flat and _all_of(proof)
        if not flat:
            values = "" if proof.children else self._values(proof)
            line = tree.add(self._marked(proof.state, f"{proof.text}{values}"))
        for each in proof.children:
            self._condition(line, each, flat=flat, open_only=open_only and flat)

    def _values(self, proof: Proof) -> str:
        """Return the values that an expression read, but those that stand right beside it."""
        shown = []
        for each in proof.reads:
            self.told.setdefault(each.name, each)
            rows = ""
            if each.rows is not None:
                rows = self._word("{rows} of {all} rows", rows=each.rows, all=each.of)
            if each.name == proof.text and proof.kind != "criterion":
                shown += [rows] if rows else []
            elif proof.text not in (f"not {each.name}", f"{each.name} is unknown"):
                name = "" if each.name == proof.text else f"{_short(each.name)} "
                shown.append(f"{name}{each.shown}" + (f", {rows}" if rows else ""))
        return f" ({'; '.join(shown)})" if shown else ""

    def _marked(self, state: str | None, words: str) -> Text:
        key = state or "unknown"
        return Text.assemble((f"{self.marks[key]} ", COLOURS[key]), printable(words))

    # actions and gaps

    def _actions(self, tree: Tree) -> None:
        one = self.decision
        proofs = {each.address: each for each in self._parts("action")}
        count = self._word("Actions: {count} proposed", count=len(one.actions))
        branch = tree.add(_text(count, "bold"))
        for each in one.actions:
            line = branch.add(_text(f"{each.rank}. {each.title} ({self._priority(each)})"))
            self._action(line, each, proofs.get(f"action.{each.id}"))
        if one.held_back:
            held = branch.add(_text(self._word("held back:")))
            for each in one.held_back:
                title = f"{each.title} ({self._priority(each)})"
                line = held.add(_text(self._titled(title, self._why_held(each))))
                self._action(line, each, proofs.get(f"action.{each.id}"))
        if one.nearest_miss is not None:
            name = one.nearest_miss.action
            title = self.titles.get(f"action.{name}", name)
            words = self._word("nearest: {title} ({id}), which lacks", title=title, id=name)
            miss = branch.add(_text(words))
            for text in one.nearest_miss.missing:
                miss.add(self._marked("false", text))

    def _action(self, line: Tree, action: Action, proof: Proof | None) -> None:
        line.add(_text(f"{action.reason}{_clauses(action.source)}", "italic"))
        owner = self.owners.get(action.owner, action.owner)
        hours = f"{action.effort_hours:g}"
        words = self._word(
            "{owner}, by {date}, {hours} h", owner=owner, date=action.due_on, hours=hours
        )
        line.add(_text(words))
        if proof is not None:
            self._reasons(line, proof)
            if proof.reads:
                text = f"{proof.text}{self._values(proof)}"
                words = self._word(
                    "priority {priority} = {text}", priority=f"{action.priority:g}", text=text
                )
                line.add(_text(words))

    def _priority(self, action: Action) -> str:
        priority = f"{action.priority:g}"
        return self._word("{id}, priority {priority}", id=action.id, priority=priority)

    def _why_held(self, action: Action) -> str:
        if action.free_on is not None:
            return self._word("in cooldown until {date}", date=action.free_on)
        return self._word("{actions} takes its place", actions=", ".join(action.excluded_by))

    def _gaps(self, tree: Tree) -> None:
        gaps = self.decision.gaps
        if not gaps:
            return
        branch = tree.add(_text(self._word("Gaps: what is not known and would matter"), "bold"))
        for each in gaps:
            words = self._word(
                "{fact} (information level {level}): {matters}",
                fact=each.fact,
                level=each.info_level,
                matters=", ".join(self._place(one) for one in each.matters_to),
            )
            line = branch.add(_text(words))
            if each.may_change:
                what = ", ".join(self._word(one.capitalize()) for one in each.may_change)
                line.add(_text(self._word("could change: {what}", what=what)))
            if each.narrows:
                share = f"{each.narrows:.0%}"
                line.add(
                    _text(self._word("closes {share} of what the scores leave open", share=share))
                )

    def _place(self, address: str) -> str:
        """Return a criterion with its score, a gate with its tier or path, as people call them."""
        if address not in self.titles:
            return address
        return self._titled(self.owned.get(address, ""), self.titles[address])

    def _facts(self, tree: Tree) -> None:
        """Add what the facts read above are made of, each once, and what those are made of in turn."""
        waiting, lines = list(self.told), dict[str, str]()
        for name in waiting:
            fact = self.facts.get(name)
            if fact is None or name in lines:
                continue
            lines[name] = f"{name} {fact.shown} = {fact.text}{self._values(fact)}"
            waiting += [each.name for each in fact.reads]
        if lines:
            branch = tree.add(_text(self._word("Facts read above"), "bold"))
            for each in lines.values():
                branch.add(_text(each))


def _all_of(proof: Proof) -> bool:
    """Whether a condition is its members joined by `and`, so that they can stand for it."""
    texts = [each.text or "" for each in proof.children]
    joined = (
        " and ".join(texts),
        " and ".join(f"({each})" if " or " in each else each for each in texts),
    )
    return bool(texts) and (not proof.text or proof.text in joined)


def _short(name: str) -> str:
    """Return an aggregate without its filter: the text beside it has it in full."""
    head, bracket, tail = name.partition("[")
    return f"{head}[...]{tail.rpartition(']')[2]}" if bracket else name


def _text(words: str, style: str = "") -> Text:
    return Text(printable(words), style)


def _clauses(source: Iterable[str]) -> str:
    named = ", ".join(source)
    return f" [{named}]" if named else ""


def _below(proof: Proof) -> Iterator[Proof]:
    """Yield a proof and all below it."""
    yield proof
    for each in proof.children:
        yield from _below(each)
