"""Predicts a Parquet file with ONNX Runtime, a batch at a time: the way that a person would write it.

usage: onnx_predict.py <model.onnx> <rows.parquet> <predictions.parquet> <threads>
"""

import json
import resource
import sys

import numpy
import onnxruntime
import pyarrow
import pyarrow.parquet

BATCH_ROWS = 65536

model, source, out, threads = sys.argv[1:]
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = int(threads)
session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
file = pyarrow.parquet.ParquetFile(source)
features = json.loads(session.get_modelmeta().custom_metadata_map["feature_names"])
inputs = [each.name for each in session.get_inputs()]
schema = pyarrow.schema([("y", pyarrow.float32()), ("reconstruction_error", pyarrow.float32())])
with pyarrow.parquet.ParquetWriter(out, schema, compression="NONE", use_dictionary=False) as writer:
    for batch in file.iter_batches(BATCH_ROWS, columns=features):
        columns = [column.to_numpy(zero_copy_only=False).astype(numpy.float32) for column in batch.columns]
        if inputs == ["inputs"]:
            feeds = {"inputs": numpy.column_stack(columns)}
        else:
            feeds = dict(zip(inputs, (column[:, None] for column in columns)))
        prediction, error = session.run(["prediction", "reconstruction_error"], feeds)
        writer.write_batch(pyarrow.record_batch([prediction[:, 0], error], schema=schema))
print(json.dumps({"peak_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))
