"""What to do, as lines: the actions with their reasons, those held back, the nearest miss, and the gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamrules.words import word
from kamrules.workbench.handbook.page import Code
from kamrules.workbench.proofs.lines import Style, spoken
from kamrules.workbench.proofs.values import clauses_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kamrules.decision import Action, Explanation, Gap, Proof
    from kamrules.workbench.handbook.page import Text
    from kamrules.workbench.proofs.lines import Line
    from kamrules.workbench.proofs.reasons import Reasons


class Acting:
    """Adds to an outline what its decision asks people to do, and to find out."""

    def __init__(
        self, explanation: Explanation, owners: Mapping[str, str], reasons: Reasons
    ) -> None:
        self.decision = explanation.decision
        self.language = reasons.language
        self.owners = owners
        self.reasons = reasons
        root = explanation.root
        self.proofs = {each.address: each for each in root.children if each.kind == "action"}
        self.titles = {each.address: each.title for each in _below(root)}
        self.owned = {
            each.address: above.title for above in _below(root) for each in above.children
        }

    def _word(self, english: str, **values: object) -> str:
        return word(english, self.language, **values)

    def _titled(self, title: str, shown: str | None) -> str:
        return self._word("{title}: {shown}", title=title, shown=shown)

    def actions(self, root: Line) -> None:
        """Add the actions, those proposed first."""
        one = self.decision
        count = self._word("Actions: {count} proposed", count=len(one.actions))
        branch = root.add(count, style=Style.HEADING)
        for each in one.actions:
            proof = self.proofs.get(f"action.{each.id}")
            title = f"{each.rank}. {each.title} ({self._priority(each)})"
            self._action(branch.add(title, of=proof), each, proof)
        if one.held_back:
            held = branch.add(self._word("held back:"))
            for each in one.held_back:
                proof = self.proofs.get(f"action.{each.id}")
                title = f"{each.title} ({self._priority(each)})"
                line = held.add(self._titled(title, self._why_held(each)), of=proof)
                self._action(line, each, proof)
        self._nearest_miss(branch)

    def _nearest_miss(self, branch: Line) -> None:
        missed = self.decision.nearest_miss
        if missed is None:
            return
        address = f"action.{missed.action}"
        words = self._word(
            "nearest: {title} ({id}), which lacks",
            title=self.titles.get(address, missed.action),
            id=missed.action,
        )
        miss = branch.add(words, of=self.proofs.get(address))
        for text in missed.missing:
            miss.add(Code(text), state="false")

    def _action(self, line: Line, action: Action, proof: Proof | None) -> None:
        line.add(f"{action.reason}{clauses_of(action.source)}", style=Style.PROSE)
        owner = self.owners.get(action.owner, action.owner)
        hours = f"{action.effort_hours:g}"
        words = self._word(
            "{owner}, by {date}, {hours} h", owner=owner, date=action.due_on, hours=hours
        )
        line.add(words)
        if proof is not None:
            self.reasons.below(line, proof)
            if proof.reads:
                text: Text = (Code(proof.text or ""), *self.reasons.values.beside(proof))
                line.add(
                    *spoken(
                        "priority {priority} = {text}",
                        self.language,
                        priority=f"{action.priority:g}",
                        text=text,
                    )
                )

    def _priority(self, action: Action) -> str:
        priority = f"{action.priority:g}"
        return self._word("{id}, priority {priority}", id=action.id, priority=priority)

    def _why_held(self, action: Action) -> str:
        if action.free_on is not None:
            return self._word("in cooldown until {date}", date=action.free_on)
        return self._word("{actions} takes its place", actions=", ".join(action.excluded_by))

    def gaps(self, root: Line) -> None:
        """Add what is not known and would matter, the worthiest first where that was worked out."""
        if not self.decision.gaps:
            return
        heading = self._word("Gaps: what is not known and would matter")
        branch = root.add(heading, style=Style.HEADING)
        for each in self.decision.gaps:
            self._gap(branch, each)

    def _gap(self, branch: Line, gap: Gap) -> None:
        words = self._word(
            "{fact} (information level {level}): {matters}",
            fact=gap.fact,
            level=gap.info_level,
            matters=", ".join(self._called(one) for one in gap.matters_to),
        )
        line = branch.add(words)
        if gap.may_change:
            what = ", ".join(self._word(one.capitalize()) for one in gap.may_change)
            line.add(self._word("could change: {what}", what=what))
        if gap.narrows:
            share = f"{gap.narrows:.0%}"
            line.add(self._word("closes {share} of what the scores leave open", share=share))

    def _called(self, address: str) -> str:
        """Return a criterion with its score, a gate with its tier or path, as people call them."""
        if address not in self.titles:
            return address
        return self._titled(self.owned.get(address, ""), self.titles[address])


def _below(proof: Proof) -> Iterator[Proof]:
    """Yield a proof and all below it."""
    yield proof
    for each in proof.children:
        yield from _below(each)
