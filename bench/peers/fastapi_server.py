"""FastAPI on uvicorn with uvloop and httptools, one process: python fastapi_server.py keras|keras-defaults|onnx VERSION PORT

keras-defaults follows the documentation of FastAPI, uvicorn and TensorFlow: the endpoint is a plain function, which FastAPI
runs in a thread, with the access log on and the default threads of TensorFlow. The others are tuned.
"""

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
defaults = kind == "keras-defaults"
if kind == "onnx":
    session = network.onnx_session()

    def compute(rows):
        return session.run(None, {"rows": rows})
else:
    import tensorflow as tf

    if not defaults:
        # Requests have one row, so more threads only add overhead.
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    function = network.keras_function()

    def compute(rows):
        return [output.numpy() for output in function(tf.constant(rows))]


class PredictBody(BaseModel):
    instances: list[list[float]]


app = FastAPI()


def predict(body: PredictBody):
    predictions, errors = compute(np.asarray(body.instances, dtype="f4"))
    return {"predictions": predictions.tolist(), "reconstruction_error": errors.tolist(), "model_version": "1"}


async def predict_in_loop(body: PredictBody):
    return predict(body)


app.post("/predict")(predict if defaults else predict_in_loop)
if defaults:
    uvicorn.run(app, host="127.0.0.1", port=int(port))
else:
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning", access_log=False)
