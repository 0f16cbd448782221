"""One account at a time, as a CRM that embeds kamrules sees it."""
