"""The rule language's cases as data: what a text means, comes to, or is told to be."""
