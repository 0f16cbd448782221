"""What a client of the live service sees."""
