"""polars, pyarrow, DuckDB and fastparquet: one table, as each of them writes it, is read as the same columns and predicted alike."""
import datetime
import io
import os
import tempfile

import duckdb
import fastparquet
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.feather as feather
import pyarrow.parquet as pq
import requests

from expected import url

PARQUET = "application/vnd.apache.parquet"
STREAM = "application/vnd.apache.arrow.stream"
FILE = "application/vnd.apache.arrow.file"
ROWS = 120
TYPES = {"size": "number", "city": "category", "n": "number", "price": "number", "sold": "boolean", "day": "timestamp",
         "when": "timestamp", "gap": "number"}

random = np.random.default_rng(1)
size = random.integers(0, 400, ROWS) / 4
city = np.array(["Köln", "Bonn", "Zürich"])[random.integers(0, 3, ROWS)]
columns = {
    "size": size,
    "city": city,
    "n": random.integers(0, 100, ROWS),
    "price": random.integers(100, 9999, ROWS) / 100,
    "sold": random.random(ROWS) < 0.5,
    "day": [datetime.date(2024, 1, 1) + datetime.timedelta(days=int(i)) for i in random.integers(0, 300, ROWS)],
    "when": [datetime.datetime(2024, 1, 1) + datetime.timedelta(minutes=int(i)) for i in random.integers(0, 300_000, ROWS)],
    "gap": [None if i % 10 == 0 else float(value) for i, value in enumerate(size[::-1])],
    "y": 2 * size + np.where(city == "Köln", 10, 0),
}


def post(path, body, type, **headers):
    return requests.post(f"{url()}/{path}", data=body, headers={"content-type": type, "accept": "application/json", **headers})


def written(write):
    sink = io.BytesIO()
    write(sink)
    return sink.getvalue()


frame = pl.DataFrame(columns)
table = frame.to_arrow().cast(pa.schema([(f.name, pa.string() if f.name == "city" else f.type) for f in frame.to_arrow().schema]))
reply = post("train?target=y&wait=true&epochs=2&replace=true&promote=always", written(frame.write_parquet), PARQUET)
assert reply.ok, reply.text
expected = post("predict", written(frame.write_parquet), PARQUET).json()["predictions"]
assert len(expected) == ROWS


def same(what, body, type):
    report = post("train?target=y&dry_run=true&replace=true", body, type)
    assert report.ok, (what, report.text)
    found = {column["name"]: column.get("type") for column in report.json()["columns"]}
    assert report.json()["rows"] == ROWS and {name: found[name] for name in TYPES} == TYPES, (what, found)
    reply = post("predict", body, type)
    assert reply.ok, (what, reply.text)
    assert np.allclose(reply.json()["predictions"], expected, rtol=1e-6, atol=1e-6), what


def refused(what, body, type, *words):
    reply = post("train?target=y&dry_run=true&replace=true", body, type)
    assert not reply.ok and all(word in reply.json()["error"] for word in words), (what, reply.text)


# polars: its own encodings, views, categories, decimals, time zones; columns that are not learned from.
variants = {
    "plain": frame,
    "categories": frame.with_columns(pl.col("city").cast(pl.Categorical), pl.col("n").cast(pl.UInt8)),
    "enum and decimal": frame.with_columns(pl.col("city").cast(pl.Enum(["Bonn", "Köln", "Zürich"])), pl.col("price").cast(pl.Decimal(38, 10))),
    "time zone": frame.with_columns(pl.col("when").dt.replace_time_zone("UTC").dt.convert_time_zone("Europe/Berlin")),
    "nested": frame.with_columns(pl.Series("tags", [[1, 2]] * ROWS), pl.Series("pair", [{"a": 1, "b": "x"}] * ROWS), pl.Series("raw", [b"ab"] * ROWS)),
}
for name, each in variants.items():
    for compression in ("uncompressed", "snappy", "gzip", "brotli", "lz4", "zstd"):
        same(f"polars {name}, Parquet {compression}", written(lambda sink: each.write_parquet(sink, compression=compression)), PARQUET)
    for compression in ("uncompressed", "lz4", "zstd"):
        same(f"polars {name}, IPC file {compression}", written(lambda sink: each.write_ipc(sink, compression=compression)), FILE)
    same(f"polars {name}, IPC stream", written(each.write_ipc_stream), STREAM)

# pyarrow: every codec, both page versions, delta encodings, Feather, dictionaries, wide texts.
for compression in ("none", "snappy", "gzip", "brotli", "zstd", "lz4"):
    same(f"pyarrow, Parquet {compression}", written(lambda sink: pq.write_table(table, sink, compression=compression)), PARQUET)
encodings = {"n": "DELTA_BINARY_PACKED", "city": "DELTA_BYTE_ARRAY", "when": "DELTA_BINARY_PACKED", "size": "BYTE_STREAM_SPLIT"}
for options in ({"data_page_version": "2.0"}, {"version": "1.0"}, {"use_dictionary": False, "column_encoding": encodings},
                {"use_deprecated_int96_timestamps": True}, {"row_group_size": 7, "write_page_checksum": True}):
    same(f"pyarrow, Parquet {options}", written(lambda sink: pq.write_table(table, sink, **options)), PARQUET)
for compression in ("uncompressed", "lz4", "zstd"):
    same(f"pyarrow, Feather {compression}", written(lambda sink: feather.write_feather(table, sink, compression=compression)), FILE)


def stream(each, **options):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, each.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(each, max_chunksize=50)
    return sink.getvalue().to_pybytes()


def replaced(name, values):
    return table.set_column(table.column_names.index(name), name, values)


same("pyarrow, stream", stream(table), STREAM)
same("pyarrow, dictionary", stream(replaced("city", table["city"].dictionary_encode())), STREAM)
same("pyarrow, dictionary deltas", stream(replaced("city", pa.chunked_array(
    [pa.array(city[:50]).dictionary_encode(), pa.array(city[50:]).dictionary_encode()])), emit_dictionary_deltas=True), STREAM)
for type in (pa.large_string(), pa.string_view()):
    same(f"pyarrow, {type}", stream(replaced("city", table["city"].cast(type))), STREAM)
same("pyarrow, float16", stream(replaced("size", table["size"].cast(pa.float16()))), STREAM)
same("pyarrow, decimal256", stream(replaced("price", table["price"].cast(pa.decimal256(40, 2)))), STREAM)
wide = table.append_column("id", pa.array([2**53 + 1 + 2 * i for i in range(ROWS)]))
same("pyarrow, integers beyond 2^53", stream(wide), STREAM)
runs = replaced("n", pc.run_end_encode(table["n"].combine_chunks()))
reply = post("predict", stream(runs), STREAM)
assert reply.status_code == 400 and '"n"' in reply.json()["error"] and "RunEndEncoded" in reply.json()["error"], reply.text

# DuckDB and fastparquet.
with tempfile.TemporaryDirectory() as directory:
    path = os.path.join(directory, "a.parquet")
    db = duckdb.connect()
    db.register("t", table)
    db.execute("create type cities as enum ('Bonn', 'Köln', 'Zürich')")
    for select, options in (("*", ""), ("* replace (city::cities as city, price::decimal(9, 2) as price)", ", compression zstd")):
        db.execute(f"copy (select {select} from t) to '{path}' (format parquet{options})")
        same(f"DuckDB {select}", open(path, "rb").read(), PARQUET)
    pandas = table.to_pandas()
    # fastparquet writes times of other units wrongly.
    for name in ("day", "when"):
        pandas[name] = pd.to_datetime(pandas[name]).astype("datetime64[ns]")
    pandas["city"] = pandas["city"].astype(object)
    for options in ({}, {"compression": "GZIP"}, {"times": "int96"}, {"row_group_offsets": 50}):
        fastparquet.write(path, pandas, **options)
        same(f"fastparquet {options}", open(path, "rb").read(), PARQUET)

# What is not read is refused with the way out.
refused("JSON Lines", frame.write_ndjson().encode(), "application/x-ndjson", "JSON Lines", "instances")
refused("gzip", b"\x1f\x8b\x08", "application/gzip", "content-encoding: gzip")
refused("Excel", b"PK\x03\x04", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "save the sheet as CSV")
