"""The installed command on whole books, as a user starts it."""
