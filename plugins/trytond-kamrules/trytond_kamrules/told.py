"""Texts of decisions in the language of who reads them: a mixin for models that hold some."""

from __future__ import annotations

import json

from trytond.model import fields
from trytond.transaction import Transaction


def of_user(texts: str | None, language: str | None = None) -> dict[str, str]:
    """Return the texts in a language of Tryton, such as `zh_CN`, by default the user's.

    Where there are none in it, those in the first language.
    """
    if not texts:
        return {}
    found = json.loads(texts)
    code = language or Transaction().language or "en"
    for wanted in (code, code.partition("_")[0]):
        if wanted in found:
            return found[wanted]
    return next(iter(found.values()), {})


class ToldMixin:
    """A model with `texts`: JSON by language and name, as kamrules tells them."""

    __slots__ = ()

    texts = fields.Text("Texts", readonly=True)

    @classmethod
    def get_told(cls, records, names):
        """Return the texts that fields named `told_NAME` or NAME show."""
        found = {name: {} for name in names}
        for record in records:
            texts = of_user(record.texts)
            for name in names:
                found[name][record.id] = texts.get(name.removeprefix("told_")) or None
        return found

    @classmethod
    def search_told(cls, name, clause):
        """Search the texts of all languages."""
        _, operator, value = clause[:3]
        if operator not in {"=", "!="}:
            return [("texts", *clause[1:])]
        if value is None:
            return [("texts", operator, None)]
        one = json.dumps({name.removeprefix("told_"): value}, ensure_ascii=False)[1:-1]
        return [("texts", "like" if operator == "=" else "not like", f"%{one}%")]
