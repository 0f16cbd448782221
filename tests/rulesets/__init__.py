"""What a strategy owner relies on: the shipped rulesets and the sample book."""
