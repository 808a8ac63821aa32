"""FastAPI on uvicorn with uvloop and httptools, one process: python fastapi_server.py keras|onnx VERSION PORT"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np
import uvicorn
from fastapi import FastAPI
from network import Network
from pydantic import BaseModel

kind, version, port = sys.argv[1:]
network = Network(version)
if kind == "keras":
    import tensorflow as tf

    # One row at a time: more threads only hand it around.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    function = network.keras_function()

    def compute(rows):
        return [output.numpy() for output in function(tf.constant(rows))]
else:
    session = network.onnx_session()

    def compute(rows):
        return session.run(None, {"rows": rows})


class PredictBody(BaseModel):
    instances: list[list[float]]


app = FastAPI()


@app.post("/predict")
async def predict(body: PredictBody):
    predictions, errors = compute(np.asarray(body.instances, dtype="f4"))
    return {"predictions": predictions.tolist(), "reconstruction_error": errors.tolist(), "model_version": "1"}


uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning", access_log=False)
