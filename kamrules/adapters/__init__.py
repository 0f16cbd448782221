"""The built-in sources and sinks, registered through the same hooks as strangers'."""
