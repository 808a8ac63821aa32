"""Writes test/fixtures/tables/neighbours: small tables in Arrow and Parquet as pandas and Apache's libraries write them, each with
one peculiarity.

    pip install pyarrow==26.0.1 pandas==3.1.1 && python scripts/data/table-neighbours.py
"""

import decimal
from pathlib import Path

import numpy
import pandas
import pyarrow
import pyarrow.parquet as parquet

OUT = Path(__file__).parent.parent.parent / "test" / "fixtures" / "tables" / "neighbours"
ROWS = 60
OUT.mkdir(parents=True, exist_ok=True)

random = numpy.random.default_rng(1)
size = random.uniform(1, 50, ROWS)
age = random.integers(0, 30, ROWS)
base = pandas.DataFrame({"size": size, "age": age, "y": 3 * size - age + random.normal(0, 1, ROWS)})
plain = pyarrow.Table.from_pandas(base, preserve_index=False).replace_schema_metadata()


def holed(values):
    return [None if i % 6 == 1 else value for i, value in enumerate(values)]


def cycle(*values):
    return [values[i % len(values)] for i in range(ROWS)]


def stream(name, table, batch=ROWS, **options):
    with pyarrow.ipc.new_stream(OUT / f"{name}.arrows", table.schema, options=pyarrow.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table, max_chunksize=batch)


def with_column(name, values, type=None):
    return plain.append_column(name, pyarrow.array(values, type))


# Booleans
stream("bool_nulls", with_column("sold", holed(cycle(True, False, False)), pyarrow.bool_()))
stream("bool_constant", with_column("sold", cycle(True), pyarrow.bool_()))
base.assign(sold=pandas.array(holed(cycle(True, False)), "boolean")).to_parquet(OUT / "bool_nullable.parquet")
base.assign(sold=cycle("yes", "no", "no")).to_parquet(OUT / "bool_text.parquet")

# Decimals
prices = [decimal.Decimal(int(100 * value)) / 100 for value in 10 * size]
stream("decimal256", with_column("price", holed(prices), pyarrow.decimal256(60, 25)))
stream("decimal_thousands", with_column("price", [1000 * (p // 1) for p in prices], pyarrow.decimal128(10, -3)))
parquet.write_table(with_column("price", prices, pyarrow.decimal128(12, 2)), OUT / "decimal_integer.parquet", store_decimal_as_integer=True)
base.assign(price=holed(prices)).to_parquet(OUT / "decimal_object.parquet")

# Dictionaries
towns = cycle("Bonn", "Köln", "Ulm")
stream("dictionary_large", with_column("town", holed(towns), pyarrow.dictionary(pyarrow.uint8(), pyarrow.large_string())))
first = with_column("town", towns, pyarrow.dictionary(pyarrow.int8(), pyarrow.string())).slice(0, 30)
second = with_column("town", cycle("Ulm", "Jena"), pyarrow.dictionary(pyarrow.int8(), pyarrow.string())).slice(30)
with pyarrow.ipc.new_stream(OUT / "dictionary_replaced.arrows", first.schema) as writer:
    writer.write_table(first)
    writer.write_table(second)
base.assign(zip=pandas.Categorical(cycle(50667, 53111, 7743))).to_parquet(OUT / "category_integers.parquet")
parquet.write_table(with_column("town", pyarrow.array(towns).dictionary_encode()), OUT / "category_arrow.parquet")

# Files and compression
base.assign(town=towns).to_feather(OUT / "feather.arrow")
with pyarrow.ipc.new_file(
    OUT / "file_deltas.arrow", first.schema, options=pyarrow.ipc.IpcWriteOptions(emit_dictionary_deltas=True)
) as writer:
    writer.write_table(first)
    longer = pyarrow.DictionaryArray.from_arrays(
        pyarrow.array([i % 4 for i in range(30)], pyarrow.int8()), ["Bonn", "Köln", "Ulm", "Jena"]
    )
    writer.write_table(plain.slice(30).append_column("town", longer))
stream("zstd_text", with_column("town", holed(towns)), batch=25, compression="zstd")
stream("lz4_incompressible", with_column("noise", random.normal(0, 1, ROWS)), compression="lz4")

# Indices
base.set_index(pandas.Index(numpy.arange(ROWS) * 7 % 61, name="id")).to_parquet(OUT / "index_named.parquet")
levels = pandas.MultiIndex.from_arrays([cycle("a", "b"), cycle(5, 3, 4)], names=["group", None])
base.set_index(levels).to_parquet(OUT / "index_levels.parquet")
filtered = pyarrow.Table.from_pandas(base[base["size"] > 10])
parquet.write_table(filtered.replace_schema_metadata(), OUT / "index_without_notes.parquet")
base[10:50].to_parquet(OUT / "index_range.parquet")

# Dates
moments = pandas.date_range("2024-03-30 06:00", periods=ROWS, freq="90min", tz="Europe/Berlin")
base.assign(at=moments).to_parquet(OUT / "date_zone.parquet")
base.assign(day=[str(day) for day in pandas.date_range("2024-02-01", periods=ROWS).date]).to_parquet(OUT / "date_text.parquet")

# Nothing at all
base.assign(nothing=numpy.nan).to_parquet(OUT / "nothing_numbers.parquet")
parquet.write_table(with_column("nothing", [None] * ROWS, pyarrow.string()), OUT / "nothing_text.parquet")

# Numbers in text
base.assign(price=[f"{int(100 * s)},{int(s) % 10}0" for s in size]).to_parquet(OUT / "text_decimal_comma.parquet")
base.assign(price=["NA" if i % 6 == 1 else f"{s:.2f}" for i, s in enumerate(10 * size)]).to_parquet(OUT / "text_gaps.parquet")
base.assign(price=["on request" if i in (7, 31) else f"{s:.2f}" for i, s in enumerate(10 * size)]).to_parquet(OUT / "text_words.parquet")
