"""Writes test/fixtures/pyarrow: a small table in the formats of the Apache and pandas libraries.

    pip install pyarrow==26.0.1 pandas==3.1.1 && python scripts/data/pyarrow-fixtures.py

table.csv contains all digits of the columns x, n, k and y, in this order. nulls.* contain the same table with nulls.
"""

import random
from pathlib import Path

import pyarrow
import pyarrow.parquet as parquet

OUT = Path(__file__).parent.parent / "test" / "fixtures" / "pyarrow"
ROWS = 60

random.seed(1)
x = [random.uniform(-5, 5) for _ in range(ROWS)]
n = [random.randrange(-100, 100) for _ in range(ROWS)]
k = [random.randrange(0, 4) for _ in range(ROWS)]
y = [round(8 * (x[i] + n[i] / 50 - k[i])) / 8 for i in range(ROWS)]


def holed(values, step):
    return [None if i % step == 1 else value for i, value in enumerate(values)]


def table(columns, x, n, k, y):
    types = {"x": pyarrow.float64(), "n": pyarrow.int16(), "k": pyarrow.int64(), "y": pyarrow.float32()}
    values = {"x": x, "n": n, "k": k, "y": y}
    return pyarrow.table({name: pyarrow.array(values[name], types[name]) for name in columns})


def write_csv(name, columns):
    lines = [",".join(columns)]
    for row in zip(*columns.values()):
        lines.append(",".join("" if value is None else repr(value) for value in row))
    (OUT / name).write_text("\n".join(lines) + "\n")


def write_stream(name, table, batch=ROWS, **options):
    with pyarrow.ipc.new_stream(OUT / name, table.schema, options=pyarrow.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table, max_chunksize=batch)


OUT.mkdir(parents=True, exist_ok=True)
plain = table("knyx", x, n, k, y)
nulls = table("ykxn", holed(x, 7), holed(n, 11), k, holed(y, 13))
write_csv("table.csv", {"x": x, "n": n, "k": k, "y": y})
write_csv("nulls.csv", {"x": holed(x, 7), "n": holed(n, 11), "k": k, "y": holed(y, 13)})

write_stream("table.arrow", plain)
write_stream("batches.arrow", plain, batch=7)
write_stream("nulls.arrow", nulls, batch=17)
write_stream("pandas.arrow", pyarrow.Table.from_pandas(plain.to_pandas()))
write_stream("refused-lz4.arrow", plain, compression="lz4")
write_stream("refused-dictionary.arrow", plain.append_column("word", pyarrow.array(["a", "b"] * 30).dictionary_encode()))
with pyarrow.ipc.new_file(OUT / "refused-file.arrow", plain.schema) as writer:
    writer.write_table(plain)

for codec in ["none", "snappy", "gzip", "zstd", "brotli", "lz4"]:
    parquet.write_table(plain, OUT / f"{codec}.parquet", compression=codec)
parquet.write_table(plain, OUT / "groups.parquet", row_group_size=7)
parquet.write_table(plain, OUT / "pages.parquet", data_page_version="2.0", data_page_size=64, write_batch_size=8)
parquet.write_table(nulls, OUT / "nulls.parquet", row_group_size=20)
parquet.write_table(nulls, OUT / "nulls-pages.parquet", data_page_version="2.0", compression="zstd", write_page_index=True)
parquet.write_table(
    plain,
    OUT / "encodings.parquet",
    use_dictionary=False,
    column_encoding={"k": "DELTA_BINARY_PACKED", "n": "DELTA_BINARY_PACKED", "x": "BYTE_STREAM_SPLIT", "y": "BYTE_STREAM_SPLIT"},
)
plain.to_pandas().to_parquet(OUT / "pandas.parquet", index=False)
halves = pyarrow.table({name: plain[name].cast(pyarrow.float16()) if name == "y" else plain[name] for name in "xnky"})
parquet.write_table(halves, OUT / "half.parquet")
parquet.write_table(plain.append_column("word", pyarrow.array(["a", "b"] * 30)), OUT / "refused-text.parquet")
parquet.write_table(plain.append_column("when", pyarrow.array([0] * 60, pyarrow.timestamp("ms"))), OUT / "refused-time.parquet")
parquet.write_table(plain.append_column("list", pyarrow.array([[1.0]] * 60)), OUT / "refused-list.parquet")
