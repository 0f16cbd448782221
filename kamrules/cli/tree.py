"""The tree of one decision: scores, class, tier, actions, and what is missing, each with its reasons."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.text import Text
from rich.tree import Tree

from kamrules.cli.terminal import fancy, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kamrules.decision import Action, Decision, Explanation, Proof, Read

PLAIN = {"true": "+", "false": "-", "unknown": "?"}
FANCY = {"true": "✓", "false": "✗", "unknown": "?"}
COLOURS = {"true": "green", "false": "red", "unknown": "yellow"}
MOVES = {
    "placed": "placed, no earlier one is known",
    "stayed": "as before",
    "up": "up from",
    "down": "down from",
    "held": "held, as before",
}


def decision_tree(explanation: Explanation, owners: Mapping[str, str] | None = None) -> Tree:
    """Return an explanation as a tree; `owners` names persons by role, where they are known."""
    return _Drawer(explanation, owners or {}).tree()


class _Drawer:
    """Draws one explanation."""

    def __init__(self, explanation: Explanation, owners: Mapping[str, str]) -> None:
        self.decision: Decision = explanation.decision
        self.root = explanation.root
        self.facts = explanation.facts
        self.owners = owners
        self.marks = FANCY if fancy(sys.stdout.encoding) else PLAIN
        self.told: dict[str, Read] = {}

    def tree(self) -> Tree:
        """Return the whole tree."""
        one = self.decision
        name = f" {one.name}" if one.name and one.name != one.account_id else ""
        title = f"{one.account_id}{name}, as of {one.as_of} by {one.ruleset} {one.version}"
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
        branch = tree.add(_text(f"{score.title}: {score.shown}", "bold"))
        for each in score.children:
            read = self._values(each)
            branch.add(_text(f"{each.title}: {each.shown}{read}{_clauses(each.source)}"))

    # class and tier

    def _class(self, tree: Tree, proof: Proof) -> None:
        one = self.decision
        move = _moved(one.class_move, one.class_before)
        rules = [each for each in proof.children if each.kind == "condition"]
        title = next((each.title for each in rules if each.address == f"class.{one.class_}"), None)
        branch = tree.add(_text(f"Class: {title or 'unknown'}{move}", "bold"))
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
        here = branch.add(_text(f"not yet {following.title}:"))
        for path in proof.children:
            if path.kind == "path":
                for each in path.children:
                    self._gate(here, each)
        target = next(
            (each for each in proof.children if each.address == f"class.{following.to}"), None
        )
        if target is not None and following.conditions:
            rule = here.add(
                self._marked(target.state, f"its own conditions{_clauses(target.source)}")
            )
            self._reasons(rule, target, open_only=True)

    def _tier(self, tree: Tree, proof: Proof) -> None:
        one = self.decision
        title = next(
            (each.title for each in proof.children if each.address == f"tier.{one.tier}"), None
        )
        move = _moved(one.tier_move, one.tier_before)
        branch = tree.add(_text(f"Tier: {title or 'none'}{move}", "bold"))
        for each in proof.children:
            if each.address == f"tier.{one.tier}":
                for gate in each.children:
                    self._gate(branch, gate)
        following = one.next_tier
        if following is None:
            return
        here = branch.add(_text(f"not yet {following.title}:"))
        wanted = {each.address for each in following.gates}
        for each in proof.children:
            for gate in each.children:
                if gate.address in wanted:
                    self._gate(here, gate)

    def _gate(self, tree: Tree, gate: Proof) -> None:
        line = tree.add(self._marked(gate.state, f"{gate.title}{_clauses(gate.source)}"))
        for each in gate.children:
            self._condition(line, each)
        if gate.shown:
            line.add(_text(f"advice: {gate.shown}", "italic"))

    def _placement(self, tree: Tree, proof: Proof) -> None:
        branch = tree.add(_text(f"{proof.title}: {proof.shown}{_clauses(proof.source)}", "bold"))
        self._reasons(branch, proof)
        if proof.kind == "strategy" and self.decision.objective:
            branch.add(_text(self.decision.objective, "italic"))

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
            rows = f"{each.rows} of {each.of} rows" if each.rows is not None else ""
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
        branch = tree.add(_text(f"Actions: {len(one.actions)} proposed", "bold"))
        for each in one.actions:
            line = branch.add(_text(f"{each.rank}. {each.title} ({_priority(each)})"))
            self._action(line, each, proofs.get(f"action.{each.id}"))
        if one.held_back:
            held = branch.add(_text("held back:"))
            for each in one.held_back:
                line = held.add(_text(f"{each.title} ({_priority(each)}): {_why_held(each)}"))
                self._action(line, each, proofs.get(f"action.{each.id}"))
        if one.nearest_miss is not None:
            miss = branch.add(_text(f"nearest: {one.nearest_miss.action}, which lacks"))
            for text in one.nearest_miss.missing:
                miss.add(self._marked("false", text))

    def _action(self, line: Tree, action: Action, proof: Proof | None) -> None:
        line.add(_text(f"{action.reason}{_clauses(action.source)}", "italic"))
        owner = self.owners.get(action.owner, action.owner)
        line.add(_text(f"{owner}, by {action.due_on}, {action.effort_hours:g} h"))
        if proof is not None:
            self._reasons(line, proof)
            if proof.reads:
                values = self._values(proof)
                line.add(_text(f"priority {action.priority:g} = {proof.text}{values}"))

    def _gaps(self, tree: Tree) -> None:
        gaps = self.decision.gaps
        if not gaps:
            return
        branch = tree.add(_text("Gaps: what is not known and would matter", "bold"))
        for each in gaps:
            matters = ", ".join(each.matters_to)
            branch.add(_text(f"{each.fact} (information level {each.info_level}): {matters}"))

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
            branch = tree.add(_text("Facts read above", "bold"))
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


def _moved(move: str | None, before: str | None) -> str:
    if move is None:
        return ""
    words = MOVES.get(move, move)
    return f" ({words} {before})" if move in ("up", "down") else f" ({words})"


def _priority(action: Action) -> str:
    return f"{action.id}, priority {action.priority:g}"


def _why_held(action: Action) -> str:
    if action.free_on is not None:
        return f"in cooldown until {action.free_on}"
    return f"{', '.join(action.excluded_by)} takes its place"
