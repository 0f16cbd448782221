"""Rules read as sentences: the typed tree told in English or Chinese, for people who do not read rules."""

from kamrules.workbench.sentences.signals import signal_in_words
from kamrules.workbench.sentences.telling import Sentences

__all__ = ["Sentences", "signal_in_words"]
