"""The commands. A module here that has a `command` is a command of the command line, by its file's name."""
