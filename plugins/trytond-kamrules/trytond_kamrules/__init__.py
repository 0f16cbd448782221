"""The Tryton module `kamrules`: key accounts decided by kamrules; tryton.cfg lists its models."""
