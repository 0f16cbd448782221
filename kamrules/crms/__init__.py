"""Known CRMs as data: one TOML file each, with the names of its tables and columns."""
