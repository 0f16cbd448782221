"""Tests of kamrules, laid out as the package is."""
