"""Writes test/fixtures/pyarrow: a small table in the formats of the Apache and pandas libraries.

    pip install pyarrow==26.0.1 pandas==3.1.1 && python scripts/data/pyarrow-fixtures.py

table.csv contains all digits of the columns x, n, k and y, in this order. nulls.* contain the same table with nulls. types.*
contain a column of every type; types.json has what each is to become, null for a column that is not read.
"""

import datetime
import decimal
import json
import random
from pathlib import Path

import pyarrow
import pyarrow.parquet as parquet

OUT = Path(__file__).parent.parent.parent / "test" / "fixtures" / "pyarrow"
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
write_stream("lz4.arrow", plain, compression="lz4")
write_stream("zstd.arrow", plain, compression="zstd")
# Longer than a block of LZ4, which may refer to the block before it.
long = pyarrow.table({"i": pyarrow.array([i % 50 for i in range(30_000)], pyarrow.int64())})
write_stream("long-lz4.arrow", long, batch=30_000, compression="lz4")
with pyarrow.ipc.new_file(OUT / "file.arrow", plain.schema) as writer:
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

EPOCH = datetime.datetime(1970, 1, 1)
WORDS = ["Köln", "a text of more than twelve bytes", "", "東京", "b"]
MOMENTS = [
    datetime.datetime(2024, 2, 29, 23, 59, 59, 999999),
    datetime.datetime(1969, 12, 31, 12, 0, 0, 1),
    datetime.datetime(1900, 1, 1),
    datetime.datetime(2262, 4, 11, 3),
]


def column(type, values):
    return pyarrow.array(holed([values[i % len(values)] for i in range(ROWS)], 6), type)


def milliseconds(value):
    """Floors, as a time belongs to the millisecond that has begun."""
    return (value.replace(tzinfo=None) - EPOCH) // datetime.timedelta(milliseconds=1)


def expected(array):
    if pyarrow.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    type = array.type
    values = array.to_pylist()
    if pyarrow.types.is_date(type):
        return [v and milliseconds(datetime.datetime(v.year, v.month, v.day)) for v in values]
    if pyarrow.types.is_timestamp(type):
        local = [None if v is None else v.to_pydatetime() if hasattr(v, "to_pydatetime") else v for v in values]
        return [v and milliseconds(v.astimezone(datetime.timezone.utc) if v.tzinfo else v) for v in local]
    if pyarrow.types.is_decimal(type):
        return [None if v is None else float(v) for v in values]
    if pyarrow.types.is_integer(type):
        return [None if v is None else float(v) for v in values]
    return values


def types(names):
    """The columns of these names, or all; those that Parquet cannot hold are left to Arrow."""
    d = decimal.Decimal
    all = {
        "text": column(pyarrow.string(), WORDS),
        "list": column(pyarrow.list_(pyarrow.string()), [["a"], [], ["b", "c"]]),
        "large_text": column(pyarrow.large_string(), WORDS),
        "struct": column(pyarrow.struct([("a", pyarrow.int8()), ("b", pyarrow.string())]), [{"a": 1, "b": "x"}]),
        "text_view": column(pyarrow.string_view(), WORDS),
        "binary_view": column(pyarrow.binary_view(), [b"a", b"something longer than that"]),
        "text_view_2": column(pyarrow.string_view(), WORDS[::-1]),
        "dictionary": column(pyarrow.string(), WORDS).dictionary_encode(),
        "dictionary_u8": column(pyarrow.dictionary(pyarrow.uint8(), pyarrow.large_string()), WORDS),
        "dictionary_i64": column(pyarrow.dictionary(pyarrow.int64(), pyarrow.string()), WORDS),
        "dictionary_numbers": column(pyarrow.int16(), [7, 8, 9]).dictionary_encode(),
        "dictionary_times": column(pyarrow.timestamp("s"), MOMENTS[2:]).dictionary_encode(),
        "map": column(pyarrow.map_(pyarrow.string(), pyarrow.int8()), [[("k", 1)]]),
        "bool": column(pyarrow.bool_(), [True, False, False]),
        "null": pyarrow.nulls(ROWS),
        "date32": column(pyarrow.date32(), MOMENTS),
        "date64": column(pyarrow.date64(), MOMENTS),
        "s": column(pyarrow.timestamp("s"), [m.replace(microsecond=0) for m in MOMENTS]),
        "ms": column(pyarrow.timestamp("ms"), [m.replace(microsecond=0) for m in MOMENTS]),
        "us": column(pyarrow.timestamp("us"), MOMENTS),
        "ns": column(pyarrow.timestamp("ns"), MOMENTS),
        "us_zone": column(pyarrow.timestamp("us", "Europe/Berlin"), MOMENTS),
        "ms_utc": column(pyarrow.timestamp("ms", "UTC"), [m.replace(microsecond=0) for m in MOMENTS]),
        "time": column(pyarrow.time32("s"), [datetime.time(1, 2)]),
        "duration": column(pyarrow.duration("s"), [datetime.timedelta(1)]),
        "decimal32": column(pyarrow.decimal32(7, 3), [d("-1234.567"), d("0.001")]),
        "decimal64": column(pyarrow.decimal64(18, 2), [d("-1234567890123456.78"), d("0.1")]),
        "decimal128": column(pyarrow.decimal128(10, 2), [d("1431.30"), d("-0.07"), d("99999999.99")]),
        "decimal128_wide": column(pyarrow.decimal128(38, 19), [d("1234567890123456789.0123456789012345678"), d("-0.3")]),
        "decimal256": column(pyarrow.decimal256(76, 38), [d("1" + "7" * 37 + "." + "3" * 38), d("-2.5")]),
        "binary": column(pyarrow.binary(), [b"abc"]),
        "fixed_binary": column(pyarrow.binary(3), [b"abc"]),
        "int8": column(pyarrow.int8(), [-128, 127]),
        "uint8": column(pyarrow.uint8(), [0, 255]),
        "uint16": column(pyarrow.uint16(), [0, 65535]),
        "uint32": column(pyarrow.uint32(), [0, 2**32 - 1]),
        "int64": column(pyarrow.int64(), [-(2**63) + 1, 2**53 + 1, 5]),
        "uint64": column(pyarrow.uint64(), [2**64 - 1, 2**53 + 1, 5]),
        "float16": pyarrow.array(holed([i / 8 for i in range(ROWS)], 6), pyarrow.float32()).cast(pyarrow.float16()),
        "fixed_list": column(pyarrow.list_(pyarrow.float32(), 2), [[1, 2]]),
        "y": pyarrow.array(range(ROWS), pyarrow.float64()),
    }
    return pyarrow.table({name: array for name, array in all.items() if names is None or name in names})


UNREAD = {"list", "struct", "map", "binary_view", "binary", "fixed_binary", "time", "duration", "fixed_list"}
every = types(None)
every = every.append_column("dictionary_bool", column(pyarrow.bool_(), [True, False]).dictionary_encode())
holds = {name: None if name in UNREAD else expected(every[name].combine_chunks()) for name in every.column_names}
(OUT / "types.json").write_text(json.dumps(holds, ensure_ascii=False) + "\n")
write_stream("types.arrow", every, batch=25)
with pyarrow.ipc.new_file(OUT / "types-lz4.arrow", every.schema, options=pyarrow.ipc.IpcWriteOptions(compression="lz4")) as writer:
    writer.write_table(every, max_chunksize=31)
write_stream("types-zstd.arrow", every, compression="zstd")

# Parquet has no type for views, for a decimal of another width or for union and half of the dictionaries: they change on the way.
parquet.write_table(every, OUT / "types.parquet", row_group_size=25)
parquet.write_table(
    every,
    OUT / "types-pages.parquet",
    data_page_version="2.0",
    data_page_size=64,
    write_batch_size=8,
    compression="zstd",
    store_decimal_as_integer=True,
    use_dictionary=False,
    write_page_index=True,
    store_schema=False,
)
parquet.write_table(every.select(["s", "us", "ns", "y"]), OUT / "types-int96.parquet", use_deprecated_int96_timestamps=True)
