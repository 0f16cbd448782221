"""The plug-ins in use: found, checked, called, and outlived when they fail."""

from __future__ import annotations

from kamrules.plugins.manager import Plugins, default_plugins, open_source
from kamrules.plugins.plugin import Plugin

__all__ = ["Plugin", "Plugins", "default_plugins", "open_source"]
