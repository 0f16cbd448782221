"""Engines, each by itself; tests/agreement holds them to each other."""
