"""What Polars has no words for: DuckDB works it out instead."""


class Unsaid(TypeError):  # noqa: N818  who catches it asks DuckDB
    """A node or function of a tree that is not said in Polars; its message names it."""
