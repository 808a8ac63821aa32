"""pandas and pyarrow: writes Arrow streams, Feather and Parquet, and reads Arrow streams."""
import io

import numpy as np
import pandas as pd
import pyarrow as pa
import requests

from expected import FEATURES, ROWS, same, url

ARROW = "application/vnd.apache.arrow.stream"
frame = pd.DataFrame(ROWS, columns=FEATURES)


def stream(table):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)
    return sink.getvalue().to_pybytes()


def predict(table, **headers):
    reply = requests.post(f"{url()}/predict", data=stream(table), headers={"content-type": ARROW, **headers})
    assert reply.ok, reply.text
    return reply


table = pa.Table.from_pandas(frame[FEATURES[::-1]], preserve_index=False)
for columns in (table, pa.table({name: table[name].cast(pa.float32()) for name in table.column_names})):
    reply = predict(columns)
    assert reply.headers["content-type"] == ARROW and reply.headers["x-model-version"]
    found = pa.ipc.open_stream(reply.content).read_all()
    assert found.column_names == ["mpg", "reconstruction_error"], found.column_names
    same(np.asarray(found["mpg"])[:, None])
same(predict(table, accept="application/json").json()["predictions"])
same(pd.read_csv(io.StringIO(predict(table, accept="text/csv").text))[["mpg"]].to_numpy())

for type, write in (("arrow.file", frame.to_feather), ("parquet", frame.to_parquet)):
    sink = io.BytesIO()
    write(sink)
    headers = {"content-type": f"application/vnd.apache.{type}", "accept": "application/json"}
    same(requests.post(f"{url()}/predict", data=sink.getvalue(), headers=headers).json()["predictions"])

reply = requests.post(f"{url()}/predict", data=stream(table.drop_columns("weight")), headers={"content-type": ARROW})
assert reply.status_code == 400 and "weight" in reply.json()["error"], reply.text

cars = pd.read_csv("data/auto-mpg.csv")
numbers = cars.select_dtypes("number")
for codec in ("snappy", "zstd", None):
    sink = io.BytesIO()
    numbers.to_parquet(sink, compression=codec)
    reply = requests.post(
        f"{url()}/train?target=mpg&wait=true&epochs=2&promote=never",
        data=sink.getvalue(),
        headers={"content-type": "application/vnd.apache.parquet"},
    )
    assert reply.ok and reply.json()["rows"] == len(numbers.dropna(subset=["mpg"])), reply.text
