"""Memory: what was decided before, so that hysteresis, one-step moves and cooldowns work from run to run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class EarlierFiles:
    """An earlier run's states and proposals as UTF-8 CSV files with a header.

    `states`: account_id,class,tier (an empty cell is none). `proposals`: account_id,action,proposed_on
    (ISO date), the last date on which the action was newly proposed.
    """

    states: Path
    proposals: Path
