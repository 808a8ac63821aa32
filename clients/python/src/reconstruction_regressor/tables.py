"""Data frames as Arrow and back."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq


def arrow_table(frame: pd.DataFrame) -> pa.Table:
    """Returns the columns of a frame, without its index. NaN and NA are missing values."""
    names = [str(name) for name in frame.columns]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"column {twice!r} is there twice")
    named = frame.set_axis(names, axis="columns")
    try:
        return pa.Table.from_pandas(named, preserve_index=False).replace_schema_metadata(None)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise ValueError(f"the frame has a column of mixed values: {error}") from error


def stream_of(table: pa.Table) -> bytes:
    """Writes a table as an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def parquet_of(table: pa.Table) -> bytes:
    """Writes a table as Parquet, which is small on its way."""
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def interval_names(targets: list[str]) -> list[str]:
    """Names the columns of bounds as the service does: where a target has such a name, the first free one with a number."""
    taken = set(targets)
    names: list[str] = []
    for target in targets:
        for side in ("low", "high"):
            name, number = f"{target}_{side}", 2
            while name in taken:
                name, number = f"{target}_{side}_{number}", number + 1
            taken.add(name)
            names.append(name)
    return names


def read_predictions(content: bytes) -> tuple[dict[str, np.ndarray], str]:
    """Reads a reply: a column for each target, `reconstruction_error`, and the version that predicted."""
    table = pa.ipc.open_stream(content).read_all()
    version = (table.schema.metadata or {}).get(b"model_version", b"").decode()
    return {name: table[name].to_numpy() for name in table.column_names}, version
