"""What the scheduler can call."""

from __future__ import annotations

from trytond.pool import PoolMeta


class Cron(metaclass=PoolMeta):
    """Adds the recompute to what can be scheduled."""

    __name__ = "ir.cron"

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.method.selection.append(("kamrules.account|recompute_all", "Recompute Key Accounts"))
