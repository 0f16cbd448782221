"""Agreement: three engines and one meaning, on generated rulesets and books, and laws that hold for all."""
