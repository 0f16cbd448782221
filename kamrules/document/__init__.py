"""The ruleset as written: reading TOML, merging what it extends, checking its shape, knowing every place."""

from __future__ import annotations

from kamrules.document.cases import PersonaModel, TestModel
from kamrules.document.conditions import AllOf, AnyOf, AtLeast, ConditionModel, NotThis
from kamrules.document.finding import names, shipped_folder
from kamrules.document.loading import load_ruleset
from kamrules.document.models import (
    ActionModel,
    ClassModel,
    ColumnModel,
    CriterionModel,
    FactModel,
    GateModel,
    Header,
    ParameterModel,
    PathModel,
    PhaseModel,
    RoleModel,
    RulesetModel,
    ScaleModel,
    ScoreModel,
    SourceModel,
    StrategyModel,
    TableModel,
    TierModel,
)
from kamrules.document.ruleset import Ruleset
from kamrules.document.schema import json_schema
from kamrules.document.signals import SignalModel

__all__ = [
    "ActionModel",
    "AllOf",
    "AnyOf",
    "AtLeast",
    "ClassModel",
    "ColumnModel",
    "ConditionModel",
    "CriterionModel",
    "FactModel",
    "GateModel",
    "Header",
    "NotThis",
    "ParameterModel",
    "PathModel",
    "PersonaModel",
    "PhaseModel",
    "RoleModel",
    "Ruleset",
    "RulesetModel",
    "ScaleModel",
    "ScoreModel",
    "SignalModel",
    "SourceModel",
    "StrategyModel",
    "TableModel",
    "TestModel",
    "TierModel",
    "json_schema",
    "load_ruleset",
    "names",
    "shipped_folder",
]
