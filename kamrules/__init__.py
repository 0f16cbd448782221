"""Rules for key account management: classify customers and recommend the next best actions."""
