"""The rule language beside its cases: what plug-ins may add to it."""
