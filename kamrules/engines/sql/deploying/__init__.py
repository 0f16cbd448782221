"""Deploying a ruleset as views of a warehouse: SQL that people read."""

from __future__ import annotations

from kamrules.engines.sql.deploying.complete import Run, Statement, Statements, statements_of
from kamrules.engines.sql.deploying.deploying import deploy
from kamrules.engines.sql.deploying.dialects import DIALECTS
from kamrules.engines.sql.deploying.options import Deployment

__all__ = ["DIALECTS", "Deployment", "Run", "Statement", "Statements", "deploy", "statements_of"]
