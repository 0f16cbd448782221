"""From a ruleset as written to a Program: typed, ordered steps with no author's syntax left."""

from kamrules.compiler.in_force import in_force
from kamrules.compiler.program import Program
from kamrules.compiler.stages import (
    STAGES,
    compile_ruleset,
    compile_with_cases,
    compile_with_warnings,
)

__all__ = [
    "STAGES",
    "Program",
    "compile_ruleset",
    "compile_with_cases",
    "compile_with_warnings",
    "in_force",
]
