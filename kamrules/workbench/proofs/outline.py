"""The outline of one decision: scores, class, tier, actions, and what is missing, each with its reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.words import word
from kamrules.workbench.handbook.page import Code
from kamrules.workbench.proofs.acting import Acting
from kamrules.workbench.proofs.lines import Line, Style, spoken
from kamrules.workbench.proofs.reasons import Reasons
from kamrules.workbench.proofs.values import clauses_of
from kamrules.workbench.proofs.ways import add_way

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamrules.decision import Advancement, Decision, Explanation, Proof
    from kamrules.workbench.handbook.page import Text

MOVES = {
    "placed": "placed, no earlier one is known",
    "stayed": "as before",
    "up": "up from {before}",
    "down": "down from {before}",
    "held": "held, as before",
}


def outline(
    explanation: Explanation, owners: Mapping[str, str] | None = None, language: str = "en"
) -> Line:
    """Return an explanation as lines, its headings in a language.

    `owners` says by role who does it: a person, where one is known, or what the role is called.
    """
    return _Writer(explanation, owners or {}, language).outline()


class _Writer:
    """Writes the outline of one explanation."""

    def __init__(self, explanation: Explanation, owners: Mapping[str, str], language: str) -> None:
        self.language = language
        self.decision: Decision = explanation.decision
        self.root = explanation.root
        self.facts = explanation.facts
        self.reasons = Reasons(language)
        self.acting = Acting(explanation, owners, self.reasons)
        self.titles = self.acting.titles

    def _word(self, english: str, **values: object) -> str:
        return word(english, self.language, **values)

    def _titled(self, title: str, shown: str | None) -> str:
        return self._word("{title}: {shown}", title=title, shown=shown)

    def outline(self) -> Line:
        """Return the whole outline."""
        one = self.decision
        name = f" {one.name}" if one.name and one.name != one.account_id else ""
        title = self._word(
            "{account}, as of {date} by {ruleset}",
            account=f"{one.account_id}{name}",
            date=one.as_of,
            ruleset=f"{one.ruleset} {one.version}",
        )
        root = Line((title,), style=Style.HEADING)
        for each in self.root.children:
            match each.kind:
                case "score":
                    self._score(root, each)
                case "class":
                    self._class(root, each)
                case "tier":
                    self._tier(root, each)
                case "phase" | "strategy":
                    self._placement(root, each)
        self.acting.actions(root)
        self.acting.gaps(root)
        self.reasons.values.facts(root, self.facts)
        self.reasons.values.stands(root)
        return root

    # scores

    def _score(self, root: Line, score: Proof) -> None:
        words = self._titled(score.title, score.shown)
        branch = root.add(words, style=Style.HEADING, of=score)
        for each in score.children:
            values = self.reasons.values.beside(each)
            shown: Text = (each.shown or "", *values, clauses_of(each.source))
            text = spoken("{title}: {shown}", self.language, title=each.title, shown=shown)
            line = branch.add(*text, of=each)
            if each.text not in {read.name for read in each.reads}:
                line.add(Code(each.text or ""), full=True)

    # class and tier

    def _class(self, root: Line, proof: Proof) -> None:
        one = self.decision
        move = self._moved(one.class_move, "class", one.class_before)
        rules = {each.address: each for each in proof.children if each.kind == "rule"}
        title = self.titles.get(f"class.{one.class_}") or self._word("unknown")
        branch = root.add(self._titled(proof.title, f"{title}{move}"), style=Style.HEADING)
        for address, each in rules.items():
            if address == f"class.{one.class_}" or (one.faults and each.state == "true"):
                self.reasons.rule(branch, each)
        before = rules.get(f"class.{one.class_before}")
        if before is not None and one.class_before != one.class_:
            self._left(branch, before)
        if one.class_move == "up":
            self._gone(branch, proof)
        if one.faults:
            branch.add(one.faults[0], state="false")
        self._next_class(branch, proof)

    def _left(self, branch: Line, before: Proof) -> None:
        """Add that what would be enough to stay in the class before no longer holds."""
        for each in before.children:
            if each.kind == "stay" and each.state != "true":
                line = branch.add(self._titled(before.title, each.title), state=each.state, of=each)
                self.reasons.below(line, each)

    def _gone(self, branch: Line, proof: Proof) -> None:
        """Add the gates of the path by which the account moved up."""
        gone = f"{self.decision.class_before} -> {self.decision.class_}"
        for path in proof.children:
            if path.kind == "path" and path.shown == gone:
                line = branch.add(path.title, state="true", of=path)
                for each in path.children:
                    self.reasons.gate(line, each)

    def _next_class(self, branch: Line, proof: Proof) -> None:
        following = self.decision.next_class
        if following is None:
            return
        here = self._not_yet(branch, following, proof)
        target = next(
            (each for each in proof.children if each.address == f"class.{following.to}"), None
        )
        if target is not None and following.conditions:
            words = f"{self._word('its own conditions')}{clauses_of(target.source)}"
            rule = here.add(words, state=target.state, of=target)
            self.reasons.below(rule, target, open_only=True)
        self._ways(here, following)

    def _not_yet(self, branch: Line, following: Advancement, proof: Proof) -> Line:
        """Add the gates of the next class or tier."""
        here = branch.add(self._word("not yet {title}:", title=following.title))
        wanted = {each.address for each in following.gates}
        for each in proof.children:
            for gate in each.children:
                if gate.address in wanted:
                    self.reasons.gate(here, gate)
        return here

    def _ways(self, branch: Line, following: Advancement) -> None:
        """Add the least that would have to change."""
        if not following.ways:
            return
        ways = branch.add(self._word("the least that would have to change:"))
        for each in following.ways:
            add_way(ways, each, self.language)

    def _tier(self, root: Line, proof: Proof) -> None:
        one = self.decision
        title = self.titles.get(f"tier.{one.tier}") or self._word("none")
        move = self._moved(one.tier_move, "tier", one.tier_before)
        branch = root.add(self._titled(proof.title, f"{title}{move}"), style=Style.HEADING)
        tiers = {each.address: each for each in proof.children}
        shown = [f"tier.{one.tier}"]
        if one.tier_move == "down":
            shown.append(f"tier.{one.tier_before}")
        for address in shown:
            if address not in tiers:
                continue
            lines = branch if address == shown[0] else branch.add(tiers[address].title)
            for gate in tiers[address].children:
                self.reasons.gate(lines, gate)
        if one.next_tier is not None:
            self._ways(self._not_yet(branch, one.next_tier, proof), one.next_tier)

    def _placement(self, root: Line, proof: Proof) -> None:
        chosen = self.decision.phase if proof.kind == "phase" else self.decision.strategy
        address = f"{proof.kind}.{chosen}"
        rule = next((each for each in proof.children if each.address == address), None)
        source = () if rule is None else rule.source
        words = self._titled(proof.title, f"{proof.shown}{clauses_of(source)}")
        branch = root.add(words, style=Style.HEADING, of=rule)
        if rule is not None:
            self.reasons.below(branch, rule)
        if proof.kind == "strategy" and self.decision.objective:
            branch.add(self.decision.objective, style=Style.PROSE)

    def _moved(self, move: str | None, kind: str, before: str | None) -> str:
        """Return how a class or tier came about, in brackets."""
        if move is None:
            return ""
        named = self.titles.get(f"{kind}.{before}", before)
        return f" ({self._word(MOVES[move], before=named)})"
