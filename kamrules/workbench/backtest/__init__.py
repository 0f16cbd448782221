"""Backtest: a ruleset on a book's past, how classes moved, and how well they foretold what came after."""

from kamrules.workbench.backtest.backtesting import Backtest, Group, Then, backtest
from kamrules.workbench.backtest.dates import dates

__all__ = ["Backtest", "Group", "Then", "backtest", "dates"]
