"""Live decisions: the engines in one process, and the service as a client sees it."""
