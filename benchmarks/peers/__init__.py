"""The same rules in the languages of other rule engines, translated from kamrules' typed program."""
