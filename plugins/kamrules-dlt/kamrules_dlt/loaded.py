"""The output tables of a run as dlt resources: read from Parquet files, batch by batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow.parquet  # type: ignore[import-untyped]

from kamrules_dlt.quiet import dlt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BATCH = 20_000


def table_resource(
    name: str,
    path: Callable[[str], Path],
    *,
    plain: bool = False,
    **hints: Any,  # noqa: ANN401  dlt's
) -> Any:  # noqa: ANN401
    """Return a resource that yields the rows of a file; `path` is asked by name when they are wanted.

    With `plain` they come as dicts, for functions that take them one by one. A table without rows
    yields one empty batch, so that it is there, and is emptied where it was.
    """

    def read() -> Iterator[Any]:
        with pyarrow.parquet.ParquetFile(path(name)) as file:
            # what is never unknown today may be tomorrow, and dlt would make it a column that cannot be
            fields = [each.with_nullable(nullable=True) for each in file.schema_arrow]
            schema = pyarrow.schema(fields)
            if file.metadata.num_rows == 0:
                yield schema.empty_table()
            for batch in file.iter_batches(BATCH):
                table = pyarrow.Table.from_batches([batch]).cast(schema)
                yield table.to_pylist() if plain else table

    return dlt.resource(read, name=name, table_name=name, **hints)
