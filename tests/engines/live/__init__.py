"""The live engine: decisions by durable-rules."""
